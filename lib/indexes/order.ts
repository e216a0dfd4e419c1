// What the order log means. It is a row of segments; each tells, after a `base` with the totals of all before it, which
// entries were added and removed since. Read from front to back it gives insertion order; its last segment alone gives
// the number of entries and the bytes they take.
// Layout of the bodies: FORMAT.md § Order log.

import { idAt, putId } from '../log/ids.ts'
import { beginFrame, encodeFrame, endFrame, type Frame, frameHeadLength } from '../log/sidecar.ts'

/** On disk. Never renumber or reuse; add at the end. */
const frameKinds = { add: 1, remove: 2, adjust: 3, base: 4, end: 5 } as const

/** Where an entry stands in the order: segment and number of the frame in it, as first written. Merging keeps it. */
export interface Position {
  readonly segment: number
  readonly index: number
}

/** An entry by its place in the order log: it may have ended since, and counts only if its put names `place`. */
export interface PlacedEntry {
  readonly place: string
  readonly hash: string
  readonly extension: string
  readonly backend: string
}

export type OrderRecord =
  /** An entry begins; its put names this record's id as its place. `origin`: where it stood before segments were merged. */
  | {
      kind: 'add'
      id: string
      /** When the entry began, in milliseconds since the epoch. */
      time: number
      bytes: number
      hash: string
      extension: string
      backend: string
      origin?: Position | undefined
    }
  /** The entry of this place has ended. `bytes` is what it took, and is subtracted. */
  | { kind: 'remove'; id: string; bytes: number; place: string; backend: string }
  /** The volume has changed by `bytes`, the records that stand in the log by `records` besides this one, the entries of `backend` by
   *  `count`. */
  | { kind: 'adjust'; id: string; bytes: number; records: number; count: number; backend: string }
  /** First in a segment but the first: the totals of all that came before. */
  | { kind: 'base'; id: string; totals: Totals }
  /** Last in a segment; what stands behind it is void, and belongs into the next. */
  | { kind: 'end'; id: string }

export interface Totals {
  /** Entries by the name of their backend. */
  readonly counts: ReadonlyMap<string, number>
  /** Bytes of the entries' files and of the order log. */
  readonly volume: number
  /** Adds, removes and adjusts that stand in the log. */
  readonly records: number
}

export const noTotals: Totals = { counts: new Map(), volume: 0, records: 0 }

export function encodeOrder(record: OrderRecord): Buffer {
  const kind = frameKinds[record.kind]
  const body = frameHeadLength
  switch (record.kind) {
    case 'add': {
      // Every set of a new key comes by here.
      const names = namesOf(record)
      const bytes = beginFrame(kind, record.id, 60 + names.length)
      bytes.writeDoubleLE(record.bytes, body)
      bytes.write(record.hash, body + 8, 'hex')
      bytes.writeDoubleLE(record.origin?.segment ?? 0, body + 40)
      bytes.writeUInt32LE(record.origin?.index ?? 0, body + 48)
      bytes.writeDoubleLE(record.time, body + 52)
      bytes.set(names, body + 60)
      return endFrame(bytes)
    }
    case 'remove': {
      const backend = Buffer.from(record.backend)
      const bytes = beginFrame(kind, record.id, 16 + backend.length)
      bytes.writeDoubleLE(record.bytes, body)
      putId(bytes, record.place, body + 8)
      bytes.set(backend, body + 16)
      return endFrame(bytes)
    }
    case 'adjust': {
      const backend = Buffer.from(record.backend)
      const bytes = beginFrame(kind, record.id, 24 + backend.length)
      bytes.writeDoubleLE(record.bytes, body)
      bytes.writeDoubleLE(record.records, body + 8)
      bytes.writeDoubleLE(record.count, body + 16)
      bytes.set(backend, body + 24)
      return endFrame(bytes)
    }
    case 'base': {
      const { counts, volume, records } = record.totals
      return encodeFrame(kind, record.id, Buffer.from(JSON.stringify({ counts: [...counts], volume, records })))
    }
    case 'end':
      return encodeFrame(kind, record.id)
  }
}

let lastNames = { extension: '', backend: '', bytes: Buffer.from('\0') }

/** Mostly it is one backend that stores. */
function namesOf({ extension, backend }: { extension: string; backend: string }): Buffer {
  if (lastNames.extension !== extension || lastNames.backend !== backend)
    lastNames = { extension, backend, bytes: Buffer.from(`${extension}\0${backend}`) }
  return lastNames.bytes
}

/** What a frame says; undefined: nothing that this version knows. */
export function decodeOrder({ kind, id, body }: Frame): OrderRecord | undefined {
  if (kind === frameKinds.add && body.length >= 61) {
    const [extension, backend] = body.toString('utf8', 60).split('\0')
    if (extension === undefined || backend === undefined) return undefined
    const segment = body.readDoubleLE(40)
    return {
      kind: 'add',
      id,
      time: body.readDoubleLE(52),
      bytes: body.readDoubleLE(0),
      hash: body.toString('hex', 8, 40),
      extension,
      backend,
      origin: segment === 0 ? undefined : { segment, index: body.readUInt32LE(48) },
    }
  }
  if (kind === frameKinds.remove && body.length >= 16) {
    return {
      kind: 'remove',
      id,
      bytes: body.readDoubleLE(0),
      place: idAt(body, 8),
      backend: body.toString('utf8', 16),
    }
  }
  if (kind === frameKinds.adjust && body.length >= 24) {
    const [bytes, records, count] = [0, 8, 16].map(at => body.readDoubleLE(at)) as [number, number, number]
    return { kind: 'adjust', id, bytes, records, count, backend: body.toString('utf8', 24) }
  }
  if (kind === frameKinds.base) {
    const totals = parseTotals(body)
    return totals === undefined ? undefined : { kind: 'base', id, totals }
  }
  return kind === frameKinds.end ? { kind: 'end', id } : undefined
}

function parseTotals(body: Buffer): Totals | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString())
  } catch {
    return undefined
  }
  const { counts, volume, records } = (parsed ?? {}) as Record<string, unknown>
  if (!Array.isArray(counts) || typeof volume !== 'number' || typeof records !== 'number') return undefined
  const pairs = counts.filter(
    (pair): pair is [string, number] =>
      Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'number',
  )
  return { counts: new Map(pairs), volume, records }
}

/** Totals being kept: each record that is folded in changes them. */
export class RunningTotals implements Totals {
  counts: Map<string, number>
  volume: number
  records: number

  constructor(totals: Totals = noTotals) {
    this.counts = new Map(totals.counts)
    this.volume = totals.volume
    this.records = totals.records
  }

  /** `length` is the record's own, which takes room too. */
  fold(record: OrderRecord, length: number): void {
    this.volume += length
    if (record.kind === 'add') {
      this.volume += record.bytes
      this.records += 1
      this.#count(record.backend, 1)
    } else if (record.kind === 'remove') {
      this.volume -= record.bytes
      this.records += 1
      this.#count(record.backend, -1)
    } else if (record.kind === 'adjust') {
      this.volume += record.bytes
      this.records += 1 + record.records
      if (record.count !== 0) this.#count(record.backend, record.count)
    } else if (record.kind === 'base') {
      this.counts = new Map(record.totals.counts)
      this.volume = record.totals.volume + length
      this.records = record.totals.records
    }
  }

  #count(backend: string, by: number): void {
    this.counts.set(backend, Math.max(0, (this.counts.get(backend) ?? 0) + by))
  }
}
