// What deques do, for both of their faces.
//
// Goal: a sequence that many processes push to and take from at both ends. It is the queue without a prefix of a bucket that
//   has nothing else in it.
// Steps: those of `ops/queue.ts`; what is more than one of them is a transaction.
// Crash: as there.

import { isDeepStrictEqual } from 'node:util'
import { all, type Io } from '../io/requests.ts'
import { atomically } from '../ops/atomically.ts'
import { encodeValue } from '../ops/live.ts'
import { catchUp } from '../ops/order.ts'
import { extentOf, type Item, itemAt, popItem, pull, push, type Queue, replaceItem } from '../ops/queue.ts'
import { plainTerms } from '../ops/terms.ts'
import { countInside } from '../ops/transaction.ts'
import { boolean, checkNames, show } from '../options.ts'
import type { Store } from '../store.ts'

export type Side = Queue['side']

const queueAt = (side: Side): Queue => ({ prefix: undefined, side })
const opposite = (side: Side): Side => (side === 'front' ? 'back' : 'front')

export function checkIndex(index: unknown): void {
  if (!Number.isSafeInteger(index)) throw new TypeError(`Expected an integer, got ${show(index)}`)
}

/** At which side to begin to go through the items. */
export function sideToBegin(options: { reverse?: boolean }): Side {
  checkNames(options, ['reverse'], 'values')
  return boolean('reverse', options.reverse, false) ? 'back' : 'front'
}

export function* lengthOf(store: Store): Io<number> {
  const { counts } = yield* catchUp(store)
  return (counts.get(store.backend.name) ?? 0) + countInside(store.transaction)
}

/** Adds items at one side, one after another; beyond `maxLength` those at the other side go. The length then: with a limit, that of
 *  this very moment, since others on their way would be counted already, and what goes for them not yet. */
export function* add(store: Store, values: readonly unknown[], side: Side, maxLength: number): Io<number> {
  if (maxLength === Number.POSITIVE_INFINITY) {
    // What cannot be stored is to be known before the first of them is.
    if (values.length > 1) for (const value of values) encodeValue(store, store.keys.slot(0), value)
    for (const value of values) yield* push(store, queueAt(side), value, plainTerms)
    return yield* lengthOf(store)
  }
  return yield* atomically(store, function* (view) {
    let length = yield* lengthOf(view)
    for (const value of values) {
      yield* push(view, queueAt(side), value, plainTerms)
      for (length++; length > maxLength; length--) yield* pull(view, queueAt(opposite(side)))
    }
    return length
  })
}

export function* take(store: Store, side: Side): Io<Item | undefined> {
  return yield* pull(store, queueAt(side))
}

/** An item and its number. */
export interface Numbered {
  readonly number: number
  readonly item: Item
}

/** So many items are looked at in one step. */
const pageLength = 64

/** Goes through the items from one side. Call `next` until it gives undefined. */
export class Walk {
  readonly #store: Store
  readonly #side: Side
  #number: number | undefined

  constructor(store: Store, side: Side) {
    this.#store = store
    this.#side = side
  }

  /** The next items, perhaps none of those looked at; undefined: that was all, for now. */
  *next(): Io<Numbered[] | undefined> {
    const store = this.#store
    const queue = queueAt(this.#side)
    const { head, tail } = yield* extentOf(store, queue)
    const forward = this.#side === 'front'
    // What was pushed or taken meanwhile may have moved the ends.
    const from = forward ? Math.max(head, this.#number ?? head) : Math.min(tail - 1, this.#number ?? tail - 1)
    const left = forward ? tail - from : from - head + 1
    if (left <= 0) return undefined
    const numbers = Array.from({ length: Math.min(left, pageLength) }, (_, i) => (forward ? from + i : from - i))
    this.#number = forward ? from + numbers.length : from - numbers.length
    const items = yield* all(numbers.map(number => itemAt(store, queue, number)))
    return numbers.flatMap((number, i) => {
      const item = items[i]
      return item === undefined ? [] : [{ number, item }]
    })
  }
}

/** The item at an index: from the front, or, below zero, from the back. */
export function* nth(store: Store, index: number): Io<Numbered | undefined> {
  const walk = new Walk(store, index < 0 ? 'back' : 'front')
  let skip = index < 0 ? -index - 1 : index
  for (let page = yield* walk.next(); page !== undefined; page = yield* walk.next()) {
    if (skip < page.length) return page[skip]
    skip -= page.length
  }
  return undefined
}

/** Puts another value at an index. Whether there is an item. */
export function* put(store: Store, index: number, value: unknown): Io<boolean> {
  for (;;) {
    const found = yield* nth(store, index)
    if (found === undefined) return false
    if (yield* replaceItem(store, queueAt('front'), found.number, found.item.version, value)) return true
    // It was taken or replaced meanwhile.
  }
}

/** The index of the first item that is equal to a value, or -1. */
export function* find(store: Store, value: unknown): Io<number> {
  const walk = new Walk(store, 'front')
  let before = 0
  for (let page = yield* walk.next(); page !== undefined; page = yield* walk.next()) {
    const at = page.findIndex(({ item }) => isDeepStrictEqual(item.value, value))
    if (at >= 0) return before + at
    before += page.length
  }
  return -1
}

/** Removes the first item that is equal to a value. Whether there was one. */
export function* removeFirst(store: Store, value: unknown): Io<boolean> {
  const walk = new Walk(store, 'front')
  for (let page = yield* walk.next(); page !== undefined; page = yield* walk.next()) {
    for (const { number, item } of page) {
      if (!isDeepStrictEqual(item.value, value)) continue
      if ((yield* popItem(store, queueAt('front'), number, item.version)) !== undefined) return true
    }
  }
  return false
}

/** Moves items from the back to the front, or, with `steps` below zero, from the front to the back. */
export function* rotate(store: Store, steps: number): Io<void> {
  yield* atomically(store, function* (view) {
    const length = yield* lengthOf(view)
    if (length < 2) return
    // The shorter way round.
    let left = ((steps % length) + length) % length
    const from: Side = left <= length / 2 ? 'back' : 'front'
    if (from === 'front') left = length - left
    for (; left > 0; left--) {
      const item = yield* pull(view, queueAt(from))
      if (item === undefined) return
      yield* push(view, queueAt(opposite(from)), item.value, plainTerms)
    }
  })
}

/** Turns the order round. */
export function* reverse(store: Store): Io<void> {
  yield* atomically(store, function* (view) {
    const values: unknown[] = []
    for (let item = yield* pull(view, queueAt('front')); item !== undefined; item = yield* pull(view, queueAt('front')))
      values.push(item.value)
    for (const value of values) yield* push(view, queueAt('front'), value, plainTerms)
  })
}

/** Removes all items. */
export function* empty(store: Store): Io<void> {
  yield* atomically(store, function* (view) {
    while ((yield* pull(view, queueAt('front'))) !== undefined) {}
  })
}
