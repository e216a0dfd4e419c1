// What `check` does to a single log.
//
// Goal: its live record stays, and nothing else is lost to those who write it meanwhile: each step is a compare and append, or
//   done under a seal.
// Crash: what `check` would find again.

import { ask, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { compareAndAppend } from './append.ts'
import { compact } from './compact.ts'
import { aloneAs, bareRecord, holdOf, stateOffset } from './fields.ts'
import { underLock } from './lock.ts'
import { type OpenLog, readOpen, withLog } from './raw.ts'
import { reclaim } from './reclaim.ts'
import { Patience, passSeal } from './seal.ts'

const noBytes = new Uint8Array()

/** The log at `path`, with bytes that are good for as long as they are wanted, but for a value that was streamed in. */
export function* readToKeep(store: Store, path: string): Io<LogState | undefined> {
  const file = yield* ask<'open'>({ op: 'open', path, create: false, onlyRead: true })
  if (file === undefined) return undefined
  try {
    return (yield* readOpen(store, file, path)).log
  } finally {
    yield* ask<'close'>({ op: 'close', file })
  }
}

/** Whether a log ends with a seal whose owner is gone. */
export function* isDeadSeal(store: Store, { last }: LogState): Io<boolean> {
  if (last?.kind !== 'seal') return false
  const { owner, time } = last
  if (owner === store.environment.owner) return holdOf(store, last) === undefined
  return !(yield* ask<'alive'>({ op: 'alive', owner, since: time, patienceMs: store.settings.timeoutMs }))
}

/** Lifts a dead seal; the log afterwards. */
export function* lift(store: Store, path: string): Io<LogState | undefined> {
  yield* pass(store, path, new Patience())
  return yield* readToKeep(store, path)
}

/** The log's seal, if there is one, is lifted, or there is a moment to wait. */
function* pass(bucket: Store, path: string, patience: Patience): Io<void> {
  yield* underLock(bucket, store =>
    withLog(store, path, function* ({ file, log: { last }, size }) {
      if (last?.kind === 'seal') yield* passSeal(store, path, file, size, last, patience)
    }),
  )
}

/** Takes the damaged stretches out of a log: only its live record stays, or nothing. Waits for whoever has it sealed, or writes to
 *  it. @throws TimeoutError, DeadlockError as every change. */
export function* clean(store: Store, path: string): Io<void> {
  const patience = new Patience()
  for (;;) {
    if (patience.isDue) yield* patience.rest(store, path)
    const log = yield* readToKeep(store, path)
    // Somebody has replaced it.
    if (log?.damaged !== true) return
    if (log.last?.kind === 'seal') yield* pass(store, path, patience)
    else if (yield* underLock(store, locked => cleanHere(locked, path, log))) return
    else patience.lose()
  }
}

function* cleanHere(store: Store, path: string, { last }: LogState): Io<boolean> {
  // Claims are not carried over. Taking one back does no harm: a value may be computed twice.
  if (last?.kind === 'claim') yield* overwrite(store, path, current => current.last?.kind === 'claim')
  return (yield* compact(store, path)) || (yield* reclaim(store, path, false))
}

/**
 * Makes void what a writer on its way would append to the log at `path`, so that the entry of `place` will never come.
 * False: it has come after all, or somebody who holds the log is about to bring it.
 */
export function* forestall(store: Store, path: string, place: string): Io<boolean> {
  for (;;) {
    const log = yield* readToKeep(store, path)
    // Nobody can be writing to a file that is not there: it is opened before its place is noted.
    if (log === undefined) return true
    if (log.value?.place === place) return false
    if (log.last?.kind === 'seal') {
      if (!(yield* isDeadSeal(store, log))) return false
      yield* lift(store, path)
      continue
    }
    if (yield* underLock(store, locked => overwrite(locked, path, ({ last }) => last?.id === log.last?.id))) {
      if (log.value === undefined) yield* reclaim(store, path, false)
      return true
    }
  }
}

/** Appends a record that says nothing, if the log is still `expected`. */
function* overwrite(store: Store, path: string, expected: (log: LogState) => boolean): Io<boolean> {
  const done = yield* withLog(store, path, function* ({ file, log, size }) {
    if (!expected(log)) return false
    const fields = bareRecord(store, { kind: 'unseal', ref: stateOffset(log.state) })
    return yield* compareAndAppend(store, file, store.framing.encode(fields, noBytes, size), size)
  })
  return done === true
}

/** Gives the entry that has `place` another one, and that back; undefined: it is another entry by now. Waits, and throws, as
 *  `clean`. */
export function* giveNewPlace(store: Store, slot: Slot, place: string): Io<string | undefined> {
  const patience = new Patience()
  for (;;) {
    if (patience.isDue) yield* patience.rest(store, slot.path)
    const given = yield* underLock(store, locked =>
      withLog(locked, slot.path, opened => giveNewPlaceTo(locked, slot.path, opened, place, patience)),
    )
    if (given !== 'again') return given
  }
}

function* giveNewPlaceTo(
  store: Store,
  path: string,
  { file, log, size }: OpenLog,
  place: string,
  patience: Patience,
): Io<string | 'again' | undefined> {
  const { last, state, value: put } = log
  if (last?.kind === 'seal') {
    yield* passSeal(store, path, file, size, last, patience)
    return 'again'
  }
  if (state === undefined || put?.place !== place) return undefined
  const fields = { ...aloneAs(state, put), place: store.environment.newId() }
  const value = put.bytes.subarray(put.valueStart, put.valueEnd)
  if (yield* compareAndAppend(store, file, store.framing.encode(fields, value, size), size)) return fields.place
  patience.lose()
  return 'again'
}
