// Locks among the calls of one process, or of one thread of it: a queue for each key.

import { noteForCaller } from './chain.ts'
import { Line } from './line.ts'
import {
  type AcquireOptions,
  beginWait,
  checkLockKey,
  type LockManager,
  type Release,
  timedOut,
} from './lock-manager.ts'

/** Locks within this thread, first come first served (Prefect: MemoryLockManager). */
export class MemoryLockManager implements LockManager {
  readonly #line = new Line()

  async acquire(key: string, options?: AcquireOptions): Promise<Release> {
    const { timeoutMs, signal } = beginWait(key, options)
    const { note, suspicion } = noteForCaller(this.#line, key, MemoryLockManager.prototype.acquire)
    try {
      const late = () => timedOut(key, timeoutMs)
      const turn = await this.#line.acquire(key, { timeoutMs, signal, late, suspicion })
      turn.keep()
      note.state = 'held'
      return async () => {
        note.state = 'released'
        turn.pass()
      }
    } catch (error) {
      note.state = 'released'
      throw error
    }
  }

  async isLocked(key: string): Promise<boolean> {
    checkLockKey(key)
    return this.#line.isLocked(key)
  }
}
