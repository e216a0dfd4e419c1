// What a deferred bucket writes before it is synced.
//
// Goal: reads see what is pending; the files, and whoever else reads them, see nothing of it.
// Steps of a change: 1 the key as it is pending; if it is not, as it stands. 2 Decide, as ever. 3 What is written stays in
//   memory, encoded, with its times; and so do the decisions, unless the last of them did not look at the entry.
// Why decisions are kept: others may change the key before the sync. What was decided from its value (a sum, an `add`, an
//   `ifVersion`) is decided again then, so that the sync is as if all had been called at its one moment.
// Crash: nothing of it is there.

import type { Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogRecord } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import type { Decide, Write } from './change.ts'
import { nothingStored } from './fields.ts'
import { readCurrent } from './find.ts'
import { itemPurpose, liveEntry } from './live.ts'
import type { Queue } from './queue.ts'
import { Patience } from './seal.ts'
import type { Removal } from './tell.ts'
import { logAfter } from './transaction.ts'

/** A key with a write that is pending. */
export interface PendingEntry {
  readonly slot: Slot
  /** As it was before, but for the value. */
  readonly before: LogState
  /** As the bucket sees it. */
  readonly log: LogState
  readonly decided: Decided
  /** If it is removed: as what that is told. */
  readonly removal: Removal
  /** Where it is to be pushed: it is an item that is new, or was and has gone again, perhaps in place of one that was pulled. */
  readonly queue: Queue | undefined
}

/** A decision, and those on which it builds. */
interface Decided {
  readonly decide: Decide<unknown>
  readonly blind: boolean
  readonly earlier: Decided | undefined
}

/** What a deferred bucket, or a transaction that is running in one, has written and nobody else sees yet. */
export class Pending {
  /** By the path of the log; entries that begin in it, in the order in which they do. */
  readonly taken = new Map<string, PendingEntry>()
  /** It is not a transaction that takes its keys from others. */
  readonly deferred = true
  ended = false
  /** Those that are running in this, and the one in which this is running. */
  readonly children = new Set<Pending>()
  readonly parent: Pending | undefined
  /** Paths that it has written itself, where it is running in another. */
  readonly own = new Set<string>()

  constructor(parent: Pending | undefined) {
    this.parent = parent
    for (const [path, entry] of parent?.taken ?? []) this.taken.set(path, entry)
  }
}

/** A store whose writes stay in memory. */
export interface PendingView extends Store {
  readonly transaction: Pending
}

/** A view of the store whose writes stay in memory. In a view that is one already: of a transaction that is running there, and
 *  sees what is pending, also what becomes so meanwhile, until it writes it itself. */
export function pendingView(store: Store): PendingView {
  const { transaction } = store
  return { ...store, transaction: new Pending(transaction?.deferred ? transaction : undefined) }
}

/** Makes an entry pending in a view, and in those that are running in it; who has written it himself sees his own. */
export function makePending({ taken, children }: Pending, path: string, entry: PendingEntry): void {
  // One that begins anew comes last.
  if (taken.get(path)?.log.value?.place !== entry.log.value?.place) taken.delete(path)
  taken.set(path, entry)
  for (const child of children) if (!child.own.has(path)) makePending(child, path, entry)
}

/** These have been written out: they are not pending any more, but for what was written over them meanwhile. */
export function endPending({ taken, children }: Pending, written: readonly PendingEntry[]): void {
  for (const one of written) {
    const { path } = one.slot
    const now = taken.get(path)
    if (now === one) taken.delete(path)
    else if (now !== undefined) taken.set(path, pendingAfter(one, now))
  }
  for (const child of children) endPending(child, written)
}

/** Forgets what is pending; what those have written that are running in it is not pending yet. */
export function dropPending({ taken, children }: Pending): void {
  taken.clear()
  for (const child of children) {
    const own = [...child.taken].filter(([path]) => child.own.has(path))
    dropPending(child)
    for (const [path, entry] of own) makePending(child, path, entry)
  }
}

/** Whether another transaction has written what one is about to write, and is still running. */
function isTaken(pending: Pending, path: string): boolean {
  const { parent, children } = pending
  for (const child of children) if (child.own.has(path)) return true
  for (let inner = pending, outer = parent; outer !== undefined; inner = outer, outer = outer.parent) {
    for (const other of outer.children) if (other !== inner && other.own.has(path)) return true
  }
  return false
}

/** Whether what memory has of a key counts in this view, and may be put there: what a transaction sees, and what is pending,
 *  is not for those outside. */
export function mayRemember({ transaction }: Store, slot: Slot): boolean {
  return transaction === undefined || (transaction.deferred && !transaction.taken.has(slot.path))
}

/** Nobody will sync what is written to a bucket, or in a transaction of one, whose block has ended. */
function checkRunning(pending: Pending): void {
  for (let one: Pending | undefined = pending; one !== undefined; one = one.parent) {
    if (one.ended) {
      throw new TypeError(
        'Expected a block of deferredWrite() that is still running: the bucket passed to it is good for writing until it ends',
      )
    }
  }
}

/** A change as `change` makes it, but pending. */
export function* changePending<T>(
  store: Store,
  pending: Pending,
  slot: Slot,
  decide: Decide<T>,
): Io<{ result: T; id: string | undefined }> {
  checkRunning(pending)
  const { taken } = pending
  const patience = new Patience()
  let standing: LogState | undefined
  for (;;) {
    standing = taken.has(slot.path) ? undefined : yield* readCurrent(store, slot.path)
    if (!isTaken(pending, slot.path)) break
    // By an asynchronous one, of this thread: a synchronous caller is told that it would wait for ever.
    yield* patience.wait(store, slot.path, true)
  }
  // Another operation of this bucket may have written it while this one was reading.
  const known: PendingEntry | undefined = taken.get(slot.path)
  const log = known?.log ?? standing ?? nothingStored
  // Before deciding, which may run code of the caller's that reads other keys.
  const before = known?.before ?? withoutValue(log)
  const { write, result, blind = false } = decide(liveEntry(store, log, slot), log)
  // Claims are for other processes to see.
  if (write === undefined || write.kind === 'claim' || write.kind === 'unseal') return { result, id: undefined }
  const onto = write.kind === 'touch' ? log : (known?.log ?? before)
  const after = logAfter(store, slot, onto, liveEntry(store, onto, slot), write)
  // A new object each time, so that who is writing these out sees that they changed meanwhile.
  const decided = { decide, blind, earlier: blind ? undefined : known?.decided }
  if (pending.parent !== undefined) pending.own.add(slot.path)
  const queue = queueAfter(write, known?.queue)
  const removal = write.kind === 'tombstone' ? write.as : undefined
  makePending(pending, slot.path, { slot, before, log: after.log, decided, removal, queue })
  return { result, id: after.id }
}

/** The queue of what was an item of `was`, after a write: storing another value under its key makes it an ordinary entry. */
function queueAfter(write: Write, was: Queue | undefined): Queue | undefined {
  if (write.kind !== 'put') return was
  return write.purpose === itemPurpose ? (write.queue ?? was) : undefined
}

/** The decisions that count, in order; none: the entry is to be what it is, whatever it was. */
export function decisionsOf({ decided }: PendingEntry): readonly Decide<unknown>[] {
  const decisions: Decide<unknown>[] = []
  for (let one: Decided | undefined = decided; one !== undefined; one = one.earlier) {
    if (one.blind) return []
    decisions.push(one.decide)
  }
  return decisions.reverse()
}

/** What is still pending of a key when `written` has reached the files: it builds on that. */
function pendingAfter(written: PendingEntry, now: PendingEntry): PendingEntry {
  const newer: Decided[] = []
  for (let one: Decided | undefined = now.decided; one !== undefined && one !== written.decided; one = one.earlier)
    newer.push(one)
  let decided: Decided | undefined
  for (const { decide, blind } of newer.reverse()) decided = { decide, blind, earlier: decided }
  // The item was pushed by now, unless this is another one: each push names the queue anew.
  const queue = now.queue === written.queue ? undefined : now.queue
  return { ...now, before: withoutValue(written.log), decided: decided ?? now.decided, queue }
}

/** What a log says, but for the value: its bytes are good until the next request only. */
function withoutValue({ state, value }: LogState): LogState {
  if (state === undefined || value === undefined) return nothingStored
  const facts = { state: factsOf(state), value: factsOf(value) }
  return { last: facts.state, ...facts, damaged: false }
}

const noBytes = Buffer.alloc(0)

function factsOf(record: LogRecord): LogRecord {
  const { kind, id, time, storedAt, expires, pinned, place, ref, tags, owner, purpose, key, identity, at, length } =
    record
  const fields = { kind, id, time, storedAt, expires, pinned, place, ref, tags, owner, purpose, key, identity }
  const isOf = (text: string, its: string | undefined): boolean =>
    its === undefined ? key === text && identity === undefined : identity === its
  return { ...fields, at, length, isOf, bytes: noBytes, valueStart: 0, valueEnd: 0 }
}
