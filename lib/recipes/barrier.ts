// Functions that run in one process at a time.

import type { Bucket } from '../bucket.ts'
import type { Duration } from '../duration.ts'
import { checkNames } from '../options.ts'
import { Gate } from './gate.ts'
import { rlock } from './lock.ts'
import { nameFor, type Wrapped } from './named.ts'
import { checkPermits } from './semaphore.ts'

/** How calls of a function are let through one by one. */
export interface BarrierOptions {
  /** By which other processes know it; default: the calling module and the function's name. */
  name?: string
  /** How many calls may run at a time; default 1. */
  permits?: number
  /** Whether the function may call itself through the barrier; default false. Not with `permits`. */
  reentrant?: boolean
  /** Longest wait, then TimeoutError; default: the bucket's `timeout`. */
  timeout?: Duration
}

/**
 * The function, of whose calls, in all processes that use the bucket's folder, one runs at a time. DiskCache: barrier.
 * @throws TypeError, RangeError here for wrong options. Each call throws as Lock.acquire, and what the function throws.
 * @example
 * const rebuild = barrier(bucket, async function rebuild() { … })
 */
export function barrier<F extends (this: any, ...args: any[]) => any>(
  bucket: Bucket<any, any>,
  fn: F,
  options: BarrierOptions = {},
): Wrapped<F> {
  checkNames(options, ['name', 'permits', 'reentrant', 'timeout'], 'barrier')
  const { permits = 1, reentrant = false, timeout } = options
  if (reentrant && options.permits !== undefined)
    throw new TypeError('Expected either reentrant or permits, got both: who is in may come in again')
  const name = nameFor(fn, options.name, barrier, 'barrier')
  const gate = reentrant ? rlock(bucket, `barrier ${name}`) : new Gate(bucket, 'barrier', name, checkPermits(permits))
  const waiting = timeout === undefined ? {} : { timeout }
  return async function (...args) {
    return await gate.run(() => fn.apply(this, args), waiting)
  }
}
