// What every operation of one bucket stands on: where its files are, how they are framed, and what this process remembers.
// No I/O here: operations (ops/) ask for it. What is remembered may be lost at any moment without harm.

import type { Backend } from './backends/backend.ts'
import { OrderTail } from './indexes/order-tail.ts'
import type { Owner } from './io/requests.ts'
import type { KeyCodec } from './keys.ts'
import { binaryFraming } from './log/binary.ts'
import type { Framing } from './log/record.ts'
import { textFraming } from './log/text.ts'
import type { Transaction } from './ops/transaction.ts'

/** What differs between two runs of the same algorithm, and is no I/O. */
export interface Environment {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Sixteen hexadecimal digits that nobody else ever gets. */
  readonly newId: () => string
  /** This thread. */
  readonly owner: Owner
  /** The seals that operations of this thread hold, by id: the truth about them, whatever the files say.
   *  held: not acted upon yet, may be taken away. going: the file is being replaced at this moment. */
  readonly holds: Map<string, 'held' | 'going' | 'transaction'>
}

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
  /** Paths of tombstoned logs, oldest first: to be unlinked when there is time. */
  /** The transaction that this view of the store belongs to. */
  readonly transaction: Transaction | undefined
  readonly garbage: Set<string>
  /** Look-ups since they were last written down. */
  readonly lookups: { hits: number; misses: number }
}

/** Lengths, in bytes, at which the operations change what they do. The model checker lowers them. */
export interface Bounds {
  /** Above this, a record replaces its log instead of being appended: a log of ordinary records stays within one read. */
  readonly largeRecord: number
  /** A log beyond this is compacted: dead records may take so much, or as much as eight live ones. */
  readonly compaction: number
  /** A segment of the order log past this ends: reading one whole stays a matter of a fraction of a millisecond. */
  readonly segment: number
}

export const ordinaryBounds: Bounds = { largeRecord: 16 * 1024, compaction: 16 * 1024, segment: 64 * 1024 }

/** What one read of a log brings: ordinary logs whole. */
export const ordinaryReach = 32 * 1024

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
    framing: options.backend.name === 'json' ? textFraming : binaryFraming,
    order: new OrderTail(),
    transaction: undefined,
    garbage: new Set(),
    lookups: { hits: 0, misses: 0 },
  }
}
