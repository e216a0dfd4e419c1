// The lock of the whole folder, where appending is not atomic.
//
// Goal: on a network filesystem only one process at a time changes anything; files are opened behind the lock, so that what is
//   seen of them is what the others have left.
// Steps: 1 take the lock. 2 Run the operation; where a part of it takes the lock itself, it has it. 3 Release it.
// Crash: the lock file of a dead process is taken over when it was not touched for a while (proper-lockfile).

import { ask, type Io, type Lock } from '../io/requests.ts'
import { changeLockName } from '../log/names.ts'
import type { Store } from '../store.ts'

/** Runs an operation that changes files; on a network filesystem under the lock. A transaction has the lock already. */
export function* underLock<T>(store: Store, operation: Io<T>): Io<T> {
  if (!store.settings.network || store.transaction !== undefined) return yield* operation
  const lock = yield* takeLock(store)
  try {
    return yield* within(lock, operation)
  } finally {
    yield* ask<'unlock'>({ op: 'unlock', lock })
  }
}

export function* takeLock({ folder, settings }: Store): Io<Lock> {
  return yield* ask<'lock'>({ op: 'lock', path: `${folder}/${changeLockName}`, timeoutMs: settings.timeoutMs })
}

/** Runs an operation that need not ask for the lock again. */
function* within<T>(lock: Lock, operation: Io<T>): Io<T> {
  let step = operation.next()
  while (!step.done) {
    const request = step.value
    let reply: unknown
    try {
      if (request.op === 'lock' && request.path === lock.path) reply = lock
      else if (request.op !== 'unlock' || request.lock !== lock) reply = yield request
    } catch (error) {
      step = operation.throw(error)
      continue
    }
    step = operation.next(reply)
  }
  return step.value
}
