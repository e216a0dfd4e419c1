// The log of a value that was streamed in, without the value.
//
// Goal: what is to be known of a value of any length takes bounded memory. The value is read, for its checksum, but piece by
//   piece. This works where its put is the only record in the file, as it is until something is noted behind it.
// Crash: nothing is written.

import { StorageIOError } from '../errors.ts'
import { ask, type File, type Io } from '../io/requests.ts'
import type { LogRecord } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import { ordinaryReach, type Store } from '../store.ts'
import { bytesPurpose } from './live.ts'

/** All of a record but its value fits, unless its key is very long. */
const headReach = 64 * 1024

/** The log at `path`, whose record points into its head only; undefined: look in the ordinary way, which takes the whole file
 *  into memory. */
export function* skimLog(store: Store, path: string): Io<LogState | undefined> {
  const file = yield* ask<'open'>({ op: 'open', path, create: false, onlyRead: true })
  if (file === undefined) return undefined
  try {
    const put = yield* skim(store, path, file)
    return put && stateOf(put)
  } finally {
    yield* ask<'close'>({ op: 'close', file })
  }
}

/** What a log says that has one record. */
export function stateOf(put: LogRecord): LogState {
  return { last: put, state: put, value: put, damaged: false }
}

/** The put in an open file, checked. `isWanted`: asked before the value is read. */
export function* skim(
  store: Store,
  path: string,
  file: File,
  isWanted: (log: LogState) => boolean = () => true,
): Io<LogRecord | undefined> {
  const size = yield* ask<'size'>({ op: 'size', file })
  if (size <= ordinaryReach) return undefined
  const head = yield* ask<'read'>({ op: 'read', file, position: 0, length: headReach })
  const put = store.framing.decodeHead(head, size)
  if (put?.kind !== 'put' || put.at !== 0 || put.purpose !== bytesPurpose) return undefined
  if (!isWanted(stateOf(put))) return undefined
  return (yield* checksumOf(store, path, head, put)) === store.framing.checksumIn(head) ? put : undefined
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
