// Tags: the entries that carry a label, found through an index where there is one.
//
// Goal: evicting a tag costs what the tag holds; with and without the index the answer is the same.
// Steps of evict: 1 take the tag's hints, or without an index look at every entry. 2 Each entry that is live and carries the
//   tag is erased. 3 Hints of writers who may still be on the way are given back.
// Crash: some entries evicted, the hints of the rest in a file of `tmp/`, which the next who looks takes up.

import { ask, type FileStamp, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Hint } from '../log/hint.ts'
import { entryName, isTagLog, tagFolder, tagIndexName, tagName } from '../log/names.ts'
import type { Tag } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import { sameStamp } from '../memory.ts'
import { type Store, viewOf } from '../store.ts'
import { OrderCursor } from './cursor.ts'
import { Ends } from './ends.ts'
import { erase, eraseTaken } from './erase.ts'
import { readCurrent } from './find.ts'
import { endHints, giveHints, HintBatch, isYoung, takeHints } from './hints.ts'
import { liveEntry } from './live.ts'
import { underLock } from './lock.ts'

/** Whether the folder has an index of tags. A file says so, and not a setting in memory: every process knows at once. */
export function* hasTagIndex(store: Store): Io<boolean> {
  return (yield* findIndex(store)) !== undefined
}

/** undefined: there is none. */
export function* findIndex({ folder }: Store): Io<FileStamp | undefined> {
  return yield* ask<'stat'>({ op: 'stat', path: `${folder}/${tagIndexName}` })
}

/** Which index was told. */
export type Told = FileStamp | 'no index' | 'nothing'

/** Tells the index of the tags that an entry is about to get, and does not have yet. */
export function* noteTags(store: Store, slot: Slot, tags: readonly Tag[], before: readonly Tag[]): Io<Told> {
  const added = tags.filter(tag => !before.includes(tag))
  if (added.length === 0) return 'nothing'
  const index = yield* findIndex(store)
  if (index === undefined) return 'no index'
  const hint = hintFor(store, slot)
  for (const tag of added) yield* giveHints(store, tagName(store.backend.name, tag), [hint])
  return index
}

/** Whether the index must be told once more when the put has landed: one that was made in between has been filled without it. */
export function* isNews(store: Store, told: Told): Io<boolean> {
  if (told === 'nothing') return false
  const index = yield* findIndex(store)
  return index !== undefined && (told === 'no index' || !sameStamp(index, told))
}

/** Makes the index of tags, or gives it up. */
export function switchTagIndex(store: Store, on: boolean): Io<void> {
  return on ? createTagIndex(store) : dropTagIndex(store)
}

/** Makes the index of tags: first it is there, then it is filled, so that no entry stored meanwhile is missed. */
export function* createTagIndex(store: Store): Io<void> {
  yield* underLock(store, createHere)
}

function* createHere(store: Store): Io<void> {
  if (yield* hasTagIndex(store)) return
  const path = `${store.folder}/${tagIndexName}`
  const { durable } = store.settings
  yield* ask<'publish'>({ op: 'publish', path, bytes: Buffer.from('tags\n'), durable })
  const cursor = new OrderCursor(store, () => true)
  for (;;) {
    const candidates = yield* cursor.next(256)
    if (candidates === undefined) return
    const hints = new HintBatch()
    for (const { hash, extension, backend, place } of candidates) {
      const view = viewOf(store, backend, extension)
      const log = yield* readCurrent(view, `${store.folder}/${entryName(hash, extension)}`, undefined, true)
      if (log?.value?.place !== place) continue
      const hint: Hint = { time: store.environment.now(), hash, extension, backend }
      for (const tag of log.value.tags) hints.add(tagName(backend, tag), hint)
    }
    yield* hints.give(store)
  }
}

/** Gives the index of tags up: from now on evicting looks at every entry. */
export function* dropTagIndex(store: Store): Io<void> {
  yield* ask<'unlink'>({ op: 'unlink', path: `${store.folder}/${tagIndexName}` })
  const folder = `${store.folder}/${tagFolder}`
  for (const name of (yield* ask<'list'>({ op: 'list', path: folder })) ?? []) {
    if (isTagLog(name)) yield* ask<'unlink'>({ op: 'unlink', path: `${folder}/${name}` })
  }
}

export function hintFor(store: Store, slot: Slot): Hint {
  const { name: backend, fileExtension: extension } = store.backend
  return { time: store.environment.now(), hash: slot.hash, extension, backend }
}

/** A log's entry is live and carries the tag. */
export function carries(store: Store, log: LogState, tag: Tag): boolean {
  return liveEntry(store, log)?.put.tags.includes(tag) === true
}

/** Evicts what the index knows of. How many entries; undefined: there is no index. */
export function* evictIndexed(store: Store, tag: Tag): Io<number | undefined> {
  return yield* underLock(store, locked => evictHere(locked, tag))
}

function* evictHere(store: Store, tag: Tag): Io<number | undefined> {
  if (!(yield* hasTagIndex(store))) return undefined
  const name = tagName(store.backend.name, tag)
  const meant = (log: LogState): boolean => carries(store, log, tag)
  let count = yield* eraseTaken(store, meant, 'tag')
  const taken = yield* takeHints(store, name)
  if (taken === undefined) return count
  const back: Hint[] = []
  const ends = new Ends(store)
  for (const hint of taken.hints) {
    const path = `${store.folder}/${entryName(hint.hash, hint.extension)}`
    const erased = yield* erase(store, path, meant, { removal: 'tag', ends })
    if (erased !== undefined) {
      count++
      const { place, bytes } = erased
      if (place !== undefined) yield* ends.add(place, bytes, hint.backend)
    }
    // In a transaction the entry stands until the commit, and for good if there is none.
    if (store.transaction !== undefined || (erased === undefined && (yield* isOfUse(store, hint, path, tag))))
      back.push(hint)
  }
  yield* ends.finish()
  yield* endHints(store, name, taken, back)
  return count
}

/** Whether a hint may be needed yet: one who stores the key with the tag again while the old value stands, be it expired, gives none. */
function* isOfUse(store: Store, hint: Hint, path: string, tag: Tag): Io<boolean> {
  if (isYoung(store, hint)) return true
  return (yield* readCurrent(store, path, undefined, true))?.value?.tags.includes(tag) === true
}
