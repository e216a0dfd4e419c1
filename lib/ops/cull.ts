// Culling: entries go until the folder is within its limits.
//
// Goal: volume and number stay under their limits, by small steps on the back of writes; what goes is what the policy says.
// Steps: 1 what has expired. 2 While over a limit: entries are met from the oldest on, until the least by the policy is known
//   (`policies/victims.ts`); it is read once more, and erased if it is still what it was.
// Why without patience: this runs on the back of somebody's write, who is not to wait for a transaction of others' keys.
// Crash: fewer entries have gone; the next write goes on.

import { topics } from '../channels.ts'
import type { Io } from '../io/requests.ts'
import { entryName } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import { type Victim, Victims } from '../policies/victims.ts'
import { type Store, viewOf } from '../store.ts'
import { type Candidate, OrderCursor } from './cursor.ts'
import { erase, eraseInside } from './erase.ts'
import { expireSlot, slotsBegun } from './expiry.ts'
import { readCurrent } from './find.ts'
import { underLock } from './lock.ts'
import { appendOrder, catchUp } from './order.ts'
import { countInside, growthInside } from './transaction.ts'
import { readUses } from './usage.ts'

/** Which limit is exceeded, by what this process knows; undefined: none. */
export function exceeded(store: Store): 'volume' | 'entries' | undefined {
  const { sizeLimit, maxEntries } = store.limits
  const { totals, unwritten } = store.order
  if (totals.volume + unwritten + growthInside(store.transaction) > sizeLimit) return 'volume'
  if (maxEntries === Number.POSITIVE_INFINITY) return undefined
  let entries = countInside(store.transaction)
  for (const count of totals.counts.values()) entries += count
  return entries > maxEntries ? 'entries' : undefined
}

/** How far a process has got in meeting entries. */
export class Hunt {
  readonly cursor: OrderCursor
  readonly victims: Victims

  constructor(cursor: OrderCursor, victims: Victims) {
    this.cursor = cursor
    this.victims = victims
  }
}

/** Most candidates that wait in memory. */
const waitingAtMost = 100_000

/** So many entries are looked at, in search of victims, on the back of one write. */
const looksOfAWrite = 64

/** Culls what a write owes: `cullLimit` entries. Of several writes of this process at once, one does it for all: else each
 *  would remove what is too much by one. */
export function* cullForWrite(store: Store): Io<void> {
  const { hunt, limits } = store
  hunt.owed++
  if (hunt.owed > 1) return
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
    const others = (hint: { backend: string; extension: string }): Store => viewOf(store, hint.backend, hint.extension)
    const everyBackend = inside ? {} : { everyBackend: others }
    count += yield* expireSlot(store, slot, now, { ...everyBackend, atMost: atMost - count, patient: false })
  }
  const { evictionPolicy } = store.limits
  if (evictionPolicy === 'none' || exceeded(store) === undefined) return count
  if (evictionPolicy !== 'least-recently-stored') yield* readUses(store)
  const isWanted = (backend: string): boolean => !inside || backend === store.backend.name
  const begin = (): Hunt => new Hunt(new OrderCursor(store, isWanted), new Victims(evictionPolicy))
  if (!inside && store.hunt.current?.victims.policy !== evictionPolicy) store.hunt.current = begin()
  // What a transaction removes may yet come back.
  const { cursor, victims } = inside ? begin() : store.hunt.current!
  const spared: Victim[] = []
  let left = looks
  for (let reason = exceeded(store); reason !== undefined && count < atMost; reason = exceeded(store)) {
    for (;;) {
      const next = yield* cursor.peek()
      if (next === undefined || victims.isSettled(next.time) || victims.size >= waitingAtMost) break
      if (left-- <= 0 && victims.size > 0) break
      for (const candidate of (yield* cursor.next(1)) ?? []) yield* meet(store, victims, candidate)
    }
    const victim = victims.pop()
    if (victim === undefined) break
    // It may have been written or read since it was met.
    const met = yield* meet(store, victims, victim.candidate, victim.worth)
    if (!met) continue
    if (yield* evict(store, victim.candidate, reason)) count++
    else {
      // It is in use, or another process was faster.
      spared.push(victim)
      yield* catchUp(store)
    }
  }
  for (const victim of spared) victims.push(victim)
  return count
}

/** Puts a live candidate among the victims; with `worth`, only if that has changed: true, it is still the same. */
function* meet(store: Store, victims: Victims, candidate: Candidate, worth?: number): Io<boolean> {
  const { hash, extension, backend, place } = candidate
  const view = viewOf(store, backend, extension)
  const log = yield* readCurrent(view, `${store.folder}/${entryName(hash, extension)}`, undefined, true)
  if (log?.value === undefined || log.value.place !== place) return false
  const { storedAt } = log.value
  const now = victims.worth(hash, storedAt, store.usage)
  if (now === worth) return true
  victims.push({ candidate, worth: now, storedAt })
  return false
}

function* evict(
  store: Store,
  { hash, extension, backend, place }: Candidate,
  reason: 'volume' | 'entries',
): Io<boolean> {
  const view = viewOf(store, backend, extension)
  const path = `${store.folder}/${entryName(hash, extension)}`
  const meant = (log: LogState): boolean => log.value?.place === place
  const inside = store.transaction !== undefined
  const erased = inside ? yield* eraseInside(view, path, meant) : yield* erase(view, path, meant, false)
  if (erased === undefined) return false
  const { bytes, key } = erased
  if (!inside) {
    store.usage.forget(hash)
    yield* appendOrder(store, [{ kind: 'remove', id: store.environment.newId(), bytes, place, backend }])
  }
  if (topics.evict.active) topics.evict.publish({ folder: store.folder, key, reason, size: bytes })
  return true
}
