// Reading an entry: what get, has, getEntry and iteration share.
//
// Goal: open, read the tail, close; nothing else on the common path.
// Crash, and other processes: a reader changes nothing and waits for nobody. Whatever replaces the file meanwhile, the
//   descriptor shows one of the states that the key had while the call ran.

import { BackendLoadError } from '../errors.ts'
import { topics } from '../channels.ts'
import { isSliceDecoder } from '../backends/backend.ts'
import { ask, type File, type FileStamp, type Io, type Window } from '../io/requests.ts'
import type { LogRecord } from '../log/record.ts'
import { type LogState, readState } from '../log/state.ts'
import type { Slot } from '../keys.ts'
import { ordinaryReach, type Store } from '../store.ts'

/** A live entry. Its records point into bytes that are good until the next request only. */
export interface Found {
  /** The put or touch that counts. */
  readonly state: LogRecord
  /** The put with the value. */
  readonly put: LogRecord
  /** Milliseconds since the epoch; Infinity: never. */
  readonly expires: number
}

/** Where the stamp of a file that is read is put, for who wants it. */
export interface Stamped {
  stamp: FileStamp | undefined
}

/** The last record of the log at `path`, whatever it is of; undefined: no such file. */
export function* readLog(store: Store, path: string, stamped?: Stamped): Io<LogState | undefined> {
  let reach = ordinaryReach
  for (;;) {
    // The hot path: one request without the detour over `ask`.
    const window = (yield { op: 'load', path, reach, stamped: stamped !== undefined }) as Window | undefined
    if (window === undefined) return undefined
    if (stamped !== undefined) stamped.stamp = window.stamp
    const state = readState(store.framing, window)
    if (!('from' in state)) return state
    reach = window.size - state.from
  }
}

/** The log in an open file. */
export function* readOpen(store: Store, file: File): Io<{ log: LogState; size: number }> {
  let reach = ordinaryReach
  for (;;) {
    const window = yield* ask<'tail'>({ op: 'tail', file, reach })
    const log = readState(store.framing, window)
    if (!('from' in log)) return { log, size: window.size }
    reach = window.size - log.from
  }
}

/** The live entry of a key. */
export function* find(store: Store, slot: Slot, stamped?: Stamped): Io<Found | undefined> {
  const log = yield* readLog(store, slot.path, stamped)
  if (log === undefined) return undefined
  if (log.damaged && topics.recover.active) {
    topics.recover.publish({ folder: store.folder, path: slot.path, reason: 'damaged' })
  }
  return liveEntry(store, log, slot)
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

/** When an entry expires under a lifetime. One that the caller gave an expiry of its own keeps it; any other at most lives
 *  as long as the present lifetime, even if it was stored under a longer one (BucketCache: Bucket.lifetime). */
export function expiryOf(state: Pick<LogRecord, 'time' | 'expires' | 'pinned'>, lifetimeMs: number): number {
  if (lifetimeMs === Number.POSITIVE_INFINITY || state.pinned) return state.expires
  return Math.min(state.expires, state.time + lifetimeMs)
}

/** The result of decoding; the wrapper tells a stored `undefined` from bytes that do not decode. */
export interface Decoded {
  readonly value: unknown
}

/** The value of a put; undefined: its bytes are not the backend's own, so the key reads as missing. */
export function decodeValue(store: Store, put: LogRecord): Decoded | undefined {
  const { backend } = store
  const { bytes, valueStart, valueEnd } = put
  try {
    if (isSliceDecoder(backend)) return { value: backend.decodeSlice(bytes, valueStart, valueEnd) }
    // A copy: the value may keep views on it, and the host reuses its buffer.
    return { value: backend.decode(Buffer.from(bytes.subarray(valueStart, valueEnd)), { key: put.identity ?? put.key }) }
  } catch (error) {
    if (!(error instanceof BackendLoadError)) throw error
    if (topics.recover.active) {
      topics.recover.publish({ folder: store.folder, path: put.key, reason: 'undecodable', cause: error })
    }
    return undefined
  }
}
