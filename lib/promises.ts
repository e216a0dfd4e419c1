// The promise twin: the same operations as in `bucket.ts`, on the host that does not block.

import { addAbortSignal, Readable } from 'node:stream'
import { inspect } from 'node:util'
import { storesBytesAsTheyAre } from './backends/resolve.ts'
import type { Core } from './core.ts'
import { type CountOptions, resolveCount } from './count-options.ts'
import type { Duration } from './duration.ts'
import {
  checkFilter,
  compareKeys,
  type Entry,
  type ListFilter,
  listedKey,
  makeEntry,
  makeInfo,
  notFound,
  passes,
} from './entry.ts'
import type { Totals } from './indexes/order.ts'
import { inspected } from './inspected.ts'
import type { Io } from './io/requests.ts'
import { bytesOf } from './io/streams.ts'
import type { Slot } from './keys.ts'
import type { Tag } from './log/record.ts'
import type { LogState } from './log/state.ts'
import { checkLongWork, checkSignal, type LongWork } from './long-work.ts'
import { Check, entrySteps, type Problem } from './ops/check.ts'
import { type ClaimOutcome, obtain, release } from './ops/claim.ts'
import { beginTransaction, commit, rollBack } from './ops/commit.ts'
import { cull } from './ops/cull.ts'
import { eraseFolder, eraseSteps, type Removed } from './ops/erase.ts'
import { expireSlot, expireTaken, slotsBegun } from './ops/expiry.ts'
import { fromMemory, get, getEntry, getThroughMemory, has } from './ops/get.ts'
import { endAllGhosts } from './ops/ghosts.ts'
import { endmost, type Listed, Listing, type ListOptions } from './ops/list.ts'
import type { Decoded } from './ops/live.ts'
import { encodeStreamed, encodeValue, hasEnded } from './ops/live.ts'
import { catchUp } from './ops/order.ts'
import { mayRemember } from './ops/pending.ts'
import { boundsSlot, peek, pull, push, type Queue } from './ops/queue.ts'
import { readBytes } from './ops/read.ts'
import { pop, remove } from './ops/remove.ts'
import { add, discardStreamed, roomForHead, set } from './ops/set.ts'
import { readStatistics, writeStatistics } from './ops/statistics.ts'
import { carries, evictIndexed } from './ops/tags.ts'
import type { Terms } from './ops/terms.ts'
import { touch } from './ops/touch.ts'
import { countInside } from './ops/transaction.ts'
import { increment, update } from './ops/update.ts'
import {
  type BucketOptions,
  boolean,
  checkDate,
  checkFunction,
  checkNames,
  checkPair,
  checkTag,
  resolveExpire,
  resolveTerms,
  resolveUpdateTerms,
  type SetOptions,
} from './options.ts'
import { type QueueOptions, resolveItemTerms, resolveQueue } from './queue-options.ts'
import { readSetting, resetSetting, settingNow } from './reset.ts'
import type { Store } from './store.ts'
import { Turns } from './turns.ts'

/** Culling looks at the signal, and tells how far it is, after so many. */
const culledAtOnce = 100

/** So many operations of one call run side by side: of more, each would only wait in memory. */
const atOnce = 256

function* slices<T>(items: Iterable<T>): Generator<T[]> {
  let slice: T[] = []
  for (const item of items) {
    slice.push(item)
    if (slice.length < atOnce) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

/**
 * The methods of Bucket that touch files, with their results in promises, and iterators as async iterators. Calls for one key take effect in the
 * order in which they were made, also when nobody awaits them one by one. A stream takes effect when it has ended, and an entry of
 * `setMany` when those before it are stored: what is called for their keys meanwhile comes first.
 */
export class AsyncBucket<K = unknown, V = unknown> implements AsyncIterable<[K, V]> {
  readonly #core: Core
  /** Computations of `getOrSet` that run in this process, by the path of their key's log. */
  readonly #flights = new Map<string, Promise<V>>()

  readonly #store: Store
  readonly #turns = new Turns()

  /** @internal `view`: the transaction to which everything belongs. */
  constructor(core: Core, view: Store = core.store) {
    this.#core = core
    this.#store = view
  }

  /** As Bucket.get. */
  get(key: K): Promise<V | undefined>
  get<D>(key: K, fallback: D): Promise<V | D>
  async get(key: K, fallback?: unknown): Promise<unknown> {
    const decoded = await this.#lookUp(this.#slot(key))
    return decoded === undefined ? fallback : decoded.value
  }

  /** As Bucket.getOrThrow. */
  async getOrThrow(key: K): Promise<V> {
    const slot = this.#slot(key)
    const decoded = await this.#lookUp(slot)
    if (decoded === undefined) throw notFound(key, slot, this.#core.path)
    return decoded.value as V
  }

  /** As Bucket.getEntry. */
  async getEntry(key: K): Promise<Entry<K, V> | undefined> {
    const slot = this.#slot(key)
    const found = await this.#read('getEntry', undefined, slot, () => getEntry(this.#store, slot))
    return found === undefined ? undefined : makeEntry(key, found.value as V, found)
  }

  /** As Bucket.has. */
  async has(key: K): Promise<boolean> {
    const slot = this.#slot(key)
    return await this.#read('has', false, slot, () => has(this.#store, slot))
  }

  /**
   * As Bucket.set. The value is encoded before the call returns: it may be changed afterwards. A stream's bytes are stored as
   * they come and appear when the stream has ended; `get` gives them as a Buffer, `read` as a stream. They take bounded memory,
   * but are gathered in a transaction, in a deferred bucket, and where the backend compresses, encrypts, or is one of your own
   * (which is given a Buffer to encode). An error of the stream, or an abort (which rejects with the signal's reason), stores
   * nothing. Of a stream that somebody has begun to read, what is left is stored.
   * @throws TypeError for a stream that has been read to its end.
   */
  async set(key: K, value: V | Readable, options: SetOptions & { signal?: AbortSignal } = {}): Promise<void> {
    const terms = resolveTerms(options, signalName)
    const { signal } = options
    checkSignal(signal)
    signal?.throwIfAborted()
    const slot = this.#writeSlot('set', key)
    if (value instanceof Readable) return await this.#setStream(slot, value, terms, signal)
    const bytes = this.#encode(value, slot)
    await this.#write('set', '', slot, () => set(this.#store, slot, bytes, terms))
  }

  async #setStream(slot: Slot, source: Readable, terms: Terms, signal: AbortSignal | undefined): Promise<void> {
    checkUnread(source)
    const core = this.#core
    const { backend } = core.settings
    // A backend that does something to the bytes, and a transaction, need them whole.
    if (!storesBytesAsTheyAre(backend) || this.#store.transaction !== undefined) {
      const { bytes, purpose } = encodeStreamed(this.#store, slot, await collect(source, signal))
      await this.#write('set', '', slot, () => set(this.#store, slot, bytes, { ...terms, purpose }))
      return
    }
    await core.attemptAsync('set', undefined, async () => {
      const streamed = await core.receive(source, slot, roomForHead(this.#store, slot, terms), signal)
      try {
        await this.#write('set', '', slot, () => set(this.#store, slot, streamed, terms))
      } finally {
        await core.async(discardStreamed(streamed))
      }
    })
  }

  /** As Bucket.add. */
  async add(key: K, value: V, options?: SetOptions): Promise<boolean> {
    const terms = resolveTerms(options)
    const slot = this.#writeSlot('add', key)
    const bytes = this.#encode(value, slot)
    return await this.#write('add', false, slot, () => add(this.#store, slot, bytes, terms))
  }

  /** As Bucket.delete. */
  async delete(key: K): Promise<boolean> {
    const slot = this.#writeSlot('delete', key)
    return await this.#write('delete', false, slot, () => remove(this.#store, slot))
  }

  /** As Bucket.pop. */
  pop(key: K): Promise<V | undefined>
  pop<D>(key: K, fallback: D): Promise<V | D>
  async pop(key: K, fallback?: unknown): Promise<unknown> {
    const slot = this.#writeSlot('pop', key)
    const decoded = await this.#write('pop', undefined, slot, () => pop(this.#store, slot))
    return decoded === undefined ? fallback : decoded.value
  }

  /** As Bucket.touch. */
  async touch(key: K, expire?: Duration | null): Promise<boolean> {
    const expireMs = resolveExpire(expire)
    const slot = this.#writeSlot('touch', key)
    return await this.#write('touch', false, slot, () => touch(this.#store, slot, expireMs))
  }

  /** As Bucket.incr. */
  async incr(key: K, delta: number | bigint = 1, options?: CountOptions): Promise<number | bigint> {
    return await this.#count('incr', key, delta, options)
  }

  /** As Bucket.decr. */
  async decr(key: K, delta: number | bigint = 1, options?: CountOptions): Promise<number | bigint> {
    return await this.#count('decr', key, delta, options)
  }

  #count(operation: 'incr' | 'decr', key: K, delta: number | bigint, options?: CountOptions): Promise<number | bigint> {
    const { by, start } = resolveCount(operation, delta, options)
    const slot = this.#writeSlot(operation, key)
    return this.#write(operation, start ?? by, slot, () => increment(this.#store, slot, by, start, key))
  }

  /**
   * The stored value, or what `compute` returns, stored. Computes once for all concurrent callers, in every process; if the
   * one that computes dies, another takes over. If it fails, the callers in its process get its error, and others try
   * themselves. `compute` must not wait for a getOrSet of its own key: that would wait for itself.
   */
  async getOrSet(key: K, compute: () => V | Promise<V>, options?: SetOptions): Promise<V> {
    checkFunction(compute, 'compute of getOrSet()')
    const terms = resolveTerms(options)
    const slot = this.#slot(key)
    const decoded = await this.#lookUp(slot)
    if (decoded !== undefined) return decoded.value as V
    this.#core.checkWritable('getOrSet')
    const flying = this.#flights.get(slot.path)
    if (flying !== undefined) return await flying
    const flight = this.#computeOnce(slot, compute, terms).finally(() => this.#flights.delete(slot.path))
    this.#flights.set(slot.path, flight)
    return await flight
  }

  async #computeOnce(slot: Slot, compute: () => V | Promise<V>, terms: Terms): Promise<V> {
    const core = this.#core
    const alone = { kind: 'claimed', id: '' } as const
    const outcome = await core.attemptAsync('getOrSet', alone, () => this.#obtain(slot))
    if (outcome.kind === 'value') return outcome.recalled.value as V
    try {
      const value = await compute()
      const bytes = this.#encode(value, slot)
      const version = await this.#write('getOrSet', '', slot, () => set(this.#store, slot, bytes, terms))
      // Dropped by a degraded bucket: others need not wait for it.
      if (version === '') await this.#release(slot, outcome.id)
      return value
    } catch (error) {
      // What the disk does not let be taken back now is taken back later, and the caller is to hear of the first error.
      await this.#release(slot, outcome.id).catch(() => {})
      throw error
    } finally {
      this.#store.environment.holds.delete(outcome.id)
    }
  }

  /** Not in turn, as the look before was: who waits for another's computation keeps no other call waiting. In a transaction nobody
   *  waits here, and calls for one key must not overlap. */
  #obtain(slot: Slot): Promise<Exclude<ClaimOutcome, { kind: 'wait' }>> {
    const run = () => this.#core.async(obtain(this.#store, slot))
    return this.#store.transaction === undefined ? run() : this.#turns.take(slot, run)
  }

  async #release(slot: Slot, claim: string): Promise<void> {
    if (claim !== '') await this.#write('getOrSet', undefined, slot, () => release(this.#store, slot, claim))
  }

  /** As Bucket.update; `change` is synchronous here too, for it may be called again at any time. */
  async update(
    key: K,
    change: (current: V | undefined) => V | undefined,
    options?: SetOptions,
  ): Promise<V | undefined> {
    checkFunction(change, 'the change of update()')
    const terms = resolveUpdateTerms(options)
    const slot = this.#writeSlot('update', key)
    const compute = (current: Decoded | undefined): unknown => change(current?.value as V | undefined)
    return (await this.#write('update', undefined, slot, () => update(this.#store, slot, compute, terms))) as
      | V
      | undefined
  }

  /** As Bucket.getMany, side by side. */
  async getMany(keys: Iterable<K>): Promise<Map<K, V>> {
    const found = new Map<K, V>()
    for (const some of slices(keys)) {
      const values = await Promise.all(some.map(key => this.#lookUp(this.#slot(key))))
      for (const [i, decoded] of values.entries()) if (decoded !== undefined) found.set(some[i]!, decoded.value as V)
    }
    return found
  }

  /** As Bucket.setMany, one after the other: they are inserted in this order. */
  async setMany(entries: Iterable<readonly [K, V]>, options?: SetOptions): Promise<void> {
    for (const [key, value] of [...entries].map(checkPair)) await this.set(key, value, options)
  }

  /** As Bucket.deleteMany, side by side. */
  async deleteMany(keys: Iterable<K>): Promise<number> {
    let count = 0
    for (const some of slices(keys)) {
      const deleted = await settleAll(some.map(key => this.delete(key)))
      count += deleted.filter(Boolean).length
    }
    return count
  }

  /** As Bucket.read. */
  async read(key: K): Promise<Readable> {
    const core = this.#core
    const slot = this.#slot(key)
    const bytes = await this.#read('read', undefined, slot, () => readBytes(this.#store, slot))
    if (bytes === undefined) throw notFound(key, slot, core.path)
    return core.streamOf(bytes)
  }

  /** As Bucket.push. */
  async push(value: V, options: QueueOptions & SetOptions = {}): Promise<number | string> {
    const core = this.#core
    const queue = resolveQueue(options, 'back')
    const terms = resolveItemTerms(options)
    core.checkWritable('push')
    return await this.#queued('push', 0, queue, () => push(this.#store, queue, value, terms))
  }

  /** As Bucket.pull. */
  async pull(options: QueueOptions = {}): Promise<Entry<number | string, V> | undefined> {
    const queue = resolveQueue(options, 'front', true)
    this.#core.checkWritable('pull')
    const item = await this.#queued('pull', undefined, queue, () => pull(this.#store, queue))
    return item && makeEntry(item.key, item.value as V, item)
  }

  /** As Bucket.peek. */
  async peek(options: QueueOptions = {}): Promise<Entry<number | string, V> | undefined> {
    const queue = resolveQueue(options, 'front', true)
    const item = await this.#queued('peek', undefined, queue, () => peek(this.#store, queue))
    return item && makeEntry(item.key, item.value as V, item)
  }

  /** Calls for one queue in their order, so that what is pushed first is pulled first. */
  async #queued<T>(operation: string, degraded: T, queue: Queue, io: () => Io<T>): Promise<T> {
    const core = this.#core
    const slot = boundsSlot(this.#store, queue)
    const result = await core.attemptAsync(operation, degraded, () => this.#turns.take(slot, () => core.async(io())))
    core.tidy()
    return result
  }

  /** As Bucket.transact. Only what the bucket that is passed in does belongs to the transaction; others, this one too, wait
   *  for the keys it has taken. */
  async transact<T>(body: (bucket: AsyncBucket<K, V>) => Promise<T>): Promise<T> {
    const core = this.#core
    checkFunction(body, 'the body of transact()')
    core.checkWritable('transact')
    if (this.#store.transaction !== undefined) return await body(this)
    const store = this.#store
    const view = await core.attemptAsync('transact', undefined, () => core.async(beginTransaction(store)))
    if (view === undefined) return await body(this)
    const inside = new AsyncBucket<K, V>(core, view)
    let result: T
    try {
      result = await body(inside)
      await inside.#turns.settled()
    } catch (error) {
      await inside.#turns.settled()
      await core.attemptAsync('transact', undefined, () => core.async(rollBack(view)))
      core.tidy()
      throw error
    }
    await core.attemptAsync('transact', undefined, () => core.async(commit(view)))
    core.memory?.clear()
    core.tidy()
    return result
  }

  /** As Bucket.clear. */
  async clear(options: LongWork = {}): Promise<number> {
    checkLongWork(options, 'clear')
    this.#core.memory?.clear()
    const { count } = await this.#erase('clear', options, () => true)
    await this.#core.attemptAsync('clear', undefined, () => this.#core.async(endAllGhosts(this.#store)))
    return count
  }

  /** As Bucket.prune. */
  async prune(options: LongWork = {}): Promise<{ count: number; size: number }> {
    checkLongWork(options, 'prune')
    return await this.#erase('prune', options, log => hasEnded(this.#store, log), 'expired')
  }

  async #erase(
    operation: string,
    { signal, onProgress }: LongWork,
    meant: (log: LogState) => boolean,
    reason?: 'tag' | 'expired',
  ): Promise<Removed> {
    const core = this.#core
    core.checkWritable(operation)
    signal?.throwIfAborted()
    await this.#turns.settled()
    let count = 0
    let size = 0
    for (let step = 0; step < eraseSteps; step++) {
      signal?.throwIfAborted()
      const removed = await core.attemptAsync(operation, { count: 0, size: 0 }, () =>
        core.asyncRemoving(eraseFolder(this.#store, step, meant, reason)),
      )
      count += removed.count
      size += removed.size
      onProgress?.({ done: step + 1, total: eraseSteps })
    }
    return { count, size }
  }

  /** As Bucket.evict. */
  async evict(tag: Tag, options: LongWork = {}): Promise<number> {
    checkTag(tag)
    checkLongWork(options, 'evict')
    const { signal, onProgress } = options
    const core = this.#core
    const store = this.#store
    core.checkWritable('evict')
    signal?.throwIfAborted()
    await this.#turns.settled()
    core.memory?.clear()
    const indexed = await core.attemptAsync('evict', undefined, () => core.asyncRemoving(evictIndexed(store, tag)))
    if (indexed === undefined)
      return (await this.#erase('evict', options, log => carries(store, log, tag), 'tag')).count
    onProgress?.({ done: indexed, total: indexed })
    return indexed
  }

  /** As Bucket.expire. */
  async expire(now: Date = new Date(this.#store.environment.now()), options: LongWork = {}): Promise<number> {
    const at = checkDate(now)
    checkLongWork(options, 'expire')
    const { signal, onProgress } = options
    const core = this.#core
    const store = this.#store
    core.checkWritable('expire')
    signal?.throwIfAborted()
    await this.#turns.settled()
    const slots = await core.attemptAsync('expire', [], () => core.async(slotsBegun(store, at)))
    let count = await core.attemptAsync('expire', 0, () => core.asyncRemoving(expireTaken(store, at)))
    let done = 0
    for (const slot of slots) {
      signal?.throwIfAborted()
      count += await core.attemptAsync('expire', 0, () => core.asyncRemoving(expireSlot(store, slot, at)))
      onProgress?.({ done: ++done, total: slots.length })
    }
    return count
  }

  /** As Bucket.cull. */
  async cull(options: LongWork = {}): Promise<number> {
    checkLongWork(options, 'cull')
    const { signal, onProgress } = options
    const core = this.#core
    core.checkWritable('cull')
    signal?.throwIfAborted()
    await this.#turns.settled()
    core.memory?.clear()
    let count = 0
    for (;;) {
      signal?.throwIfAborted()
      const gone = await core.attemptAsync('cull', 0, () =>
        core.asyncRemoving(cull(this.#store, culledAtOnce, Number.POSITIVE_INFINITY)),
      )
      count += gone
      onProgress?.({ done: count, total: undefined })
      if (gone < culledAtOnce) return count
    }
  }

  /** As Bucket.createTagIndex. */
  async createTagIndex(): Promise<void> {
    this.#core.checkWritable('createTagIndex')
    await this.reset('tagIndex', true)
  }

  /** As Bucket.dropTagIndex. */
  async dropTagIndex(): Promise<void> {
    this.#core.checkWritable('dropTagIndex')
    await this.reset('tagIndex', false)
  }

  /** As Bucket.peekItem. */
  async peekItem(options: { last?: boolean } = {}): Promise<Entry<K, V> | undefined> {
    checkNames(options, ['last'], 'peekItem')
    const last = boolean('last', options.last, true)
    const core = this.#core
    await this.#turns.settled()
    const listed = await core.attemptAsync('peekItem', undefined, () => core.async(endmost(this.#store, last)))
    const read = listed && listedKey<K>(core, listed)
    return read && makeEntry(read.key, listed!.decoded!.value as V, listed!)
  }

  /** As Bucket.stats. */
  async stats(options: { enable?: boolean; reset?: boolean } = {}): Promise<{ hits: number; misses: number }> {
    checkNames(options, ['enable', 'reset'], 'stats')
    const core = this.#core
    const { store } = core
    const reset = boolean('reset', options.reset, false)
    boolean('enable', options.enable, false)
    if (reset) core.checkWritable('stats({ reset: true })')
    const counts = await core.attemptAsync('stats', { hits: 0, misses: 0 }, async () => {
      if (store.limits.statistics && !core.settings.readOnly) await core.async(writeStatistics(store))
      return await core.async(readStatistics(store, reset))
    })
    if (options.enable !== undefined) await this.reset('statistics', options.enable)
    return { ...counts }
  }

  /** As Bucket.check. */
  async check(options: { fix?: boolean } & LongWork = {}): Promise<Problem[]> {
    checkLongWork(options, 'check', ['fix'])
    const { signal, onProgress } = options
    const fix = boolean('fix', options.fix, false)
    const core = this.#core
    if (fix) core.checkWritable('check({ fix: true })')
    signal?.throwIfAborted()
    await this.#turns.settled()
    core.memory?.clear()
    const check = new Check(core.store, fix)
    const isWhole = await core.attemptAsync('check', false, async () => {
      await core.async(check.begin())
      for (let step = 0; step < entrySteps; step++) {
        signal?.throwIfAborted()
        await core.async(check.entries(step))
        onProgress?.({ done: step + 1, total: entrySteps + 1 })
      }
      await core.async(check.end())
      onProgress?.({ done: entrySteps + 1, total: entrySteps + 1 })
      return true
    })
    if (!isWhole) check.breakOff()
    core.tidy()
    return check.problems
  }

  /** As Bucket.size. */
  async size(): Promise<number> {
    const totals = await this.#totals('size')
    return (totals.counts.get(this.#core.settings.backend.name) ?? 0) + countInside(this.#store.transaction)
  }

  /** As Bucket.volume. */
  async volume(): Promise<number> {
    const totals = await this.#totals('volume')
    return Math.max(0, totals.volume + this.#store.order.unwritten)
  }

  /** As Bucket.keys. */
  async *keys(): AsyncIterableIterator<K> {
    for await (const { key } of this.#listed({ values: false })) yield key
  }

  /** As Bucket.values. */
  async *values(): AsyncIterableIterator<V> {
    for await (const { listed } of this.#listed({ values: true })) yield listed.decoded!.value as V
  }

  /** As Bucket.entries. */
  async *entries(): AsyncIterableIterator<[K, V]> {
    for await (const { key, listed } of this.#listed({ values: true })) yield [key, listed.decoded!.value as V]
  }

  /** As `entries`: `for await (const [key, value] of bucket.promises)`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<[K, V]> {
    return this.entries()
  }

  /** As Bucket.sortedKeys. */
  sortedKeys(options: { reverse?: boolean } = {}): AsyncIterableIterator<K> {
    checkNames(options, ['reverse'], 'sortedKeys')
    return this.#sortedKeys(boolean('reverse', options.reverse, false))
  }

  async *#sortedKeys(reverse: boolean): AsyncIterableIterator<K> {
    const keys: { key: K; text: string }[] = []
    for await (const { key, listed } of this.#listed({ values: false })) keys.push({ key, text: listed.keyText })
    keys.sort(compareKeys)
    if (reverse) keys.reverse()
    for (const { key } of keys) yield key
  }

  /** As Bucket.list. */
  list(options: ListFilter = {}): AsyncIterableIterator<Omit<Entry<K, V>, 'value'>> {
    return this.#list(checkFilter(options))
  }

  async *#list(filter: ListFilter): AsyncIterableIterator<Omit<Entry<K, V>, 'value'>> {
    for await (const { key, listed } of this.#listed({ values: false, expired: filter.expired === true })) {
      if (passes(filter, key, listed)) yield { key, ...makeInfo(listed) }
    }
  }

  /** As Bucket.forEach. */
  async forEach(callback: (value: V, key: K, bucket: this) => void): Promise<void> {
    checkFunction(callback, 'the callback of forEach()')
    for await (const [key, value] of this.entries()) callback(value, key, this)
  }

  /** As Bucket.unload. */
  async unload(key: K): Promise<void> {
    this.#core.forget(this.#slot(key))
  }

  /** As Bucket.reset. */
  async reset<N extends keyof BucketOptions>(name: N, ...value: [value?: BucketOptions[N]]): Promise<BucketOptions[N]> {
    const core = this.#core
    const given = value[0]
    return await core.attemptAsync('reset', settingNow(core, name), () =>
      core.async(given === undefined ? readSetting(core, name) : resetSetting(core, name, given)),
    )
  }

  /** Waits for what was called, and writes down what is only in this process. */
  async close(): Promise<void> {
    await this.#turns.settled()
    await this.#core.flushAsync()
  }

  /** As of Bucket. */
  [inspect.custom](): string {
    return inspected(this, this.#core.path, this.#core.settings.backend)
  }

  /** @internal When all that was called before has ended. */
  protected settled(): Promise<void> {
    return this.#turns.settled()
  }

  #slot(key: K): Slot {
    return this.#store.keys.slot(key)
  }

  #writeSlot(operation: string, key: K): Slot {
    this.#core.checkWritable(operation)
    return this.#slot(key)
  }

  #encode(value: V, slot: Slot): Uint8Array {
    return encodeValue(this.#store, slot, value)
  }

  async #totals(operation: string): Promise<Totals> {
    const core = this.#core
    await this.#turns.settled()
    return await core.attemptAsync(operation, this.#store.order.totals, () => core.async(catchUp(this.#store)))
  }

  async #lookUp(slot: Slot): Promise<Decoded | undefined> {
    const { memory } = this.#core
    const store = this.#store
    this.#core.noteLookUp()
    if (memory === undefined || !mayRemember(store, slot))
      return await this.#read('get', undefined, slot, () => get(store, slot))
    // What is being written is not what memory has.
    const remembered = this.#turns.isWritten(slot) ? undefined : fromMemory(store, memory, slot)
    return remembered ?? (await this.#read('get', undefined, slot, () => getThroughMemory(store, memory, slot)))
  }

  #read<T>(operation: string, degraded: T, slot: Slot, io: () => Io<T>): Promise<T> {
    const core = this.#core
    return core.attemptAsync(operation, degraded, () => this.#inOrder(slot, () => core.async(io())))
  }

  /** Reads of a transaction take the key, so they have turns like writes. */
  #inOrder<T>(slot: Slot, run: () => Promise<T>): Promise<T> {
    return this.#store.transaction === undefined ? this.#turns.after(slot, run) : this.#turns.take(slot, run)
  }

  async #write<T>(operation: string, degraded: T, slot: Slot, io: () => Io<T>): Promise<T> {
    const core = this.#core
    try {
      return await core.attemptAsync(operation, degraded, () =>
        this.#turns.take(slot, () => {
          core.forget(slot)
          return core.async(io()).finally(() => core.forget(slot))
        }),
      )
    } finally {
      core.tidy()
    }
  }

  async *#listed(options: ListOptions): AsyncIterableIterator<{ key: K; listed: Listed }> {
    const core = this.#core
    await this.#turns.settled()
    const listing = new Listing(this.#store, options)
    for (;;) {
      // Taken before: what is removed while the page is read may be on it.
      const asOf = core.changes
      const page = await core.attemptAsync('list', undefined, () => core.async(listing.next()))
      if (page === undefined) return
      for (const seen of page) {
        const listed = core.changes === asOf ? seen : await this.#again(listing, seen)
        if (listed === undefined || listing.isOver(listed)) continue
        const read = listedKey<K>(core, listed)
        if (read !== undefined) yield { key: read.key, listed }
      }
    }
  }

  #again(listing: Listing, listed: Listed): Promise<Listed | undefined> {
    return this.#core.attemptAsync('list', undefined, () => this.#core.async(listing.again(listed)))
  }
}

const signalName = ['signal']

/** Nothing would come of one that has ended, and an empty value would replace what is there. */
function checkUnread(source: Readable): void {
  if (source.readableEnded) throw new TypeError('Expected a stream with something to come, got one that has been read')
}

async function collect(source: Readable, signal: AbortSignal | undefined): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of signal === undefined ? source : addAbortSignal(signal, source))
      chunks.push(bytesOf(chunk))
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
  return Buffer.concat(chunks)
}

/** Every one ends before the first failure is told. */
async function settleAll<T>(promises: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return await Promise.all(promises)
}
