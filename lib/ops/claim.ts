// Claims: of many who miss a value, one computes it.
//
// Goal: `getOrSet`, and memoized functions, in several processes run the computation once; if that process dies, another
//   takes over.
// Steps: 1 by compare and append, a claim with the owner's name. It forbids nothing: whoever writes the key makes it void,
//   and a value that is there stays readable. 2 The owner computes, and stores as always. 3 The others look again until
//   there is a value, or no living claim.
// Crash: the owner is dead, the next who looks claims.

import { ask, type Io, type Owner } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Store } from '../store.ts'
import { change } from './change.ts'
import { find } from './find.ts'
import { type Recalled, recalledFrom } from './get.ts'
import type { Found } from './live.ts'

export type ClaimOutcome =
  | { kind: 'value'; recalled: Recalled }
  /** The caller is to compute, store, and in case of failure `release`. '': nobody need be told. */
  | { kind: 'claimed'; id: string }
  /** Another is computing; `own`: in this very thread. */
  | { kind: 'wait'; own: boolean }

/** The value, or the right to compute it, or neither yet. `over`: the version of a value that is to be computed anew. */
export function* claim(store: Store, slot: Slot, over?: string): Io<ClaimOutcome> {
  const good = (found: Found | undefined): Recalled | undefined =>
    found === undefined || found.put.id === over ? undefined : recalledFrom(store, found)
  const recalled = good(yield* find(store, slot))
  if (recalled !== undefined) return { kind: 'value', recalled }

  // Who else claims must be asked of the world, and a decision may not ask: so look first, then claim over what was seen.
  // A transaction has the key to itself: whoever computes could not store before it ends.
  const alone = store.transaction?.deferred === false
  const rival = alone ? undefined : yield* rivalClaim(store, slot)
  if (rival?.living === true) return { kind: 'wait', own: rival.own }
  const { result, id } = yield* change<Recalled | 'claimed' | 'wait'>(store, slot, { creates: true }, (entry, log) => {
    const now = good(entry)
    if (now !== undefined) return { write: undefined, result: now }
    if (!alone && log.last?.kind === 'claim' && log.last.id !== rival?.id) return { write: undefined, result: 'wait' }
    return { write: { kind: 'claim' }, result: 'claimed' }
  })
  if (result === 'wait') return { kind: 'wait', own: false }
  // A transaction has the key to itself, and claims nothing.
  return result === 'claimed' ? { kind: 'claimed', id: id ?? '' } : { kind: 'value', recalled: result }
}

/** The value, or the right to compute it: waits while another computes. */
export function* obtain(store: Store, slot: Slot): Io<Exclude<ClaimOutcome, { kind: 'wait' }>> {
  for (let ms = 1; ; ms = Math.min(50, 2 * ms)) {
    const outcome = yield* claim(store, slot)
    if (outcome.kind !== 'wait') return outcome
    yield* ask<'sleep'>({ op: 'sleep', ms, own: outcome.own, path: slot.path })
  }
}

/** A claim that a log ends with. */
export interface Rival {
  readonly id: string
  readonly owner: Owner
  readonly time: number
}

/** The claim that a log ends with, if any; `own`: of this very thread. */
export function* rivalClaim(store: Store, slot: Slot): Io<{ id: string; living: boolean; own: boolean } | undefined> {
  const { result: rival } = yield* change<Rival | undefined>(store, slot, { creates: false }, (_, { last }) => ({
    write: undefined,
    result: last?.kind === 'claim' ? { id: last.id, owner: last.owner, time: last.time } : undefined,
  }))
  return rival && { id: rival.id, ...(yield* stateOfClaim(store, rival)) }
}

/** Whether the claim's owner is still at it; `own`: it is this very thread. */
export function* stateOfClaim(store: Store, { id, owner, time }: Rival): Io<{ living: boolean; own: boolean }> {
  // Our own thread's claim is alive while the computation runs, and its end takes it back: see `release`.
  if (owner === store.environment.owner) return { living: store.environment.holds.has(id), own: true }
  const patienceMs = store.settings.timeoutMs
  return { living: yield* ask<'alive'>({ op: 'alive', owner, since: time, patienceMs }), own: false }
}

/** Takes a claim back whose computation failed, if it still stands. */
export function* release(store: Store, slot: Slot, id: string): Io<void> {
  try {
    yield* change(store, slot, { creates: false }, (entry, { last }) => {
      if (last?.kind !== 'claim' || last.id !== id) return { write: undefined, result: undefined }
      if (entry === undefined) store.garbage.add(slot.path)
      return { write: { kind: 'unseal' }, result: undefined }
    })
  } catch (error) {
    // Others wait for it while this thread lives: `reclaim` tries again.
    store.garbage.add(slot.path)
    throw error
  }
}
