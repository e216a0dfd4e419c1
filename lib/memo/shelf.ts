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

/** All buckets of this thread share them: keys are told apart by the paths of their logs. */
const flights = new Flights()

export function shelfOf(core: Core): Shelf {
  return {
    core,
    flights,
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
        return core.async(io(core.store)).finally(() => core.forget(slot))
      })
      core.tidy()
      return result
    },
  }
}
