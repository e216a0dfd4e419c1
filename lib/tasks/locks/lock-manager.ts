// Locks by name, for policies with isolation SERIALIZABLE (Prefect: LockManager). A lock belongs to the chain of calls that
// took it; it is given back by calling what `acquire` resolved to.

import { type Duration, toMilliseconds } from '../../duration.ts'
import { TimeoutError } from '../../errors.ts'
import { checkSignal } from '../../long-work.ts'
import { show } from '../../options.ts'
import { checkOptions } from '../options.ts'

/** Gives a lock back. Calling it again does nothing. */
export type Release = () => Promise<void>

/** How to wait for a lock. */
export interface AcquireOptions {
  /** The longest wait. Default 60 s. */
  timeout?: Duration
  /** Aborted: the wait ends with the signal's reason. */
  signal?: AbortSignal
}

/** Locks by name; any text is one. Give a policy one's own with `policy.configure({ lockManager })`. */
export interface LockManager {
  /**
   * Waits for the lock and takes it.
   * @throws TimeoutError after `timeout`. The signal's reason. DeadlockError soon when the function that took it, or what it
   *   awaits, takes it again; through `then()`, or a function that took it for another, that may be a TimeoutError.
   */
  acquire(key: string, options?: AcquireOptions): Promise<Release>
  /** Whether anybody has it now. */
  isLocked(key: string): Promise<boolean>
}

const defaultTimeoutMs = 60_000

/** A wait that has begun: until when, and what may end it early. */
export interface Wait {
  readonly timeoutMs: number
  /** On the clock of `performance.now()`, which nobody sets back. */
  readonly deadline: number
  readonly signal: AbortSignal | undefined
}

/** @throws TypeError when `key` is no text, or an option of the wrong kind; the reason of a signal that is aborted already. */
export function beginWait(key: string, options: AcquireOptions = {}): Wait {
  checkLockKey(key)
  checkOptions(options, ['timeout', 'signal'], 'acquire()')
  const { timeout = defaultTimeoutMs, signal } = options
  checkSignal(signal)
  const timeoutMs = toMilliseconds(timeout, 'timeout')
  signal?.throwIfAborted()
  return { timeoutMs, deadline: performance.now() + timeoutMs, signal }
}

/** @throws TypeError when `key` is no text. The empty one is a key like others. */
export function checkLockKey(key: string): void {
  if (typeof key !== 'string') throw new TypeError(`Expected the key of a lock to be a text, got ${show(key)}`)
}

export function timedOut(key: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `Waited ${timeoutMs} ms for the lock ${show(key)}, which another call holds. Try again, or raise timeout.`,
  )
}
