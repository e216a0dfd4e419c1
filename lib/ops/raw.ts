// Reading a log as it stands in its file.

import { ask, type File, type FileStamp, type Io } from '../io/requests.ts'
import type { LogRead } from '../log/hot.ts'
import { type LogState, readState } from '../log/state.ts'
import { ordinaryReach, type Store } from '../store.ts'
import { skim, skimLog, stateOf } from './skim.ts'

/** Where the stamp of a file that is read is put, for who wants it. */
export interface Stamped {
  stamp: FileStamp | undefined
}

/** From here on it pays to look at a log's head first: it may be that of a long value that nobody wants. */
const skimFrom = 2 ** 20

/** The last record of the log at `path`, whatever it is of; undefined: no such file. `skims`: a value that was streamed in
 *  may be left out. */
export function* readLog(store: Store, path: string, stamped?: Stamped, skims = false): Io<LogState | undefined> {
  let reach = ordinaryReach
  let maySkim = skims
  for (;;) {
    const window = yield* ask<'load'>({ op: 'load', path, reach, stamped: stamped !== undefined })
    if (window === undefined) return undefined
    if (stamped !== undefined) stamped.stamp = window.stamp
    const state = readState(store.framing, window)
    if (!('from' in state)) return state
    if (maySkim && window.size >= skimFrom) {
      maySkim = false
      const skimmed = yield* skimLog(store, path)
      if (skimmed !== undefined) return skimmed
    }
    reach = window.size - state.from
  }
}

/** The log in an open file. With its path, a value that was streamed in may be left out. */
export function* readOpen(store: Store, file: File, path?: string): Io<LogRead> {
  let reach = ordinaryReach
  let skims = path !== undefined
  for (;;) {
    const window = yield* ask<'tail'>({ op: 'tail', file, reach })
    const log = readState(store.framing, window)
    if (!('from' in log)) return { log, size: window.size }
    if (skims && window.size >= skimFrom) {
      skims = false
      const put = yield* skim(store, path!, file)
      if (put !== undefined) return { log: stateOf(put), size: put.length }
    }
    reach = window.size - log.from
  }
}

/** A log that is open, and what it says. */
export interface OpenLog extends LogRead {
  readonly file: File
}

/** Opens the log at `path`, has `act` see to it, and closes it. undefined: there is no such log. */
export function* withLog<T>(store: Store, path: string, act: (opened: OpenLog) => Io<T>): Io<T | undefined> {
  const file = yield* ask<'open'>({ op: 'open', path, create: false })
  if (file === undefined) return undefined
  try {
    const { log, size } = yield* readOpen(store, file)
    return yield* act({ file, log, size })
  } finally {
    yield* ask<'close'>({ op: 'close', file })
  }
}
