// A Map in files: both faces. All that they do is done by a bucket of their own.

import { inspect } from 'node:util'
import type { Bucket } from '../bucket.ts'
import { ConflictError } from '../errors.ts'
import { inspected } from '../inspected.ts'
import type { AsyncBucket } from '../promises.ts'

/**
 * A Map that lives in files, in insertion order, for many processes at once. It is never culled, and nothing in it expires.
 * Made by `bucket.index(name)`. All methods throw what Bucket's throw. DiskCache: Index.
 *
 * @example
 * const users = bucket.index('users')
 * users.set('ada', { born: 1815 })
 * users.popItem()   // → ['ada', { born: 1815 }]
 */
export class Index<K = unknown, V = unknown> implements Iterable<[K, V]> {
  /** The bucket that holds the entries and nothing else: for `update`, `incr`, `wrap`, `check`, `close` … DiskCache: Index.cache. */
  readonly bucket: Bucket<K, V>
  /** The same methods, each returning a promise. */
  readonly promises: AsyncIndex<K, V>

  /** @internal Made by `bucket.index(name)`. */
  constructor(bucket: Bucket<K, V>) {
    this.bucket = bucket
    this.promises = new AsyncIndex<K, V>(bucket.promises)
  }

  /** Number of entries. */
  get size(): number {
    return this.bucket.size
  }

  /** The value of a key; `fallback` (undefined) if it is missing. */
  get(key: K): V | undefined
  get<D>(key: K, fallback: D): V | D
  get(key: K, fallback?: unknown): unknown {
    return this.bucket.get(key, fallback)
  }

  /** The value of a key. @throws KeyNotFoundError if it is missing. DiskCache: index[key]. */
  getOrThrow(key: K): V {
    return this.bucket.getOrThrow(key)
  }

  /** Whether a key is stored. */
  has(key: K): boolean {
    return this.bucket.has(key)
  }

  /** Stores a value; a stored key keeps its place. DiskCache: index[key] = value. */
  set(key: K, value: V): this {
    this.bucket.set(key, value)
    return this
  }

  /** Stores several values. DiskCache: Index.update. */
  setMany(entries: Iterable<readonly [K, V]>): void {
    this.bucket.setMany(entries)
  }

  /** The value of a key, which is `value` if there was none. DiskCache: Index.setdefault. */
  setDefault(key: K, value: V): V {
    return this.bucket.getOrSet(key, () => value)
  }

  /** Removes a key. Whether it was stored. DiskCache: del index[key]. */
  delete(key: K): boolean {
    return this.bucket.delete(key)
  }

  /** Removes a key and gives its value, to exactly one of any concurrent callers. DiskCache: Index.pop. */
  pop(key: K): V | undefined
  pop<D>(key: K, fallback: D): V | D
  pop(key: K, fallback?: unknown): unknown {
    return this.bucket.pop(key, fallback)
  }

  /** The entry that was inserted last, or with `last: false` first; undefined: there is none. DiskCache: Index.peekitem. */
  peekItem(options?: { last?: boolean }): [K, V] | undefined {
    const entry = this.bucket.peekItem(options)
    return entry && [entry.key, entry.value]
  }

  /** As `peekItem`, and removes it: each is given to exactly one caller. DiskCache: Index.popitem. */
  popItem(options?: { last?: boolean }): [K, V] | undefined {
    for (;;) {
      const entry = this.bucket.peekItem(options)
      if (entry === undefined) return undefined
      const { key, value, version: ifVersion } = entry
      try {
        this.bucket.update(key, () => undefined, { ifVersion })
        return [key, value]
      } catch (error) {
        // Another was faster, or has changed it.
        if (!(error instanceof ConflictError)) throw error
      }
    }
  }

  /** Removes all entries. */
  clear(): void {
    this.bucket.clear()
  }

  /** Keys in insertion order, as a Map's; so `values` and `entries`. */
  keys(): IterableIterator<K> {
    return this.bucket.keys()
  }

  /** Values in insertion order. */
  values(): IterableIterator<V> {
    return this.bucket.values()
  }

  /** Keys and values in insertion order. */
  entries(): IterableIterator<[K, V]> {
    return this.bucket.entries()
  }

  /** As `entries`. */
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries()
  }

  /** Calls `callback` for each entry in insertion order. */
  forEach(callback: (value: V, key: K, index: this) => void): void {
    for (const [key, value] of this) callback(value, key, this)
  }

  /** Runs `body`; what this index does in it is done as one, or not at all: see Bucket.transact. DiskCache: Index.transact. */
  transact<T>(body: () => T): T {
    return this.bucket.transact(body)
  }

  /** For console.log: class, path and backend. */
  [inspect.custom](): string {
    return inspected(this, this.bucket.path, this.bucket.backend)
  }
}

/** Every method of Index with its result in a promise. */
export class AsyncIndex<K = unknown, V = unknown> implements AsyncIterable<[K, V]> {
  readonly #bucket: AsyncBucket<K, V>

  /** @internal */
  constructor(bucket: AsyncBucket<K, V>) {
    this.#bucket = bucket
  }

  /** As Index.size. */
  size(): Promise<number> {
    return this.#bucket.size()
  }

  /** As Index.get. */
  get(key: K): Promise<V | undefined>
  get<D>(key: K, fallback: D): Promise<V | D>
  get(key: K, fallback?: unknown): Promise<unknown> {
    return this.#bucket.get(key, fallback)
  }

  /** As Index.getOrThrow. */
  getOrThrow(key: K): Promise<V> {
    return this.#bucket.getOrThrow(key)
  }

  /** As Index.has. */
  has(key: K): Promise<boolean> {
    return this.#bucket.has(key)
  }

  /** As Index.set. */
  set(key: K, value: V): Promise<void> {
    return this.#bucket.set(key, value)
  }

  /** As Index.setMany. */
  setMany(entries: Iterable<readonly [K, V]>): Promise<void> {
    return this.#bucket.setMany(entries)
  }

  /** As Index.setDefault. */
  async setDefault(key: K, value: V): Promise<V> {
    return await this.#bucket.getOrSet(key, () => value)
  }

  /** As Index.delete. */
  delete(key: K): Promise<boolean> {
    return this.#bucket.delete(key)
  }

  /** As Index.pop. */
  pop(key: K): Promise<V | undefined>
  pop<D>(key: K, fallback: D): Promise<V | D>
  pop(key: K, fallback?: unknown): Promise<unknown> {
    return this.#bucket.pop(key, fallback)
  }

  /** As Index.peekItem. */
  async peekItem(options?: { last?: boolean }): Promise<[K, V] | undefined> {
    const entry = await this.#bucket.peekItem(options)
    return entry && [entry.key, entry.value]
  }

  /** As Index.popItem. */
  async popItem(options?: { last?: boolean }): Promise<[K, V] | undefined> {
    for (;;) {
      const entry = await this.#bucket.peekItem(options)
      if (entry === undefined) return undefined
      const { key, value, version: ifVersion } = entry
      try {
        await this.#bucket.update(key, () => undefined, { ifVersion })
        return [key, value]
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
      }
    }
  }

  /** As Index.clear. */
  async clear(): Promise<void> {
    await this.#bucket.clear()
  }

  /** As Index.keys. */
  keys(): AsyncIterableIterator<K> {
    return this.#bucket.keys()
  }

  /** As Index.values. */
  values(): AsyncIterableIterator<V> {
    return this.#bucket.values()
  }

  /** As Index.entries. */
  entries(): AsyncIterableIterator<[K, V]> {
    return this.#bucket.entries()
  }

  /** As `entries`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<[K, V]> {
    return this.entries()
  }

  /** As Index.transact; only what the index that is passed in does belongs to the transaction. */
  transact<T>(body: (index: AsyncIndex<K, V>) => Promise<T>): Promise<T> {
    return this.#bucket.transact(bucket => body(new AsyncIndex(bucket)))
  }
}
