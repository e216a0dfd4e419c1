// From bytes to meaning: which record of a log is its last valid one, and what the key means by it. Total: no bytes whatever
// make it throw, and none that were not written as a valid record count.
//
// A record is valid if it is whole (its checksum says so) and stands where it says (`at` is its offset). A record that
// lost the race of compare and append stands elsewhere; a crash leaves a torn tail; both are passed over by every
// reader alike, so the order of the valid records is the order of the operations.

import type { Window } from '../io/requests.ts'
import { type Framing, type LogRecord, noRef } from './record.ts'

/** What a log says. */
export interface LogState {
  /** The last valid record; undefined: there is none, the key is not stored. */
  readonly last: LogRecord | undefined
  /** The put, touch or tombstone that counts: `last`, or the one that a seal, unseal or claim points at. */
  readonly state: LogRecord | undefined
  /** The put that holds the value: `state`, or the one that a touch points at; undefined: the key is not stored. */
  readonly value: LogRecord | undefined
  /** Bytes were passed over that are no record: a crash, or damage. */
  readonly damaged: boolean
}

/** More of the file is needed: from this offset on. */
export interface NeedsMore {
  readonly from: number
}

const empty: LogState = { last: undefined, state: undefined, value: undefined, damaged: false }

/** What the log says whose end is `window`, or from where on more of it must be read to tell. */
export function readState(framing: Framing, window: Window): LogState | NeedsMore {
  const { bytes, start: base } = window
  if (bytes.length === 0) return empty
  let damaged = false
  let last: LogRecord | undefined
  for (let end = bytes.length; last === undefined; ) {
    const start = framing.startOfLast(bytes, end)
    if (start !== undefined && start < 0 && base > 0) return { from: Math.max(0, base + start) }
    const record = start === undefined ? undefined : framing.decode(bytes, start)
    // Bytes at the end of a torn record may say anything, also how long an older one would have to be to end here.
    if (record === undefined || start === undefined || start + record.length !== end) {
      if (base > 0) return { from: 0 }
      damaged = true
      last = lastFromTheFront(framing, bytes, end)
      break
    }
    if (record.at === base + start) last = record
    else if (start === 0) {
      // A void record at the very start of a log: only damage, or a file that was moved here, explains it.
      if (base > 0) return { from: 0 }
      return { ...empty, damaged: true }
    } else end = start
  }
  if (last === undefined) return { ...empty, damaged }
  // Nearly always: nothing to follow.
  if (last.kind === 'put') return { last, state: last, value: last, damaged }

  const state = follow(framing, window, last, isState)
  if (state !== undefined && 'from' in state) return state
  if (state === undefined || state.kind === 'tombstone') return { last, state, value: undefined, damaged }
  const value = follow(framing, window, state, record => record.kind === 'put')
  if (value !== undefined && 'from' in value) return value
  return { last, state, value, damaged }
}

export function needsMore(result: LogState | NeedsMore): result is NeedsMore {
  return 'from' in result
}

function isState(record: LogRecord): boolean {
  return record.kind === 'put' || record.kind === 'touch' || record.kind === 'tombstone'
}

/** Goes back along `ref` until `found`. A reference that leads nowhere (damage) means that nothing is stored. */
function follow(
  framing: Framing,
  { bytes, start: base }: Window,
  from: LogRecord,
  found: (record: LogRecord) => boolean,
): LogRecord | NeedsMore | undefined {
  let record: LogRecord | undefined = from
  while (record !== undefined && !found(record)) {
    const ref: number = record.ref
    // References go backwards only, so a damaged or hostile one cannot lead round in a circle.
    if (ref === noRef || ref >= record.at) return undefined
    if (ref < base) return { from: ref }
    const next: LogRecord | undefined = framing.decode(bytes, ref - base)
    record = next?.at === ref ? next : undefined
  }
  return record
}

/** Reads a log from its start, looking for the next record behind each damaged stretch. For logs whose tail is torn. */
function lastFromTheFront(framing: Framing, bytes: Buffer, end: number): LogRecord | undefined {
  let last: LogRecord | undefined
  for (let at = 0; at >= 0 && at < end; ) {
    const record = framing.decode(bytes, at)
    if (record === undefined) at = framing.findStart(bytes, at + 1)
    else {
      if (record.at === at) last = record
      at += record.length
    }
  }
  return last
}
