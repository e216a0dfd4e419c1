// Semaphores by name.

import type { Bucket } from '../bucket.ts'
import { show } from '../options.ts'
import { type AcquireOptions, Gate, type Release } from './gate.ts'

/**
 * Lets a number of callers in at a time, among all processes that use the bucket's folder. A holder whose process or worker
 * thread ends has given its permit back. DiskCache: BoundedSemaphore.
 */
export class Semaphore {
  /** By which all processes know it. */
  readonly name: string
  /** How many may hold a permit at a time. */
  readonly permits: number
  readonly #gate: Gate

  /** @internal Made by `semaphore`. */
  constructor(name: string, gate: Gate) {
    this.name = name
    this.permits = gate.permits
    this.#gate = gate
  }

  /**
   * Waits for a permit and takes it, until the result is called.
   * @throws TimeoutError after `timeout`; the signal's reason. If there is one permit: as Lock.acquire.
   */
  acquire(options?: AcquireOptions): Promise<Release> {
    return this.#gate.enter(options)
  }

  /** Runs `body` with a permit, and gives what it returns. Throws as `acquire`, and what `body` throws. */
  run<T>(body: () => T | Promise<T>, options?: AcquireOptions): Promise<T> {
    return this.#gate.run(body, options)
  }

  /** How many permits nobody holds now. */
  async available(): Promise<number> {
    return Math.max(0, this.permits - (await this.#gate.count()))
  }
}

/**
 * The semaphore of this name: `await semaphore(bucket, 'downloads', 4).run(() => download(url))`. All who use it should name
 * the same number; each keeps to its own.
 * @throws TypeError for a name that is no string or empty, RangeError for permits that are no positive integer.
 */
export function semaphore(bucket: Bucket<any, any>, name: string, permits: number): Semaphore {
  return new Semaphore(name, new Gate(bucket, 'semaphore', name, checkPermits(permits)))
}

export function checkPermits(permits: number): number {
  if (!Number.isSafeInteger(permits) || permits < 1)
    throw new RangeError(`Expected permits to be a positive integer, got ${show(permits)}`)
  return permits
}
