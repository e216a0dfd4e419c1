// A bucket whose writes stay in memory until they are synced, all at once.

import { Bucket } from '../bucket.ts'
import { sync } from '../ops/sync.ts'
import { type BucketOptions, checkFunction } from '../options.ts'
import { Deferral } from './deferral.ts'
import { AsyncDeferredWriteBucket } from './promises.ts'

/** What is pending in a bucket, for this package's own modules. */
export let deferralOf: (bucket: DeferredWriteBucket<any, any>) => Deferral

/**
 * A bucket whose writes stay in memory until `sync`, which writes them as one unit: a crash leaves all of them or none, and
 * a key that was written a thousand times costs one write. Reads through it see what is pending. BucketCache:
 * DeferredWriteBucket.
 *
 * Values are those of the moment of `set`, and expire counted from then. A sync overwrites what others have stored
 * meanwhile; what depends on the present value (`incr`, `update`, `add`, `touch`, an `ifVersion`) is decided again if others
 * have changed it, so that no count is lost. What was pushed gets its number in the queue then: the one that `push` gave, if it is
 * still free. Nobody but this bucket knows of what is pending: who needs that each value is
 * taken by exactly one (`pop`, `pull`) takes a Bucket.
 *
 * @example
 * const bucket = new DeferredWriteBucket('.cache')
 * for (const [key, value] of results) bucket.set(key, value)
 * bucket.sync()
 */
export class DeferredWriteBucket<K = unknown, V = unknown> extends Bucket<K, V> {
  /** The same methods, each returning a promise. */
  override readonly promises: AsyncDeferredWriteBucket<K, V>
  readonly #deferral: Deferral
  /** That of the transaction that is running, if any. */
  #active: Deferral

  /** As of Bucket. */
  constructor(path: string | URL, options?: BucketOptions) {
    super(path, options)
    this.#deferral = new Deferral(this.core)
    this.#active = this.#deferral
    this.core.standing = this.#deferral.view
    this.core.active = this.#deferral.view
    this.promises = new AsyncDeferredWriteBucket<K, V>(this.#deferral)
  }
  static {
    deferralOf = bucket => bucket.#deferral
  }

  /** How many entries are pending, removals too. */
  get pending(): number {
    return this.#deferral.size
  }

  /**
   * Writes what is pending, as one unit. How many entries. If it fails, nothing was written, and all is still pending.
   * @throws what a decision that must be made again throws: ConflictError (`ifVersion`), TypeError (`incr`) …
   */
  sync(): number {
    const { core, all } = this.#deferral
    if (all.length === 0) return 0
    core.checkWritable('sync')
    const count = core.attempt('sync', 0, () => core.sync(sync(core.store, all)))
    this.#deferral.end(all)
    core.tidy()
    return count
  }

  /** Forgets what is pending. */
  discard(): void {
    this.#deferral.discard()
  }

  /** Runs `body`; what it writes is pending when it has returned, and forgotten if it throws. Nothing is synced. */
  override transact<T>(body: () => T): T {
    checkFunction(body, 'the body of transact()')
    this.core.checkWritable('transact')
    const outside = this.#active
    const child = outside.child()
    this.#enter(child)
    try {
      const result = body()
      if (result instanceof Promise)
        throw new TypeError('Expected the body of transact() to be synchronous, got a promise: use promises.transact()')
      outside.adopt(child)
      return result
    } finally {
      this.#enter(outside)
      outside.leave(child)
    }
  }

  #enter(deferral: Deferral): void {
    this.#active = deferral
    this.core.active = deferral.view
  }

  /** Forgets the value in memory. Syncs first, as BucketCache does. */
  override unload(key: K): void {
    this.sync()
    super.unload(key)
  }

  /** Syncs, and writes down what else is only in this process. */
  override close(): void {
    this.sync()
    super.close()
  }
}
