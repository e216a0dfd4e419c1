// Goal: the bytes of a value, in bounded memory where they were stored as bytes. Crash: nothing is written.

import { StorageIOError } from '../errors.ts'
import { ask, type File, type Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogRecord } from '../log/record.ts'
import { ordinaryReach, type Store } from '../store.ts'
import { find } from './find.ts'
import { bytesPurpose, decodeValue, liveEntry } from './live.ts'
import { readOpen } from './raw.ts'

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

/** All of a record but its value fits, unless its key is very long. */
const headReach = 64 * 1024

/** A value that was streamed in, and is the only record in its file, as it is until something is noted behind it: found by its
 *  head, and checked piece by piece. undefined: look in the ordinary way, which takes the whole file into memory. */
function* readStreamed(store: Store, slot: Slot): Io<Bytes | undefined> {
  const file = yield* ask<'open'>({ op: 'open', path: slot.path, create: false, onlyRead: true })
  if (file === undefined) return undefined
  let kept = false
  try {
    const size = yield* ask<'size'>({ op: 'size', file })
    if (size <= ordinaryReach) return undefined
    const head = yield* ask<'read'>({ op: 'read', file, position: 0, length: headReach })
    const put = store.framing.decodeHead(head, size)
    if (put?.kind !== 'put' || put.at !== 0 || put.purpose !== bytesPurpose) return undefined
    if (liveEntry(store, { last: put, state: put, value: put, damaged: false }, slot) === undefined) return undefined
    if ((yield* checksumOf(store, slot.path, head, put)) !== store.framing.checksumIn(head)) return undefined
    kept = true
    return { in: 'file', file, start: put.valueStart, end: put.valueEnd }
  } finally {
    if (!kept) yield* ask<'close'>({ op: 'close', file })
  }
}

/** If the path has another file by now, or none, or something was noted behind the record, this is no longer its checksum. */
function* checksumOf({ framing }: Store, path: string, head: Buffer, put: LogRecord): Io<number | undefined> {
  const covered = head.subarray(framing.checksumFrom, put.valueStart)
  try {
    return yield* ask<'checksum'>({ op: 'checksum', path, head: covered, from: put.valueStart })
  } catch (error) {
    if (error instanceof StorageIOError && error.errno === 'ENOENT') return undefined
    throw error
  }
}
