// The promise twin of a deferred bucket.

import { TimeoutError } from '../errors.ts'
import { sync } from '../ops/sync.ts'
import type { SetOptions } from '../options.ts'
import { AsyncBucket } from '../promises.ts'
import { type QueueOptions, resolveItemTerms, resolveQueue } from '../queue-options.ts'
import { Line } from '../waiting/line.ts'
import type { Deferral } from './deferral.ts'

/** Every method of DeferredWriteBucket with its result in a promise. */
export class AsyncDeferredWriteBucket<K = unknown, V = unknown> extends AsyncBucket<K, V> {
  readonly #deferral: Deferral
  /** Of those who want a transaction. */
  readonly #line = new Line()
  /** Syncs happen one after another. */
  #last: Promise<unknown> = Promise.resolve()

  /** @internal */
  constructor(deferral: Deferral) {
    super(deferral.core, deferral.view)
    this.#deferral = deferral
  }

  /** As DeferredWriteBucket.sync; of all that was called before. */
  async sync(): Promise<number> {
    await this.settled()
    const mine = this.#last.then(() => this.#sync())
    this.#last = mine.catch(() => {})
    return await mine
  }

  async #sync(): Promise<number> {
    const { core, all, pushed } = this.#deferral
    if (all.length === 0) return 0
    core.checkWritable('sync')
    const count = await core.attemptAsync('sync', 0, () => core.async(sync(core.store, all, pushed)))
    this.#deferral.end(all)
    core.tidy()
    return count
  }

  /** As DeferredWriteBucket.push. */
  override async push(value: V, options: QueueOptions & SetOptions = {}): Promise<number | string> {
    const key = await super.push(value, options)
    const { path } = this.#deferral.core.store.keys.slot(key)
    this.#deferral.pushed.set(path, { queue: resolveQueue(options, 'back'), terms: resolveItemTerms(options) })
    return key
  }

  /** As DeferredWriteBucket.transact. One at a time; who writes meanwhile what it has written waits for its end. */
  override async transact<T>(body: (bucket: AsyncBucket<K, V>) => Promise<T>): Promise<T> {
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
