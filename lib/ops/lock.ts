// The lock of the whole folder, where appending is not atomic.
//
// Goal: on a network filesystem only one process at a time changes anything; files are opened behind the lock, so that what is
//   seen of them is what the others have left.
// Steps: 1 take the lock. 2 Run the operation on a view of the store that has it: parts of it do not take it once more.
//   3 Release it.
// Crash: the lock file of a dead process is taken over when it was not touched for a while (proper-lockfile).

import { ask, type Io, type Lock } from '../io/requests.ts'
import { changeLockName } from '../log/names.ts'
import type { Store } from '../store.ts'

/** Runs an operation that changes files; on a network filesystem under the lock. */
export function* underLock<T>(store: Store, operation: (store: Store) => Io<T>): Io<T> {
  // A transaction has it already. A deferred bucket has not, and changes sidecars.
  const hasIt = store.locked || store.transaction?.deferred === false
  if (!store.settings.network || hasIt) return yield* operation(store)
  const lock = yield* takeLock(store)
  try {
    return yield* operation({ ...store, locked: true })
  } finally {
    yield* ask<'unlock'>({ op: 'unlock', lock })
  }
}

export function* takeLock({ folder, settings }: Store): Io<Lock> {
  return yield* ask<'lock'>({ op: 'lock', path: `${folder}/${changeLockName}`, timeoutMs: settings.timeoutMs })
}
