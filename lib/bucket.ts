// The public class: START HERE. Each method turns its arguments into an operation (`ops/`) and runs it at once; `promises`
// runs the same operations without blocking. Everything else in lib/ exists to serve these methods.

import type { Readable } from 'node:stream'
import { inspect } from 'node:util'
import type { Backend } from './backends/backend.ts'
import { Core } from './core.ts'
import { type CountOptions, resolveCount } from './count-options.ts'
import { dictOf } from './dict.ts'
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
import { inspected } from './inspected.ts'
import type { Io } from './io/requests.ts'
import type { KeyMaker } from './keymakers/keymaker.ts'
import type { Slot } from './keys.ts'
import type { Tag } from './log/record.ts'
import { callerOf } from './memo/caller.ts'
import { cachedDecorator } from './memo/decorator.ts'
import { memoize } from './memo/memoize.ts'
import { type Shelf, shelfOf } from './memo/shelf.ts'
import type { AnyFunction, CachedDecorator, Memoized, MemoizeOptions } from './memo/types.ts'
import { Check, entrySteps, type Problem } from './ops/check.ts'
import { beginTransaction, commit, rollBack } from './ops/commit.ts'
import { cull } from './ops/cull.ts'
import { eraseFolder, eraseSteps } from './ops/erase.ts'
import { expireSlot, expireTaken, slotsBegun } from './ops/expiry.ts'
import { fromMemory, get, getEntry, getThroughMemory, has } from './ops/get.ts'
import { endAllGhosts } from './ops/ghosts.ts'
import { endmost, type Listed, Listing, type ListOptions } from './ops/list.ts'
import type { Decoded } from './ops/live.ts'
import { encodeValue, hasEnded } from './ops/live.ts'
import { catchUp } from './ops/order.ts'
import { mayRemember } from './ops/pending.ts'
import { peek, pull, push } from './ops/queue.ts'
import { readBytes } from './ops/read.ts'
import { pop, remove } from './ops/remove.ts'
import { add, set } from './ops/set.ts'
import { readStatistics } from './ops/statistics.ts'
import { carries, evictIndexed } from './ops/tags.ts'
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
  lifetimeToMs,
  resolveExpire,
  resolveTerms,
  resolveUpdateTerms,
  type SetOptions,
} from './options.ts'
import { AsyncBucket } from './promises.ts'
import { type QueueOptions, resolveItemTerms, resolveQueue } from './queue-options.ts'
import { Collections } from './recipes/collections.ts'
import type { Deque, DequeOptions } from './recipes/deque.ts'
import type { Index } from './recipes/ordered-index.ts'
import { readSetting, resetSetting, settingNow } from './reset.ts'

/** The core of a bucket, for this package's own modules. */
export let coreOf: (bucket: Bucket<any, any>) => Core

/**
 * A dictionary whose values live in files, one file a key; many processes may use the folder at once, and nothing that was
 * acknowledged is lost. Opening it creates the folder.
 *
 * Reading methods never throw for what is missing, expired or damaged: that is a miss. All methods may throw
 * StorageIOError (`ERR_IO`, the filesystem refused) unless `onError` is 'degrade'; writing methods ReadOnlyError, if the bucket
 * is `readOnly`, UnserializableError for a key or value that cannot be stored, and TimeoutError when another process holds
 * the entry for longer than `timeout`.
 *
 * @example
 * const bucket = new Bucket('.cache', { hours: 1 })
 * bucket.set('answer', 42)
 * bucket.get('answer')   // → 42
 */
export class Bucket<K = unknown, V = unknown> implements Iterable<[K, V]> {
  /** Absolute path of the folder. */
  readonly path: string
  /** How values become bytes. */
  readonly backend: Backend
  /** How keys are told apart. */
  readonly keyMaker: KeyMaker
  /** The same methods, each returning a promise, for code that must not block on the disk. */
  readonly promises: AsyncBucket<K, V>
  /** @internal */
  protected readonly core: Core
  static {
    coreOf = bucket => bucket.core
  }
  #dict: Record<string, V> | undefined
  #shelf: Shelf | undefined
  #cached: CachedDecorator | undefined
  #collections: Collections | undefined

  /**
   * @param path - The folder: a path, or a file: URL.
   * @throws TypeError for an unknown or impossible option, RangeError for a number out of range.
   * @throws FormatError if the folder was written by a newer format; it is left as it is.
   */
  constructor(path: string | URL, options: BucketOptions = {}) {
    this.core = new Core(path, options)
    this.path = this.core.path
    this.backend = this.core.settings.backend
    this.keyMaker = this.core.settings.keyMaker
    this.promises = new AsyncBucket<K, V>(this.core)
  }

  /**
   * How long entries live, in milliseconds; null: for ever. Shortening it makes entries that were stored under a longer one
   * (or none) count as expired while the shorter one is in force; an entry's own `expire`, null included, always
   * stands (BucketCache: Bucket.lifetime).
   */
  get lifetime(): number | null {
    const { lifetimeMs } = this.core.settings
    return lifetimeMs === Number.POSITIVE_INFINITY ? null : lifetimeMs
  }
  set lifetime(lifetime: Duration | null) {
    this.core.settings.lifetimeMs = lifetimeToMs(lifetime)
  }

  /** The value of a key; `fallback` (undefined) if it is missing. DiskCache: Cache.get. */
  get(key: K): V | undefined
  get<D>(key: K, fallback: D): V | D
  get(key: K, fallback?: unknown): unknown {
    const decoded = this.#lookUp(this.#slot(key))
    return decoded === undefined ? fallback : decoded.value
  }

  /** The value of a key. @throws KeyNotFoundError if it is missing. */
  getOrThrow(key: K): V {
    const slot = this.#slot(key)
    const decoded = this.#lookUp(slot)
    if (decoded === undefined) throw notFound(key, slot, this.path)
    return decoded.value as V
  }

  /** Value, times, tags, size and version of a key; undefined if it is missing. */
  getEntry(key: K): Entry<K, V> | undefined {
    const found = this.#read('getEntry', undefined, () => getEntry(this.core.active, this.#slot(key)))
    return found === undefined ? undefined : makeEntry(key, found.value as V, found)
  }

  /** Whether a key is stored. Does not count in the statistics. */
  has(key: K): boolean {
    return this.#read('has', false, () => has(this.core.active, this.#slot(key)))
  }

  /**
   * Stores a value. A stored key keeps its place in iteration; its expiry and tags are those given now.
   * @throws ConflictError if `ifVersion` does not match.
   */
  set(key: K, value: V, options?: SetOptions): this {
    const terms = resolveTerms(options)
    this.#write('set', undefined, key, slot => set(this.core.active, slot, this.#encode(value, slot), terms))
    return this
  }

  /** Stores a value only if the key is missing: true for exactly one of any concurrent callers. DiskCache: Cache.add. */
  add(key: K, value: V, options?: SetOptions): boolean {
    const terms = resolveTerms(options)
    return this.#write('add', false, key, slot => add(this.core.active, slot, this.#encode(value, slot), terms))
  }

  /** Removes a key. Whether it was stored. */
  delete(key: K): boolean {
    return this.#write('delete', false, key, slot => remove(this.core.active, slot))
  }

  /** Removes a key and gives its value, to exactly one of any concurrent callers. DiskCache: Cache.pop. */
  pop(key: K): V | undefined
  pop<D>(key: K, fallback: D): V | D
  pop(key: K, fallback?: unknown): unknown {
    const decoded = this.#write('pop', undefined, key, slot => pop(this.core.active, slot))
    return decoded === undefined ? fallback : decoded.value
  }

  /** Gives a stored key a new expiry: absent, the bucket's lifetime; null, none; 0, at once. The value is untouched. Whether
   *  the key was stored. DiskCache: Cache.touch. */
  touch(key: K, expire?: Duration | null): boolean {
    const expireMs = resolveExpire(expire)
    return this.#write('touch', false, key, slot => touch(this.core.active, slot, expireMs))
  }

  /**
   * Adds `delta` (1) to a stored number, or to `default` (0) if the key is missing, and gives the sum; exact with any number
   * of processes. A live entry keeps its expiry and tags. DiskCache: Cache.incr.
   * @throws KeyNotFoundError if the key is missing and `default` is null.
   * @throws TypeError if the value is no number, or one of value and `delta` is a bigint and the other is not.
   * @throws RangeError if both are safe integers and their sum is none.
   */
  incr(key: K, delta: number | bigint = 1, options?: CountOptions): number | bigint {
    return this.#count('incr', key, delta, options)
  }

  /** As `incr`, downwards. DiskCache: Cache.decr. */
  decr(key: K, delta: number | bigint = 1, options?: CountOptions): number | bigint {
    return this.#count('decr', key, delta, options)
  }

  #count(operation: 'incr' | 'decr', key: K, delta: number | bigint, options?: CountOptions): number | bigint {
    const { by, start } = resolveCount(operation, delta, options)
    return this.#write(operation, start ?? by, key, slot => increment(this.core.active, slot, by, start, key))
  }

  /** The stored value, or what `compute` returns, stored. */
  getOrSet(key: K, compute: () => V, options?: SetOptions): V {
    checkFunction(compute, 'compute of getOrSet()')
    const terms = resolveTerms(options)
    const slot = this.#slot(key)
    const decoded = this.#lookUp(slot)
    if (decoded !== undefined) return decoded.value as V
    // Before the work is done in vain.
    this.core.checkWritable('getOrSet')
    const value = compute()
    this.#write('getOrSet', undefined, key, mine => set(this.core.active, mine, this.#encode(value, mine), terms))
    return value
  }

  /**
   * Read, compute and write as one step: `change` gets the stored value (undefined: none), and what it returns is stored,
   * undefined removes the key. It may be called again when another process was faster. What `options` do not say
   * (expiry, tags) stays as it was.
   */
  update(key: K, change: (current: V | undefined) => V | undefined, options?: SetOptions): V | undefined {
    checkFunction(change, 'the change of update()')
    const terms = resolveUpdateTerms(options)
    const compute = (current: Decoded | undefined): unknown => change(current?.value as V | undefined)
    return this.#write('update', undefined, key, slot => update(this.core.active, slot, compute, terms)) as
      | V
      | undefined
  }

  /** The values of those keys that are stored. */
  getMany(keys: Iterable<K>): Map<K, V> {
    const found = new Map<K, V>()
    for (const key of keys) {
      const decoded = this.#lookUp(this.#slot(key))
      if (decoded !== undefined) found.set(key, decoded.value as V)
    }
    return found
  }

  /** Stores several values, one after another; for all or none, see `transact`. */
  setMany(entries: Iterable<readonly [K, V]>, options?: SetOptions): void {
    // What is there already is looked through first; what comes one by one, as it comes.
    const known = Array.isArray(entries) ? (entries as (readonly [K, V])[]).map(checkPair) : entries
    for (const pair of known) {
      const [key, value] = checkPair(pair)
      this.set(key, value, options)
    }
  }

  /** Removes several keys. How many were stored. */
  deleteMany(keys: Iterable<K>): number {
    let count = 0
    for (const key of keys) if (this.delete(key)) count++
    return count
  }

  /**
   * The bytes of a value as a stream: what was stored as bytes as it is, any other value in its encoded form, not compressed
   * and not encrypted. Bytes that were streamed in are never in memory as a whole, unless the backend compresses or encrypts
   * them, or in a transaction or a deferred bucket. DiskCache: Cache.read.
   * @throws KeyNotFoundError if the key is missing; as with `get`, also where the value does not decode.
   */
  read(key: K): Readable {
    const slot = this.#slot(key)
    const bytes = this.#read('read', undefined, () => readBytes(this.core.active, slot))
    if (bytes === undefined) throw notFound(key, slot, this.path)
    return this.core.streamOf(bytes)
  }

  /**
   * Adds an item to a queue, at the back (or front); its key, by which it may be got as any entry: 500000000000000 and on,
   * or `${prefix}-500000000000000`. DiskCache: Cache.push.
   */
  push(value: V, options: QueueOptions & SetOptions = {}): number | string {
    const queue = resolveQueue(options, 'back')
    const terms = resolveItemTerms(options)
    this.core.checkWritable('push')
    return this.core.attempt('push', 0, () => this.core.sync(push(this.core.active, queue, value, terms)))
  }

  /** Takes the item at the front (or back) of a queue away: each goes to exactly one caller. undefined: the queue is empty.
   *  DiskCache: Cache.pull. */
  pull(options: QueueOptions = {}): Entry<number | string, V> | undefined {
    const queue = resolveQueue(options, 'front', true)
    this.core.checkWritable('pull')
    const item = this.core.attempt('pull', undefined, () => this.core.sync(pull(this.core.active, queue)))
    this.core.tidy()
    return item && makeEntry(item.key, item.value as V, item)
  }

  /** The item at the front (or back) of a queue, left where it is. DiskCache: Cache.peek. */
  peek(options: QueueOptions = {}): Entry<number | string, V> | undefined {
    const queue = resolveQueue(options, 'front', true)
    const item = this.#read('peek', undefined, () => peek(this.core.active, queue))
    return item && makeEntry(item.key, item.value as V, item)
  }

  /**
   * Runs `body`; what this bucket does in it is done as one: all of it, or, on a throw or a crash, none. Inside, its own writes
   * are seen; outside, none before the end, then all. Others who write the same keys wait, readers never. Nested calls join.
   * DiskCache: Cache.transact.
   * @throws DeadlockError at once, if a key is held by another transaction of this very thread.
   * @throws TypeError if `body` returns a promise: for that there is `promises.transact`.
   */
  transact<T>(body: () => T): T {
    const { core } = this
    checkFunction(body, 'the body of transact()')
    core.checkWritable('transact')
    if (core.active !== core.store) return body()
    const view = core.attempt('transact', undefined, () => core.sync(beginTransaction(core.store)))
    // Degraded: no transaction to be had, and each operation will see for itself.
    if (view === undefined) return body()
    let result: T
    core.active = view
    try {
      result = body()
      if (result instanceof Promise)
        throw new TypeError('Expected the body of transact() to be synchronous, got a promise: use promises.transact()')
    } catch (error) {
      core.active = core.store
      core.attempt('transact', undefined, () => core.sync(rollBack(view)))
      core.tidy()
      throw error
    }
    core.active = core.store
    core.attempt('transact', undefined, () => core.sync(commit(view)))
    core.memory?.clear()
    core.tidy()
    return result
  }

  /** Removes all entries of this backend. How many there were. Files that are not of this cache stay. */
  clear(): number {
    this.core.checkWritable('clear')
    this.core.memory?.clear()
    let count = 0
    for (let step = 0; step < eraseSteps; step++) {
      count += this.core.attempt(
        'clear',
        0,
        () => this.core.sync(eraseFolder(this.core.active, step, () => true)).count,
      )
    }
    this.core.attempt('clear', undefined, () => this.core.sync(endAllGhosts(this.core.active)))
    return count
  }

  /** Removes what has expired under the present lifetime. How many entries, and the bytes of their files.
   *  BucketCache: Bucket.prune_directory. */
  prune(): { count: number; size: number } {
    this.core.checkWritable('prune')
    const { active: store } = this.core
    let count = 0
    let size = 0
    for (let step = 0; step < eraseSteps; step++) {
      const removed = this.core.attempt('prune', { count: 0, size: 0 }, () =>
        this.core.sync(eraseFolder(store, step, log => hasEnded(store, log), 'expired')),
      )
      count += removed.count
      size += removed.size
    }
    return { count, size }
  }

  /** Removes the entries that carry a tag. How many. With an index of tags it costs what the tag holds, else a look at every
   *  entry. DiskCache: Cache.evict. */
  evict(tag: Tag): number {
    checkTag(tag)
    this.core.checkWritable('evict')
    const { active: store, memory } = this.core
    memory?.clear()
    const indexed = this.#read('evict', undefined, () => evictIndexed(store, tag))
    if (indexed !== undefined) return indexed
    let count = 0
    for (let step = 0; step < eraseSteps; step++) {
      count += this.core.attempt(
        'evict',
        0,
        () => this.core.sync(eraseFolder(store, step, log => carries(store, log, tag), 'tag')).count,
      )
    }
    return count
  }

  /** Removes what has expired by `now`. How many entries; the cost is that of what has expired. What nobody removes so goes by
   *  itself some minutes later, in the background of a process that writes and lives that long. DiskCache: Cache.expire. */
  expire(now: Date = new Date(this.core.store.environment.now())): number {
    const at = checkDate(now)
    this.core.checkWritable('expire')
    const { active: store, memory } = this.core
    memory?.clear()
    let count = this.#read('expire', 0, () => expireTaken(store, at))
    for (const slot of this.#read('expire', [], () => slotsBegun(store, at))) {
      count += this.core.attempt('expire', 0, () => this.core.sync(expireSlot(store, slot, at)))
    }
    return count
  }

  /** Removes what has expired, and while the folder is over a limit, what the policy says. How many entries, of all
   *  backends; in a transaction, of this one. DiskCache: Cache.cull. */
  cull(): number {
    this.core.checkWritable('cull')
    this.core.memory?.clear()
    const all = Number.POSITIVE_INFINITY
    return this.core.attempt('cull', 0, () => this.core.sync(cull(this.core.active, all, all)))
  }

  /** Makes an index of tags, from then on kept by every bucket on the folder. DiskCache: Cache.create_tag_index. */
  createTagIndex(): void {
    this.core.checkWritable('createTagIndex')
    this.reset('tagIndex', true)
  }

  /** Gives the index of tags up. DiskCache: Cache.drop_tag_index. */
  dropTagIndex(): void {
    this.core.checkWritable('dropTagIndex')
    this.reset('tagIndex', false)
  }

  /** The entry inserted last, or with `last: false` first; undefined: there is none. DiskCache: Cache.peekitem. */
  peekItem(options: { last?: boolean } = {}): Entry<K, V> | undefined {
    checkNames(options, ['last'], 'peekItem')
    const last = boolean('last', options.last, true)
    const listed = this.#read('peekItem', undefined, () => endmost(this.core.active, last))
    const read = listed && listedKey<K>(this.core, listed)
    return read && makeEntry(read.key, listed!.decoded!.value as V, listed!)
  }

  /** Hits and misses of all processes, if the setting `statistics` is on: as they were before `reset` sets them to zero.
   *  `enable` switches the setting. Another process's last look-ups may be missing yet. DiskCache: Cache.stats. */
  stats(options: { enable?: boolean; reset?: boolean } = {}): { hits: number; misses: number } {
    checkNames(options, ['enable', 'reset'], 'stats')
    const reset = boolean('reset', options.reset, false)
    boolean('enable', options.enable, false)
    const { core } = this
    if (reset) core.checkWritable('stats({ reset: true })')
    const counts = core.attempt('stats', { hits: 0, misses: 0 }, () => {
      core.flushStatistics()
      return core.sync(readStatistics(core.store, reset))
    })
    if (options.enable !== undefined) this.reset('statistics', options.enable)
    return { ...counts }
  }

  /**
   * Looks for what crashes and damage have left behind: broken or sealed logs, places without entries and entries without
   * places, lost hints, totals that are off, left-over files. With `fix` it mends them; others may write meanwhile. Files that are not
   * of this cache are left alone. DiskCache: Cache.check.
   */
  check(options: { fix?: boolean } = {}): Problem[] {
    checkNames(options, ['fix'], 'check')
    const fix = boolean('fix', options.fix, false)
    if (fix) this.core.checkWritable('check({ fix: true })')
    const check = new Check(this.core.store, fix)
    const { core } = this
    core.memory?.clear()
    const isWhole = core.attempt('check', false, () => {
      core.sync(check.begin())
      for (let step = 0; step < entrySteps; step++) core.sync(check.entries(step))
      core.sync(check.end())
      return true
    })
    if (!isWhole) check.breakOff()
    core.tidy()
    return check.problems
  }

  /** Number of entries. May count some that have expired and were not removed yet. */
  get size(): number {
    const totals = this.#read('size', this.core.active.order.totals, () => catchUp(this.core.active))
    return (totals.counts.get(this.backend.name) ?? 0) + countInside(this.core.active.transaction)
  }

  /** Bytes of all entries in the folder and the order log, counted without a scan: the lengths of their files, not the blocks
   *  that a filesystem allots. What was deleted is not counted, although its files go a little later; nor are the indexes of
   *  expiry and tags, with some 70 bytes for each expiry and tag of an entry. DiskCache: Cache.volume. */
  volume(): number {
    const totals = this.#read('volume', this.core.active.order.totals, () => catchUp(this.core.active))
    return Math.max(0, totals.volume + this.core.active.order.unwritten)
  }

  /** Keys in insertion order, as a Map's: entries that this process adds meanwhile are shown, and those that it removes are not. */
  *keys(): IterableIterator<K> {
    for (const { key } of this.#listed({ values: false })) yield key
  }

  /** Values in insertion order. */
  *values(): IterableIterator<V> {
    for (const { listed } of this.#listed({ values: true })) yield listed.decoded!.value as V
  }

  /** Keys and values in insertion order. */
  *entries(): IterableIterator<[K, V]> {
    for (const { key, listed } of this.#listed({ values: true })) yield [key, listed.decoded!.value as V]
  }

  /** As `entries`: `for (const [key, value] of bucket)`. */
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries()
  }

  /** Calls `callback` for each entry in insertion order. */
  forEach(callback: (value: V, key: K, bucket: this) => void): void {
    checkFunction(callback, 'the callback of forEach()')
    for (const [key, value] of this.entries()) callback(value, key, this)
  }

  /** Keys in their own order: numbers before strings before the rest; strings by code unit. All keys are in memory meanwhile. */
  sortedKeys(options: { reverse?: boolean } = {}): IterableIterator<K> {
    checkNames(options, ['reverse'], 'sortedKeys')
    return this.#sortedKeys(boolean('reverse', options.reverse, false))
  }

  *#sortedKeys(reverse: boolean): IterableIterator<K> {
    const keys: { key: K; text: string }[] = []
    for (const { key, listed } of this.#listed({ values: false })) keys.push({ key, text: listed.keyText })
    keys.sort(compareKeys)
    if (reverse) keys.reverse()
    for (const { key } of keys) yield key
  }

  /** What is stored, in insertion order, without reading the values. */
  list(options: ListFilter = {}): IterableIterator<Omit<Entry<K, V>, 'value'>> {
    return this.#list(checkFilter(options))
  }

  *#list(filter: ListFilter): IterableIterator<Omit<Entry<K, V>, 'value'>> {
    for (const { key, listed } of this.#listed({ values: false, expired: filter.expired === true })) {
      if (passes(filter, key, listed)) yield { key, ...makeInfo(listed) }
    }
  }

  /**
   * The function, memoized: a call with arguments that were seen before is answered from the cache, in any process. Its results
   * may be undefined; what it throws is not stored. Of identical calls of an asynchronous function at once, one runs.
   * BucketCache: Bucket.__call__; DiskCache: Cache.memoize, memoize_stampede.
   * @throws TypeError, RangeError here for what cannot be memoized, and for options that do not fit the function.
   * @throws MutatedArgumentsError from a call during which its arguments changed; UnserializableError if they cannot be in a
   *   key, or the result cannot be stored.
   * @example
   * const parse = bucket.wrap(slowParse, { ignore: ['options.signal'], expire: { days: 1 } })
   * parse(text, { signal })
   */
  wrap<F extends AnyFunction>(fn: F, options: MemoizeOptions = {}): Memoized<F> {
    return memoize(this.#memoShelf, fn, options, { module: callerOf(Bucket.prototype.wrap), isMember: false })
  }

  /**
   * Decorates methods, getters and accessors, also static and private ones: `@bucket.cached`, or `@bucket.cached(options)`; a
   * standard decorator, and one for `experimentalDecorators`. The state of the instance is part of the key: see `cacheState`.
   * A getter or accessor is cached until its property is written to. BucketCache: Bucket.__call__ with `method=True`.
   * @example
   * class Report {
   *   constructor(readonly year: number) {}
   *   @bucket.cached total(region: string) { return slowSum(this.year, region) }
   * }
   */
  get cached(): CachedDecorator {
    this.#cached ??= cachedDecorator(this.#memoShelf)
    return this.#cached
  }

  get #memoShelf(): Shelf {
    this.#shelf ??= shelfOf(this.core)
    return this.#shelf
  }

  /** The entries as properties: `bucket.dict.name = value`, `delete bucket.dict.name`, `'name' in bucket.dict`,
   *  `Object.keys(bucket.dict)`. For keys that are strings. */
  get dict(): Record<string, V> {
    this.#dict ??= dictOf(this as unknown as Bucket<string, V>)
    return this.#dict
  }

  /** The persistent sequence of this name, for many processes: a bucket of its own in a folder below. `clear`, culling and
   *  transactions of this bucket do not touch it. DiskCache: FanoutCache.deque, Deque. */
  deque<T = V>(name: string, options: DequeOptions = {}): Deque<T> {
    return this.#ownCollections.deque<T>(name, options)
  }

  /** The persistent Map of this name, for many processes: a bucket of its own in a folder below. DiskCache: FanoutCache.index,
   *  Index. */
  index<L = K, W = V>(name: string): Index<L, W> {
    return this.#ownCollections.index<L, W>(name)
  }

  get #ownCollections(): Collections {
    this.#collections ??= new Collections(this.core, (path, options) => new Bucket<any, any>(path, options), coreOf)
    return this.#collections
  }

  /** Forgets the value in memory, and leaves the file. BucketCache: Bucket.unload_key. */
  unload(key: K): void {
    this.core.forget(this.#slot(key))
  }

  /** Reads a setting afresh, or changes it: those of the folder for every process that uses it (which see it at their next
   *  `reset(name)`), all others for this instance. A part of the lifetime, like `hours`, is all of it in that unit.
   *  DiskCache: Cache.reset.
   *  @throws TypeError for what is fixed once the bucket is open: `backend`, `keyMaker`, `memory`, `mode`, `filesystem`. */
  reset<N extends keyof BucketOptions>(name: N, ...value: [value?: BucketOptions[N]]): BucketOptions[N] {
    const { core } = this
    const given = value[0]
    return core.attempt('reset', settingNow(core, name), () =>
      core.sync(given === undefined ? readSetting(core, name) : resetSetting(core, name, given)),
    )
  }

  /** Writes down what is only in this process. The bucket may be used again afterwards: it holds nothing open. */
  close(): void {
    this.core.flush()
  }

  /** As `close`: `using bucket = new Bucket(…)`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** As `promises.close`: `await using bucket = new Bucket(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.promises.close()
  }

  /** For console.log: class, path and backend. */
  [inspect.custom](): string {
    return inspected(this, this.path, this.backend)
  }

  #slot(key: K): Slot {
    return this.core.active.keys.slot(key)
  }

  #encode(value: V, slot: Slot): Uint8Array {
    return encodeValue(this.core.store, slot, value)
  }

  #lookUp(slot: Slot): Decoded | undefined {
    const { active: store, memory } = this.core
    this.core.noteLookUp()
    if (memory === undefined || !mayRemember(store, slot)) return this.#read('get', undefined, () => get(store, slot))
    return fromMemory(store, memory, slot) ?? this.#read('get', undefined, () => getThroughMemory(store, memory, slot))
  }

  #read<T>(operation: string, degraded: T, io: () => Io<T>): T {
    return this.core.attempt(operation, degraded, () => this.core.sync(io()))
  }

  #write<T>(operation: string, degraded: T, key: K, io: (slot: Slot) => Io<T>): T {
    this.core.checkWritable(operation)
    const slot = this.#slot(key)
    this.core.forget(slot)
    try {
      return this.core.attempt(operation, degraded, () => this.core.sync(io(slot)))
    } finally {
      this.core.tidy()
    }
  }

  *#listed(options: ListOptions): IterableIterator<{ key: K; listed: Listed }> {
    const { core } = this
    const listing = new Listing(core.active, options)
    for (;;) {
      // Taken before: what is removed while the page is read may be on it.
      const asOf = core.changes
      const page = this.#read('list', undefined, () => listing.next())
      if (page === undefined) return
      for (const seen of page) {
        const listed = core.changes === asOf ? seen : this.#read('list', undefined, () => listing.again(seen))
        if (listed === undefined || listing.isOver(listed)) continue
        const read = listedKey<K>(core, listed)
        if (read !== undefined) yield { key: read.key, listed }
      }
    }
  }
}
