// Several steps of an algorithm as one transaction.

import type { Io } from '../io/requests.ts'
import { beginTransaction, commit, rollBack } from '../ops/commit.ts'
import type { Store } from '../store.ts'

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
