// Which backends have entries in a folder: for who looks into it without having been told.
//
// Goal: names, file extensions and numbers of entries, from the order log. Crash: nothing is written.

import type { Io } from '../io/requests.ts'
import type { Store } from '../store.ts'
import { OrderCursor } from './cursor.ts'
import { catchUp } from './order.ts'

/** A backend that has entries. */
export interface Presence {
  readonly name: string
  readonly fileExtension: string
  /** May count some that have expired. */
  readonly entries: number
}

/** The backends that have entries in the folder, whichever the store's own is; those with the most entries first. */
export function* presentBackends(store: Store): Io<Presence[]> {
  const { counts } = yield* catchUp(store)
  const present: Presence[] = []
  for (const [name, entries] of [...counts]) {
    if (entries === 0) continue
    // Only an entry's own record tells the extension; the first one that stands will do.
    const first = yield* new OrderCursor(store, backend => backend === name).peek()
    if (first !== undefined) present.push({ name, fileExtension: first.extension, entries })
  }
  return present.sort((a, b) => b.entries - a.entries)
}
