// Culling: entries go until the folder is within its limits.
//
// Goal: volume and number stay under their limits, by small steps on the back of writes; what goes is what the policy says.
// Steps: 1 what has expired. 2 While over a limit: whoever is next by the policy (`hunt.ts`) is erased, if he is still what he was.
// Why without patience: this runs on the back of somebody's write, who is not to wait for a transaction of others' keys.
// Crash: fewer entries have gone; the next write goes on.

import type { PlacedEntry } from '../indexes/order.ts'
import type { Io } from '../io/requests.ts'
import { entryName, slotName } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import { looksAtReads } from '../settings.ts'
import { type Store, viewOf } from '../store.ts'
import { erase } from './erase.ts'
import { expireSlot, slotsBegun } from './expiry.ts'
import { countEntries, type Looks, newHunt } from './hunt.ts'
import { underLock } from './lock.ts'
import { mergeIsDue, mergeOrder } from './merge.ts'
import { appendOrder, catchUp, removeOf } from './order.ts'
import { countInside, growthInside } from './transaction.ts'
import { readUses } from './usage.ts'

/** Which limit is exceeded, by what this process knows; undefined: none. */
export function exceeded(store: Store): 'volume' | 'entries' | undefined {
  const { sizeLimit, maxEntries } = store.limits
  const { totals, unwritten } = store.order
  if (totals.volume + unwritten + growthInside(store.transaction) > sizeLimit) return 'volume'
  if (maxEntries === Number.POSITIVE_INFINITY) return undefined
  return countInside(store.transaction) + countEntries(store) > maxEntries ? 'entries' : undefined
}

/** So many entries are looked at, in search of victims, on the back of one write. */
const looksOfAWrite = 64

/** Culls what so many writes owe: `cullLimit` entries each. Of several operations of this process at once, one does it for all:
 *  else each would remove what is too much by one. */
export function* cullForWrites(store: Store, writes: number): Io<void> {
  const { hunt, limits } = store
  const isUnderWay = hunt.owed > 0
  hunt.owed += writes
  if (isUnderWay) return
  try {
    for (let paid = 0; paid < hunt.owed && exceeded(store) !== undefined; paid++)
      yield* cull(store, limits.cullLimit, looksOfAWrite)
  } finally {
    hunt.owed = 0
  }
}

/**
 * Erases at most so many entries, of any backend: those that have expired, and while a limit is exceeded, others. In a
 * transaction, of this backend. `looks`: so many entries are met at most; the least of these goes then, though there may be
 * a lesser one.
 */
export function* cull(store: Store, atMost: number, looks: number): Io<number> {
  return yield* underLock(store, locked => cullHere(locked, atMost, looks))
}

function* cullHere(store: Store, atMost: number, looks: number): Io<number> {
  yield* catchUp(store)
  let count = 0
  const inside = store.transaction !== undefined
  const now = store.environment.now()
  for (const slot of yield* slotsBegun(store, now)) {
    if (count >= atMost) return count
    if (looks !== Number.POSITIVE_INFINITY && !isWorthALook(store, slotName(slot), now)) continue
    count += yield* expireSlot(store, slot, now, { everyBackend: !inside, atMost: atMost - count, patient: false })
  }
  const { evictionPolicy } = store.limits
  if (evictionPolicy === 'none' || exceeded(store) === undefined) return count
  if (looksAtReads(evictionPolicy)) yield* readUses(store)
  const isWanted = (backend: string): boolean => !inside || backend === store.backend.name
  if (!inside && store.hunt.current?.policy !== evictionPolicy)
    store.hunt.current = newHunt(store, evictionPolicy, isWanted)
  // What a transaction removes may yet come back.
  const hunt = inside ? newHunt(store, evictionPolicy, isWanted) : store.hunt.current!
  const spared: PlacedEntry[] = []
  const budget: Looks = { left: looks }
  let mergedAt = -1
  for (let reason = exceeded(store); reason !== undefined && count < atMost; reason = exceeded(store)) {
    // What has ended takes room in the order log, for which nobody is to go; nor for ghosts. Once for each that went: it may not help.
    const mayMerge = !inside && mergedAt < count
    const victim: PlacedEntry | undefined =
      mayMerge && isMergingDue(store, reason) ? undefined : yield* hunt.next(store, budget)
    if (victim === undefined) {
      if (!mayMerge || !(mergeIsDue(store) || store.hunt.empty.size > 0)) break
      mergedAt = count
      yield* mergeOrder(store)
    } else if (yield* evict(store, victim, reason)) {
      hunt.gone(store, victim)
      count++
    } else {
      spared.push(victim)
      yield* catchUp(store)
    }
  }
  for (const victim of spared) yield* hunt.putBack(store, victim)
  return count
}

/** So long, in milliseconds, does nobody's write look again through a slot of time that has not ended: most of what is in it has
 *  not expired yet. */
const expireEveryMs = 1000

function isWorthALook({ hunt: { expiredAt } }: Store, slot: string, now: number): boolean {
  if (Math.abs(now - (expiredAt.get(slot) ?? Number.NEGATIVE_INFINITY)) < expireEveryMs) return false
  // There are few at a time, and new ones every minute.
  if (expiredAt.size >= 64) expiredAt.clear()
  expiredAt.set(slot, now)
  return true
}

/** Of so many empty places some may be ghosts: worth a look at all of the order log, which costs what there is in it. */
function emptyAllowed(store: Store): number {
  return Math.max(64, countEntries(store) / 16)
}

function isMergingDue(store: Store, reason: 'volume' | 'entries'): boolean {
  return store.hunt.empty.size > emptyAllowed(store) || (reason === 'volume' && mergeIsDue(store))
}

function* evict(
  store: Store,
  { hash, extension, backend, place }: PlacedEntry,
  reason: 'volume' | 'entries',
): Io<boolean> {
  const view = viewOf(store, backend, extension)
  const path = `${store.folder}/${entryName(hash, extension)}`
  const meant = (log: LogState): boolean => log.value?.place === place
  const erased = yield* erase(view, path, meant, { removal: reason, patient: false })
  if (erased === undefined) return false
  if (store.transaction === undefined) {
    store.usage.forget(hash)
    yield* appendOrder(store, [removeOf(store, place, erased.bytes, backend)])
  }
  return true
}
