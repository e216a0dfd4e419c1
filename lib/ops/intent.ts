// Intents: what a transaction has decided, and how it is carried out, by its owner or by whoever comes after it.
//
// Goal: a decision that is there is carried out exactly once, however many try.
// Steps, for each key: 1 is the transaction's seal still the log's last record? 2 Compare and append the new record over it.
// Crash: anywhere, and the next one goes on: keys whose seal is gone are done.

import { ask, type Io } from '../io/requests.ts'
import { decodeIntent, type Intention } from '../log/intent.ts'
import { intentName } from '../log/names.ts'
import { type LogRecord, noRef } from '../log/record.ts'
import type { Store } from '../store.ts'
import { compareAndAppend } from './append.ts'
import { bareRecord } from './fields.ts'
import { withLog } from './raw.ts'

/** Writes what the intent says over the seal, unless somebody has done it. The end of the log then; undefined: somebody had. */
export function apply(store: Store, path: string, seal: string, record: Buffer | undefined): Io<number | undefined> {
  return writeOver(store, path, seal, at => recordAt(store, record && store.framing.decode(record, 0), at))
}

/** Writes a record over a seal, as long as that is the last of its log. The end of the log then; undefined: it is not, or there is
 *  no such log any more. */
export function* writeOver(
  store: Store,
  path: string,
  seal: string,
  makeRecord: (at: number) => Buffer,
): Io<number | undefined> {
  for (;;) {
    const end = yield* withLog(store, path, function* ({ file, log, size }) {
      if (log.last?.id !== seal) return undefined
      const record = makeRecord(size)
      return (yield* compareAndAppend(store, file, record, size)) ? size + record.length : 'again'
    })
    if (end !== 'again') return end
  }
}

/** What a key becomes, as a record at `at`; undefined: it is removed. */
export function recordAt(store: Store, put: LogRecord | undefined, at: number): Buffer {
  if (put === undefined)
    return store.framing.encode(bareRecord(store, { kind: 'tombstone', ref: noRef }), new Uint8Array(), at)
  const { bytes, length } = put
  return put.at === at && bytes.length === length ? bytes : store.framing.again(put, at)
}

/** Carries out what a dead owner has decided: the whole intent. */
export function* rollForward(store: Store, id: string, intentions: readonly Intention[]): Io<void> {
  for (const { path, seal, record } of intentions) yield* apply(store, `${store.folder}/${path}`, seal, record)
  yield* ask<'unlink'>({ op: 'unlink', path: `${store.folder}/${intentName(id)}` })
}

/** What the transaction with this id has decided; undefined: nothing, or it is over. */
export function* readIntent(store: Store, id: string): Io<Intention[] | undefined> {
  const path = `${store.folder}/${intentName(id)}`
  const window = yield* ask<'load'>({ op: 'load', path, reach: Number.MAX_SAFE_INTEGER })
  return window === undefined ? undefined : decodeIntent(window.bytes)
}
