// Iteration: the order log from front to back, and at each place a look at the entry itself.
//
// Goal: entries in insertion order, in bounded memory, while others write.
// Steps of a page: 1 the next adds of the segment at hand. 2 Their entries are read, side by side; one counts if it is live
//   and names the add as its place.
// Invariant L: positions only grow, and merging segments keeps them, so no entry that stays is shown twice or passed over.
// Crash: nothing is written.

import type { Position } from '../indexes/order.ts'
import { all, ask, type Io } from '../io/requests.ts'
import { entryName, mergedName, segmentName } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { readCurrent } from './find.ts'
import { type Details, detailsOf } from './get.ts'
import { type Decoded, decodeValue, liveEntry } from './live.ts'
import { listSegments, readOrder } from './order.ts'

/** An entry as iteration finds it. */
export interface Listed extends Details {
  readonly keyText: string
  /** With `values` only. */
  readonly decoded: Decoded | undefined
}

interface Candidate {
  readonly position: Position
  readonly place: string
  readonly path: string
}

/** So many entries are looked at in one step. */
const pageLength = 64

export interface ListOptions {
  readonly values: boolean
  /** Show those that have expired, too. */
  readonly expired?: boolean
}

/** Where an iteration stands. Call `next` until it gives undefined. */
export class Listing {
  readonly #store: Store
  readonly #options: ListOptions
  #last: Position = { segment: 0, index: 0 }
  #pending: Candidate[] = []
  /** The merged file that was read, by its stamp. */
  #merged = ''
  #begunShown = false

  constructor(store: Store, options: ListOptions) {
    this.#store = store
    this.#options = options
  }

  /** The next entries, perhaps none of those looked at; undefined: that was all. */
  *next(): Io<Listed[] | undefined> {
    if (this.#pending.length === 0) this.#pending = yield* this.#read()
    if (this.#pending.length === 0) return this.#begun()
    const page = this.#pending.splice(0, pageLength)
    this.#last = page[page.length - 1]!.position
    const store = this.#store
    const options = this.#options
    const entries = yield* all(page.map(candidate => look(store, candidate, options)))
    return entries.filter(entry => entry !== undefined)
  }

  /** At the end, once: entries that begin in the transaction, and have no place in the order log yet. */
  #begun(): Listed[] | undefined {
    const taken = this.#store.transaction?.taken
    if (taken === undefined || this.#begunShown) return undefined
    this.#begunShown = true
    const begun: Listed[] = []
    for (const { slot, before, log } of taken.values()) {
      if (slot.hidden || log.value === undefined || log.value.place === before.value?.place) continue
      const listed = showLog(this.#store, log, this.#options)
      if (listed !== undefined) begun.push(listed)
    }
    return begun
  }

  /** The standing adds of the next file of the order log that has any behind the last position. */
  *#read(): Io<Candidate[]> {
    const store = this.#store
    // Segments may be merged while the iteration runs; their positions are in the merged file then.
    const stamp = yield* ask<'stat'>({ op: 'stat', path: `${store.folder}/${mergedName}` })
    const merged = stamp === undefined ? '' : `${stamp.ino} ${stamp.size} ${stamp.mtimeMs}`
    if (merged !== this.#merged) {
      this.#merged = merged
      const candidates = yield* this.#candidates(mergedName, 0)
      if (candidates.length > 0) return candidates
    }
    for (const segment of yield* listSegments(store)) {
      if (segment < this.#last.segment) continue
      const candidates = yield* this.#candidates(segmentName(segment), segment)
      if (candidates.length > 0) return candidates
    }
    return []
  }

  *#candidates(name: string, segment: number): Io<Candidate[]> {
    const { folder, backend } = this.#store
    const { records } = yield* readOrder(this.#store, name)
    const candidates = new Map<string, Candidate>()
    for (const { record, index } of records) {
      if (record.kind === 'remove') candidates.delete(record.place)
      if (record.kind !== 'add' || record.backend !== backend.name) continue
      const position = record.origin ?? { segment, index }
      if (!isAfter(position, this.#last)) continue
      const path = `${folder}/${entryName(record.hash, record.extension)}`
      candidates.set(record.id, { position, place: record.id, path })
    }
    return [...candidates.values()]
  }
}

function isAfter(a: Position, b: Position): boolean {
  return a.segment === b.segment ? a.index > b.index : a.segment > b.segment
}

function* look(store: Store, { place, path }: Candidate, options: ListOptions): Io<Listed | undefined> {
  const log = yield* readCurrent(store, path)
  return log?.value?.place === place ? showLog(store, log, options) : undefined
}

function showLog(store: Store, log: LogState, options: ListOptions): Listed | undefined {
  if (log.value === undefined) return undefined
  const live = liveEntry(store, log)
  if (live === undefined && options.expired !== true) return undefined
  const found = live ?? { state: log.state!, put: log.value, expires: log.state!.expires }
  const listed = { keyText: found.put.key, ...detailsOf(found) }
  if (!options.values) return { ...listed, decoded: undefined }
  const decoded = decodeValue(store, found.put)
  return decoded === undefined ? undefined : { ...listed, decoded }
}
