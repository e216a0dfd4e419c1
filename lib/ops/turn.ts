// Turns: what only one in the whole folder may do at a time, transactions above all.
//
// Goal: two transactions never wait for each other's keys, for there is only one; a holder that dies holds nobody up.
// Steps: 1 a claim in a log of its own, by compare and append. 2 Whoever finds a living claim there waits.
// Why not a lock file: that a holder was killed shows there only after many seconds, here at once; and it costs twice as much.
// Crash: a dead owner's claim, which the next passes over.

import { topics } from '../channels.ts'
import { BucketCacheError } from '../errors.ts'
import { ask, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import { forFolder, type Store } from '../store.ts'
import { change } from './change.ts'
import { type Rival, release, stateOfClaim } from './claim.ts'
import { reclaim } from './reclaim.ts'
import { Patience } from './seal.ts'

/** Takes the turn; TimeoutError after `timeout`. Give the id to `endTurn`. */
export function* takeTurn(bucket: Store, slot: Slot): Io<string> {
  const store = forFolder(bucket)
  const patience = new Patience()
  let dead: string | undefined
  for (;;) {
    const { result: rival, id } = yield* change<Rival | undefined>(store, slot, { creates: true }, (_, { last }) =>
      last?.kind === 'claim' && last.id !== dead
        ? { write: undefined, result: { id: last.id, owner: last.owner, time: last.time } }
        : { write: { kind: 'claim' }, result: undefined },
    )
    if (rival === undefined) return id!
    const { living, own } = yield* stateOfClaim(store, rival)
    if (living) yield* patience.wait(store, slot.path, own)
    else dead = rival.id
  }
}

/** So long may a turn's log grow before it begins anew. */
const lengthAtMost = 8 * 1024

/** What the turn was for is done, so nothing here may make it fail: what cannot be released now is released later. */
export function* endTurn(bucket: Store, slot: Slot, id: string): Io<void> {
  const store = forFolder(bucket)
  try {
    yield* release(store, slot, id)
    store.environment.holds.delete(id)
    const stamp = yield* ask<'stat'>({ op: 'stat', path: slot.path })
    if (stamp !== undefined && stamp.size > lengthAtMost) yield* reclaim(store, slot.path, false)
  } catch (error) {
    if (!(error instanceof BucketCacheError)) throw error
    if (topics.error.active) topics.error.publish({ folder: store.folder, operation: 'transact', error })
  } finally {
    store.environment.holds.delete(id)
  }
}
