// What a bucket and its promise twin share: the store, the two hosts, and what is done beside the operations themselves:
// degrading, turns, upkeep. The classes above it only translate calls into operations.

import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { topics } from './channels.ts'
import { ReadOnlyError, StorageIOError } from './errors.ts'
import { type Permissions, permissions } from './io/disk.ts'
import { Gate } from './io/gate.ts'
import { asyncHost } from './io/host-async.ts'
import { syncHost } from './io/host-sync.ts'
import { thisOwner } from './io/identity.ts'
import { Keeper } from './io/keeper.ts'
import type { AsyncHost, Io, SyncHost } from './io/requests.ts'
import { runAsync, runSync } from './io/run.ts'
import { streamOf, writeFromStream } from './io/streams.ts'
import { keyCodec, type Slot } from './keys.ts'
import { temporaryName } from './log/names.ts'
import { Memory } from './memory.ts'
import type { StreamedValue } from './ops/change.ts'
import { expireOld } from './ops/expiry.ts'
import { isThere, openFolder } from './ops/open.ts'
import { writeVolume } from './ops/order.ts'
import type { Bytes } from './ops/read.ts'
import { reclaimAll } from './ops/reclaim.ts'
import { writeStatistics } from './ops/statistics.ts'
import { switchTagIndex } from './ops/tags.ts'
import { checkFits } from './ops/terms.ts'
import { writeUses } from './ops/usage.ts'
import { type BucketOptions, resolveOptions, type Settings, show } from './options.ts'
import { defaultSettings, type FolderSettings } from './settings.ts'
import { createStore, type Environment, type Store } from './store.ts'
import { WeakValues } from './weak.ts'

/** Deleted files are unlinked so long after the first of them was. */
const reclaimDelayMs = 1000
/** So long may the end of a process take to unlink what is left. */
const reclaimAtEndMs = 200
/** What has expired is looked for so often, if anything is written. */
const expireEveryMs = 60_000
/** So many look-ups are counted in memory before they are written down, */
const lookUpsGathered = 256
/** and so many different entries that were read. */
const usesGathered = 1024

export class Core {
  readonly path: string
  readonly settings: Settings
  readonly store: Store
  readonly memory: Memory | undefined
  readonly #bits: Permissions
  readonly #keeper = new Keeper()
  readonly #sync: SyncHost
  readonly #async: AsyncHost
  /** What is worked on outside of transactions: the store, or a deferred bucket's view of it. */
  standing: Store
  /** What the synchronous interface works on: that, or the view of the transaction that it is in. */
  active: Store
  #timer: NodeJS.Timeout | undefined
  /** When it was last looked for what has expired, in milliseconds since the epoch. */
  #expiredAt = 0

  constructor(path: string | URL, options: BucketOptions) {
    this.path = resolvePath(path)
    const settings = resolveOptions(options)
    const { backend, keyMaker } = settings
    const bits = permissions(settings.mode)
    this.settings = settings
    this.memory = settings.memory === undefined ? undefined : new Memory(settings.memory)
    this.#bits = bits
    this.#sync = syncHost(bits, this.#keeper)
    this.#async = patientHost(asyncHost(bits, this.#keeper, settings.network))
    this.store = createStore({
      folder: this.path,
      backend,
      keys: keyCodec(keyMaker, this.path, backend),
      environment,
      settings,
    })
    const create = !settings.readOnly
    this.standing = this.store
    this.active = this.store
    const limits = this.attempt('open', { ...defaultSettings, ...settings.folder }, () =>
      this.sync(openFolder(this.store, settings.folder, create)),
    )
    this.setLimits(limits)
    const { tagIndex } = settings.folder
    if (create && tagIndex !== undefined)
      this.attempt('open', undefined, () => this.sync(switchTagIndex(this.store, tagIndex)))
    cores.set({}, this)
  }

  /** The folder's settings, as they are known to be. */
  setLimits(limits: FolderSettings): void {
    Object.assign(this.store.limits, limits)
  }

  /** Runs an operation now. */
  sync<T>(io: Io<T>): T {
    return runSync(io, this.#sync)
  }

  /** The bytes of a value as a stream. */
  streamOf(bytes: Bytes): Readable {
    return bytes.in === 'file'
      ? streamOf(bytes.file, bytes.start, bytes.end)
      : Readable.from([bytes.bytes], { objectMode: false })
  }

  /** Writes what a stream brings to a file on its way, behind room for a record's head; but for one that would be refused. */
  async receive(source: Readable, slot: Slot, room: number, signal: AbortSignal | undefined): Promise<StreamedValue> {
    const path = `${this.path}/${temporaryName(environment.newId())}`
    const check = (length: number): void => checkFits(this.store, slot, room + length, 0)
    return { path, room, length: await writeFromStream(path, room, source, this.#bits, signal, check) }
  }

  /** Runs it by and by. */
  async<T>(io: Io<T>): Promise<T> {
    return gate.inside(() => runAsync(io, this.#async))
  }

  /** As `async`, for what removes entries: whoever reads meanwhile may remember what is about to go. */
  asyncRemoving<T>(io: Io<T>): Promise<T> {
    return this.async(io).finally(() => {
      this.changes++
      this.memory?.clear()
    })
  }

  /** `run`, or what a degraded bucket answers when the filesystem refuses. */
  attempt<T>(operation: string, degraded: T, run: () => T): T {
    try {
      return run()
    } catch (error) {
      return this.#degrade(operation, degraded, error)
    }
  }

  async attemptAsync<T>(operation: string, degraded: T, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      return this.#degrade(operation, degraded, error)
    }
  }

  #degrade<T>(operation: string, degraded: T, error: unknown): T {
    // A seal may stand that the disk did not let be lifted, and others wait for this living thread.
    if (error instanceof StorageIOError) this.tidy()
    if (!this.settings.degrade || !(error instanceof StorageIOError)) throw error
    if (topics.error.active) topics.error.publish({ folder: this.path, operation, error })
    return degraded
  }

  /** Is counted up when an operation of this bucket that writes begins, and again when it has ended: what was read
   *  while it was another number may have changed since. */
  changes = 0

  /** To be called by each operation that writes, at its beginning. Throws if nothing may be written. */
  checkWritable(operation: string): void {
    this.changes++
    if (!this.settings.readOnly) return
    throw new ReadOnlyError(`Cannot ${operation}: ${this.path} was opened with readOnly. Open it without, to write.`)
  }

  /** Forgets what memory has of a key that is about to be written. */
  forget(slot: Slot): void {
    this.memory?.forget(slot.name)
  }

  /** To be called after operations that write. */
  tidy(): void {
    this.changes++
    if (this.#timer !== undefined || (this.store.garbage.size === 0 && !this.#expiryIsDue)) return
    this.#timer = setTimeout(() => {
      this.#reclaim()
        .catch(error => topics.error.publish({ folder: this.path, operation: 'reclaim', error }))
        .then(() => this.#expire())
        .catch(error => topics.error.publish({ folder: this.path, operation: 'expire', error }))
        .finally(() => {
          this.#timer = undefined
          this.tidy()
        })
    }, reclaimDelayMs)
    // Files that wait are no reason for a process to stay.
    this.#timer.unref()
  }

  async #reclaim(): Promise<void> {
    if (!this.settings.network) return await this.async(reclaimAll(this.store))
    // At once: while an asynchronous operation has the folder's lock, no synchronous one of this thread can get it.
    this.sync(reclaimAll(this.store, environment.now() + reclaimAtEndMs))
  }

  get #expiryIsDue(): boolean {
    return !this.settings.network && Math.abs(environment.now() - this.#expiredAt) >= expireEveryMs
  }

  /** Nothing on a network: the lock would be held for long. */
  async #expire(): Promise<void> {
    if (!this.#expiryIsDue) return
    this.#expiredAt = environment.now()
    // In between nothing keeps the process. What goes reads as missing already, from memory, too.
    if (await this.async(expireOld(this.store))) this.#expiredAt = 0
  }

  /** What is kept in this process only goes into the folder, and nothing stays open. */
  flush(): void {
    if (this.settings.readOnly) return
    this.attempt('flush', undefined, () => this.sync(writeOut(this.store, environment.now() + reclaimAtEndMs)))
    this.#keeper.letGo()
  }

  /** As `flush`, without blocking; but see `#reclaim`. */
  async flushAsync(): Promise<void> {
    if (this.settings.readOnly || this.settings.network) return this.flush()
    await this.attemptAsync('flush', undefined, () => this.async(writeOut(this.store)))
    this.#keeper.letGo()
    await this.#keeper.closed()
  }

  flushStatistics(): void {
    if (this.settings.readOnly || !this.store.limits.statistics) return
    this.attempt('flush', undefined, () => this.sync(writeStatistics(this.store)))
  }

  /** To be called for every look-up: what was gathered is written out now and then. */
  noteLookUp(): void {
    const { limits, lookups, usage } = this.store
    if (limits.statistics && lookups.hits + lookups.misses >= lookUpsGathered) this.flushStatistics()
    if (usage.freshCount >= usesGathered && this.settings.readOnly) usage.takeFresh()
    else if (usage.freshCount >= usesGathered) {
      this.attempt('flush', undefined, () => this.sync(writeUses(this.store)))
    }
  }
}

/** Of all buckets of this thread. */
const gate = new Gate(16)

/** Does not keep others out while it waits for them. */
function patientHost(host: AsyncHost): AsyncHost {
  return {
    ...host,
    sleep: request => gate.outside(() => host.sleep(request)),
    lock: request => gate.outside(() => host.lock(request)),
  }
}

function* writeOut(store: Store, deadline?: number): Io<void> {
  // A folder that was deleted meanwhile is to stay so.
  if (!(yield* isThere(store))) return
  if (store.limits.statistics) yield* writeStatistics(store)
  if (store.usage.freshCount > 0) yield* writeUses(store)
  if (store.order.unwritten !== 0) yield* writeVolume(store)
  // Nobody else knows which files wait; but a process is to end before long.
  yield* reclaimAll(store, deadline)
}

const environment: Environment = {
  // Asked for each time: clocks are replaced in tests, our users' ones too.
  now: () => Date.now(),
  ticks: () => performance.now(),
  newId: createIds(),
  owner: thisOwner(),
  holds: holdsOfThread(),
}

/** One for all copies of this module that a thread has loaded (two versions of the package, a test runner that loads it anew): they
 *  are one owner, so what one of them holds the others must not take for left behind. */
function holdsOfThread(): Environment['holds'] {
  const name = Symbol.for('bucketcache.holds.1')
  const place = globalThis as { [name]?: Environment['holds'] }
  place[name] ??= new Map()
  return place[name]
}

/** Ids: ten digits by chance for this thread, six that count; after the last, other ten. */
function createIds(): () => string {
  let prefix = ''
  let count = 0xffffff
  return () => {
    if (count === 0xffffff) {
      prefix = randomBytes(5).toString('hex')
      count = 0
    }
    count++
    return prefix + (0x1000000 + count).toString(16).slice(1)
  }
}

function resolvePath(path: string | URL): string {
  if (path instanceof URL) return resolve(fileURLToPath(path))
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new TypeError(`Expected the path of a folder, got ${path === '' ? 'an empty string' : show(path)}`)
  }
  return resolve(path)
}

const cores = new WeakValues<object, Core>()
process.on('exit', () => {
  for (const core of cores.values()) {
    try {
      core.flush()
    } catch {
      // The process is going, and it was bookkeeping only: `check` counts anew.
    }
  }
})
