// Hot logs stay open from one change to the next, and what they said is remembered.
//
// Goal: to change a log again takes a look at what is new, an append and a look at where it landed, instead of opening it,
//   reading it and closing it besides. With several processes at one counter, each holds the others up for less. Where nobody else
//   has written for some changes, the first look is left out: should there be something new, the record does not count.
// Invariant K: what is known of a log is what its file says up to an offset, and a file is only appended to. So with what stands
//   behind that offset it is as good as read. Whoever replaces or removes a log seals it first: where no seal is found, and the
//   file still has a name, it is the log. (It has none if the whole folder was removed, which nobody announces.)
// Crash: nothing is left that was not there; the files are closed by the system.

import { ask, type Io, type Kept } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogRead } from '../log/hot.ts'
import { type LogState, needsMore, readState } from '../log/state.ts'
import { ordinaryReach, type Store } from '../store.ts'
import { readOpen } from './raw.ts'

/** To be called once for each change. Whether the slot's log is to stay open for the next. */
export function noteChange({ hot, settings }: Store, slot: Slot): boolean {
  if (settings.network) return false
  return slot.hidden || hot.noteChange(slot.path)
}

/** What is known of a log that was kept open, where it is likely to be all: to be tried without a look. */
export function trusted({ bounds, hot }: Store, kept: Kept): LogRead | undefined {
  const known = hot.quiet(kept) >= bounds.quiet ? hot.known(kept) : undefined
  return known === undefined || isSealed(known) ? undefined : known
}

/** As `readOpen`, of a log that was kept open; undefined: it is sealed, so what has its path now may be another. */
export function* readHot(store: Store, kept: Kept): Io<LogRead | undefined> {
  const known = store.hot.known(kept)
  const read = (known && (yield* readOn(store, kept, known))) ?? (yield* readOpen(store, kept.file))
  if (read === known) store.hot.foundNothing(kept)
  else store.hot.found(kept, read)
  return isSealed(read) ? undefined : read
}

/** What is known, and what stands behind it; undefined: that cannot be told without what stands before. */
function* readOn(store: Store, { file }: Kept, known: LogRead): Io<LogRead | undefined> {
  if (known.size === 0) return undefined
  // With the last byte that is known: if that has gone, somebody has cut the file short.
  const seen = yield* ask<'read'>({ op: 'read', file, position: known.size - 1, length: ordinaryReach })
  if (seen.length === 1) return known
  if (seen.length === 0 || seen.length === ordinaryReach) return undefined
  const bytes = seen.subarray(1)
  const size = known.size + bytes.length
  const log = readState(store.framing, { bytes, start: known.size, size })
  return needsMore(log) ? undefined : { log, size }
}

/** A record that stands alone has landed at the end of a log that was kept open. */
export function knowRecord({ framing, hot }: Store, kept: Kept, record: Buffer, at: number): void {
  const size = at + record.length
  const log = readState(framing, { bytes: record, start: at, size })
  if (!needsMore(log)) hot.wrote(kept, { log, size })
}

/** Whether a log that was kept open has no name any more, or says more than was trusted to be all. */
export function* isStale(kept: Kept | undefined, known: LogRead | undefined): Io<boolean> {
  if (kept === undefined) return false
  const { size, nlink } = yield* ask<'stampOf'>({ op: 'stampOf', file: kept.file })
  return nlink === 0 || (known !== undefined && known.size !== size)
}

/** What the log at `path` says, if it was kept open; undefined: to be read by its path. */
export function* lookHot(store: Store, path: string): Io<LogState | undefined> {
  const kept = yield* ask<'kept'>({ op: 'kept', path })
  if (kept === undefined) return undefined
  const { file } = kept
  let read: LogRead | undefined
  try {
    const { size, nlink } = yield* ask<'stampOf'>({ op: 'stampOf', file })
    const known = store.hot.known(kept)
    if (nlink > 0) read = known?.size === size && !isSealed(known) ? known : yield* readHot(store, kept)
  } finally {
    if (read !== undefined) yield* ask<'keep'>({ op: 'keep', file, path })
    else yield* ask<'close'>({ op: 'close', file })
  }
  return read?.log
}

function isSealed({ log }: LogRead): boolean {
  return log.last?.kind === 'seal'
}
