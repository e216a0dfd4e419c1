// What every operation of one bucket stands on: where its files are, how they are framed, and what this process remembers.
// No I/O here: operations (ops/) ask for it. What is remembered may be lost at any moment
// without harm, but for what operations that are running hold, and what a transaction has.

import type { Backend } from './backends/backend.ts'
import { BackendLoadError } from './errors.ts'
import { OrderTail } from './indexes/order-tail.ts'
import type { Owner } from './io/requests.ts'
import { DefaultKeyMaker } from './keymakers/default.ts'
import { type KeyCodec, keyCodec } from './keys.ts'
import { binaryFraming } from './log/binary.ts'
import { HotLogs } from './log/hot.ts'
import type { Framing } from './log/record.ts'
import { textFraming } from './log/text.ts'
import type { Hunt } from './ops/hunt.ts'
import type { Pending } from './ops/pending.ts'
import type { Passed } from './ops/queue.ts'
import type { Transaction } from './ops/transaction.ts'
import { Usage } from './policies/usage.ts'
import { defaultSettings, type FolderSettings } from './settings.ts'

/** What differs between two runs of the same algorithm, and is no I/O. */
export interface Environment {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds that nobody sets back or forward, to measure how long something lasts. */
  readonly ticks: () => number
  /** Sixteen hexadecimal digits that nobody else ever gets. */
  readonly newId: () => string
  /** This thread. */
  readonly owner: Owner
  /** What operations of this thread hold, the truth about it whatever the files say: seals and claims by their ids, all seals of
   *  a transaction by the transaction's.
   *  held: not acted upon yet, may be taken away. going: the file is being replaced at this moment. given up: a transaction's seal
   *  that the disk refused, and that may stand all the same; to be taken away although the transaction goes on. */
  readonly holds: Map<string, Hold>
}

export type Hold = 'held' | 'going' | 'transaction' | 'given up'

/** Settings that the operations need, resolved. Mutable: `reset` and `lifetime` change them. */
export interface StoreSettings {
  /** Milliseconds; Infinity: entries do not expire. */
  lifetimeMs: number
  timeoutMs: number
  durable: boolean
  network: boolean
}

export interface Store {
  readonly folder: string
  readonly backend: Backend
  readonly framing: Framing
  readonly keys: KeyCodec
  readonly environment: Environment
  readonly settings: StoreSettings
  readonly bounds: Bounds
  readonly order: OrderTail
  /** The folder's settings as they were when last read. */
  readonly limits: FolderSettings
  /** Which entries were read, for the policies that ask. */
  readonly usage: Usage
  /** Frames of the usage log that this process wrote and has not met again. */
  readonly ownUses: Set<string>
  /** How far the usage log was read. */
  readonly usesRead: { ino: number; offset: number }
  /** How far culling has got, how many writes of this moment wait for it, and what it has come upon. */
  readonly hunt: {
    current: Hunt | undefined
    owed: number
    /** Places without an entry: noted as ended by now, or ghosts. */
    readonly empty: Set<string>
    /** When slots of time were last looked through on the back of a write, in milliseconds since the epoch. */
    readonly expiredAt: Map<string, number>
  }
  /** The transaction that this view of the store belongs to, or what is pending in the deferred bucket whose view it is. */
  readonly transaction: Transaction | Pending | undefined
  /** The lock of the folder is held: see `ops/lock.ts`. */
  readonly locked: boolean
  /** Paths of tombstoned logs, oldest first: to be unlinked when there is time. */
  readonly garbage: Set<string>
  /** Which logs are kept open, and what they say. */
  readonly hot: HotLogs
  /** What was passed in queues, by side and path of the bounds. */
  readonly passed: Map<string, Passed>
  /** Look-ups since they were last written down. */
  readonly lookups: { hits: number; misses: number }
}

/** Lengths, in bytes, and numbers at which the operations change what they do. The model checker lowers them. */
export interface Bounds {
  /** A longer value replaces its log instead of being appended: a log of ordinary records stays within one read. */
  readonly largeValue: number
  /** A log beyond this is compacted: dead records may take so much, or as much as eight live ones. */
  readonly compaction: number
  /** The same for a log that is written many times a second: on some filesystems it takes a hundred times what an append
   *  does to replace a file. */
  readonly hotCompaction: number
  /** So many deleted files may wait to be unlinked: of those that are deleted one by one beyond, each goes at once. */
  readonly garbage: number
  /** So long, in milliseconds, does a check give others for what is to follow at once: from erasing entries to noting that they have
   *  ended, from one end of a write to the other. */
  readonly pauseMs: number
  /** A segment of the order log past this ends: reading one whole stays a matter of a fraction of a millisecond. */
  readonly segment: number
  /** So many times in a row nobody else must have written a hot log, and what is known of it is tried without a look. */
  readonly quiet: number
}

export const ordinaryBounds: Bounds = {
  largeValue: 16 * 1024,
  compaction: 16 * 1024,
  hotCompaction: 128 * 1024,
  garbage: 256,
  pauseMs: 200,
  segment: 64 * 1024,
  quiet: 4,
}

/** What one read of a log brings at least: the last record, unless it is a long one. */
export const ordinaryReach = 2 * 1024

export function createStore(options: {
  folder: string
  backend: Backend
  keys: KeyCodec
  environment: Environment
  settings: StoreSettings
  bounds?: Bounds
}): Store {
  return {
    bounds: ordinaryBounds,
    ...options,
    framing: framingOf(options.backend.name),
    order: new OrderTail(options.folder),
    limits: { ...defaultSettings },
    usage: new Usage(),
    ownUses: new Set(),
    usesRead: { ino: 0, offset: 0 },
    hunt: { current: undefined, owed: 0, empty: new Set(), expiredAt: new Map() },
    transaction: undefined,
    locked: false,
    garbage: new Set(),
    hot: new HotLogs(),
    passed: new Map(),
    lookups: { hits: 0, misses: 0 },
  }
}

/** Text for the JSON backend, bytes for all others. */
function framingOf(backend: string): Framing {
  return backend === 'json' ? textFraming : binaryFraming
}

/** The store for logs that are about the folder, and so read and written by the buckets of every backend. */
export function forFolder(store: Store): Store {
  return store.framing === binaryFraming ? store : { ...store, framing: binaryFraming }
}

/** The store as another backend of the folder would have it: for looking at its entries and removing them, not for values. */
export function viewOf(store: Store, backend: string, extension: string): Store {
  if (backend === store.backend.name && extension === store.backend.fileExtension) return store
  const unknown = (): never => {
    throw new BackendLoadError(`Expected entries of the backend ${store.backend.name}, got one of ${backend}`)
  }
  const stranger: Backend = { name: backend, fileExtension: extension, encode: unknown, decode: unknown }
  const keys = keyCodec(new DefaultKeyMaker(), store.folder, stranger)
  return { ...store, backend: stranger, framing: framingOf(backend), keys }
}
