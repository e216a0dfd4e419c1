// Compare and append: the one way in which a log changes.
//
// Goal: the record counts only if the log is still what its writer saw.
// Steps: 1 append, with the expected offset in the record. 2 Look behind where it should be: if nothing stands there, it
//   landed (a log never shrinks). 3 Else the record that stands at the expected offset is the writer's own, or the writer
//   has lost.
// Crash: after 1, the record counts all the same (nobody was told, so either is right); during 1, a torn tail.

import { ask, type File, type Io } from '../io/requests.ts'
import type { Store } from '../store.ts'
import { readOpen } from './raw.ts'

/** Appends a record that was made for the offset `at`. Whether it landed there, and so counts. */
export function* compareAndAppend(store: Store, file: File, record: Buffer, at: number): Io<boolean> {
  yield* ask<'append'>({ op: 'append', file, bytes: record })
  // A byte, not the size: asking for that costs twice as much.
  const behind = yield* ask<'read'>({ op: 'read', file, position: at + record.length, length: 1 })
  const landed = behind.length === 0 || (yield* standsAt(file, record, at))
  if (landed && store.settings.durable) yield* ask<'sync'>({ op: 'sync', file })
  return landed
}

/** As `compareAndAppend`, to a log that was kept open: it may have been replaced or removed since. */
export function* compareAndAppendHot(store: Store, file: File, record: Buffer, at: number): Io<boolean> {
  yield* ask<'append'>({ op: 'append', file, bytes: record })
  const { size, nlink } = yield* ask<'stampOf'>({ op: 'stampOf', file })
  let landed = nlink > 0 && size === at + record.length
  if (!landed && size > at + record.length) {
    landed = yield* standsAt(file, record, at)
    // Whoever has replaced it since has taken the record along, if it stands before the seal. Without a seal it went unread.
    if (landed && nlink === 0) landed = (yield* readOpen(store, file)).log.last?.kind === 'seal'
  }
  if (landed && store.settings.durable) yield* ask<'sync'>({ op: 'sync', file })
  return landed
}

function* standsAt(file: File, record: Buffer, at: number): Io<boolean> {
  return (yield* ask<'read'>({ op: 'read', file, position: at, length: record.length })).equals(record)
}
