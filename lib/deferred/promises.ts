// The promise twin of a deferred bucket.

import type { Entry } from '../entry.ts'
import { TimeoutError } from '../errors.ts'
import { sync } from '../ops/sync.ts'
import { checkFunction } from '../options.ts'
import { AsyncBucket } from '../promises.ts'
import type { QueueOptions } from '../queue-options.ts'
import { Line } from '../waiting/line.ts'
import type { Deferral } from './deferral.ts'

/** Every method of DeferredWriteBucket with its result in a promise. */
export class AsyncDeferredWriteBucket<K = unknown, V = unknown> extends AsyncBucket<K, V> {
  readonly #deferral: Deferral
  /** Of those who want a transaction. */
  readonly #line = new Line()

  /** @internal */
  constructor(deferral: Deferral) {
    super(deferral.core, deferral.view)
    this.#deferral = deferral
  }

  /** As DeferredWriteBucket.sync; of all that was called before. */
  async sync(): Promise<number> {
    const { root } = this.#deferral
    const called = this.settled()
    // At once, so that what is called behind it knows of it.
    const mine = root.lastSync.then(async () => {
      await called
      return await this.#sync()
    })
    root.lastSync = mine.catch(() => {})
    return await mine
  }

  /** What a transaction writes in which this is called is not pending before its end. */
  async #sync(): Promise<number> {
    const { root } = this.#deferral
    const { core, all } = root
    if (all.length === 0) return 0
    core.checkWritable('sync')
    const count = await core.attemptAsync('sync', 0, () => core.async(sync(core.store, all)))
    root.end(all)
    core.tidy()
    return count
  }

  // What is being synced gets its number in the queue there: it is not to be taken away meanwhile.

  /** As Bucket.pull. */
  override async pull(options?: QueueOptions): Promise<Entry<number | string, V> | undefined> {
    await this.#deferral.root.lastSync
    return await super.pull(options)
  }

  /** As Bucket.peek. */
  override async peek(options?: QueueOptions): Promise<Entry<number | string, V> | undefined> {
    await this.#deferral.root.lastSync
    return await super.peek(options)
  }

  /** As DeferredWriteBucket.transact. One at a time; who writes meanwhile what it has written waits for its end. */
  override async transact<T>(body: (bucket: AsyncDeferredWriteBucket<K, V>) => Promise<T>): Promise<T> {
    checkFunction(body, 'the body of transact()')
    this.#deferral.core.checkWritable('transact')
    const { timeoutMs } = this.#deferral.core.settings
    const turn = await this.#line.acquire('', {
      timeoutMs,
      late: () => late(timeoutMs),
      signal: undefined,
      suspicion: undefined,
    })
    turn.keep()
    const child = this.#deferral.child()
    try {
      const inside = new AsyncDeferredWriteBucket<K, V>(child)
      const result = await body(inside)
      await inside.settled()
      this.#deferral.adopt(child)
      return result
    } finally {
      this.#deferral.leave(child)
      turn.pass()
    }
  }

  /** As DeferredWriteBucket.unload. */
  override async unload(key: K): Promise<void> {
    await this.sync()
    await super.unload(key)
  }

  /** Waits for what was called, and syncs. */
  override async close(): Promise<void> {
    await this.sync()
    await super.close()
  }
}

function late(timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `Waited ${timeoutMs} ms for another transaction of this bucket. In the body of one, use the bucket that is passed to it; ` +
      'or raise the option timeout.',
  )
}
