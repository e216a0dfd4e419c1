// Reclaiming: the files of deleted entries are unlinked, in the background or a few at a time on the back of transactions. (Where
// many wait already, a single deletion seals its own file, and has it unlinked: see `attempt.ts`.)
//
// Goal: no caller waits for an unlink, which on a disk costs a hundred times what the tombstone did.
// Steps: 1 read the log; only one without a live value goes. 2 Seal it, unlink it (`seal.ts`).
// Crash: a sealed, still deleted file, whose seal the next writer of the key lifts.

import type { Io } from '../io/requests.ts'
import { isFolderLog } from '../log/names.ts'
import type { LogRecord } from '../log/record.ts'
import { forFolder, type Store } from '../store.ts'
import { holdOf, stateOffset } from './fields.ts'
import { underLock } from './lock.ts'
import { type OpenLog, withLog } from './raw.ts'
import { Patience, passSeal, replaceLog } from './seal.ts'

/** Unlinks the log at `path` if nothing is stored in it and nobody uses it. `later`: by the system's other threads. */
export function* reclaim(bucket: Store, path: string, later: boolean): Io<boolean> {
  const store = isFolderLog(path.slice(bucket.folder.length + 1)) ? forFolder(bucket) : bucket
  const reclaimed = yield* underLock(store, locked =>
    withLog(locked, path, opened => reclaimOpen(locked, path, opened, later)),
  )
  return reclaimed === true
}

function* reclaimOpen(store: Store, path: string, { file, log, size }: OpenLog, later: boolean): Io<boolean> {
  if (log.last !== undefined && isOrphan(store, log.last)) {
    yield* passSeal(store, path, file, size, log.last, new Patience())
    return false
  }
  if (log.value !== undefined || log.last?.kind === 'seal' || log.last?.kind === 'claim') return false
  const by = later ? 'nothing, later' : 'nothing'
  return yield* replaceLog(store, path, file, size, stateOffset(log.state), { by })
}

/** A seal or claim of this very thread, of an operation that is over: the disk did not let it be lifted. */
function isOrphan(store: Store, last: LogRecord): boolean {
  if (last.kind !== 'seal' && last.kind !== 'claim') return false
  return last.owner === store.environment.owner && holdOf(store, last) === undefined
}

/** What a removal owes to those before it, where it could not see to its own file. */
export function* reclaimOne(store: Store): Io<void> {
  if (store.garbage.size <= store.bounds.garbage) return
  const [path] = store.garbage
  store.garbage.delete(path!)
  yield* reclaim(store, path!, true)
}

/** Reclaims all that wait, or as many as can be done until `deadline`, in milliseconds since the epoch. */
export function* reclaimAll(store: Store, deadline = Number.POSITIVE_INFINITY): Io<void> {
  for (const path of store.garbage) {
    if (store.environment.now() > deadline) return
    store.garbage.delete(path)
    try {
      yield* reclaim(store, path, false)
    } catch (error) {
      // Others may wait for what is left there: again later.
      store.garbage.add(path)
      throw error
    }
  }
}
