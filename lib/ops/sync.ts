// What a deferred bucket has gathered reaches the files, as one unit.
//
// Goal: all of it or none is there, whoever looks and whenever the writer dies; for new keys at little more than the cost of
//   creating their files.
// Steps: 1 a transaction's turn. 2 Each key is sealed in its name: a key that was missing by creating its log with the seal
//   alone, any other as in every transaction. 3 What was pushed is pushed now: its number may be taken by others'. 4 Commit.
// Crash: as of a transaction, before its intent appears nothing, after it everything.

import { StorageIOError } from '../errors.ts'
import { ask, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import { noRef } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { beginTransaction, commit, rollBack } from './commit.ts'
import { aloneAs, bareRecord, nothingStored, sealPurpose } from './fields.ts'
import { decodeValue, liveEntry } from './live.ts'
import { type Queue, push } from './queue.ts'
import type { Terms } from './terms.ts'
import { type Taken, take } from './transaction.ts'

const noBytes = new Uint8Array()

/** What is pending for one key. */
export interface Pending extends Taken {
  /** It is an item, that was pushed with these terms. */
  readonly pushed?: { readonly queue: Queue; readonly terms: Terms }
}

/** Writes all that is pending, or nothing. How many entries. */
export function* sync(store: Store, pending: readonly Pending[]): Io<number> {
  if (pending.length === 0) return 0
  const view = yield* beginTransaction(store)
  try {
    for (const one of pending) {
      if (one.pushed === undefined) yield* write(view, one)
    }
  } catch (error) {
    yield* rollBack(view)
    throw error
  }
  yield* commit(view)
  return pending.length
}
