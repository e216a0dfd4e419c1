// Expiry: entries whose time comes are found through slots of time.
//
// Goal: removing what has expired costs what has expired; what expires in the far future costs nothing now.
// Steps: an entry gets a hint in the slot of its expiry: a minute if that is near, else an hour or a day. `expireSlot` takes the
//   hints of a slot that has begun; entries that have expired are erased, others hinted again where they belong by now.
// Crash: as with tags, hints in a file of `tmp/`.

import { ask, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Hint } from '../log/hint.ts'
import { entryName, expiryFolder, slotName, slotOfName, slotWidths, type TimeSlot } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import { type Store, viewOf } from '../store.ts'
import { Ends } from './ends.ts'
import { erase, eraseTaken } from './erase.ts'
import { readCurrent } from './find.ts'
import { endHints, giveHints, HintBatch, isYoung, listTaken, takeHints } from './hints.ts'
import { expiryOf } from './live.ts'
import { underLock } from './lock.ts'
import { hintFor } from './tags.ts'

/** The slot for what expires at `expires`, as seen at `now`: wider the further away, so that there are few. */
export function slotFor(expires: number, now: number): TimeSlot {
  const ahead = expires - now
  const width = ahead < slotWidths.h ? 'm' : ahead < slotWidths.d ? 'h' : 'd'
  return { width, start: Math.floor(expires / slotWidths[width]) * slotWidths[width] }
}

/** Hints at an entry's expiry, unless its log's state before had it in the same slot. */
export function* noteExpiry(store: Store, slot: Slot, expires: number, before: LogState): Io<void> {
  const name = expiryLog(expires, store.environment.now(), before)
  if (name !== undefined) yield* giveHints(store, name, [hintFor(store, slot)])
}

/** The log that is to have a hint at what expires at `expires`; undefined: none, or it has one. */
export function expiryLog(expires: number, now: number, { state }: LogState): string | undefined {
  if (expires === Number.POSITIVE_INFINITY) return undefined
  const name = slotName(slotFor(expires, now))
  const had = state !== undefined && state.expires !== Number.POSITIVE_INFINITY
  return had && slotName(slotFor(state.expires, state.time)) === name ? undefined : name
}

/** The slots that have begun by `now`, oldest first. */
export function* slotsBegun(store: Store, now: number): Io<TimeSlot[]> {
  const names = new Set((yield* ask<'list'>({ op: 'list', path: `${store.folder}/${expiryFolder}` })) ?? [])
  // Also those whose hints are all in somebody's hands, perhaps a dead one's.
  for (const { log } of yield* listTaken(store)) names.add(log.slice(log.lastIndexOf('/') + 1))
  return [...names]
    .map(slotOfName)
    .filter(slot => slot !== undefined)
    .filter(slot => slot.start <= now)
    .sort((a, b) => a.start - b.start)
}

function hasExpiredBy({ settings }: Store, { state, value }: LogState, now: number): boolean {
  return value !== undefined && state !== undefined && expiryOf(state, settings.lifetimeMs) <= now
}

/** Erases what has expired by `now` of what a transaction has taken: the slots hear of it at the commit. How many. */
export function* expireTaken(store: Store, now: number): Io<number> {
  return yield* eraseTaken(store, log => hasExpiredBy(store, log, now), 'expired')
}

/**
 * Erases what has expired by `now` of the entries in a slot, of this backend, or, with `everyBackend`, of all: at most so
 * many. How many.
 */
export function* expireSlot(store: Store, slot: TimeSlot, now: number, options: ExpireOptions = {}): Io<number> {
  return yield* underLock(store, locked => expireHere(locked, slot, now, options))
}

/** So long after a slot has ended, in milliseconds, what is in it is erased unasked. */
const oldAfterMs = 60_000

/** So many entries are looked at in one go: as long as that lasts, a process that is at its end stays. */
const lookedAtMost = 4096

/** Erases what has expired some time ago, of all backends, so that nobody need ask. Whether there may be more. */
export function* expireOld(store: Store): Io<boolean> {
  const now = store.environment.now()
  const looks = { left: lookedAtMost }
  for (const slot of yield* slotsBegun(store, now)) {
    const isOld = slot.start + slotWidths[slot.width] + oldAfterMs <= now
    if (isOld) yield* expireSlot(store, slot, now, { everyBackend: true, patient: false, looks })
    if (looks.left <= 0) return true
  }
  return false
}

interface ExpireOptions {
  readonly everyBackend?: boolean
  readonly atMost?: number
  readonly patient?: boolean
  /** So many entries may yet be looked at. */
  readonly looks?: { left: number }
}

function* expireHere(store: Store, slot: TimeSlot, now: number, options: ExpireOptions): Io<number> {
  const name = slotName(slot)
  const taken = yield* takeHints(store, name)
  if (taken === undefined) return 0
  const back: Hint[] = []
  const later = new HintBatch()
  const ends = new Ends(store)
  const { atMost = Number.POSITIVE_INFINITY, looks = { left: Number.POSITIVE_INFINITY } } = options
  let count = 0
  for (const hint of taken.hints) {
    const isMeant = options.everyBackend === true || hint.backend === store.backend.name
    if (!isMeant || count >= atMost || looks.left <= 0) {
      back.push(hint)
      continue
    }
    looks.left--
    const view = viewOf(store, hint.backend, hint.extension)
    const path = `${store.folder}/${entryName(hint.hash, hint.extension)}`
    const meant = (log: LogState): boolean => hasExpiredBy(view, log, now)
    const erased = yield* erase(view, path, meant, { removal: 'expired', patient: options.patient !== false, ends })
    if (erased !== undefined) {
      count++
      const { place, bytes } = erased
      if (store.transaction === undefined && place !== undefined) yield* ends.add(place, bytes, hint.backend)
      else back.push(hint)
      continue
    }
    const state = (yield* readCurrent(view, path, undefined, true))?.state
    if (state !== undefined && state.kind !== 'tombstone' && state.expires !== Number.POSITIVE_INFINITY) {
      const next = slotName(slotFor(state.expires, store.environment.now()))
      if (next === name) back.push(hint)
      // Passed on wherever it belongs by now: that there is another hint is not sure, since the slot was chosen a moment before or
      // after the record's time.
      else later.add(next, hint)
    } else if (isYoung(store, hint)) back.push(hint)
  }
  yield* ends.finish()
  yield* later.give(store)
  yield* endHints(store, name, taken, back)
  return count
}
