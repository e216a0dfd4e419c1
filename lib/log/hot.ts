// Which logs are hot, that is changed again and again: counters, the bounds of queues, locks. And what was last known of those that
// stay open for it. No I/O here: see `ops/hot.ts`.

import type { Kept } from '../io/requests.ts'
import type { LogState } from './state.ts'

/** What a log said, up to an offset. Its records are in bytes of their own. */
export interface LogRead {
  readonly log: LogState
  readonly size: number
}

export class HotLogs {
  /** Path of the entry that was changed last. */
  changedLast = ''
  /** Forgotten with the open file that it is of. */
  readonly #known = new WeakMap<Kept, LogRead>()

  /** To be called once for each change of an entry. Whether the one before was of this entry, too. */
  noteChange(path: string): boolean {
    const again = this.changedLast === path
    if (!again) this.changedLast = path
    return again
  }

  know(kept: Kept, read: LogRead): void {
    this.#known.set(kept, read)
  }

  known(kept: Kept): LogRead | undefined {
    return this.#known.get(kept)
  }
}
