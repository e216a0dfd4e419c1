// Goal: several steps of an algorithm are one transaction. Crash: as of a transaction, all of them or none.

import type { Io } from '../io/requests.ts'
import type { Store } from '../store.ts'
import { beginTransaction, commit, rollBack } from './commit.ts'
import type { TransactionView } from './transaction.ts'

/** Runs `body` in a transaction: in that of the store, if it has one. */
export function* atomically<T>(store: Store, body: (view: Store) => Io<T>): Io<T> {
  return yield* store.transaction === undefined ? inTransaction(store, body) : body(store)
}

/** Runs `body` in a transaction of its own. */
export function* inTransaction<T>(store: Store, body: (view: TransactionView) => Io<T>): Io<T> {
  const view = yield* beginTransaction(store)
  let result: T
  try {
    result = yield* body(view)
  } catch (error) {
    yield* rollBack(view)
    throw error
  }
  yield* commit(view)
  return result
}
