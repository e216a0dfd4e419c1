// proper-lockfile, as both hosts use it: for what is about the whole folder, merging, and on a network each change. A lock is a folder
// beside the path, touched every few seconds while it is held; one that was not touched for long is taken over.

import type { LockOptions } from 'proper-lockfile'
import { TimeoutError } from '../errors.ts'

export function lockOptions(path: string): LockOptions {
  return {
    // The path need not exist: the lock is about it, not in it.
    realpath: false,
    stale: 20_000,
    update: 5_000,
    lockfilePath: `${path}.lock`,
    // A holder that slept through its time has lost the lock, and learns it when releasing. Merging is safe without, only wasteful;
    // on a network filesystem appends are not (DESIGN.md, KNOWN). The default, to crash the process, would be worse.
    onCompromised: () => {},
  }
}

/** How many asynchronous operations of this thread hold the lock on a path, or are about to: a synchronous one would wait for them for
 *  ever. */
const here = new Map<string, number>()

export function isHeldHere(path: string): boolean {
  return here.has(path)
}

/** One more, or one less. */
export function noteHeldHere(path: string, by: 1 | -1): void {
  const count = (here.get(path) ?? 0) + by
  if (count > 0) here.set(path, count)
  else here.delete(path)
}

export function lockTimedOut(path: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `Waited ${timeoutMs} ms for the lock on ${path}, which another process holds. Try again, or raise the option timeout.`,
    { path },
  )
}
