// Reading a log as it stands in its file.

import { ask, type File, type FileStamp, type Io } from '../io/requests.ts'
import { type LogState, readState } from '../log/state.ts'
import { ordinaryReach, type Store } from '../store.ts'

/** Where the stamp of a file that is read is put, for who wants it. */
export interface Stamped {
  stamp: FileStamp | undefined
}

/** The last record of the log at `path`, whatever it is of; undefined: no such file. */
export function* readLog(store: Store, path: string, stamped?: Stamped): Io<LogState | undefined> {
  let reach = ordinaryReach
  for (;;) {
    const window = yield* ask<'load'>({ op: 'load', path, reach, stamped: stamped !== undefined })
    if (window === undefined) return undefined
    if (stamped !== undefined) stamped.stamp = window.stamp
    const state = readState(store.framing, window)
    if (!('from' in state)) return state
    reach = window.size - state.from
  }
}

/** The log in an open file. */
export function* readOpen(store: Store, file: File): Io<{ log: LogState; size: number }> {
  let reach = ordinaryReach
  for (;;) {
    const window = yield* ask<'tail'>({ op: 'tail', file, reach })
    const log = readState(store.framing, window)
    if (!('from' in log)) return { log, size: window.size }
    reach = window.size - log.from
  }
}
