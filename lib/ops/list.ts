// Iteration: the order log from front to back, and at each place a look at the entry itself.
//
// Goal: entries in insertion order, in bounded memory, while others write.
// Steps of a page: 1 the next places (`cursor.ts`). 2 Their entries are read, side by side; one counts if it is live and names
//   the place.
// Crash: nothing is written.

import { all, type Io } from '../io/requests.ts'
import { entryName, mergedName, segmentName } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { OrderCursor } from './cursor.ts'
import { readCurrent } from './find.ts'
import { type Details, detailsOf } from './get.ts'
import { type Decoded, decodeValue, expiryOf, liveEntry } from './live.ts'
import { listSegments, readOrder } from './order.ts'

/** An entry as iteration finds it. */
export interface Listed extends Details {
  /** Of its log. */
  readonly path: string
  readonly place: string
  readonly keyText: string
  /** With `values` only. */
  readonly decoded: Decoded | undefined
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
  readonly #cursor: OrderCursor
  /** Places of entries that begin in the transaction and were shown. */
  readonly #begunShown = new Set<string>()
  /** Places at which an entry was shown; of a deferred bucket only, whose keys others may remove meanwhile. */
  readonly #shown = new Set<string>()

  constructor(store: Store, options: ListOptions) {
    this.#store = store
    this.#options = options
    this.#cursor = new OrderCursor(store, backend => backend === store.backend.name)
  }

  /** The next entries, perhaps none of those looked at; undefined: that was all. */
  *next(): Io<Listed[] | undefined> {
    const store = this.#store
    const options = this.#options
    const page = yield* this.#cursor.next(pageLength)
    if (page === undefined) return this.#begun()
    const looks = page.map(({ hash, extension, place }) =>
      look(store, `${store.folder}/${entryName(hash, extension)}`, place, options),
    )
    const entries = yield* all(looks)
    if (store.transaction?.deferred) {
      for (const [i, { place }] of page.entries()) if (entries[i] !== undefined) this.#shown.add(place)
    }
    // What began in a deferred bucket may have been synced since it was shown.
    return entries.filter(entry => entry !== undefined).filter(({ place }) => !this.#begunShown.has(place))
  }

  /** An entry of a page, looked at again; undefined: it is gone. For one whose turn comes after the bucket was written to, which
   *  is to be seen, as when a Map is changed under its iterator. */
  *again({ path, place }: Listed): Io<Listed | undefined> {
    return yield* look(this.#store, path, place, this.#options)
  }

  /** Whether an entry of a page has expired since it was read. */
  isOver({ expires }: Listed): boolean {
    return expires !== Number.POSITIVE_INFINITY && expires <= this.#store.environment.now() && !this.#options.expired
  }

  /** The last entry that begins in the transaction. */
  lastBegun(): Listed | undefined {
    return this.#begun()?.at(-1)
  }

  /** At the end, until there are no more: entries that begin in the transaction, and have no place in the order log yet; or none
   *  any more. */
  #begun(): Listed[] | undefined {
    const { transaction } = this.#store
    if (transaction === undefined) return undefined
    const begun: Listed[] = []
    for (const { slot, before, log } of transaction.taken.values()) {
      if (slot.hidden || log.value === undefined) continue
      const { place } = log.value
      if (this.#begunShown.has(place)) continue
      if (transaction.deferred ? this.#shown.has(place) : place === before.value?.place) continue
      const listed = showLog(this.#store, slot.path, log, this.#options)
      if (listed === undefined) continue
      this.#begunShown.add(place)
      begun.push(listed)
    }
    return begun.length === 0 ? undefined : begun
  }
}

/** The first or last live entry in insertion order, with its value. */
export function* endmost(store: Store, last: boolean): Io<Listed | undefined> {
  const options = { values: true }
  // What is pending may have lost its place to others: then only going through all of it tells.
  if (!last || store.transaction?.deferred) {
    const listing = new Listing(store, options)
    let found: Listed | undefined
    for (let page = yield* listing.next(); page !== undefined; page = yield* listing.next()) {
      if (!last && page.length > 0) return page[0]
      found = page.at(-1) ?? found
    }
    return found
  }
  const begun = new Listing(store, options).lastBegun()
  if (begun !== undefined) return begun
  const names = (yield* listSegments(store)).map(segmentName)
  for (const name of [mergedName, ...names].reverse()) {
    const gone = new Set<string>()
    for (const { record } of (yield* readOrder(store, name)).records.reverse()) {
      if (record.kind === 'remove') gone.add(record.place)
      if (record.kind !== 'add' || record.backend !== store.backend.name || gone.has(record.id)) continue
      const path = `${store.folder}/${entryName(record.hash, record.extension)}`
      const listed = yield* look(store, path, record.id, options)
      if (listed !== undefined) return listed
    }
  }
  return undefined
}

function* look(store: Store, path: string, place: string, options: ListOptions): Io<Listed | undefined> {
  const log = yield* readCurrent(store, path, undefined, !options.values)
  return log?.value?.place === place ? showLog(store, path, log, options) : undefined
}

function showLog(store: Store, path: string, log: LogState, options: ListOptions): Listed | undefined {
  if (log.value === undefined) return undefined
  const live = liveEntry(store, log)
  if (live === undefined && options.expired !== true) return undefined
  const { lifetimeMs } = store.settings
  const found = live ?? { state: log.state!, put: log.value, expires: expiryOf(log.state!, lifetimeMs) }
  const listed = { path, place: found.put.place, keyText: found.put.key, ...detailsOf(found) }
  if (!options.values) return { ...listed, decoded: undefined }
  const decoded = decodeValue(store, found.put)
  return decoded === undefined ? undefined : { ...listed, decoded }
}
