// Hits and misses, for all processes together.
//
// Goal: a count that costs look-ups next to nothing.
// Steps: 1 each process counts in memory. 2 Many at a time are added to the log's two numbers, by compare and append.
// Crash: what was not added yet is not counted.

import type { Io } from '../io/requests.ts'
import { statisticsName } from '../log/names.ts'
import { forFolder, type Store } from '../store.ts'
import { change } from './change.ts'
import { find } from './find.ts'
import type { Found } from './live.ts'

export interface Counts {
  readonly hits: number
  readonly misses: number
}

/** Adds what this process has counted. */
export function* writeStatistics(store: Store): Io<void> {
  const { hits, misses } = store.lookups
  if (hits + misses === 0) return
  store.lookups.hits = 0
  store.lookups.misses = 0
  yield* changeCounts(store, now => ({ hits: now.hits + hits, misses: now.misses + misses }))
}

/** The counts, of all processes, that were written; with `reset` they begin anew. */
export function* readStatistics(store: Store, reset: boolean): Io<Counts> {
  if (reset) return yield* changeCounts(store, () => ({ hits: 0, misses: 0 }))
  const found = yield* find(forFolder(store), store.keys.hiddenSlot(statisticsName))
  return countsOf(found)
}

function countsOf(found: Found | undefined): Counts {
  if (found === undefined) return { hits: 0, misses: 0 }
  const { bytes, valueStart, valueEnd } = found.put
  const [hits = 0, misses = 0] = bytes.toString('latin1', valueStart, valueEnd).split(' ').map(Number)
  return Number.isSafeInteger(hits) && Number.isSafeInteger(misses) ? { hits, misses } : { hits: 0, misses: 0 }
}

/** Changes the counts. As they were before. */
function* changeCounts(store: Store, next: (now: Counts) => Counts): Io<Counts> {
  const { result } = yield* change(
    forFolder(store),
    store.keys.hiddenSlot(statisticsName),
    { creates: true },
    found => {
      const now = countsOf(found)
      const { hits, misses } = next(now)
      const value = Buffer.from(`${hits} ${misses}`)
      return { write: { kind: 'put', value, expires: Number.POSITIVE_INFINITY, pinned: true, tags: [] }, result: now }
    },
  )
  return result
}
