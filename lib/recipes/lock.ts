// Locks by name.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Bucket } from '../bucket.ts'
import { type AcquireOptions, Gate, type Release } from './gate.ts'

/**
 * A lock that one caller at a time holds, among all processes that use the bucket's folder. A holder whose process or worker
 * thread ends, in whatever way, has released it. Callers of one thread get it in their order. DiskCache: Lock.
 */
export class Lock {
  /** By which all processes know it. */
  readonly name: string
  readonly #gate: Gate

  /** @internal Made by `lock`. */
  constructor(name: string, gate: Gate) {
    this.name = name
    this.#gate = gate
  }

  /**
   * Waits for the lock and takes it, until the result is called.
   * @throws TimeoutError after `timeout`; DeadlockError if the same chain of calls holds it; the signal's reason.
   * @example
   * const release = await lock(bucket, 'report').acquire()
   * try { … } finally { await release() }
   */
  acquire(options?: AcquireOptions): Promise<Release> {
    return this.#gate.enter(options)
  }

  /** Runs `body` with the lock, and gives what it returns. Throws as `acquire`, and what `body` throws. */
  run<T>(body: () => T | Promise<T>, options?: AcquireOptions): Promise<T> {
    return this.#gate.run(body, options)
  }

  /** Whether anybody holds it now. */
  async isLocked(): Promise<boolean> {
    return (await this.#gate.count()) > 0
  }
}

/**
 * The lock of this name: `await lock(bucket, 'report').run(async () => …)`. Its name is its own: neither a key nor an entry.
 * @throws TypeError if `name` is no string, or empty.
 */
export function lock(bucket: Bucket<any, any>, name: string): Lock {
  return new Lock(name, new Gate(bucket, 'lock', name, 1))
}

/** The locks that the present chain of calls is in, by path, and whether it still is. */
const chain = new AsyncLocalStorage<ReadonlyMap<string, { held: boolean }>>()

/**
 * A lock that whoever holds it may take again: what is called in `run`, however deep, runs at once. It belongs to the chain of
 * calls, not to the process: other calls of this process wait. DiskCache: RLock.
 */
export class ReentrantLock {
  /** By which all processes know it. */
  readonly name: string
  readonly #gate: Gate

  /** @internal Made by `rlock`. */
  constructor(name: string, gate: Gate) {
    this.name = name
    this.#gate = gate
  }

  /** Runs `body` with the lock, and gives what it returns. @throws as Lock.acquire, and what `body` throws. */
  async run<T>(body: () => T | Promise<T>, options?: AcquireOptions): Promise<T> {
    const outer = chain.getStore()
    const path = this.#gate.path
    if (outer?.get(path)?.held === true) return await body()
    return await this.#gate.run(async () => {
      const mine = { held: true }
      try {
        return await chain.run(new Map([...(outer ?? []), [path, mine]]), body)
      } finally {
        // What was begun in it and not awaited does not hold it any more.
        mine.held = false
      }
    }, options)
  }

  /** Whether anybody holds it now. */
  async isLocked(): Promise<boolean> {
    return (await this.#gate.count()) > 0
  }
}

/** The re-entrant lock of this name. @throws TypeError if `name` is no string, or empty. */
export function rlock(bucket: Bucket<any, any>, name: string): ReentrantLock {
  return new ReentrantLock(name, new Gate(bucket, 'rlock', name, 1))
}
