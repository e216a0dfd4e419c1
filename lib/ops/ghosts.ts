// Ghosts: places in the order log whose entries never came, or have gone unnoticed, since somebody died on the way.
//
// Goal: they do not count for ever, and nobody has to go in their place.
// Steps, for each: 1 it is old enough, and its entry is not there. 2 What its writer would append is made void: invariant G of
//   `check.ts`. 3 Its end is noted.
// Crash: ghosts that are left, for the next who meets them.

import type { OrderRecord } from '../indexes/order.ts'
import type { Io } from '../io/requests.ts'
import { entryName } from '../log/names.ts'
import { type Store, viewOf } from '../store.ts'
import { isYoung } from './hints.ts'
import { forestall } from './mend.ts'
import { type Add, appendOrder, removeOf } from './order.ts'
import { Standing } from './standing.ts'

/** Ends those of the places, which stand in the order log, that are ghosts. Which are too young to tell. */
export function* endGhosts(store: Store, places: Iterable<Add>): Io<string[]> {
  const removes: OrderRecord[] = []
  const young: string[] = []
  for (const add of places) {
    const { id, hash, extension, backend, bytes } = add
    if (isYoung(store, add)) {
      young.push(id)
      continue
    }
    const view = viewOf(store, backend, extension)
    if (yield* forestall(view, `${store.folder}/${entryName(hash, extension)}`, id))
      removes.push(removeOf(view, id, bytes))
  }
  if (removes.length > 0) yield* appendOrder(store, removes)
  return young
}

/** After all entries of this backend were removed: ends the places that stand without one. */
export function* endAllGhosts(store: Store): Io<void> {
  if (store.transaction !== undefined) return
  const standing = new Standing(store)
  yield* standing.refresh()
  yield* endGhosts(
    store,
    [...standing.places.values()].filter(({ backend }) => backend === store.backend.name),
  )
}
