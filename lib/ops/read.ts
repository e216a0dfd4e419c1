// Goal: the bytes of a value, in bounded memory where they were stored as bytes. Crash: nothing is written.

import { ask, type File, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Store } from '../store.ts'
import { find } from './find.ts'
import { bytesPurpose, decodeValue, liveEntry } from './live.ts'
import { readOpen } from './raw.ts'
import { skim } from './skim.ts'

export type Bytes =
  /** In an open file, which is the caller's to close: whatever becomes of the entry, these bytes stay. */
  { in: 'file'; file: File; start: number; end: number } | { in: 'memory'; bytes: Uint8Array }

/** Bytes that were stored as bytes come as they are, any other value as its encoded bytes; undefined: a miss. */
export function* readBytes(store: Store, slot: Slot): Io<Bytes | undefined> {
  const streamed = store.transaction === undefined ? yield* readStreamed(store, slot) : undefined
  if (streamed !== undefined) return streamed
  const found = yield* find(store, slot)
  if (found === undefined) return undefined
  if (found.put.purpose !== bytesPurpose) {
    const { bytes, valueStart, valueEnd } = found.put
    const encoded = Buffer.from(bytes.subarray(valueStart, valueEnd))
    const value = decodeValue(store, found.put)?.value
    return { in: 'memory', bytes: value instanceof Uint8Array ? value : encoded }
  }
  const file = yield* ask<'open'>({ op: 'open', path: slot.path, create: false, onlyRead: true })
  if (file === undefined) return undefined
  let kept = false
  try {
    const { log, size } = yield* readOpen(store, file)
    const entry = liveEntry(store, log, slot)
    if (entry === undefined) return undefined
    const { put } = entry
    if (put.purpose !== bytesPurpose)
      return { in: 'memory', bytes: Buffer.from(put.bytes.subarray(put.valueStart, put.valueEnd)) }
    kept = true
    // The window that was read ends where the file did.
    const base = size - put.bytes.length
    return { in: 'file', file, start: base + put.valueStart, end: base + put.valueEnd }
  } finally {
    if (!kept) yield* ask<'close'>({ op: 'close', file })
  }
}

/** A value that was streamed in: found by its head, and checked piece by piece. undefined: look in the ordinary way. */
function* readStreamed(store: Store, slot: Slot): Io<Bytes | undefined> {
  const file = yield* ask<'open'>({ op: 'open', path: slot.path, create: false, onlyRead: true })
  if (file === undefined) return undefined
  let kept = false
  try {
    const put = yield* skim(store, slot.path, file, log => liveEntry(store, log, slot) !== undefined)
    if (put === undefined) return undefined
    kept = true
    return { in: 'file', file, start: put.valueStart, end: put.valueEnd }
  } finally {
    if (!kept) yield* ask<'close'>({ op: 'close', file })
  }
}
