// The loop in which every change of one entry runs.
//
// Goal: read the state, decide, append; again from the start if another process was faster.
// Steps: 1 open, read the tail. 2 `decide` says what to write, from the live entry. 3 An entry that begins is noted in the
//   order log first. 4 Compare and append; a large record replaces the file under a seal instead. (3 and 4: `attempt.ts`)
// Why order before entry: an entry without a place would be missing from iteration, a place without its entry is only
//   passed over.
// Invariant C: what is decided from a state is written directly behind that state, or not at all. So the operations on a
//   key happen one after another, in the order of the valid records.
// Crash: before 4 ends nothing has changed but, perhaps, an add without an entry; after it everything has.

import { StorageIOError } from '../errors.ts'
import { ask, type File, type Io, type Kept } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogRead } from '../log/hot.ts'
import type { Tag } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { Attempt } from './attempt.ts'
import { nothingStored, transactionOf } from './fields.ts'
import { isStale, noteChange, readHot, trusted } from './hot.ts'
import { type Found, liveEntry } from './live.ts'
import { underLock } from './lock.ts'
import { changePending } from './pending.ts'
import type { Queue } from './queue.ts'
import { readOpen } from './raw.ts'
import { Patience, passSeal } from './seal.ts'
import { type Removal, tellRemoval, tellSet } from './tell.ts'
import { changeInside } from './transaction.ts'
import { unasked } from './upkeep.ts'

/** What an operation wants written. */
export type Write =
  | {
      kind: 'put'
      value: Uint8Array | StreamedValue
      expires: number
      pinned: boolean
      tags: readonly Tag[]
      purpose?: string
      /** Of an item that is pushed: where. */
      queue?: Queue
      /** What `expires` was counted from; default: now. */
      time?: number
    }
  | { kind: 'touch'; expires: number; pinned: boolean; time?: number }
  | { kind: 'tombstone'; as: Removal }
  /** Announces that a value is being computed. */
  | { kind: 'claim' }
  /** Takes a claim back. */
  | { kind: 'unseal' }

/** A value in a file of its own, behind room for a record's head. */
export interface StreamedValue {
  readonly path: string
  readonly room: number
  readonly length: number
}

export interface Decision<T> {
  /** undefined: leave everything as it is. */
  readonly write: Write | undefined
  /** What the operation returns, if the write lands. */
  readonly result: T
  /** The write would have been the same whatever the entry. */
  readonly blind?: boolean
}

/** Decides from the live entry (undefined: missing or expired). It may be called again, and must not do I/O. */
export type Decide<T> = (entry: Found | undefined, log: LogState) => Decision<T>

/** How a change came out: its result, and the id of the record that was written. */
export interface Changed<T> {
  readonly result: T
  readonly id: string | undefined
}

/** How to come to a decision. */
export interface How {
  /** A missing file is no reason to be asked first. */
  readonly creates: boolean
  /** The decision does not depend on the value: the bytes of a long one may be left out. */
  readonly skims?: boolean
}

/** Changes the entry in `slot` as `decide` says. */
export function change<T>(store: Store, slot: Slot, how: How, decide: Decide<T>): Io<Changed<T>> {
  const { transaction } = store
  if (transaction?.deferred) return changePending(store, transaction, slot, decide)
  if (transaction !== undefined) return changeInside(store, transaction, slot, decide)
  if (!store.settings.network) return changeHere(store, slot, how, decide)
  return underLock(store, locked => changeHere(locked, slot, how, decide))
}

function* changeHere<T>(store: Store, slot: Slot, how: How, decide: Decide<T>): Io<Changed<T>> {
  const attempt = new Attempt(store, slot)
  try {
    return yield* rounds(store, slot, how, decide, attempt)
  } catch (error) {
    // After a refusal of the filesystem it is to be seen whether the last record stands. Any other end (a decision that
    // throws, a wait that was too long) leaves nothing but lost rounds, whose places are taken off again.
    if (error instanceof StorageIOError) yield* attempt.giveUp()
    else yield* unasked(store, attempt.finish())
    throw error
  }
}

function* rounds<T>(store: Store, slot: Slot, how: How, decide: Decide<T>, attempt: Attempt): Io<Changed<T>> {
  const { path } = slot
  const hot = noteChange(store, slot)
  // What was kept open, or was known of it, has turned out not to be the log any more.
  let stale = false
  let { creates } = how
  const patience = new Patience()
  for (;;) {
    if (patience.isDue) yield* patience.rest(store, path)
    const kept: Kept | undefined =
      hot && !stale && !attempt.needsPath ? yield* ask<'kept'>({ op: 'kept', path }) : undefined
    const file: File | undefined = kept?.file ?? (yield* ask<'open'>({ op: 'open', path, create: creates }))
    if (file === undefined) {
      const { write, result } = decide(undefined, nothingStored)
      if (write === undefined) return { result, id: undefined }
      creates = true
      continue
    }
    let outcome: Changed<T> | undefined
    let landed: Write | undefined
    let keep = false
    try {
      const known: LogRead | undefined = kept && trusted(store, kept)
      const read: LogRead | undefined =
        known ??
        (yield* kept === undefined
          ? readOpen(store, file, how.skims === true ? path : undefined)
          : readHot(store, kept))
      stale = read === undefined
      if (read === undefined) continue
      const { log, size } = read
      // Made, perhaps, and then nothing is written; an entry that begins takes it back.
      if (size === 0) store.garbage.add(path)
      const { last } = log
      const seal = last?.kind === 'seal' ? last : undefined
      // Until the owner acts all is as it was, so who leaves it so need not wait. Of a transaction's seal that is not sure.
      if (seal === undefined || transactionOf(seal) === undefined) {
        const live = liveEntry(store, log, slot)
        let decision: Decision<T>
        try {
          decision = decide(live, log)
        } catch (error) {
          stale = yield* isStale(kept, known)
          if (stale) continue
          throw error
        }
        const { write, result } = decision
        if (write === undefined) outcome = { result, id: undefined }
        else if (seal === undefined) {
          const id = yield* attempt.write({ file, kept, log, size }, live, write)
          if (kept !== undefined && (id === undefined || write.kind !== 'put')) store.hot.doubt(kept)
          if (id === undefined) patience.lose()
          else {
            outcome = { result, id }
            landed = write
          }
        }
      }
      // A record that has landed says that this is the log, and what it says; else it is to be seen.
      stale = outcome?.id === undefined && (yield* isStale(kept, outcome && known))
      if (stale) continue
      if (outcome === undefined && seal !== undefined) yield* passSeal(store, path, file, size, seal, patience)
      // A long value would be read, and remembered, by changes that do not want it.
      keep = hot && seal === undefined && !attempt.replaced && size <= store.bounds.hotCompaction
    } finally {
      if (keep) yield* ask<'keep'>({ op: 'keep', file, path })
      else yield* ask<'close'>({ op: 'close', file })
    }
    if (outcome === undefined) continue
    if (landed !== undefined && !slot.hidden) tell(store, slot, landed)
    if (attempt.owes) yield* unasked(store, attempt.finish())
    return outcome
  }
}

function tell(store: Store, { text }: Slot, write: Write): void {
  if (write.kind === 'put') tellSet(store, text, write.value.length)
  // What is erased outside of a transaction is so by other means.
  else if (write.kind === 'tombstone') tellRemoval(store, text, write.as, 0)
}
