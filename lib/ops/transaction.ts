// Inside a transaction: keys are taken as they are touched, and what is written to them stays in memory.
//
// Goal: a transaction sees its own writes and nobody else's; whoever wants to write one of its keys waits; readers do not.
// Steps: 1 a key that is touched, be it by reading, is sealed in the transaction's name. 2 Its log as the transaction sees
//   it is kept here, changed by each write. 3 `commit.ts` ends it.
// Crash: seals of a dead owner, and no intent: whoever meets one lifts it, and the state before counts.

import { TimeoutError } from '../errors.ts'
import { ask, type File, type Io, type Lock } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogRecord, RecordFields } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { compareAndAppend } from './append.ts'
import type { Decide, Decision, Write } from './change.ts'
import { aloneAs, bareRecord, nothingStored, putOf, sealPurpose, stateOffset } from './fields.ts'
import { writeOver } from './intent.ts'
import { type Found, liveEntry } from './live.ts'
import { readOpen } from './raw.ts'
import { giveUp, Patience, passSeal } from './seal.ts'
import type { Removal } from './tell.ts'
import { checkFits } from './terms.ts'

const noBytes = new Uint8Array()

/** A key that a transaction has taken. */
export interface Taken {
  readonly slot: Slot
  seal: string
  /** As it was when it was taken. */
  readonly before: LogState
  /** Bytes of the log then, with the seal. */
  size: number
  /** As the transaction sees it. */
  log: LogState
  written: boolean
  /** An entry begins with what is there now: its place is not that of the one before. Kept, since to ask both records for theirs is
   *  felt with each key. */
  begins: boolean
  /** If it is removed: as what that is told. */
  removal: Removal
  /** The seal is alone in its log: there was no file. */
  readonly alone?: boolean
  /** The log, still open. */
  readonly file?: File | undefined
}

export class Transaction {
  readonly id: string
  /** Its turn: see `turn.ts`. */
  readonly turn: string
  /** When it began, in milliseconds since the epoch. */
  readonly time: number
  /** By the path of the log; entries that begin in it, in the order in which they do. */
  readonly taken = new Map<string, Taken>()
  /** It is not what is pending in a deferred bucket. */
  readonly deferred = false
  ended = false
  /** How many logs it keeps open. */
  opened = 0
  /** Ids of seals that may stand although the disk refused them. */
  readonly givenUp: string[] = []
  /** The first seal that was made in its name: the others differ in id, time and offsets only. */
  seal: LogRecord | undefined
  /** On a network filesystem. */
  lock: Lock | undefined

  constructor(id: string, turn: string, time: number) {
    this.id = id
    this.turn = turn
    this.time = time
  }
}

/** A store whose operations belong to a transaction. */
export interface TransactionView extends Store {
  readonly transaction: Transaction
}

/** The key, taken by the transaction. */
export function* take(store: Store, transaction: Transaction, slot: Slot): Io<Taken> {
  if (transaction.ended) throw hasEnded()
  const before = transaction.taken.get(slot.path)
  if (before !== undefined) return before
  const patience = new Patience()
  for (;;) {
    if (patience.isDue) {
      yield* patience.rest(store, slot.path)
      // Whoever was waited for may be another operation of the same transaction.
      const meanwhile = transaction.taken.get(slot.path)
      if (meanwhile !== undefined) return meanwhile
    }
    const file: File = (yield* ask<'open'>({ op: 'open', path: slot.path, create: true }))!
    let taken: Taken | undefined
    try {
      const { log, size } = yield* readOpen(store, file)
      if (log.last?.kind === 'seal') {
        yield* passSeal(store, slot.path, file, size, log.last, patience)
        continue
      }
      taken = yield* sealFor(store, transaction, slot, file, log, size)
      if (taken !== undefined) return taken
      patience.lose()
    } finally {
      if (taken?.file === undefined) yield* ask<'close'>({ op: 'close', file })
    }
  }
}

function hasEnded(): TypeError {
  return new TypeError(
    'Expected a transaction that is still running: the bucket passed to transact() is good until its body ends',
  )
}

/** As `take`, for a key that is likely to be missing: a log that is empty need not be read. */
export function* takeNew(store: Store, transaction: Transaction, slot: Slot): Io<Taken> {
  const file: File = (yield* ask<'open'>({ op: 'open', path: slot.path, create: true }))!
  let taken: Taken | undefined
  try {
    const size = yield* ask<'size'>({ op: 'size', file })
    taken = size > 0 ? undefined : yield* sealFor(store, transaction, slot, file, nothingStored, 0)
    if (taken !== undefined) return taken
  } finally {
    if (taken?.file === undefined) yield* ask<'close'>({ op: 'close', file })
  }
  return yield* take(store, transaction, slot)
}

/** So many logs stay open from the first touch of their keys to the end, where they are written to again. */
const openAtMost = 128

/** Seals an open log of `size` bytes in the transaction's name; undefined: another came first. The file is the transaction's
 *  then if it is in what is returned, else still the caller's. */
function* sealFor(
  store: Store,
  transaction: Transaction,
  slot: Slot,
  file: File,
  log: LogState,
  size: number,
): Io<Taken | undefined> {
  const { holds } = store.environment
  const stateAt = stateOffset(log.state)
  const { id, bytes } = encodeSeal(store, transaction, stateAt, size)
  const end = size + bytes.length
  try {
    if (!(yield* compareAndAppend(store, file, bytes, size))) return undefined
  } catch (error) {
    holds.set(id, 'given up')
    transaction.givenUp.push(id)
    yield* giveUp(store, slot.path, file, stateAt, end)
    throw error
  }
  if (transaction.ended) {
    // While the seal was made: nobody else would lift it as long as this thread lives.
    yield* giveUp(store, slot.path, file, stateAt, end)
    throw hasEnded()
  }
  const keeps = transaction.opened < openAtMost && !store.settings.network
  if (keeps) transaction.opened++
  const taken: Taken = {
    slot,
    file: keeps ? file : undefined,
    seal: id,
    before: log,
    size: end,
    log,
    written: false,
    begins: false,
    removal: undefined,
    alone: size === 0,
  }
  transaction.taken.set(slot.path, taken)
  return taken
}

/**
 * Seals all keys anew, before the decision of a transaction that has lasted for half the timeout: to another host its seals are those
 * of one who is gone before long, and it lifts them.
 * @throws TimeoutError if one was lifted already: what the body has read may not be so any more.
 */
export function* sealAnew(store: Store, transaction: Transaction): Io<void> {
  const { environment, settings } = store
  if (environment.now() - transaction.time <= settings.timeoutMs / 2) return
  for (const taken of transaction.taken.values()) {
    const { slot, seal, before } = taken
    let id = seal
    const end = yield* writeOver(store, slot.path, seal, at => {
      const own = encodeSeal(store, transaction, stateOffset(before.state), at)
      id = own.id
      return own.bytes
    })
    if (end === undefined) {
      throw new TimeoutError(
        `The transaction has lasted longer than the timeout of ${settings.timeoutMs} ms, and another host took it for gone: ` +
          `${slot.path} was written by others. Nothing was changed: try again, or raise the option timeout.`,
        { path: slot.path },
      )
    }
    taken.seal = id
    taken.size = end
  }
}

/** A seal over the state of the record at `ref`, in the transaction's name, and its id. */
function encodeSeal(store: Store, transaction: Transaction, ref: number, at: number): { id: string; bytes: Buffer } {
  const { environment, framing } = store
  const id = environment.newId()
  const time = environment.now()
  const { seal } = transaction
  const { owner } = environment
  const bytes =
    seal === undefined
      ? framing.encode(
          bareRecord(store, { kind: 'seal', id, time, ref, owner, purpose: sealPurpose(transaction.id) }),
          noBytes,
          at,
        )
      : framing.again(seal, at, { id, time, ref })
  transaction.seal ??= framing.decodeHead(bytes, bytes.length)
  return { id, bytes }
}

/** A change as `change` makes it, but in the transaction's memory. */
export function* changeInside<T>(
  store: Store,
  transaction: Transaction,
  slot: Slot,
  decide: Decide<T>,
): Io<{ result: T; id: string | undefined }> {
  const taken = yield* take(store, transaction, slot)
  const patience = new Patience()
  let live: Found | undefined
  let decision: Decision<T>
  for (;;) {
    if (patience.isDue) yield* patience.rest(store, slot.path)
    const { log } = taken
    live = liveEntry(store, log, slot)
    decision = decide(live, log)
    if (taken.log === log) break
    // It has written the key itself: what it says is about another state.
    patience.lose()
  }
  const { write, result } = decision
  // Claims are about others, and there are none here.
  if (write === undefined || write.kind === 'claim' || write.kind === 'unseal') return { result, id: undefined }
  const id = writeInside(store, taken, live, write)
  if (write.kind === 'put' && live === undefined) moveToEnd(transaction.taken, slot.path)
  return { result, id }
}

/** Writes in the transaction's memory. The id of the record. */
export function writeInside(
  store: Store,
  taken: Taken,
  live: Found | undefined,
  write: Write & { kind: 'put' | 'touch' | 'tombstone' },
): string {
  const { log, id } = logAfter(store, taken.slot, taken.log, live, write, taken.size)
  taken.log = log
  taken.written = true
  taken.removal = write.kind === 'tombstone' ? write.as : undefined
  if (log.value === undefined) taken.begins = false
  else if (live === undefined) taken.begins = true
  return id
}

/** An entry begins: it comes after those that have begun before, whenever its key was first touched. */
function moveToEnd(taken: Map<string, Taken>, path: string): void {
  const one = taken.get(path)
  if (one === undefined) return
  taken.delete(path)
  taken.set(path, one)
}

/** The log in memory as it is after a write. `live`: the entry in it. `at`: where the record will stand, if nobody comes in
 *  between. */
export function logAfter(
  store: Store,
  slot: Slot,
  log: LogState,
  live: Found | undefined,
  write: Write & { kind: 'put' | 'touch' | 'tombstone' },
  at = 0,
): { log: LogState; id: string } {
  if (write.kind === 'tombstone') return { log: nothingStored, id: store.environment.newId() }
  const { fields, value } = write.kind === 'put' ? putFields(store, slot, live, write) : touchFields(store, log, write)
  const bytes = store.framing.encode(fields, value, at)
  if (write.kind === 'put') checkFits(store, slot, bytes.length, at)
  // What was encoded a moment ago is undamaged.
  const record = store.framing.decodeHead(bytes, bytes.length)
  return { log: { last: record, state: record, value: record, damaged: false }, id: fields.id }
}

function putFields(
  store: Store,
  slot: Slot,
  live: Found | undefined,
  write: Write & { kind: 'put' },
): { fields: RecordFields; value: Uint8Array } {
  const fields = putOf(store, slot, write, live?.put.place ?? store.environment.newId())
  if (!(write.value instanceof Uint8Array))
    throw new TypeError('Expected a value in a transaction to be in memory, got a stream')
  return { fields, value: write.value }
}

function touchFields(
  store: Store,
  log: LogState,
  write: Write & { kind: 'touch' },
): { fields: RecordFields; value: Uint8Array } {
  const put = log.value!
  const state = { time: store.environment.now(), expires: write.expires, pinned: write.pinned }
  return { fields: aloneAs(state, put), value: put.bytes.subarray(put.valueStart, put.valueEnd) }
}

/** How many bytes more the entries will take once the transaction is committed. */
export function growthInside(transaction: Store['transaction']): number {
  let bytes = 0
  for (const one of transaction?.taken.values() ?? []) {
    const { slot, before, log } = one
    if (slot.hidden) continue
    const size = 'size' in one ? one.size : 0
    const after = log.value === undefined ? 0 : size + log.value.length
    bytes += after - (before.value === undefined ? 0 : size)
  }
  return bytes
}

/** How many entries more there are in the transaction than outside. */
export function countInside(transaction: Store['transaction']): number {
  let difference = 0
  for (const { slot, before, log } of transaction?.taken.values() ?? []) {
    if (!slot.hidden) difference += Number(log.value !== undefined) - Number(before.value !== undefined)
  }
  return difference
}
