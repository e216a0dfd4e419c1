// The fields of the records that operations write; and what their purposes and offsets say of a log.

import type { Slot } from '../keys.ts'
import { type LogRecord, noRef, type RecordFields } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import type { Hold, Store } from '../store.ts'
import { noTags } from './terms.ts'

const noId = '0'.repeat(16)

/** The fields of a record that holds no value. */
export function bareRecord(
  store: Store,
  fields: Pick<RecordFields, 'kind' | 'ref'> & Partial<RecordFields>,
): RecordFields {
  const time = fields.time ?? store.environment.now()
  // One by one: to spread one object over another takes ten times as long, and every change comes by here.
  return {
    kind: fields.kind,
    id: fields.id ?? store.environment.newId(),
    time,
    storedAt: fields.storedAt ?? time,
    expires: fields.expires ?? Number.POSITIVE_INFINITY,
    pinned: fields.pinned ?? false,
    place: fields.place ?? noId,
    ref: fields.ref,
    tags: fields.tags ?? noTags,
    owner: fields.owner ?? '',
    purpose: fields.purpose ?? '',
    key: fields.key ?? '',
    identity: fields.identity,
  }
}

/** What a write of a value asks for, as a record. One object with all it has, as below: every set comes by here. */
export function putOf(
  { environment }: Store,
  slot: Slot,
  write: Pick<RecordFields, 'expires' | 'pinned' | 'tags'> & { purpose?: string; time?: number },
  place: string,
): RecordFields {
  const time = write.time ?? environment.now()
  return {
    kind: 'put',
    id: environment.newId(),
    time,
    storedAt: time,
    expires: write.expires,
    pinned: write.pinned,
    place,
    ref: noRef,
    tags: write.tags,
    owner: '',
    purpose: write.purpose ?? '',
    key: slot.text,
    identity: slot.identity,
  }
}

/** A put, and the touch that may have followed it, as one put: it keeps its id, so its version, and its place. */
export function aloneAs(state: Pick<LogRecord, 'time' | 'expires' | 'pinned'>, put: LogRecord): RecordFields {
  return {
    kind: 'put',
    id: put.id,
    time: state.time,
    storedAt: put.storedAt,
    expires: state.expires,
    pinned: state.pinned,
    place: put.place,
    ref: noRef,
    tags: put.tags,
    owner: '',
    purpose: put.purpose,
    key: put.key,
    identity: put.identity,
  }
}

/** The offset that a seal or claim points back at, so that the state is found in one step. */
export function stateOffset(state: LogRecord | undefined): number {
  return state === undefined ? noRef : state.at
}

/**
 * Up to where an entry's log is in the volume: to the end of the put, touch or tombstone that counts. Whoever writes the next such
 * record adds all that stands since: what has lost its race, seals, claims, and what lifted them. So these are added once, by one
 * who knows that they are in the file that counts.
 */
export function countedEnd({ state }: LogState): number {
  return state === undefined ? 0 : state.at + state.length
}

/** The purpose that a transaction's seals name. */
export function sealPurpose(transaction: string): string {
  return `transaction ${transaction}`
}

/** The transaction that a seal is of; undefined: of none. */
export function transactionOf(seal: LogRecord): string | undefined {
  return /^transaction ([0-9a-f]{16})$/.exec(seal.purpose)?.[1]
}

/** What a seal or claim of this very thread is held by; undefined: it was left behind, and may be taken away. */
export function holdOf({ environment: { holds } }: Store, sealOrClaim: LogRecord): Hold | undefined {
  const hold = holds.get(sealOrClaim.id) ?? holds.get(transactionOf(sealOrClaim) ?? '')
  return hold === 'given up' ? undefined : hold
}

/** A log that says nothing. */
export const nothingStored: LogState = { last: undefined, state: undefined, value: undefined, damaged: false }
