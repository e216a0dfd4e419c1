// Which locks the present chain of calls holds, so that one that would wait for itself is told so.
//
// A lock taken in a function is noted in the asynchronous context of its caller, whence everything that follows there sees
// it. But so does what follows in a function that started that caller without waiting for it (`const job = takeLockAndWork()`),
// and there the lock is somebody else's. Hence a note counts only with a second sign: that the function that took the lock is
// one of those that wait for the present call, see stack.ts. Notes that fail this are not handed on. Where the stack tells
// less than there is (a promise that is waited for by `then`, a function that only passes the lock on), or the engine nothing,
// a call that waits for itself is not recognized, and ends with its timeout: a true deadlock missed costs time, a false one
// breaks a program that is right.
//
// One case looks the same as a deadlock: a function that has the lock starts a call that wants it, does not wait for that,
// and lets go later. So the lock is waited for `graceMs` before it is called one.

import { AsyncLocalStorage } from 'node:async_hooks'
import { DeadlockError } from '../../errors.ts'
import { show } from '../../options.ts'
import type { Line } from '../../waiting/line.ts'
import { timedOut, type Wait } from './lock-manager.ts'
import { callerOf, callersOf, type Place } from './stack.ts'

/** A lock that was asked for. */
export interface Note {
  readonly line: Line
  readonly key: string
  /** The function that asked. */
  readonly by: Place | undefined
  state: 'waiting' | 'held' | 'released'
}

/** Those in whose functions the present code is, and that have not been released then. */
const chain = new AsyncLocalStorage<readonly Note[]>()
// In use from the start: before Node 24, calls that have begun before the first use share one context, and so each other's notes.
chain.enterWith([])

/**
 * Waits for the turn of a key, for the caller of `entry`, a function that is running and has not paused yet.
 * @returns what lets the next come; calling it again does nothing. @throws TimeoutError, DeadlockError, the signal's reason.
 */
export async function enter(
  line: Line,
  key: string,
  { timeoutMs, signal }: Wait,
  entry: (...args: never) => unknown,
): Promise<() => void> {
  const { note, suspicion } = noteForCaller(line, key, entry)
  try {
    const turn = await line.acquire(key, { timeoutMs, signal, late: () => timedOut(key, timeoutMs), suspicion })
    turn.keep()
    note.state = 'held'
    return () => {
      note.state = 'released'
      turn.pass()
    }
  } catch (error) {
    note.state = 'released'
    throw error
  }
}

/**
 * Notes a lock that the caller of `entry`, a function that is running, is going to wait for. To be called before its first
 * `await`: later, that caller would not see the note.
 * @returns also `suspicion`, for the line, if the caller seems to hold the lock.
 */
function noteForCaller(
  line: Line,
  key: string,
  entry: (...args: never) => unknown,
): { note: Note; suspicion: (() => Error | undefined) | undefined } {
  const seen = (chain.getStore() ?? []).filter(({ state }) => state !== 'released')
  const { caller, awaiting } = seen.length === 0 ? callerOf(entry) : callersOf(entry)
  const around = seen.filter(({ by }) => by !== undefined && awaiting.has(by))
  const same = around.find(note => note.state === 'held' && note.line === line && note.key === key)
  const note: Note = { line, key, by: caller, state: 'waiting' }
  chain.enterWith([...around, note])
  return { note, suspicion: same && (() => (same.state === 'held' ? deadlock(key) : undefined)) }
}

/** Runs `body` so that the locks it takes are not noted for the caller: for calls that run side by side. */
export function sideBySide<T>(body: () => T): T {
  return chain.run(chain.getStore() ?? [], body)
}

export function deadlock(key: string): DeadlockError {
  return new DeadlockError(
    `The lock ${show(key)} is held by the chain of calls that asks for it again, and would wait for itself. ` +
      'Release it first, or use another key.',
  )
}
