// The end of a transaction.
//
// Goal: all its writes become visible at once, or none ever does.
// Steps: 1 hints are given, the intent is written to a temporary file, and the places of entries that begin are noted in the order
//   log. 2 The intent, with what every key becomes, appears in one rename: the commit. 3 Over each seal the key's new record is
//   appended. 4 The intent is unlinked. 5 Seals of keys that were only read are lifted; what has ended and grown is counted.
// Invariant T: from 2 to 4 each key either shows its new record, or a seal whose intent is there; so whoever reads after 2
//   sees the new value, and who has seen one sees all. No key loses its seal before 2.
// Crash: before 2, dead seals without an intent: lifted, the state before counts. After 2, whoever meets a seal carries the
//   intent out (`rollForward`). After 3, an intent that has nothing left to do; `check` removes it.

import { topics } from '../channels.ts'
import { StorageIOError } from '../errors.ts'
import type { OrderRecord } from '../indexes/order.ts'
import { ask, type Io } from '../io/requests.ts'
import { encodeIntent, type Intention } from '../log/intent.ts'
import { intentName, tagName, temporaryName, turnName } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { compareAndAppend } from './append.ts'
import { compact, isOvergrown } from './compact.ts'
import { syncNames } from './durable.ts'
import { expiryLog } from './expiry.ts'
import { bareRecord, countedEnd, stateOffset } from './fields.ts'
import { HintBatch } from './hints.ts'
import { apply, recordAt, writeOver } from './intent.ts'
import { takeLock } from './lock.ts'
import { type Add, appendOrder, removeOf } from './order.ts'
import { reclaimOne } from './reclaim.ts'
import { findIndex, hintFor, isNews, type Told } from './tags.ts'
import { tellRemoval, tellSet } from './tell.ts'
import { sealAnew, type Taken, Transaction, type TransactionView } from './transaction.ts'
import { endTurn, takeTurn } from './turn.ts'
import { unasked, upkeep, upkeepIsDue } from './upkeep.ts'

/** A view of the store whose operations belong to a new transaction, when its turn has come. */
export function* beginTransaction(store: Store): Io<TransactionView> {
  const { environment, settings } = store
  const turn = yield* takeTurn(store, store.keys.hiddenSlot(turnName))
  const transaction = new Transaction(environment.newId(), turn, environment.now())
  environment.holds.set(transaction.id, 'transaction')
  if (settings.network) {
    // Every change takes this lock there; a transaction keeps it.
    try {
      transaction.lock = yield* takeLock(store)
    } finally {
      if (transaction.lock === undefined) yield* finish(store, transaction)
    }
  }
  return { ...store, transaction }
}

/** Makes what was written in the transaction count. Fails only before anything does. */
export function* commit(view: TransactionView): Io<void> {
  const store: Store = { ...view, transaction: undefined }
  const { transaction } = view
  transaction.ended = true
  const taken = [...transaction.taken.values()]
  const written = taken.filter(one => one.written)
  if (written.length === 0) return yield* rollBack(view)
  const intent = `${store.folder}/${intentName(transaction.id)}`
  const temporary = `${store.folder}/${temporaryName(transaction.id)}`
  const { durable } = store.settings
  let noted: readonly Add[] = []
  let told: Told
  try {
    yield* sealAnew(store, transaction)
    const adds = written.filter(({ slot, begins }) => begins && !slot.hidden).map(one => addOf(store, one))
    told = yield* giveAllHints(store, written)
    const intentions = written.map(({ slot, seal, log }): Intention => {
      const { value: put } = log
      const record = put === undefined ? undefined : recordOf(put)
      return { path: slot.path.slice(store.folder.length + 1), seal, record }
    })
    const bytes = encodeIntent(transaction.id, intentions)
    // Not published as the small files are: that takes as long as a few dozen of the sets. Before the places, since a full disk
    // shows here.
    yield* ask<'write'>({ op: 'write', path: temporary, bytes, durable })
    if (adds.length > 0) yield* appendOrder(store, adds)
    noted = adds
    // Before the decision: without its log, a power cut would leave a key out of it.
    yield* syncNames(
      store,
      written.map(({ slot }) => slot.path),
    )
    yield* ask<'rename'>({ op: 'rename', from: temporary, to: intent })
    yield* syncNames(store, [intent])
  } catch (error) {
    yield* takeBack(view, intent, temporary, noted)
    throw error
  }
  // It counts. What fails from here on is finished by whoever meets it.
  try {
    // Of logs in which others have written in vain meanwhile.
    const ends = new Map<Taken, number>()
    for (const one of written) {
      if (yield* follow(store, one)) continue
      const end = yield* apply(store, one.slot.path, one.seal, one.log.value && recordOf(one.log.value))
      if (end !== undefined) ends.set(one, end)
    }
    if (yield* isNews(store, told)) yield* giveAllHints(store, written)
    yield* ask<'unlink'>({ op: 'unlink', path: intent })
    yield* letGo(
      store,
      taken.filter(one => !one.written),
    )
    yield* account(store, written, ends)
    for (const one of written) tell(store, one)
  } catch (error) {
    if (!(error instanceof StorageIOError)) throw error
    if (topics.error.active) topics.error.publish({ folder: store.folder, operation: 'commit', error })
    yield* leave(store, transaction)
    return
  }
  yield* finish(store, transaction)
  const puts = written.filter(({ slot, log }) => !slot.hidden && log.value !== undefined).length
  yield* unasked(store, afterwards(store, puts, written.length - puts))
}

/** Nothing of what the commit has announced comes. The keys are given back only when it is sure that nothing has decided otherwise. */
function* takeBack(view: TransactionView, intent: string, temporary: string, noted: readonly Add[]): Io<void> {
  const store: Store = { ...view, transaction: undefined }
  let undecided = true
  try {
    yield* ask<'unlink'>({ op: 'unlink', path: intent })
    undecided = false
    yield* unasked(store, unlink(temporary))
    if (noted.length > 0)
      yield* unasked(
        store,
        appendOrder(
          store,
          noted.map(add => removeOf(store, add.id, add.bytes)),
        ),
      )
  } finally {
    yield* undecided ? leave(store, view.transaction) : rollBack(view)
  }
}

function* unlink(path: string): Io<void> {
  yield* ask<'unlink'>({ op: 'unlink', path })
}

/** So many deleted files does a commit see to; the others wait for the time when there is nothing else to do. */
const reclaimedAtMost = 64

/** What follows as after each single write. */
function* afterwards(store: Store, puts: number, removals: number): Io<void> {
  for (let i = 0; i < Math.min(removals, reclaimedAtMost); i++) yield* reclaimOne(store)
  if (upkeepIsDue(store, puts)) yield* upkeep(store, puts)
}

/** Gives all keys back as they were. */
export function* rollBack(view: TransactionView): Io<void> {
  const store: Store = { ...view, transaction: undefined }
  const { transaction } = view
  transaction.ended = true
  try {
    yield* letGo(store, [...transaction.taken.values()])
  } catch (error) {
    if (!(error instanceof StorageIOError)) throw error
    if (topics.error.active) topics.error.publish({ folder: store.folder, operation: 'transact', error })
    yield* leave(store, transaction)
    return
  }
  yield* finish(store, transaction)
}

/** Ends a transaction that the disk has stopped half-way. What its seals become is decided by whether its intent is there:
 *  by whoever meets them, or by `reclaim`, for others wait while this thread lives. */
function* leave(store: Store, transaction: Transaction): Io<void> {
  for (const path of transaction.taken.keys()) store.garbage.add(path)
  yield* finish(store, transaction)
}

function* finish(store: Store, transaction: Transaction): Io<void> {
  // Seals that could not be lifted are nobody's now: the next who meets one does it.
  for (const id of [transaction.id, ...transaction.givenUp]) store.environment.holds.delete(id)
  if (transaction.lock !== undefined) yield* ask<'unlock'>({ op: 'unlock', lock: transaction.lock })
  yield* endTurn(store, store.keys.hiddenSlot(turnName), transaction.turn)
  for (const { file } of transaction.taken.values()) {
    try {
      if (file !== undefined) yield* ask<'close'>({ op: 'close', file })
    } catch (error) {
      // What was written counts already, and what was not does not.
      if (!(error instanceof StorageIOError)) throw error
    }
  }
}

/** Lifts the seals of keys that were not written. */
function* letGo(store: Store, taken: readonly Taken[]): Io<void> {
  for (const one of taken) {
    const end = yield* giveBack(store, one)
    const { slot, before } = one
    const { last, value: put } = before
    if (put === undefined) store.garbage.add(slot.path)
    else if (end !== undefined) {
      if (!slot.hidden) store.order.unwritten += end - countedEnd(before)
      // Others may only ever read the key, and that in transactions.
      const pauseMs = store.environment.now() - last!.time
      if (isOvergrown(store, end, put.length, pauseMs)) yield* shorten(store, slot.path)
    }
  }
}

/** Lifts a seal. The end of the log then; undefined: others had done it, or removed the log. */
function* giveBack(store: Store, { slot, seal, before, size: sealed, file: kept }: Taken): Io<number | undefined> {
  const makeRecord = (at: number): Buffer => recordAgain(store, before, at)
  const record = makeRecord(sealed)
  if (kept !== undefined && (yield* compareAndAppend(store, kept, record, sealed))) return sealed + record.length
  return yield* writeOver(store, slot.path, seal, makeRecord)
}

/** What lifts a seal and leaves everything as it was: as a state of its own where there is a value, so that the seal is counted with it. */
function recordAgain(store: Store, { state, value: put }: LogState, at: number): Buffer {
  const fields: Parameters<typeof bareRecord>[1] =
    state === undefined || put === undefined
      ? { kind: 'unseal', ref: stateOffset(state) }
      : { kind: 'touch', ref: put.at, time: state.time, expires: state.expires, pinned: state.pinned, place: put.place }
  return store.framing.encode(bareRecord(store, fields), new Uint8Array(), at)
}

/** Writes the record behind the seal, without looking. Whether it stands there: in between there may be what somebody wrote
 *  who had opened the log before it was sealed. Of a log that was not kept open that is only tried where the seal is all that
 *  it has: what stands at the path may be another. */
function* follow(store: Store, { slot, size, log, alone, file: kept }: Taken): Io<boolean> {
  if (kept !== undefined) return yield* compareAndAppend(store, kept, recordAt(store, log.value, size), size)
  if (alone !== true) return false
  const file = yield* ask<'open'>({ op: 'open', path: slot.path, create: false })
  if (file === undefined) return false
  try {
    return yield* compareAndAppend(store, file, recordAt(store, log.value, size), size)
  } finally {
    yield* ask<'close'>({ op: 'close', file })
  }
}

function recordOf(put: NonNullable<Taken['log']['value']>): Buffer {
  const { bytes, length } = put
  // In a transaction's memory a record stands alone; one that was only taken over from the log does not.
  return bytes.length === length ? bytes : Buffer.from(bytes)
}

function addOf(store: Store, { slot, size, log }: Taken): Add {
  const put = log.value!
  const { name: backend, fileExtension: extension } = store.backend
  return { kind: 'add', id: put.place, time: put.time, bytes: size + put.length, hash: slot.hash, extension, backend }
}

/** Tells the indexes, in one append to each log, of what is about to be there. */
function* giveAllHints(store: Store, written: readonly Taken[]): Io<Told> {
  const now = store.environment.now()
  const hints = new HintBatch()
  const isTagged = ({ slot, log }: Taken): boolean =>
    !slot.hidden && log.value !== undefined && log.value.tags.length > 0
  const told = written.some(isTagged) ? ((yield* findIndex(store)) ?? 'no index') : 'nothing'
  const indexed = typeof told !== 'string'
  for (const { slot, before, log } of written) {
    if (slot.hidden || log.value === undefined || log.state === undefined) continue
    const expiring = expiryLog(log.state.expires, now, before)
    const tags = indexed ? log.value.tags.filter(tag => before.value?.tags.includes(tag) !== true) : []
    if (expiring === undefined && tags.length === 0) continue
    const hint = hintFor(store, slot)
    if (expiring !== undefined) hints.add(expiring, hint)
    for (const tag of tags) hints.add(tagName(store.backend.name, tag), hint)
  }
  yield* hints.give(store)
  return told
}

/** Counts what has ended and what has grown. */
function* account(store: Store, written: readonly Taken[], ends: ReadonlyMap<Taken, number>): Io<void> {
  const removes: OrderRecord[] = []
  for (const one of written) {
    const { slot, before, size, log, begins } = one
    if (log.value === undefined) store.garbage.add(slot.path)
    else store.garbage.delete(slot.path)
    if (before.value !== undefined && !slot.hidden && (begins || log.value === undefined)) {
      removes.push(removeOf(store, before.value.place, countedEnd(before)))
    }
    if (log.value !== undefined && !slot.hidden) {
      // What was noted of an entry that begins supposed that nobody comes in between.
      const noted = size + log.value.length
      store.order.unwritten += (ends.get(one) ?? noted) - (begins ? noted : countedEnd(before))
    }
    if (log.value !== undefined && size > store.bounds.compaction) yield* shorten(store, slot.path)
  }
  if (removes.length > 0) yield* appendOrder(store, removes)
}

/** What is still to be done counts for more than a log that stays as long as it is. */
function* shorten(store: Store, path: string): Io<void> {
  try {
    yield* compact(store, path)
  } catch (error) {
    if (!(error instanceof StorageIOError)) throw error
    if (topics.error.active) topics.error.publish({ folder: store.folder, operation: 'commit', error })
  }
}

/** What has become of a key. A touch is told to nobody. */
function tell(store: Store, { slot, before, log, removal }: Taken): void {
  if (slot.hidden) return
  const { value: put } = log
  if (put === undefined) {
    if (before.value !== undefined) tellRemoval(store, slot.text, removal, countedEnd(before))
  } else if (topics.set.active && put.id !== before.value?.id) tellSet(store, slot.text, put.valueEnd - put.valueStart)
}
