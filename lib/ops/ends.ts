// Ends: that entries which were erased have ended is noted in the order log, for some of them at a time.
//
// Goal: to erase many costs few appends; and while it goes on, others count no more than some that are gone already.
// Crash: some are counted that are gone, and passed over by iteration, until `check`.

import type { OrderRecord } from '../indexes/order.ts'
import type { Io } from '../io/requests.ts'
import type { Store } from '../store.ts'
import { appendOrder, removeOf } from './order.ts'
import { unasked, upkeep, upkeepIsDue } from './upkeep.ts'

/** So many at a time. */
const together = 64

export class Ends {
  readonly #store: Store
  #records: OrderRecord[] = []

  constructor(store: Store) {
    this.#store = store
  }

  /** An entry has been erased. In a transaction the commit sees to it. */
  *add(place: string, bytes: number, backend: string): Io<void> {
    if (this.#store.transaction !== undefined) return
    this.#records.push(removeOf(this.#store, place, bytes, backend))
    if (this.#records.length === together) yield* this.note()
  }

  /** That was all. */
  *finish(): Io<void> {
    yield* this.note()
    const store = this.#store
    if (store.transaction === undefined && upkeepIsDue(store, 0)) yield* unasked(store, upkeep(store, 0))
  }

  /** Before whoever erases waits for others, who may come upon what has ended meanwhile; and if he fails. */
  *note(): Io<void> {
    const records = this.#records
    if (records.length === 0) return
    this.#records = []
    yield* appendOrder(this.#store, records)
  }
}
