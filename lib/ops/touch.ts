// Goal: a new expiry; the value is not written again, the record points back at it. Crash: the old expiry or the new.

import type { Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Store } from '../store.ts'
import { change } from './change.ts'
import { expiry } from './terms.ts'

/** Whether there was a live entry. */
export function* touch(store: Store, slot: Slot, expireMs: number | null | undefined): Io<boolean> {
  const { result } = yield* change(store, slot, { creates: false, skims: true }, entry => {
    if (entry === undefined) return { write: undefined, result: false }
    return { write: { kind: 'touch', ...expiry(store, expireMs) }, result: true }
  })
  return result
}
