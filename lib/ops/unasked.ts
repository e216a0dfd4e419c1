// Upkeep: what is done unasked, on the back of an operation that has ended already.
//
// Goal: it must not make that operation fail.

import { topics } from '../channels.ts'
import { BucketCacheError } from '../errors.ts'
import type { Io } from '../io/requests.ts'
import type { Store } from '../store.ts'

/** Runs `upkeep`; errors of ours are told on the channel for errors, and thrown to nobody. */
export function* unasked(store: Store, upkeep: Io<unknown>): Io<void> {
  try {
    yield* upkeep
  } catch (error) {
    if (!(error instanceof BucketCacheError)) throw error
    if (topics.error.active) topics.error.publish({ folder: store.folder, operation: 'upkeep', error })
  }
}
