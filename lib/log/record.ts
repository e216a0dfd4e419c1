// What the records of an entry's log say, whichever framing their bytes have (`binary.ts`, `text.ts`). No I/O here.
// Layout: FORMAT.md § Logs of entries.

/** A label on entries. 1 and '1' are different tags. */
export type Tag = string | number

/** On disk. Never renumber or reuse; add at the end. */
export const kinds = {
  /** A value, with its key, its tags and its expiry. */
  put: 1,
  /** A new expiry for the value of the record at `ref`. */
  touch: 2,
  /** The key is not stored. */
  tombstone: 3,
  /** Only `owner` may go on with this file; the state is that of the record at `ref`. */
  seal: 4,
  /** The seal is void; the state is that of the record at `ref`. */
  unseal: 5,
  /** `owner` is computing a value; the state is that of the record at `ref`. Forbids nothing. */
  claim: 6,
} as const
export type KindName = keyof typeof kinds
export const kindNames = Object.keys(kinds) as KindName[]

/** `ref` of a record before which nothing was stored. */
export const noRef = -1

/** What is written; the framing adds length, checksum and offset. */
export interface RecordFields {
  readonly kind: KindName
  /** Sixteen hexadecimal digits, unlike those of any other record ever: the entry's version. */
  readonly id: string
  /** When it was written, in milliseconds since the epoch; a lifetime counts from here. */
  readonly time: number
  /** When the value was stored; differs from `time` only in a put that compaction made of a touch. */
  readonly storedAt: number
  /** When it expires, in milliseconds since the epoch; Infinity: never. */
  readonly expires: number
  /** The caller gave `expires` himself: the bucket's lifetime has no say. */
  readonly pinned: boolean
  /** Id of the entry's record in the order log: its place in iteration. */
  readonly place: string
  /** Offset of the record that this one points back at, or `noRef`. */
  readonly ref: number
  readonly tags: readonly Tag[]
  /** Who seals or claims, and for what. */
  readonly owner: string
  readonly purpose: string
  /** Key text, readable; '' in all but puts. */
  readonly key: string
  /** What identifies the key, where that is not `key` itself (key makers of one's own). */
  readonly identity: string | undefined
}

/** A record as it was found. Valid only if it also stands where it says: `at` is its offset in the file. */
export interface LogRecord extends RecordFields {
  readonly at: number
  /** Bytes from its first to its last. */
  readonly length: number
  /** Whether this put is of the key with this text or, where it has one, identity, told without decoding more than is needed. */
  isOf(keyText: string, identity: string | undefined): boolean
  /** The encoded value, in `bytes`. */
  readonly bytes: Buffer
  readonly valueStart: number
  readonly valueEnd: number
}

/** How records lie in a file's bytes. All positions are indices into `bytes`. */
export interface Framing {
  /** What stands before and behind a value of so many bytes, in a record at `at`; without its checksum. The head's length does
   *  not depend on the value's. */
  surround(fields: RecordFields, valueLength: number, at: number): { head: Buffer; tail: Buffer }
  /** The checksum covers all from here to the record's end. */
  readonly checksumFrom: number
  /** What a length or an offset can be at most. */
  readonly longest: number
  /** Puts the checksum into a head. */
  putChecksum(head: Buffer, checksum: number): void
  /** The record as the bytes to be appended at `at`. */
  encode(fields: RecordFields, value: Uint8Array, at: number): Buffer
  /** A record once more, as the bytes to be appended at `at`, in a third of the time that it takes to encode one. Without `changes`
   *  it is one that points back at none. */
  again(record: LogRecord, at: number, changes?: Pick<RecordFields, 'id' | 'time' | 'ref'>): Buffer
  /** The whole, undamaged record that starts at `start`, if there is one within the bytes. */
  decode(bytes: Buffer, start: number): LogRecord | undefined
  /** The record that fills a file of `size` bytes, from the file's first bytes: its value need not be among them. Whether it is
   *  undamaged is for the caller to find out: see `checksumIn`. undefined: there is no such record, or not all of its head. */
  decodeHead(head: Buffer, size: number): LogRecord | undefined
  /** The checksum that a head has. */
  checksumIn(head: Buffer): number
  /** Where the record that ends at `end` starts, by its trailer; negative if before the bytes (-Infinity: who knows how far);
   *  undefined: no whole record ends there. A guess until `decode` confirms it. */
  startOfLast(bytes: Buffer, end: number): number | undefined
  /** The next place from `from` on where a record might start, or -1. */
  findStart(bytes: Buffer, from: number): number
}
