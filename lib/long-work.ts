// What the promises of long work take: a signal to stop it, and somebody to tell how far it is.

import { checkNames, show } from './options.ts'

/** Long work can be stopped, and tells how far it is. */
export interface LongWork {
  /** Aborted: the promise rejects with the signal's reason; what was done stays done. */
  signal?: AbortSignal
  /** Called after each step; `done` and `total` count steps, or entries where it is not known how many there are. */
  onProgress?: (progress: { done: number; total: number | undefined }) => void
}

const names: readonly string[] = ['signal', 'onProgress']

/** @throws TypeError for what is no option of the work, or no signal or function. `more`: names of its other options. */
export function checkLongWork(options: LongWork, of: string, more: readonly string[] = []): void {
  checkNames(options, [...names, ...more], of)
  const { signal, onProgress } = options
  checkSignal(signal)
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new TypeError(`Expected onProgress to be a function, got ${show(onProgress)}`)
}

/** @throws TypeError when there is a signal, and it is none. */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(`Expected signal to be an AbortSignal, got ${show(signal)}`)
}
