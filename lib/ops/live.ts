// From a log to the entry that lives in it, and its value.

import { type EntryContext, isSliceDecoder } from '../backends/backend.ts'
import { ownBuffer } from '../backends/own.ts'
import { storesBytesAsTheyAre } from '../backends/resolve.ts'
import { Wrapper } from '../backends/wrapper.ts'
import { topics } from '../channels.ts'
import { BackendLoadError } from '../errors.ts'
import type { Slot } from '../keys.ts'
import type { LogRecord } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'

/** A live entry. Its records point into bytes that are good until the next request only. */
export interface Found {
  /** The put or touch that counts. */
  readonly state: LogRecord
  /** The put with the value. */
  readonly put: LogRecord
  /** Milliseconds since the epoch; Infinity: never. */
  readonly expires: number
}

/** The live entry that a log tells of; with `slot`, only if it is of that key. */
export function liveEntry(store: Store, log: LogState, slot?: Slot): Found | undefined {
  const { state, value: put } = log
  if (state === undefined || put === undefined) return undefined
  // Two keys of one hash share a file: whoever wrote last has it, the other is missing.
  if (slot !== undefined && !put.isOf(slot.text, slot.identity)) return undefined
  const expires = expiryOf(state, store.settings.lifetimeMs)
  if (expires !== Number.POSITIVE_INFINITY && expires <= store.environment.now()) return undefined
  return { state, put, expires }
}

/** Whether a log holds an entry whose time is over. */
export function hasEnded(store: Store, log: LogState): boolean {
  return log.value !== undefined && liveEntry(store, log) === undefined
}

/** When an entry expires under a lifetime. One that the caller gave an expiry of its own keeps it; any other at most lives
 *  as long as the present lifetime, even if it was stored under a longer one (BucketCache: Bucket.lifetime). */
export function expiryOf(state: Pick<LogRecord, 'time' | 'expires' | 'pinned'>, lifetimeMs: number): number {
  if (lifetimeMs === Number.POSITIVE_INFINITY || state.pinned) return state.expires
  return Math.min(state.expires, state.time + lifetimeMs)
}

/** What a put names as its purpose whose value is the bytes themselves. */
export const bytesPurpose = 'bytes'
/** And what was pushed, and what an item has become by counting and updating: nothing else under such a key is an item. */
export const itemPurpose = 'item'

/** Whether the value of a put is its bytes as they stand there. A backend that encrypts them never stores such a put, so
 *  who finds one beside it finds what somebody else has written. */
export function isPlain({ backend }: Store, put: LogRecord): boolean {
  return put.purpose === bytesPurpose && storesBytesAsTheyAre(backend)
}

/** The result of decoding; the wrapper tells a stored `undefined` from bytes that do not decode. */
export interface Decoded {
  readonly value: unknown
}

/** The bytes of a value that is to be stored. @throws what the backend throws; TypeError if it gives no bytes. */
export function encodeValue({ backend }: Store, slot: Slot, value: unknown): Uint8Array {
  const bytes: unknown = backend.encode(value, { key: slot.identity ?? slot.text })
  if (bytes instanceof Uint8Array) return bytes
  throw new TypeError(`Expected encode() of the backend ${backend.name} to return a Uint8Array, got ${typeof bytes}`)
}

/** As `encodeValue`, for what a stream has brought where that has to be in memory; and what its put is to say of it. */
export function encodeStreamed(store: Store, slot: Slot, value: Buffer): { bytes: Uint8Array; purpose: string } {
  const { backend } = store
  if (storesBytesAsTheyAre(backend)) return { bytes: value, purpose: bytesPurpose }
  const context = { key: slot.identity ?? slot.text }
  const bytes = backend instanceof Wrapper ? backend.encodeBytes(value, context) : encodeValue(store, slot, value)
  return { bytes, purpose: '' }
}

/** What the backend was told when it encoded the value of a put. */
export function contextOf({ key, identity }: Pick<LogRecord, 'key' | 'identity'>): EntryContext {
  return { key: identity ?? key }
}

/** The value of a put; undefined: its bytes are not the backend's own, so the key reads as missing. */
export function decodeValue(store: Store, put: LogRecord): Decoded | undefined {
  const { backend } = store
  const { bytes, valueStart, valueEnd } = put
  // What was streamed in was never encoded.
  if (isPlain(store, put)) return { value: ownBuffer(bytes.subarray(valueStart, valueEnd)) }
  try {
    if (isSliceDecoder(backend)) return { value: backend.decodeSlice(bytes, valueStart, valueEnd) }
    // A copy: the value may keep views on it, and the host reuses its buffer.
    return { value: backend.decode(ownBuffer(bytes.subarray(valueStart, valueEnd)), contextOf(put)) }
  } catch (error) {
    if (!(error instanceof BackendLoadError)) throw error
    if (topics.recover.active) {
      topics.recover.publish({
        folder: store.folder,
        path: store.keys.slotOf(put).path,
        reason: 'undecodable',
        cause: error,
      })
    }
    return undefined
  }
}
