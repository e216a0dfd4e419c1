// Deques and indexes of a bucket: each has a bucket of its own, in a folder below.

import type { Bucket } from '../bucket.ts'
import type { Core } from '../core.ts'
import { collectionName } from '../log/names.ts'
import { type BucketOptions, checkNames } from '../options.ts'
import { WeakValues } from '../weak.ts'
import { Deque, type DequeOptions, resolveMaxLength } from './deque.ts'
import { checkName } from './gate.ts'
import { Index } from './ordered-index.ts'

/** How a bucket is opened, and its core had; parameters, for the module of the class needs this one. */
type Open = (path: string, options: BucketOptions) => Bucket<any, any>
type CoreOf = (bucket: Bucket<any, any>) => Core

/** The deques and indexes that were opened through one bucket, and are in use: names may be many. */
export class Collections {
  readonly #core: Core
  readonly #open: Open
  readonly #coreOf: CoreOf
  readonly #opened = new WeakValues<string, Bucket<any, any>>()

  constructor(core: Core, open: Open, coreOf: CoreOf) {
    this.#core = core
    this.#open = open
    this.#coreOf = coreOf
  }

  deque<V>(name: string, options: DequeOptions): Deque<V> {
    checkName(name, 'deque')
    checkNames(options, ['maxLength'], 'a deque')
    const maxLength = resolveMaxLength(options)
    const bucket = this.#bucketFor(collectionName('deques', name))
    return new Deque<V>(bucket, this.#coreOf(bucket), maxLength)
  }

  index<K, V>(name: string): Index<K, V> {
    checkName(name, 'index')
    return new Index<K, V>(this.#bucketFor(collectionName('indexes', name)))
  }

  #bucketFor(folder: string): Bucket<any, any> {
    const before = this.#opened.get(folder)
    if (before !== undefined) return before
    const { path, settings } = this.#core
    const { backend, keyMaker, durable, timeoutMs, mode, readOnly, degrade, network } = settings
    const opened = this.#open(`${path}/${folder}`, {
      backend,
      keyMaker,
      mode,
      readOnly,
      timeout: timeoutMs,
      durability: durable ? 'power' : 'process',
      onError: degrade ? 'degrade' : 'throw',
      filesystem: network ? 'network' : 'local',
      // What is in a collection stays until it is taken out.
      ...(readOnly ? {} : { sizeLimit: Number.POSITIVE_INFINITY, evictionPolicy: 'none' }),
    })
    this.#opened.set(folder, opened)
    return opened
  }
}
