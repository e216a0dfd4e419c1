// What stands in the order log, for those who must see all of it at once: `check`.
//
// Goal: the places that entries have, by the log; kept up with what others write meanwhile, without reading all again.
// Crash: nothing is written.

import type { Io } from '../io/requests.ts'
import { mergedName, segmentName } from '../log/names.ts'
import type { Store } from '../store.ts'
import { type Add, listSegments, readOrder } from './order.ts'

export class Standing {
  readonly #store: Store
  readonly #places = new Map<string, Add>()
  readonly #gone = new Set<string>()
  /** The last segment that was read: there may be more in it by now. 0: none yet. */
  #last = 0

  constructor(store: Store) {
    this.#store = store
  }

  /** The places that stand, with what was noted of their entries. */
  get places(): ReadonlyMap<string, Add> {
    return this.#places
  }

  /** Whether the end of the place was ever noted. */
  isGone(place: string): boolean {
    return this.#gone.has(place)
  }

  /** Reads what was noted since, at first all there is. */
  *refresh(): Io<void> {
    // A segment that was listed has gone: merged, with others perhaps that were read before. Again, from the start.
    while (!(yield* this.#read())) this.#last = 0
  }

  *#read(): Io<boolean> {
    const store = this.#store
    const segments = yield* listSegments(store)
    // Merged meanwhile: what was read is in another file now, and so may be what was not.
    const isWhole = this.#last === 0 || !segments.includes(this.#last)
    if (isWhole) {
      this.#places.clear()
      this.#gone.clear()
    }
    const names = segments.filter(segment => isWhole || segment >= this.#last).map(segmentName)
    for (const name of isWhole ? [mergedName, ...names] : names) {
      const { records, missing } = yield* readOrder(store, name)
      if (missing && name !== mergedName) return false
      for (const { record } of records) {
        // In the order of the log: a place may have been given back.
        if (record.kind === 'remove') {
          this.#places.delete(record.place)
          this.#gone.add(record.place)
        } else if (record.kind === 'add') this.#places.set(record.id, record)
      }
    }
    this.#last = segments.at(-1) ?? 0
    return true
  }
}
