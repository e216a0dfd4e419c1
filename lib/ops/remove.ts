// Goal: a key is no longer stored. A tombstone is appended; the file is unlinked later (`reclaim.ts`).
// Crash: before the append the entry stands, after it the key is missing and its file waits to be reclaimed.

import type { Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Store } from '../store.ts'
import { change } from './change.ts'
import { type Decoded, decodeValue } from './live.ts'

/** Whether there was a live entry. */
export function* remove(store: Store, slot: Slot): Io<boolean> {
  const { result } = yield* change(store, slot, { creates: false, skims: true }, entry => {
    if (entry === undefined) return { write: undefined, result: false }
    return { write: { kind: 'tombstone', as: 'delete' }, result: true }
  })
  return result
}

/** The value that was removed; of several callers exactly one gets it. */
export function* pop(store: Store, slot: Slot): Io<Decoded | undefined> {
  const { result } = yield* change<Decoded | undefined>(store, slot, { creates: false }, entry => {
    const decoded = entry === undefined ? undefined : decodeValue(store, entry.put)
    return { write: decoded === undefined ? undefined : { kind: 'tombstone', as: 'delete' }, result: decoded }
  })
  return result
}
