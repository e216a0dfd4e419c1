// Locks among the calls of one process, or of one thread of it: a queue for each key.

import { Line } from '../../waiting/line.ts'
import { enter } from './chain.ts'
import { type AcquireOptions, beginWait, checkLockKey, type LockManager, type Release } from './lock-manager.ts'

/** Locks within this thread, first come first served (Prefect: MemoryLockManager). */
export class MemoryLockManager implements LockManager {
  readonly #line = new Line()

  async acquire(key: string, options?: AcquireOptions): Promise<Release> {
    const leave = await enter(this.#line, key, beginWait(key, options), MemoryLockManager.prototype.acquire)
    return async () => leave()
  }

  async isLocked(key: string): Promise<boolean> {
    checkLockKey(key)
    return this.#line.isLocked(key)
  }
}
