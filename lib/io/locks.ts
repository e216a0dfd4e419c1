// proper-lockfile, as both hosts use it: for what is about the whole folder and rare. A lock is a folder beside the path,
// touched every few seconds while it is held; one that was not touched for long is taken over.

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

/** Paths whose locks asynchronous operations of this thread hold: a synchronous one would wait for them for ever. */
export const heldHere = new Set<string>()

export function lockTimedOut(path: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `Waited ${timeoutMs} ms for the lock on ${path}, which another process holds. Try again, or raise the option timeout.`,
    { path },
  )
}
