// Who holds the permits of a lock or semaphore.
//
// Goal: never more holders than permits, in all processes together; one that dies holds nobody up.
// Steps of taking a permit: 1 read who holds one; those whose thread is gone do not count. 2 If there is room, write the list
//   with the newcomer, if it is still what was read. Of giving it back: write the list without.
// Crash: a holder that is gone stands in the list until the next who comes reads it.

import { ask, type Io, type Owner } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import { change, type Write } from '../ops/change.ts'
import { find } from '../ops/find.ts'
import type { Found } from '../ops/live.ts'
import type { Store } from '../store.ts'

interface Holder {
  readonly id: string
  readonly owner: Owner
  /** Milliseconds since the epoch: owners on another host are given the bucket's `timeout` from here. */
  readonly since: number
}

/** Takes one of so many permits in the name of `id`. Whether there was one. */
export function* takePermit(store: Store, slot: Slot, permits: number, id: string): Io<boolean> {
  const { environment } = store
  // Alive from the first moment that others can see it.
  environment.holds.set(id, 'held')
  let taken = false
  try {
    for (;;) {
      const seen = listIn(yield* find(store, slot))
      const living = yield* whoLives(store, seen.holders)
      if (living.length >= permits) return false
      const self = { id, owner: environment.owner, since: environment.now() }
      const { result } = yield* change(store, slot, { creates: true }, found =>
        found?.put.id === seen.version
          ? { write: listOf([...living, self]), result: true }
          : { write: undefined, result: false },
      )
      if (result) {
        taken = true
        return true
      }
    }
  } finally {
    if (!taken) environment.holds.delete(id)
  }
}

/** Gives the permit back. */
export function* givePermitBack(store: Store, slot: Slot, id: string): Io<void> {
  yield* change(store, slot, { creates: false }, found => {
    const { holders } = listIn(found)
    const others = holders.filter(holder => holder.id !== id)
    if (others.length === holders.length) return { write: undefined, result: undefined }
    return { write: others.length === 0 ? { kind: 'tombstone', as: undefined } : listOf(others), result: undefined }
  })
  store.environment.holds.delete(id)
}

/** How many permits are held. */
export function* countHolders(store: Store, slot: Slot): Io<number> {
  return (yield* whoLives(store, listIn(yield* find(store, slot)).holders)).length
}

function* whoLives(store: Store, holders: readonly Holder[]): Io<Holder[]> {
  const { environment, settings } = store
  const living: Holder[] = []
  for (const holder of holders) {
    const { id, owner, since } = holder
    // What this thread holds it knows itself.
    const lives =
      owner === environment.owner
        ? environment.holds.has(id)
        : yield* ask<'alive'>({ op: 'alive', owner, since, patienceMs: settings.timeoutMs })
    if (lives) living.push(holder)
  }
  return living
}

function listOf(holders: readonly Holder[]): Write {
  const value = Buffer.from(JSON.stringify(holders))
  return { kind: 'put', value, expires: Number.POSITIVE_INFINITY, pinned: true, tags: [] }
}

/** The list is the value of the log's last put; what is odd in it holds nothing. */
function listIn(found: Found | undefined): { holders: Holder[]; version: string | undefined } {
  if (found === undefined) return { holders: [], version: undefined }
  const { bytes, valueStart, valueEnd, id: version } = found.put
  let parsed: unknown
  try {
    parsed = JSON.parse(bytes.toString('utf8', valueStart, valueEnd))
  } catch {
    return { holders: [], version }
  }
  return { holders: Array.isArray(parsed) ? parsed.filter(isHolder) : [], version }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false
  const { id, owner, since } = value as Partial<Holder>
  return typeof id === 'string' && typeof owner === 'string' && typeof since === 'number'
}
