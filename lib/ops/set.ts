// Goal: a key gets a value. Crash: before the append the old entry, during it a torn tail, so the old entry; after it the new.

import { ask, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import { noRef } from '../log/record.ts'
import type { Store } from '../store.ts'
import { change, type StreamedValue } from './change.ts'
import { bareRecord } from './fields.ts'
import { bytesPurpose } from './live.ts'
import { checkVersion, expiry, type Terms } from './terms.ts'

/** Stores encoded bytes, or what was streamed in. Returns the new version. */
export function* set(store: Store, slot: Slot, value: Uint8Array | StreamedValue, terms: Terms): Io<string> {
  const { id } = yield* change(store, slot, { creates: true, skims: true }, entry => {
    checkVersion(terms, entry, slot.shown)
    const { tags } = terms
    const purpose = value instanceof Uint8Array ? terms.purpose : bytesPurpose
    const { expires, pinned, time } = expiry(store, terms.expireMs)
    const blind = terms.ifVersion === undefined
    return { write: { kind: 'put', value, tags, purpose, expires, pinned, time }, result: undefined, blind }
  })
  return id!
}

/** Stores encoded bytes only if the key is missing. Whether it did. */
export function* add(store: Store, slot: Slot, value: Uint8Array, terms: Terms): Io<boolean> {
  const { result } = yield* change(store, slot, { creates: true, skims: true }, entry => {
    checkVersion(terms, entry, slot.shown)
    if (entry !== undefined) return { write: undefined, result: false }
    return { write: { kind: 'put', value, tags: terms.tags, ...expiry(store, terms.expireMs) }, result: true }
  })
  return result
}

/** How many bytes the head of a record takes whose value is streamed in. */
export function roomForHead(store: Store, slot: Slot, terms: Terms): number {
  const fields = bareRecord(store, {
    kind: 'put',
    ref: noRef,
    purpose: bytesPurpose,
    tags: terms.tags,
    key: slot.text,
    identity: slot.identity,
  })
  return store.framing.surround(fields, 0, 0).head.length
}

/** Removes the file of a streamed value that did not become an entry's. */
export function* discardStreamed({ path }: StreamedValue): Io<void> {
  yield* ask<'unlink'>({ op: 'unlink', path })
}
