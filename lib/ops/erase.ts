// Erasing: many entries are removed at once, file by file, through the folders rather than the order log, so that entries
// whose place was lost go too.
//
// Goal: clear, prune: what matches is gone when the call returns, files and all; what is not ours stays.
// Steps, for each file: 1 read it; is it an entry of this backend, and meant? 2 Seal it, unlink it: at that moment the entry
//   ends. 3 The places are noted, some at a time (`ends.ts`).
// Crash: entries gone whose places are not yet noted: iteration passes them over, the count is too high until `check`.

import { StorageIOError } from '../errors.ts'
import { ask, type File, type Io } from '../io/requests.ts'
import { entryExtension, entryFolders } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { change } from './change.ts'
import { Ends } from './ends.ts'
import { countedEnd, stateOffset } from './fields.ts'
import { readCurrent } from './find.ts'
import { underLock } from './lock.ts'
import { readOpen } from './raw.ts'
import { Patience, passSeal, replaceLog } from './seal.ts'
import { type Removal, tellRemoval } from './tell.ts'

/** How much was removed: entries, and bytes of their files. */
export interface Removed {
  readonly count: number
  readonly size: number
}

/** The number of steps in which everything is erased: see `eraseFolder`. */
export const eraseSteps = entryFolders.length

/** Erases what is `meant` in one of the folders of entries. */
export function* eraseFolder(
  store: Store,
  step: number,
  meant: (log: LogState) => boolean,
  removal?: Removal,
): Io<Removed> {
  return yield* underLock(store, locked => eraseHere(locked, step, meant, removal))
}

function* eraseHere(store: Store, step: number, meant: (log: LogState) => boolean, removal: Removal): Io<Removed> {
  const folder = `${store.folder}/${entryFolders[step]!}`
  const { fileExtension, name: backend } = store.backend
  const names = (yield* ask<'list'>({ op: 'list', path: folder })) ?? []
  const ends = new Ends(store)
  let count = 0
  let size = 0
  for (const name of new Set([...names, ...pendingNames(store, folder)])) {
    if (entryExtension(name) !== fileExtension) continue
    const path = `${folder}/${name}`
    const erased = yield* erase(store, path, meant, { removal, ends })
    if (erased === undefined) continue
    const { place, bytes } = erased
    if (place !== undefined) {
      count++
      size += bytes
      yield* ends.add(place, bytes, backend)
    }
    store.garbage.delete(path)
  }
  yield* ends.finish()
  if (names.length > 0 && store.transaction === undefined)
    yield* ask<'removeFolder'>({ op: 'removeFolder', path: folder })
  return { count, size }
}

/** Logs in a folder that a transaction has written and that, in a deferred bucket, are no files yet. */
function pendingNames({ transaction }: Store, folder: string): string[] {
  const slots = transaction?.deferred ? [...transaction.taken.values()].map(({ slot }) => slot) : []
  return slots
    .filter(({ hidden, path }) => !hidden && path.startsWith(`${folder}/`))
    .map(({ path }) => path.slice(folder.length + 1))
}

export interface Erased {
  /** undefined: nothing was stored, only the file of a deleted entry stood there. */
  readonly place: string | undefined
  readonly bytes: number
}

interface How {
  readonly removal: Removal
  /** Waits for whoever holds it; else it is left alone then. */
  readonly patient?: boolean
  /** What was erased before, and is to be noted before this one waits. */
  readonly ends?: Ends
}

/** Erases the entry at `path` if it is `meant`; in a transaction, as far as that is concerned. */
export function erase(store: Store, path: string, meant: (log: LogState) => boolean, how: How): Io<Erased | undefined> {
  return store.transaction === undefined
    ? eraseFile(store, path, meant, how)
    : eraseInside(store, path, meant, how.removal)
}

function* eraseFile(
  store: Store,
  path: string,
  meant: (log: LogState) => boolean,
  { removal, patient = true, ends }: How,
): Io<Erased | undefined> {
  const patience = new Patience()
  for (;;) {
    if (patience.isDue) {
      if (ends !== undefined) yield* ends.note()
      yield* patience.rest(store, path)
    }
    const file = yield* openOurs(path)
    if (file === undefined) return undefined
    try {
      const { log, size } = yield* readOpen(store, file, path)
      if (log.last?.kind === 'seal') {
        if (!patient) return undefined
        yield* passSeal(store, path, file, size, log.last, patience)
        continue
      }
      if (!isOurs(store, path, log) || !meant(log)) return undefined
      const place = log.value?.place
      const key = log.value?.key ?? ''
      const bytes = countedEnd(log)
      if (yield* replaceLog(store, path, file, size, stateOffset(log.state), { by: 'nothing' })) {
        if (place !== undefined) tellRemoval(store, key, removal, bytes)
        return { place, bytes }
      }
      // Somebody has written it meanwhile: look again.
      patience.lose()
    } finally {
      yield* ask<'close'>({ op: 'close', file })
    }
  }
}

/** A log, open; undefined: there is none, or what stands there is no file. */
function* openOurs(path: string): Io<File | undefined> {
  try {
    return yield* ask<'open'>({ op: 'open', path, create: false })
  } catch (error) {
    if (error instanceof StorageIOError && (error.errno === 'ELOOP' || error.errno === 'EISDIR')) return undefined
    throw error
  }
}

/** In a transaction the file stays until the commit: the entry gets a tombstone like any other. */
function* eraseInside(
  store: Store,
  path: string,
  meant: (log: LogState) => boolean,
  removal: Removal,
): Io<Erased | undefined> {
  const log = yield* readCurrent(store, path)
  if (log?.value === undefined || !isOurs(store, path, log) || !meant(log)) return undefined
  const { place, length: bytes } = log.value
  const { result } = yield* change(store, store.keys.slotOf(log.value), { creates: false }, (_, now) =>
    now.value?.place === place && meant(now)
      ? { write: { kind: 'tombstone', as: removal }, result: true }
      : { write: undefined, result: false },
  )
  return result ? { place, bytes } : undefined
}

/** Erases what is `meant` of what a transaction has taken: no sidecar knows of that before its end. How many. */
export function* eraseTaken(store: Store, meant: (log: LogState) => boolean, removal: Removal): Io<number> {
  let count = 0
  for (const { slot } of store.transaction?.taken.values() ?? [])
    if (!slot.hidden && (yield* erase(store, slot.path, meant, { removal })) !== undefined) count++
  return count
}

/** Backends may share an extension, but not a hash: the file's name tells whose it is. A log without a value tells nothing,
 *  and loses nothing. */
export function isOurs(store: Store, path: string, { value, last }: LogState): boolean {
  return value === undefined ? last !== undefined : store.keys.slotOf(value).path === path
}
