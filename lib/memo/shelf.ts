// Where a memoized function's results are kept: what memoizing asks of a bucket.

import type { Core } from '../core.ts'
import type { Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Store } from '../store.ts'
import { Flights } from './flights.ts'

export interface Shelf {
  readonly core: Core
  readonly flights: Flights
  /** Runs an operation that writes the key, now. */
  write<T>(operation: string, degraded: T, slot: Slot, io: (store: Store) => Io<T>): T
  /** By and by. */
  writeLater<T>(operation: string, degraded: T, slot: Slot, io: (store: Store) => Io<T>): Promise<T>
}

/** The buckets of this thread share them, for keys are told apart by the paths of their logs. */
const sharedFlights = new Flights()

export function shelfOf(core: Core): Shelf {
  return {
    core,
    // What a deferred bucket runs is stored in its memory only, so nobody else can count on it.
    flights: core.standing === core.store ? sharedFlights : new Flights(),
    write(operation, degraded, slot, io) {
      core.checkWritable(operation)
      core.forget(slot)
      const result = core.attempt(operation, degraded, () => core.sync(io(core.active)))
      core.tidy()
      return result
    },
    async writeLater(operation, degraded, slot, io) {
      core.checkWritable(operation)
      const result = await core.attemptAsync(operation, degraded, () => {
        core.forget(slot)
        return core.async(io(core.standing)).finally(() => core.forget(slot))
      })
      core.tidy()
      return result
    },
  }
}
