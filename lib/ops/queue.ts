// Queues: items are ordinary entries with numbered keys; a log of each queue's own says between which numbers they are.
//
// Goal: each item is pulled by exactly one; a producer or consumer that dies holds nobody up; the cost does not grow with
//   the queue.
// Steps of a push: 1 read the bounds. 2 Add the item under the next number; if that is taken, try the one after. 3 Widen the
//   bounds. Of a pull: 1 read the bounds. 2 Pop the item at the near end; if there is none, try the next. 3 Remember what was
//   passed; where that has become much, narrow the bounds.
// Invariant Q: every item that was acknowledged lies within the bounds. So bounds are widened before a push ends, on both
//   sides: its number may have been read long ago, and passed by a consumer since. And they are narrowed only over numbers
//   that were seen to hold no item, if none of these can have been filled since the bounds were read: `Bounds` counts that.
// Crash: an item outside the bounds, never acknowledged, whose number the next push finds taken and passes; or bounds that are
//   wider than need be.

import { BucketCacheError } from '../errors.ts'
import type { Io } from '../io/requests.ts'
import type { KeyCodec, Slot } from '../keys.ts'
import { queueName } from '../log/names.ts'
import type { LogRecord } from '../log/record.ts'
import type { Store } from '../store.ts'
import { change, type Write } from './change.ts'
import { find } from './find.ts'
import { type Details, detailsOf } from './get.ts'
import { type Decoded, decodeValue, encodeValue, type Found, itemPurpose, liveEntry } from './live.ts'
import { expiry, type Terms } from './terms.ts'

/** The first item's number (DiskCache: Cache.push). */
const firstNumber = 500_000_000_000_000
const digits = 15

/** Numbers from `head`, up to but not including `tail`, may hold items. */
export interface Extent {
  readonly head: number
  readonly tail: number
}

interface Bounds extends Extent {
  /** Which log it is: one that was lost is followed by another, whose numbers are the same. */
  readonly place: string
  /** Changes after which numbers that a consumer at the front has looked at, or one at the back, may hold items again. */
  readonly fronts: number
  readonly backs: number
}

export interface Queue {
  readonly prefix: string | undefined
  readonly side: 'front' | 'back'
}

export interface Item extends Details, Decoded {
  readonly key: number | string
}

/** Adds an item at one side. Its key. */
export function push(store: Store, queue: Queue, item: unknown, terms: Terms): Io<number | string> {
  return pushAs(store, queue, item, () => ({ tags: terms.tags, ...expiry(store, terms.expireMs) }))
}

/** The number that an item was given while it was pending, and which are others'. */
export interface Promised {
  readonly number: number
  readonly isOthers: (path: string) => boolean
}

/** As `push`, with its tags and times as `how` gives them. What was `promised` is kept, unless others have pushed that far. */
export function* pushAs(
  store: Store,
  queue: Queue,
  item: unknown,
  how: () => Pick<Write & { kind: 'put' }, 'tags' | 'expires' | 'pinned' | 'time'>,
  promised?: Promised,
): Io<number | string> {
  const bounds = boundsSlot(store, queue)
  const { head, tail } = yield* readBounds(store, bounds)
  const isBack = queue.side === 'back'
  const own = promised?.number
  let number = isBack ? Math.max(tail, own ?? tail) : Math.min(head - 1, own ?? head)
  for (; ; number += isBack ? 1 : -1) {
    const slot = itemSlot(store, queue, number)
    if (number !== own && promised?.isOthers(slot.path)) continue
    const value = encodeValue(store, slot, item)
    const { result: added, id } = yield* change(store, slot, { creates: true }, entry => {
      if (entry !== undefined) return { write: undefined, result: false }
      return { write: { kind: 'put', value, purpose: itemPurpose, queue, ...how() }, result: true }
    })
    if (!added) continue
    try {
      yield* widen(store, bounds, number)
    } catch (error) {
      // Nobody is told of the item, so nobody is to find it.
      yield* popItem(store, queue, number, id)
      throw error
    }
    return itemKey(queue.prefix, number)
  }
}

/** Widens the bounds so that they hold a number. */
export function include(store: Store, queue: Queue, number: number): Io<void> {
  return widen(store, boundsSlot(store, queue), number)
}

function widen(store: Store, bounds: Slot, number: number): Io<void> {
  return changeBounds(store, bounds, now => ({
    ...now,
    head: Math.min(now.head, number),
    tail: Math.max(now.tail, number + 1),
    fronts: now.fronts + Number(number < now.tail),
    backs: now.backs + Number(number >= now.head),
  }))
}

/** So many numbers may be passed before the others are told: each of them looks at as many files in vain, but once. */
const passedAtMost = 16

/** Takes the item at one side away; undefined: the queue is empty. */
export function* pull(store: Store, queue: Queue): Io<Item | undefined> {
  const bounds = boundsSlot(store, queue)
  for (;;) {
    const { seen, known } = yield* look(store, queue, bounds)
    let number = known ?? nearEnd(queue, seen)
    if (number < seen.head || number >= seen.tail) return undefined
    const step = queue.side === 'front' ? 1 : -1
    let item: Item | undefined
    while (item === undefined && number >= seen.head && number < seen.tail) {
      item = yield* popItem(store, queue, number)
      number += step
    }
    pass(store, queue, bounds, seen, number)
    try {
      const passed = queue.side === 'front' ? number - seen.head : seen.tail - 1 - number
      // Where nothing is remembered for long, as in a stack, nothing would ever be told.
      if (passed >= passedAtMost || known === undefined) yield* narrow(store, queue, bounds, seen, number)
    } catch (error) {
      // What was taken away is the caller's, whatever becomes of the bounds: wider ones only cost a look.
      if (item === undefined || !(error instanceof BucketCacheError)) throw error
    }
    if (item !== undefined) return item
    // All had gone; but others may have pushed since.
  }
}

/** Narrows the bounds to `number`, which is the next to be looked at, unless what was passed may hold items again. Numbers only grow,
 *  at the back, also where the queue is empty: who has read the bounds before may come with a number from then at any time. */
function narrow(store: Store, { side }: Queue, bounds: Slot, seen: Bounds, number: number): Io<void> {
  return changeBounds(store, bounds, now => {
    if (now.place !== seen.place) return now
    if (side === 'front')
      return now.fronts === seen.fronts && number > now.head ? { ...now, head: number, backs: now.backs + 1 } : now
    return now.backs === seen.backs && number + 1 < now.tail
      ? { ...now, tail: number + 1, fronts: now.fronts + 1 }
      : now
  })
}

/** Of so many queues, by side. */
const rememberedAtMost = 256

/** What this process has seen to hold no item, by one side of a queue. */
export interface Passed {
  readonly place: string
  /** `fronts` or `backs` of the bounds: as long as they are these, nothing was put there. */
  readonly changes: number
  /** The next number to be looked at. */
  readonly number: number
}

/** The number at one side, where nothing is known of what was passed. */
function nearEnd({ side }: Queue, { head, tail }: Extent): number {
  return side === 'front' ? head : tail - 1
}

/** The bounds, and the number from which on there may be items by what this process has passed on one side; undefined: it knows
 *  nothing. A transaction remembers nothing: it may yet be as if it had never been. */
function* look(store: Store, { side }: Queue, bounds: Slot): Io<{ seen: Bounds; known: number | undefined }> {
  // Before the bounds are read: of what another operation of this thread passes meanwhile, something may have been pushed in
  // between, of which bounds from before do not tell.
  const passed = store.transaction === undefined ? store.passed.get(`${side} ${bounds.path}`) : undefined
  const seen = yield* readBounds(store, bounds)
  const changes = side === 'front' ? seen.fronts : seen.backs
  if (passed?.place !== seen.place || passed.changes !== changes) return { seen, known: undefined }
  const known = side === 'front' ? Math.max(seen.head, passed.number) : Math.min(seen.tail - 1, passed.number)
  return { seen, known }
}

/** Remembers that there is no item from the end that was `seen` to `number`. */
function pass(store: Store, { side }: Queue, bounds: Slot, { place, fronts, backs }: Bounds, number: number): void {
  if (store.transaction !== undefined) return
  // Names of queues may be many, and used once.
  if (store.passed.size >= rememberedAtMost) store.passed.clear()
  store.passed.set(`${side} ${bounds.path}`, { place, changes: side === 'front' ? fronts : backs, number })
}

/** The item at one side; undefined: the queue is empty. */
export function* peek(store: Store, queue: Queue): Io<Item | undefined> {
  const bounds = boundsSlot(store, queue)
  const step = queue.side === 'front' ? 1 : -1
  let before: Bounds | undefined
  for (;;) {
    const { seen, known } = yield* look(store, queue, bounds)
    let number = known ?? nearEnd(queue, seen)
    if (number < seen.head || number >= seen.tail) return undefined
    // What has expired stays among the numbers to be looked at.
    if (before !== undefined && isSame(before, seen)) return undefined
    before = seen
    let item: Item | undefined
    // What has expired by the lifetime of this bucket is not passed for good: that may be longer again.
    let passed: number | undefined
    for (; number >= seen.head && number < seen.tail; number += step) {
      item = yield* itemAt(store, queue, number)
      if (item !== undefined) break
      if (passed !== undefined || store.settings.lifetimeMs === Number.POSITIVE_INFINITY) continue
      if ((yield* itemAt(lasting(store), queue, number)) !== undefined) passed = number
    }
    pass(store, queue, bounds, seen, passed ?? number)
    // All had gone; but others may have pushed since, where a transaction does not keep them out.
    if (item !== undefined || store.transaction !== undefined) return item
  }
}

function isSame(some: Bounds, others: Bounds): boolean {
  const { place, head, tail, fronts, backs } = some
  return (
    place === others.place &&
    head === others.head &&
    tail === others.tail &&
    fronts === others.fronts &&
    backs === others.backs
  )
}

/** The store under no lifetime. */
function lasting(store: Store): Store {
  return { ...store, settings: { ...store.settings, lifetimeMs: Number.POSITIVE_INFINITY } }
}

/** Puts another value in place of an item; `id`: of its record. Whether it was still there. */
export function* replaceItem(store: Store, queue: Queue, number: number, id: string, value: unknown): Io<boolean> {
  const slot = itemSlot(store, queue, number)
  const bytes = encodeValue(store, slot, value)
  const { result } = yield* change(store, slot, { creates: false }, found => {
    if (found?.put.id !== id) return { write: undefined, result: false }
    const { state, put, expires } = found
    const { pinned } = state
    return { write: { kind: 'put', value: bytes, tags: put.tags, purpose: itemPurpose, expires, pinned }, result: true }
  })
  return result
}

/** Between which numbers a queue's items are: from `head` up to, not including, `tail`. */
export function* extentOf(store: Store, queue: Queue): Io<Extent> {
  return yield* readBounds(store, boundsSlot(store, queue))
}

/** The item with this number. */
export function* itemAt(store: Store, queue: Queue, number: number): Io<Item | undefined> {
  const found = yield* find(store, itemSlot(store, queue, number))
  return found && itemOf(store, queue, number, found)
}

/** Takes the item with this number away. `id`: only the item of that record. */
export function* popItem(store: Store, queue: Queue, number: number, id?: string): Io<Item | undefined> {
  const slot = itemSlot(store, queue, number)
  const { result } = yield* change<Item | undefined>(store, slot, { creates: false }, (found, log) => {
    // What is decided again at a sync is about the item that was pulled.
    if (store.transaction?.deferred) id ??= found?.put.id ?? ''
    if (id !== undefined && found?.put.id !== id) return { write: undefined, result: undefined }
    // What has expired by a lifetime that others may not share goes: it is passed, and nobody else would come by.
    if (found === undefined && liveEntry(lasting(store), log, slot)?.put.purpose === itemPurpose)
      return { write: { kind: 'tombstone', as: 'expired' }, result: undefined }
    const item = found && itemOf(store, queue, number, found)
    return { write: item === undefined ? undefined : { kind: 'tombstone', as: 'delete' }, result: item }
  })
  return result
}

function itemOf(store: Store, queue: Queue, number: number, found: Found): Item | undefined {
  if (found.put.purpose !== itemPurpose) return undefined
  const details = detailsOf(found)
  const decoded = decodeValue(store, found.put)
  return decoded === undefined ? undefined : { key: itemKey(queue.prefix, number), ...details, value: decoded.value }
}

/** The queue that a put is an item of, and its number there; undefined: it is none. */
export function placeInQueue(store: Store, put: LogRecord): { queue: Queue; number: number } | undefined {
  const numbered = put.purpose === itemPurpose ? numberedKey(store.keys.read(put.key)) : undefined
  return numbered && { queue: { prefix: numbered.prefix, side: 'back' }, number: numbered.number }
}

/** The prefix and the number in a key as items have it; undefined: it is none. */
export function numberedKey(key: unknown): { prefix: string | undefined; number: number } | undefined {
  if (typeof key === 'number') return { prefix: undefined, number: key }
  const match = typeof key === 'string' ? /^(.+)-([0-9]{15})$/s.exec(key) : null
  return match === null ? undefined : { prefix: match[1]!, number: Number(match[2]) }
}

/** The key of the item with this number. */
export function itemKey(prefix: string | undefined, number: number): number | string {
  return prefix === undefined ? number : `${prefix}-${String(number).padStart(digits, '0')}`
}

function itemSlot(store: Store, queue: Queue, number: number): Slot {
  return store.keys.slot(itemKey(queue.prefix, number))
}

/** The log of a queue's bounds. */
export function boundsSlot({ backend, keys }: Store, { prefix }: Queue): Slot {
  const last = lastBounds.get(keys)
  if (last !== undefined && last.prefix === prefix) return last.slot
  const slot = keys.hiddenSlot(queueName(backend.name, prefix))
  lastBounds.set(keys, { prefix, slot })
  return slot
}

/** Of a bucket's queues mostly one is in use, and to hash its name each time takes as long as to look at its bounds. */
const lastBounds = new WeakMap<KeyCodec, { readonly prefix: string | undefined; readonly slot: Slot }>()

const noBounds: Bounds = { place: '', head: firstNumber, tail: firstNumber, fronts: 0, backs: 0 }

function* readBounds(store: Store, slot: Slot): Io<Bounds> {
  const found = yield* find(store, slot)
  return found === undefined ? noBounds : boundsOf(found)
}

/** The bounds are the value of the log's last put: four numbers as text. */
function boundsOf({ put: { bytes, valueStart, valueEnd, place } }: Found): Bounds {
  // Every push and pull comes by here: to make strings of the numbers first takes five times as long.
  const numbers = [0, 0, 0, 0]
  let which = 0
  for (let i = valueStart; i < valueEnd; i++) {
    const digit = bytes[i]! - 0x30
    if (digit >= 0 && digit <= 9) numbers[which] = numbers[which]! * 10 + digit
    else if (digit === -16) which++
    else return noBounds
  }
  if (which !== 3 || !numbers.every(Number.isSafeInteger)) return noBounds
  const [head, tail, fronts, backs] = numbers as [number, number, number, number]
  return { place, head, tail, fronts, backs }
}

function* changeBounds(store: Store, slot: Slot, next: (now: Bounds) => Bounds): Io<void> {
  yield* change(store, slot, { creates: true }, found => {
    const now = found === undefined ? noBounds : boundsOf(found)
    const { head, tail, fronts, backs } = next(now)
    if (head === now.head && tail === now.tail && fronts === now.fronts && backs === now.backs) {
      return { write: undefined, result: undefined }
    }
    const value = Buffer.from(`${head} ${tail} ${fronts} ${backs}`)
    return {
      write: { kind: 'put', value, expires: Number.POSITIVE_INFINITY, pinned: true, tags: [] },
      result: undefined,
    }
  })
}
