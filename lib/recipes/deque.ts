// A sequence in files: the synchronous face.

import { inspect } from 'node:util'
import type { Bucket } from '../bucket.ts'
import type { Core } from '../core.ts'
import { inspected } from '../inspected.ts'
import type { Io } from '../io/requests.ts'
import { show } from '../options.ts'
import { AsyncDeque } from './deque-async.ts'
import {
  add,
  checkIndex,
  empty,
  find,
  lengthOf,
  nth,
  put,
  removeFirst,
  reverse,
  rotate,
  type Side,
  sideToBegin,
  take,
  Walk,
} from './deque-ops.ts'

/** What a deque is given when it is made. */
export interface DequeOptions {
  /** Most items kept: one more pushes one out at the other end; default Infinity. Every process should say the same. */
  maxLength?: number
}

/**
 * A sequence that lives in files, with the methods of an Array at both of its ends: many processes may push and take at once,
 * each item is taken by exactly one. It is never culled, and nothing in it expires. Made by `bucket.deque(name)`.
 * DiskCache: Deque.
 *
 * `push`, `pop`, `unshift`, `shift` and `length` cost the same at any length; an index, `indexOf` and `includes` look at the
 * items up to there. `maxLength`, `rotate`, `reverse` and `clear` are transactions. All throw what Bucket's methods throw.
 *
 * @example
 * const jobs = bucket.deque('jobs')
 * jobs.push({ url })
 * for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await run(job)
 */
export class Deque<V = unknown> implements Iterable<V> {
  /** The bucket that holds the items and nothing else: for `check`, `volume`, `close` … */
  readonly bucket: Bucket<number | string, V>
  /** Most items kept. DiskCache: Deque.maxlen. */
  readonly maxLength: number
  /** The same methods, each returning a promise. */
  readonly promises: AsyncDeque<V>
  readonly #core: Core

  /** @internal Made by `bucket.deque(name)`. */
  constructor(bucket: Bucket<number | string, V>, core: Core, maxLength: number) {
    this.bucket = bucket
    this.maxLength = maxLength
    this.#core = core
    this.promises = new AsyncDeque<V>(core, maxLength)
  }

  /** How many items there are. DiskCache: len(deque). */
  get length(): number {
    return this.#read('length', 0, lengthOf(this.#core.active))
  }

  /** Adds items at the back. The length then. DiskCache: Deque.append, extend. */
  push(...values: V[]): number {
    return this.#write('push', 0, add(this.#core.active, values, 'back', this.maxLength))
  }

  /** Adds items at the front, so that the first of them is first. The length then. DiskCache: Deque.appendleft, extendleft. */
  unshift(...values: V[]): number {
    return this.#write('unshift', 0, add(this.#core.active, values.reverse(), 'front', this.maxLength))
  }

  /** Takes the last item; undefined: there is none. DiskCache: Deque.pop. */
  pop(): V | undefined {
    return this.#write('pop', undefined, take(this.#core.active, 'back'))?.value as V | undefined
  }

  /** Takes the first item; undefined: there is none. DiskCache: Deque.popleft. */
  shift(): V | undefined {
    return this.#write('shift', undefined, take(this.#core.active, 'front'))?.value as V | undefined
  }

  /** The item at an index, below zero from the back: `at(0)`, `at(-1)`. DiskCache: deque[index], Deque.peek, peekleft. */
  at(index: number): V | undefined {
    checkIndex(index)
    return this.#read('at', undefined, nth(this.#core.active, index))?.item.value as V | undefined
  }

  /** Puts another value at an index. Whether there is an item. DiskCache: deque[index] = value. */
  set(index: number, value: V): boolean {
    checkIndex(index)
    return this.#write('set', false, put(this.#core.active, index, value))
  }

  /** The index of the first item that is deeply equal to a value, or -1. DiskCache: Deque.index. */
  indexOf(value: V): number {
    return this.#read('indexOf', -1, find(this.#core.active, value))
  }

  /** Whether an item is deeply equal to a value. DiskCache: value in deque. */
  includes(value: V): boolean {
    return this.indexOf(value) >= 0
  }

  /** Removes the first item that is deeply equal to a value. Whether there was one. DiskCache: Deque.remove. */
  remove(value: V): boolean {
    return this.#write('remove', false, removeFirst(this.#core.active, value))
  }

  /** Moves items from the back to the front, or, below zero, from the front to the back. DiskCache: Deque.rotate. */
  rotate(steps = 1): this {
    checkIndex(steps)
    this.#write('rotate', undefined, rotate(this.#core.active, steps))
    return this
  }

  /** Turns the order round. DiskCache: Deque.reverse. */
  reverse(): this {
    this.#write('reverse', undefined, reverse(this.#core.active))
    return this
  }

  /** Removes all items. DiskCache: Deque.clear. */
  clear(): void {
    this.#write('clear', undefined, empty(this.#core.active))
  }

  /** The items from front to back, or, with `reverse`, from back to front; those that are pushed ahead meanwhile are shown. */
  values(options: { reverse?: boolean } = {}): IterableIterator<V> {
    return this.#values(sideToBegin(options))
  }

  *#values(side: Side): IterableIterator<V> {
    const walk = new Walk(this.#core.active, side)
    const next = () => this.#read('list', undefined, walk.next())
    for (let page = next(); page !== undefined; page = next()) {
      for (const { item } of page) yield item.value as V
    }
  }

  /** Items from front to back. */
  [Symbol.iterator](): IterableIterator<V> {
    return this.values()
  }

  /** Calls `callback` for each item from front to back. */
  forEach(callback: (value: V, index: number, deque: this) => void): void {
    let index = 0
    for (const value of this) callback(value, index++, this)
  }

  /** Runs `body`; what this deque does in it is done as one, or not at all: see Bucket.transact. DiskCache: Deque.transact. */
  transact<T>(body: () => T): T {
    return this.bucket.transact(body)
  }

  /** For console.log: class, path and backend. */
  [inspect.custom](): string {
    return inspected(this, this.bucket.path, this.bucket.backend)
  }

  #read<T>(operation: string, degraded: T, io: Io<T>): T {
    return this.#core.attempt(operation, degraded, () => this.#core.sync(io))
  }

  #write<T>(operation: string, degraded: T, io: Io<T>): T {
    this.#core.checkWritable(operation)
    const result = this.#read(operation, degraded, io)
    this.#core.tidy()
    return result
  }
}

/** The options of a deque, checked. */
export function resolveMaxLength({ maxLength = Number.POSITIVE_INFINITY }: DequeOptions): number {
  if (maxLength !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(maxLength) && maxLength >= 0))
    throw new RangeError(
      `Expected maxLength to be an integer that is not negative, or Infinity, got ${show(maxLength)}`,
    )
  return maxLength
}
