// What a deferred bucket has gathered reaches the files, as one unit.
//
// Goal: all of it or none is there, whoever looks and whenever the writer dies; for new keys at little more than the cost of
//   creating their files.
// Steps: 1 a transaction's turn. 2 Each key is taken, as in every transaction, and gets its record, which has its times and
//   its id since it was pending; what others have changed meanwhile is decided again. 3 What was pushed is pushed now: others
//   may have taken its number. 4 Commit.
// Crash: as of a transaction, before its intent appears nothing, after it everything.

import type { Io } from '../io/requests.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { inTransaction } from './atomically.ts'
import { aloneAs, nothingStored } from './fields.ts'
import { decodeValue, type Found, liveEntry } from './live.ts'
import { decisionsOf, type PendingEntry } from './pending.ts'
import { numberedKey, pushAs, type Queue } from './queue.ts'
import { type Taken, type TransactionView, take, takeNew, writeInside } from './transaction.ts'

/** Writes all that is pending, or nothing. How many entries. */
export function* sync(store: Store, pending: readonly PendingEntry[]): Io<number> {
  const entries = pending.filter(({ slot }) => !slot.hidden)
  if (entries.length === 0) return 0
  const paths = new Set(entries.map(({ slot }) => slot.path))
  yield* inTransaction(store, function* (view) {
    for (const one of entries) {
      if (one.queue === undefined) yield* write(view, one)
      else {
        // It has the number of one that was pulled in here.
        if (one.before.value !== undefined) yield* removePulled(view, one)
        yield* pushPending(view, one, one.queue, path => paths.has(path))
      }
    }
  })
  return entries.length
}

function* write(view: TransactionView, pending: PendingEntry): Io<void> {
  const { slot, before, log } = pending
  const taken = yield* before.value === undefined
    ? takeNew(view, view.transaction, slot)
    : take(view, view.transaction, slot)
  const live = liveEntry(view, taken.log, slot)
  if (live?.put.id !== before.value?.id || live?.state.id !== before.state?.id) {
    if (decideAgain(view, taken, pending)) return
  }
  // Removing what is not there is no write.
  if (log.value === undefined && live === undefined) return
  taken.log = log.value === undefined ? nothingStored : placed(view, log, placeFor(view, pending, live))
  taken.written = true
  taken.removal = pending.removal
  taken.begins = log.value !== undefined && taken.log.value!.place !== taken.before.value?.place
}

/** The entry that stands there keeps its place, unless it was removed before this one began. */
function placeFor(view: Store, pending: PendingEntry, live: Found | undefined): string {
  const { before, log } = pending
  const wasRemoved = before.value !== undefined && log.value!.place !== before.value.place
  return wasRemoved ? log.value!.place : (live?.put.place ?? newPlace(view, pending))
}

/** For an entry that begins: that which it has had since it is pending, unless it was that of one that has ended since. */
function newPlace(view: Store, { before, log }: PendingEntry): string {
  const { place } = log.value!
  return place === before.value?.place ? view.environment.newId() : place
}

/** Others have changed the key: what was decided from its value is decided from what it is now. False: nothing was. */
function decideAgain(view: Store, taken: Taken, pending: PendingEntry): boolean {
  const decisions = decisionsOf(pending)
  for (const decide of decisions) {
    const live = liveEntry(view, taken.log, taken.slot)
    const { write } = decide(live, taken.log)
    if (write === undefined || write.kind === 'claim' || write.kind === 'unseal') continue
    writeInside(view, taken, live, write)
  }
  return decisions.length > 0
}

/** The log with its entry in this place. */
function placed(view: Store, log: LogState, place: string): LogState {
  const put = log.value!
  if (place === put.place) return log
  const fields = { ...aloneAs(log.state!, put), place }
  const bytes = view.framing.encode(fields, put.bytes.subarray(put.valueStart, put.valueEnd), 0)
  const record = view.framing.decode(bytes, 0)
  return { last: record, state: record, value: record, damaged: false }
}

function* removePulled(view: TransactionView, { slot, before }: PendingEntry): Io<void> {
  const taken = yield* take(view, view.transaction, slot)
  if (taken.log.value?.id !== before.value!.id) return
  writeInside(view, taken, liveEntry(view, taken.log, slot), { kind: 'tombstone', as: 'delete' })
}

/** Under the number that it has had since then, or the next: others may have pushed meanwhile. Its times run since then, too. */
function* pushPending(
  view: Store,
  { slot, log: { state, value: put } }: PendingEntry,
  queue: Queue,
  isOthers: (path: string) => boolean,
): Io<void> {
  // Undefined: it was pulled again before the sync.
  const decoded = put && decodeValue(view, put)
  if (state === undefined || decoded === undefined) return
  const { tags } = put!
  const { expires, pinned, time } = state
  const { number } = numberedKey(view.keys.read(slot.text))!
  yield* pushAs(view, queue, decoded.value, () => ({ tags, expires, pinned, time }), { number, isOthers })
}
