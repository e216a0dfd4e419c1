// A sequence in files: the face that does not block.

import { inspect } from 'node:util'
import type { Core } from '../core.ts'
import { inspected } from '../inspected.ts'
import type { Io } from '../io/requests.ts'
import { beginTransaction, commit, rollBack } from '../ops/commit.ts'
import { checkFunction } from '../options.ts'
import type { Store } from '../store.ts'
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

/** Every method of Deque with its result in a promise. Calls take effect in the order in which they were made. */
export class AsyncDeque<V = unknown> implements AsyncIterable<V> {
  readonly #core: Core
  readonly #store: Store
  readonly #maxLength: number
  /** The call before, when it has ended. */
  #last: Promise<unknown> = Promise.resolve()

  /** @internal `view`: the transaction to which everything belongs. */
  constructor(core: Core, maxLength: number, view: Store = core.standing) {
    this.#core = core
    this.#store = view
    this.#maxLength = maxLength
  }

  /** As Deque.length. */
  length(): Promise<number> {
    return this.#run('length', 0, () => lengthOf(this.#store))
  }

  /** As Deque.push. */
  push(...values: V[]): Promise<number> {
    return this.#add('push', values, 'back')
  }

  /** As Deque.unshift. */
  unshift(...values: V[]): Promise<number> {
    return this.#add('unshift', values.reverse(), 'front')
  }

  /** As Deque.pop. */
  async pop(): Promise<V | undefined> {
    return (await this.#write('pop', undefined, () => take(this.#store, 'back')))?.value as V | undefined
  }

  /** As Deque.shift. */
  async shift(): Promise<V | undefined> {
    return (await this.#write('shift', undefined, () => take(this.#store, 'front')))?.value as V | undefined
  }

  /** As Deque.at. */
  async at(index: number): Promise<V | undefined> {
    checkIndex(index)
    return (await this.#run('at', undefined, () => nth(this.#store, index)))?.item.value as V | undefined
  }

  /** As Deque.set. */
  async set(index: number, value: V): Promise<boolean> {
    checkIndex(index)
    return await this.#write('set', false, () => put(this.#store, index, value))
  }

  /** As Deque.indexOf. */
  indexOf(value: V): Promise<number> {
    return this.#run('indexOf', -1, () => find(this.#store, value))
  }

  /** As Deque.includes. */
  async includes(value: V): Promise<boolean> {
    return (await this.indexOf(value)) >= 0
  }

  /** As Deque.remove. */
  remove(value: V): Promise<boolean> {
    return this.#write('remove', false, () => removeFirst(this.#store, value))
  }

  /** As Deque.rotate. */
  async rotate(steps = 1): Promise<void> {
    checkIndex(steps)
    await this.#write('rotate', undefined, () => rotate(this.#store, steps))
  }

  /** As Deque.reverse. */
  reverse(): Promise<void> {
    return this.#write('reverse', undefined, () => reverse(this.#store))
  }

  /** As Deque.clear. */
  clear(): Promise<void> {
    return this.#write('clear', undefined, () => empty(this.#store))
  }

  /** As Deque.values. */
  values(options: { reverse?: boolean } = {}): AsyncIterableIterator<V> {
    return this.#values(sideToBegin(options))
  }

  async *#values(side: Side): AsyncIterableIterator<V> {
    const walk = new Walk(this.#store, side)
    const next = () => this.#run('list', undefined, () => walk.next())
    for (let page = await next(); page !== undefined; page = await next()) {
      for (const { item } of page) yield item.value as V
    }
  }

  /** As Deque's iterator. */
  [Symbol.asyncIterator](): AsyncIterableIterator<V> {
    return this.values()
  }

  /** As Deque.transact; only what the deque that is passed in does belongs to the transaction. */
  async transact<T>(body: (deque: AsyncDeque<V>) => Promise<T>): Promise<T> {
    const core = this.#core
    checkFunction(body, 'the body of transact()')
    core.checkWritable('transact')
    if (this.#store.transaction !== undefined) return await body(this)
    const store = this.#store
    const view = await core.attemptAsync('transact', undefined, () => core.async(beginTransaction(store)))
    if (view === undefined) return await body(this)
    const inside = new AsyncDeque<V>(core, this.#maxLength, view)
    let result: T
    try {
      result = await body(inside)
      await inside.#last
    } catch (error) {
      await inside.#last
      await core.attemptAsync('transact', undefined, () => core.async(rollBack(view)))
      throw error
    }
    await core.attemptAsync('transact', undefined, () => core.async(commit(view)))
    core.tidy()
    return result
  }

  /** As of Deque. */
  [inspect.custom](): string {
    return inspected(this, this.#core.path, this.#core.settings.backend)
  }

  async #add(operation: string, values: readonly V[], side: 'front' | 'back'): Promise<number> {
    return await this.#write(operation, 0, () => add(this.#store, values, side, this.#maxLength))
  }

  async #write<T>(operation: string, degraded: T, io: () => Io<T>): Promise<T> {
    this.#core.checkWritable(operation)
    const result = await this.#run(operation, degraded, io)
    this.#core.tidy()
    return result
  }

  #run<T>(operation: string, degraded: T, io: () => Io<T>): Promise<T> {
    const core = this.#core
    const mine = this.#last.then(() => core.attemptAsync(operation, degraded, () => core.async(io())))
    this.#last = mine.catch(() => {})
    return mine
  }
}
