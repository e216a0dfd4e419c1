// Goal: the bytes of a value, in bounded memory where they were stored as bytes. Crash: nothing is written.

import { storesBytesAsTheyAre } from '../backends/resolve.ts'
import { unwrapAll } from '../backends/wrapper.ts'
import { ask, type File, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogRecord } from '../log/record.ts'
import type { Store } from '../store.ts'
import { find } from './find.ts'
import { contextOf, decodeValue, isPlain, liveEntry } from './live.ts'
import { readOpen } from './raw.ts'
import { skim } from './skim.ts'

export type Bytes =
  /** In an open file, which is the caller's to close: whatever becomes of the entry, these bytes stay. */
  { in: 'file'; file: File; start: number; end: number } | { in: 'memory'; bytes: Uint8Array }

/** Bytes that were stored as bytes come as they are, any other value as its encoded bytes; undefined: a miss. */
export function* readBytes(store: Store, slot: Slot): Io<Bytes | undefined> {
  const isOutside = store.transaction === undefined
  const streamed = isOutside ? yield* readStreamed(store, slot) : undefined
  if (streamed !== undefined) return streamed
  const found = yield* find(store, slot)
  if (found === undefined) return undefined
  // What a transaction has written is in no file.
  if (!isOutside || !isPlain(store, found.put)) return decodedBytes(store, found.put)
  const standing = yield* inFile(store, slot, found.put.id)
  if (standing !== undefined) return standing
  // Replaced meanwhile; or in the intent of a transaction, and not yet in the file.
  const now = yield* find(store, slot)
  return now && decodedBytes(store, now.put)
}

/** The value of the put with this id; undefined: it is not what counts in the file. */
function* inFile(store: Store, slot: Slot, id: string): Io<Bytes | undefined> {
  const file = yield* ask<'open'>({ op: 'open', path: slot.path, create: false, onlyRead: true })
  if (file === undefined) return undefined
  let kept = false
  try {
    const { log, size } = yield* readOpen(store, file)
    const put = liveEntry(store, log, slot)?.put
    if (put?.id !== id) return undefined
    kept = true
    // The window that was read ends where the file did.
    const base = size - put.bytes.length
    return { in: 'file', file, start: base + put.valueStart, end: base + put.valueEnd }
  } finally {
    if (!kept) yield* ask<'close'>({ op: 'close', file })
  }
}

/** What does not decode is missing, as it is for `get`: it may be somebody else's, or changed. */
function decodedBytes(store: Store, put: LogRecord): Bytes | undefined {
  const { bytes, valueStart, valueEnd } = put
  // Before decoding: a backend is somebody else's code, and the bytes are good until the next request only.
  const encoded = Buffer.from(bytes.subarray(valueStart, valueEnd))
  const decoded = decodeValue(store, put)
  if (decoded === undefined) return undefined
  const { value } = decoded
  if (value instanceof Uint8Array) return { in: 'memory', bytes: value }
  return { in: 'memory', bytes: unwrapAll(store.backend, encoded, contextOf(put)) }
}

/** A value that was streamed in: found by its head, and checked piece by piece. undefined: look in the ordinary way. */
function* readStreamed(store: Store, slot: Slot): Io<Bytes | undefined> {
  if (!storesBytesAsTheyAre(store.backend)) return undefined
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
