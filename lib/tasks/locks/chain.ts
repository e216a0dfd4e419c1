// Which locks the present chain of calls holds, so that one that would wait for itself is told so.
//
// A lock taken in a function is noted in the asynchronous context of its caller, whence everything that follows there sees
// it. JavaScript tells no difference between "what follows" in the function that awaits the lock and in one that started it
// without waiting (`const job = takeLockAndWork()`), other than these two:
// - calls that are started one after another without a pause run side by side: they do not see each other's notes;
// - one that runs side by side lets go in its own time, while one that waits for itself never does: so what looks like a
//   deadlock is looked at for `graceMs` before it is called one.

import { AsyncLocalStorage } from 'node:async_hooks'
import { DeadlockError } from '../../errors.ts'

/** How long a lock that this chain of calls seems to hold itself is waited for, in milliseconds. */
export const graceMs = 300

export class Note {
  readonly manager: object
  readonly key: string
  /** What was held before, by the same chain. */
  readonly outer: Note | undefined
  state: 'waiting' | 'held' | 'released' = 'waiting'
  /** Whether the code that asked for the lock has not paused since. */
  isNew = true

  constructor(manager: object, key: string, outer: Note | undefined) {
    this.manager = manager
    this.key = key
    this.outer = outer
  }
}

const chain = new AsyncLocalStorage<Note | undefined>()
// In use from the start: before Node 24, calls that have begun before the first use share one context, and so each other's notes.
chain.enterWith(undefined)

function current(): Note | undefined {
  let note = chain.getStore()
  // What has been released is of no interest, and dropped so that a chain does not grow for ever.
  while (note && (note.isNew || note.state === 'released')) note = note.outer
  return note
}

/** Whether the chain of calls that is running holds this lock. */
export function isHeldByCaller(manager: object, key: string): boolean {
  for (let note = current(); note; note = note.outer) {
    if (note.state === 'held' && note.manager === manager && note.key === key) return true
  }
  return false
}

/** Notes a lock that the caller is going to wait for. To be called before the first `await`: later, its caller would not see it. */
export function noteForCaller(manager: object, key: string): Note {
  const note = new Note(manager, key, current())
  chain.enterWith(note)
  queueMicrotask(() => {
    note.isNew = false
  })
  return note
}

/** Runs `body` so that the locks it takes are not noted for the caller: for calls that run side by side. */
export function sideBySide<T>(body: () => T): T {
  return chain.run(chain.getStore(), body)
}

export function deadlock(key: string): DeadlockError {
  return new DeadlockError(
    `The lock ${JSON.stringify(key)} is held by the chain of calls that asks for it again, and would wait for itself. ` +
      'Release it first, or use another key.',
  )
}
