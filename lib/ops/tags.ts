// Tags: the entries that carry a label, found through an index where there is one.
//
// Goal: evicting a tag costs what the tag holds; with and without the index the answer is the same.
// Steps of evict: 1 take the tag's hints, or without an index look at every entry. 2 Each entry that is live and carries the
//   tag is erased. 3 Hints of writers who may still be on the way are given back.
// Crash: some entries evicted, the hints of the rest in a file of `tmp/`, which the next who looks takes up.

import { topics } from '../channels.ts'
import type { OrderRecord } from '../indexes/order.ts'
import { ask, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Hint } from '../log/hint.ts'
import { entryName, tagFolder, tagName } from '../log/names.ts'
import type { Tag } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { erase, eraseInside } from './erase.ts'
import { endHints, giveHints, isYoung, takeHints } from './hints.ts'
import { liveEntry } from './live.ts'
import { appendOrder } from './order.ts'

/** Whether the folder has an index of tags: the folder `tags` is it, so that every process knows at once. */
export function* hasTagIndex(store: Store): Io<boolean> {
  return (yield* ask<'stat'>({ op: 'stat', path: `${store.folder}/${tagFolder}` })) !== undefined
}

/** Tells the index of the tags that an entry is about to get, and does not have yet. */
export function* noteTags(store: Store, slot: Slot, tags: readonly Tag[], before: readonly Tag[]): Io<void> {
  const added = tags.filter(tag => !before.includes(tag))
  if (added.length === 0 || !(yield* hasTagIndex(store))) return
  const hint = hintFor(store, slot)
  for (const tag of added) yield* giveHints(store, tagName(store.backend.name, tag), [hint])
}

export function hintFor(store: Store, slot: Slot): Hint {
  const { name: backend, fileExtension: extension } = store.backend
  return { time: store.environment.now(), hash: slot.hash, extension, backend }
}

/** A log's entry is live and carries the tag. */
export function carries(store: Store, log: LogState, tag: Tag): boolean {
  return liveEntry(store, log)?.put.tags.includes(tag) === true
}

/** Evicts what the index knows of. How many entries. */
export function* evictByIndex(store: Store, tag: Tag): Io<number> {
  const name = tagName(store.backend.name, tag)
  const taken = yield* takeHints(store, name)
  if (taken === undefined) return 0
  const back: Hint[] = []
  const removes: OrderRecord[] = []
  const meant = (log: LogState): boolean => carries(store, log, tag)
  let count = 0
  for (const hint of taken.hints) {
    const path = `${store.folder}/${entryName(hint.hash, hint.extension)}`
    const erased =
      store.transaction === undefined ? yield* erase(store, path, meant) : yield* eraseInside(store, path, meant)
    if (erased !== undefined) {
      count++
      const { place, bytes } = erased
      if (topics.evict.active)
        topics.evict.publish({ folder: store.folder, key: erased.key, reason: 'tag', size: bytes })
      if (store.transaction === undefined && place !== undefined) {
        removes.push({ kind: 'remove', id: store.environment.newId(), bytes, place, backend: hint.backend })
      }
    }
    // In a transaction the entry stands until the commit, and for good if there is none.
    if (store.transaction !== undefined || (erased === undefined && isYoung(store, hint))) back.push(hint)
  }
  if (removes.length > 0) yield* appendOrder(store, removes)
  yield* endHints(store, name, taken, back)
  return count
}
