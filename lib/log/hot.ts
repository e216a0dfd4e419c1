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
  readonly #known = new WeakMap<Kept, { read: LogRead; quiet: number }>()

  /** To be called once for each change of an entry. Whether the one before was of this entry, too. */
  noteChange(path: string): boolean {
    const again = this.changedLast === path
    if (!again) this.changedLast = path
    return again
  }

  known(kept: Kept): LogRead | undefined {
    return this.#known.get(kept)?.read
  }

  /** So many looks in a row have found nothing new. */
  quiet(kept: Kept): number {
    return this.#known.get(kept)?.quiet ?? 0
  }

  /** There was more than was known: others write it, too. */
  found(kept: Kept, read: LogRead): void {
    this.#known.set(kept, { read, quiet: 0 })
  }

  /** There was nothing but what is known. */
  foundNothing(kept: Kept): void {
    const known = this.#known.get(kept)
    if (known !== undefined) known.quiet++
  }

  /** A record of one's own has landed, and this is what the log says by that. */
  wrote(kept: Kept, read: LogRead): void {
    this.#known.set(kept, { read, quiet: this.quiet(kept) })
  }

  /** There is more than is known, or less: what stands there is to be read. */
  doubt(kept: Kept): void {
    this.#known.delete(kept)
  }
}
