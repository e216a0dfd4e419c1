// Going through the order log from front to back, a few entries at a time.
//
// Goal: every entry that stands in the log is met once, in order, while others write and segments are merged.
// Invariant L: positions only grow, and merging keeps them; so what lies behind the last position is what was not met yet.
// Crash: nothing is written.

import type { PlacedEntry, Position } from '../indexes/order.ts'
import { ask, type Io } from '../io/requests.ts'
import { mergedName, segmentName } from '../log/names.ts'
import type { Store } from '../store.ts'
import { listSegments, type OrderRead, readOrder } from './order.ts'

/** As the order log has it. */
export interface Candidate extends PlacedEntry {
  readonly position: Position
  /** When it began, in milliseconds since the epoch. */
  readonly time: number
}

export class OrderCursor {
  readonly #store: Store
  readonly #wanted: (backend: string) => boolean
  #last: Position = { segment: 0, index: 0 }
  #pending: Candidate[] = []
  #taken = 0
  /** The merged file that was read, by its stamp. */
  #merged = ''
  /** How far the segment was read that was read last: mostly it is the one to which all is appended. */
  #read: { readonly segment: number; readonly upTo: OrderRead } | undefined

  constructor(store: Store, wanted: (backend: string) => boolean) {
    this.#store = store
    this.#wanted = wanted
  }

  /** The next ones, at most so many; undefined: that was all, for now. */
  *next(atMost: number): Io<Candidate[] | undefined> {
    if ((yield* this.peek()) === undefined) return undefined
    const page = this.#pending.slice(this.#taken, this.#taken + atMost)
    this.#taken += page.length
    this.#last = page[page.length - 1]!.position
    return page
  }

  /** The next one, left where it is. */
  *peek(): Io<Candidate | undefined> {
    if (this.#taken === this.#pending.length) {
      this.#pending = yield* this.#readOn()
      this.#taken = 0
    }
    return this.#pending[this.#taken]
  }

  /** What stands in the next file of the order log that has anything behind the last position. */
  *#readOn(): Io<Candidate[]> {
    const store = this.#store
    for (;;) {
      // Segments may be merged meanwhile; their positions are in the merged file then. Listed before that is looked at: who is
      // not in the listing any more is in the merged file already.
      const segments = yield* listSegments(store)
      const stamp = yield* ask<'stat'>({ op: 'stat', path: `${store.folder}/${mergedName}` })
      const merged = stamp === undefined ? '' : `${stamp.ino} ${stamp.size} ${stamp.mtimeMs}`
      if (merged !== this.#merged) {
        this.#merged = merged
        const candidates = (yield* this.#candidates(mergedName, 0)) ?? []
        if (candidates.length > 0) return candidates
      }
      const candidates = yield* this.#firstOf(segments)
      if (candidates !== undefined) return candidates
    }
  }

  /** What stands in the first of the segments that has anything; undefined: one has gone since they were listed. */
  *#firstOf(segments: readonly number[]): Io<Candidate[] | undefined> {
    for (const segment of segments) {
      if (segment < this.#last.segment) continue
      const candidates = yield* this.#candidates(segmentName(segment), segment)
      if (candidates === undefined || candidates.length > 0) return candidates
    }
    return []
  }

  *#candidates(name: string, segment: number): Io<Candidate[] | undefined> {
    const known = this.#read?.segment === segment ? this.#read.upTo : undefined
    const { records, missing, ...upTo } = yield* readOrder(this.#store, name, known)
    if (missing) return undefined
    // The merged file is replaced as a whole.
    if (segment > 0) this.#read = { segment, upTo }
    const standing = new Map<string, Candidate>()
    for (const { record, index } of records) {
      if (record.kind === 'remove') standing.delete(record.place)
      if (record.kind !== 'add' || !this.#wanted(record.backend)) continue
      const position = record.origin ?? { segment, index }
      if (!isAfter(position, this.#last)) continue
      const { id: place, time, hash, extension, backend } = record
      standing.set(place, { position, place, time, hash, extension, backend })
    }
    return [...standing.values()]
  }
}

function isAfter(a: Position, b: Position): boolean {
  return a.segment === b.segment ? a.index > b.index : a.segment > b.segment
}
