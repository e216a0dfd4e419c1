// Compaction: a log that has grown is replaced by its last record.
//
// Goal: files stay within one read, and a key that is written often takes little room.
// Steps: 1 read the state. 2 Write it to a temporary file, as the one record of a log. 3 Seal the log, rename (`seal.ts`).
// Why seal behind 2: the seal is short, and a full disk shows before anybody waits. A writer that came between 1 and 3 makes
//   the seal void, and compaction simply ends: that writer has the same reason to compact.
// Crash: before the rename the log is as it was, with a dead owner's seal at most, and a temporary file that `check` removes.

import { topics } from '../channels.ts'
import { ask, type Io } from '../io/requests.ts'
import { isEntryLog, temporaryName } from '../log/names.ts'
import type { Store } from '../store.ts'
import { aloneAs, countedEnd, stateOffset } from './fields.ts'
import { type OpenLog, withLog } from './raw.ts'
import { replaceLog } from './seal.ts'

/** A log whose records follow each other so closely, in milliseconds, is hot. */
const hotPauseMs = 10

/** Whether a log of `size` bytes is to be compacted. `pauseMs`: between its last two records. */
export function isOvergrown({ bounds }: Store, size: number, liveLength: number, pauseMs: number): boolean {
  const bound = pauseMs < hotPauseMs ? bounds.hotCompaction : bounds.compaction
  return size > Math.max(bound, 8 * liveLength)
}

/** Replaces the log at `path` by its last record. Whether it did: not if others use it, or if there is nothing to gain. */
export function* compact(store: Store, path: string): Io<boolean> {
  return (yield* withLog(store, path, opened => compactOpen(store, path, opened))) === true
}

function* compactOpen(store: Store, path: string, { file, log, size }: OpenLog): Io<boolean> {
  const { last, state, value: put } = log
  // Claims are not carried over, so a log with one is left for later.
  if (last === undefined || last.kind === 'seal' || last.kind === 'claim') return false
  if (state === undefined || put === undefined || put.length === size) return false
  const value = put.bytes.subarray(put.valueStart, put.valueEnd)
  const record = store.framing.encode(aloneAs(state, put), value, 0)
  const temporary = `${store.folder}/${temporaryName(store.environment.newId())}`
  yield* ask<'write'>({ op: 'write', path: temporary, bytes: record, durable: store.settings.durable })
  let done = false
  try {
    done = yield* replaceLog(store, path, file, size, stateOffset(state), { by: 'file', temporary })
  } finally {
    if (!done) yield* ask<'unlink'>({ op: 'unlink', path: temporary })
  }
  if (done) {
    if (isEntryLog(path.slice(store.folder.length + 1))) store.order.unwritten += record.length - countedEnd(log)
    if (topics.compact.active)
      topics.compact.publish({ folder: store.folder, path, before: size, after: record.length })
  }
  return done
}
