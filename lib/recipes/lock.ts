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
   * @throws TimeoutError after `timeout`, also if whoever waits holds it; the signal's reason. DeadlockError, soon, in the body
   *   of a `run` of this lock that is still going.
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

/** A lock that was taken for a chain of calls. */
interface Entered {
  /** How many bodies run with it; when none does any more, it is given back. */
  inside: number
  readonly release: Release
}

/** The locks that the present chain of calls is in, by path. */
const chain = new AsyncLocalStorage<ReadonlyMap<string, Entered>>()

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

  /**
   * Runs `body` with the lock, and gives what it returns. The lock is given back when all is out that came in, also a call in
   * `body` that it has not awaited: if `body` fails earlier, that is told at once. @throws as Lock.acquire, and what `body`
   * throws.
   */
  async run<T>(body: () => T | Promise<T>, options?: AcquireOptions): Promise<T> {
    const outer = chain.getStore()
    const path = this.#gate.path
    const around = outer?.get(path)
    if (around !== undefined && around.inside > 0) return await this.#within(around, body)
    const release = await this.#gate.enter(options)
    const own: Entered = { inside: 0, release }
    const stillIn = [...(outer ?? [])].filter(([, { inside }]) => inside > 0)
    return await chain.run(new Map([...stillIn, [path, own]]), () => this.#within(own, body))
  }

  async #within<T>(entered: Entered, body: () => T | Promise<T>): Promise<T> {
    entered.inside++
    try {
      return await body()
    } finally {
      // What comes in later comes in as any other.
      if (--entered.inside === 0) await entered.release()
    }
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
