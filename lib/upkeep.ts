// What upkeep asks of a log.

import type { LogState } from './log/state.ts'
import { liveEntry } from './ops/live.ts'
import type { Store } from './store.ts'

/** Whether the log holds an entry whose time is over. */
export function hasEnded(store: Store, log: LogState): boolean {
  return log.value !== undefined && liveEntry(store, log) === undefined
}
