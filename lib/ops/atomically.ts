// Goal: several steps of an algorithm are one transaction. Crash: as of a transaction, all of them or none.

import type { Io } from '../io/requests.ts'
import type { Store } from '../store.ts'
import { beginTransaction, commit, rollBack } from './commit.ts'

/** Runs `body` in a transaction: in that of the store, if it has one. */
export function* atomically<T>(store: Store, body: (view: Store) => Io<T>): Io<T> {
  if (store.transaction !== undefined) return yield* body(store)
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
