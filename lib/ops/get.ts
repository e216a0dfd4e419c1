// Goal: the value of a key, if it is stored and live. Crash: nothing is written.

import { topics } from '../channels.ts'
import { ask, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogRecord, Tag } from '../log/record.ts'
import { type Memory, type Remembered, sameStamp } from '../memory.ts'
import { looksAtReads } from '../settings.ts'
import type { Store } from '../store.ts'
import { find } from './find.ts'
import { type Decoded, decodeValue, expiryOf, type Found, isPlain } from './live.ts'
import type { Stamped } from './raw.ts'

/** The decoded value; undefined: a miss. */
export function* get(store: Store, slot: Slot): Io<Decoded | undefined> {
  const found = yield* find(store, slot)
  const decoded = found === undefined ? undefined : decodeValue(store, found.put)
  tell(store, slot, found, decoded)
  return decoded
}

/** A value with what tells whether it is still good. */
export interface Recalled extends Decoded, Pick<LogRecord, 'time' | 'expires' | 'pinned' | 'purpose'> {
  readonly version: string
}

/** As `get`, for memoized functions. */
export function* recall(store: Store, slot: Slot): Io<Recalled | undefined> {
  const found = yield* find(store, slot)
  const recalled = found === undefined ? undefined : recalledFrom(store, found)
  tell(store, slot, found, recalled)
  return recalled
}

export function recalledFrom(store: Store, found: Found): Recalled | undefined {
  // Before decoding: a backend is somebody else's code, and the bytes are good until the next request only.
  const { time, expires, pinned } = found.state
  const { purpose, id: version } = found.put
  const decoded = decodeValue(store, found.put)
  return decoded === undefined ? undefined : { value: decoded.value, time, expires, pinned, purpose, version }
}

/** As `get`, and the value is kept in memory. What is there counts if the file has not changed since. */
export function* getThroughMemory(store: Store, memory: Memory, slot: Slot): Io<Recalled | undefined> {
  const { name } = slot
  const remembered = memory.get(name)
  if (remembered !== undefined && !hasExpired(store, remembered)) {
    const stamp = yield* ask<'stat'>({ op: 'stat', path: slot.path })
    if (stamp !== undefined && sameStamp(stamp, remembered.stamp)) {
      remembered.checkedAt = store.environment.now()
      tellHit(store, slot, remembered.bytes)
      return remembered
    }
  }
  memory.delete(name)
  const { forgotten } = memory
  const seen: Stamped = { stamp: undefined }
  const found = yield* find(store, slot, seen)
  const bytes = found === undefined ? 0 : found.put.valueEnd - found.put.valueStart
  const recalled = found === undefined ? undefined : recalledFrom(store, found)
  tell(store, slot, found, recalled)
  if (recalled !== undefined && seen.stamp !== undefined && memory.forgotten === forgotten) {
    const isEndless = recalled.expires === Number.POSITIVE_INFINITY
    memory.set(name, { ...recalled, isEndless, bytes, stamp: seen.stamp, checkedAt: store.environment.now() })
  }
  return recalled
}

/** The value from memory, if it may be given without a look at the file. No I/O, and no generator. */
export function fromMemory(store: Store, memory: Memory, slot: Slot): Recalled | undefined {
  const remembered = memory.get(slot.name)
  if (remembered === undefined || memory.revalidateMs === 0 || hasExpired(store, remembered)) return undefined
  const age = memory.revalidateMs === Number.POSITIVE_INFINITY ? 0 : store.environment.now() - remembered.checkedAt
  // Below zero the clock was set back.
  if (age < 0 || age >= memory.revalidateMs) return undefined
  tellHit(store, slot, remembered.bytes)
  return remembered
}

function hasExpired(store: Store, remembered: Remembered): boolean {
  if (remembered.isEndless && store.settings.lifetimeMs === Number.POSITIVE_INFINITY) return false
  const expires = expiryOf(remembered, store.settings.lifetimeMs)
  return expires !== Number.POSITIVE_INFINITY && expires <= store.environment.now()
}

/** All that is known about an entry but its key. */
export interface Details {
  readonly expires: number
  readonly storedAt: number
  readonly tags: readonly Tag[]
  readonly size: number
  readonly version: string
  /** What the put says that the value is for; '' for most. */
  readonly purpose: string
}

/** Value and details. */
export function* getEntry(store: Store, slot: Slot): Io<(Details & Decoded) | undefined> {
  const found = yield* find(store, slot)
  // Before decoding: a backend is somebody else's code, and the bytes are good until the next request only.
  const details = found === undefined ? undefined : detailsOf(found)
  const decoded = found === undefined ? undefined : decodeValue(store, found.put)
  tell(store, slot, found, decoded)
  return details === undefined || decoded === undefined ? undefined : { ...details, value: decoded.value }
}

export function* has(store: Store, slot: Slot): Io<boolean> {
  const found = yield* find(store, slot, undefined, true)
  if (found === undefined) return false
  return isPlain(store, found.put) || decodeValue(store, found.put) !== undefined
}

export function detailsOf({ put, expires }: Found): Details {
  const { storedAt, tags, purpose, id: version } = put
  return { expires, storedAt, tags, size: put.valueEnd - put.valueStart, version, purpose }
}

/** One look-up counts once: here. */
function tell(store: Store, slot: Slot, found: Found | undefined, decoded: Decoded | undefined): void {
  if (found !== undefined && decoded !== undefined) {
    tellHit(store, slot, found.put.valueEnd - found.put.valueStart)
  } else {
    store.lookups.misses++
    if (topics.miss.active) topics.miss.publish({ folder: store.folder, key: slot.text })
  }
}

function tellHit(store: Store, slot: Slot, size: number): void {
  store.lookups.hits++
  if (looksAtReads(store.limits.evictionPolicy)) store.usage.note(slot.hash, store.environment.now())
  if (topics.hit.active) topics.hit.publish({ folder: store.folder, key: slot.text, size })
}
