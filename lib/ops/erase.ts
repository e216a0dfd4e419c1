// Erasing: many entries are removed at once, file by file, through the folders rather than the order log, so that entries
// whose place was lost go too.
//
// Goal: clear, prune: what matches is gone when the call returns, files and all; what is not ours stays.
// Steps, for each file: 1 read it; is it an entry of this backend, and meant? 2 Seal it, unlink it: at that moment the entry
//   ends. 3 The places of a whole folder of entries are noted in one append.
// Crash: entries gone whose places are not yet noted: iteration passes them over, the count is too high until `check`.

import type { OrderRecord } from '../indexes/order.ts'
import { ask, type File, type Io } from '../io/requests.ts'
import { entryExtension, entryFolders } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { stateOffset } from './fields.ts'
import { appendOrder } from './order.ts'
import { readOpen } from './raw.ts'
import { Patience, passSeal, replaceLog } from './seal.ts'

/** How much was removed: entries, and bytes of their files. */
export interface Removed {
  readonly count: number
  readonly size: number
}

/** The number of steps in which everything is erased: see `eraseFolder`. */
export const eraseSteps = entryFolders.length

/** Erases what is `meant` in one of the folders of entries. */
export function* eraseFolder(store: Store, step: number, meant: (log: LogState) => boolean): Io<Removed> {
  const folder = `${store.folder}/${entryFolders[step]!}`
  const { fileExtension, name: backend } = store.backend
  const names = (yield* ask<'list'>({ op: 'list', path: folder })) ?? []
  const records: OrderRecord[] = []
  let count = 0
  let size = 0
  for (const name of names) {
    if (entryExtension(name) !== fileExtension) continue
    const erased = yield* erase(store, `${folder}/${name}`, meant)
    if (erased === undefined) continue
    if (erased.place !== undefined) {
      count++
      size += erased.bytes
      const { place, bytes } = erased
      records.push({ kind: 'remove', id: store.environment.newId(), bytes, place, backend })
    }
    store.garbage.delete(`${folder}/${name}`)
  }
  if (records.length > 0) yield* appendOrder(store, records)
  if (names.length > 0) yield* ask<'removeFolder'>({ op: 'removeFolder', path: folder })
  return { count, size }
}

interface Erased {
  /** undefined: nothing was stored, only the file of a deleted entry stood there. */
  readonly place: string | undefined
  readonly bytes: number
}

function* erase(store: Store, path: string, meant: (log: LogState) => boolean): Io<Erased | undefined> {
  const patience = new Patience()
  for (;;) {
    const file: File | undefined = yield* ask<'open'>({ op: 'open', path, create: false })
    if (file === undefined) return undefined
    try {
      const { log, size } = yield* readOpen(store, file)
      if (log.last?.kind === 'seal') {
        yield* passSeal(store, path, file, size, log.last, patience)
        continue
      }
      if (!isOurs(store, path, log) || !meant(log)) return undefined
      const place = log.value?.place
      if (yield* replaceLog(store, path, file, size, stateOffset(log.state), { by: 'nothing' }))
        return { place, bytes: size }
      // Somebody has written it meanwhile: look again.
    } finally {
      yield* ask<'close'>({ op: 'close', file })
    }
  }
}

/** Backends may share an extension, but not a hash: the file's name tells whose it is. A log without a value tells nothing,
 *  and loses nothing. */
function isOurs(store: Store, path: string, { value, last }: LogState): boolean {
  return value === undefined ? last !== undefined : store.keys.slotOf(value).path === path
}
