// The order of asynchronous calls for one key.

import type { Slot } from './keys.ts'

/** What was called for one key since its last write, that with it. */
interface Line {
  /** Settles, and never rejects, when that write has ended; undefined: it has. */
  write: Promise<void> | undefined
  /** Reads that have not ended. */
  readonly reads: Set<Promise<void>>
}

/** Calls for one key take effect in the order in which they were made, although nobody waits for them in between. Reads run side by
 *  side; a write waits for them, since it could be done before they have looked. */
export class Turns {
  readonly #lines = new Map<string, Line>()

  /** Runs after the calls for the same key that came before, and those that come later run after it. */
  take<T>({ path }: Slot, run: () => Promise<T>): Promise<T> {
    const before = this.#lines.get(path)
    const mine = before === undefined ? run() : ended(before).then(run)
    const line: Line = { write: settled(mine), reads: new Set() }
    this.#lines.set(path, line)
    void line.write!.then(() => {
      line.write = undefined
      this.#forget(path, line)
    })
    return mine
  }

  /** Runs after the writes that came before. */
  after<T>({ path }: Slot, run: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(path) ?? { write: undefined, reads: new Set() }
    this.#lines.set(path, line)
    const mine = line.write === undefined ? run() : line.write.then(run)
    const read = settled(mine)
    line.reads.add(read)
    void read.then(() => {
      line.reads.delete(read)
      this.#forget(path, line)
    })
    return mine
  }

  /** Whether a write has been called that has not ended. */
  isWritten(slot: Slot): boolean {
    // Mostly nothing is under way, and to find the path takes a hash.
    return this.#lines.size > 0 && this.#lines.get(slot.path)?.write !== undefined
  }

  /** When all that came before have ended. */
  async settled(): Promise<void> {
    if (this.#lines.size > 0) await Promise.all([...this.#lines.values()].map(ended))
  }

  #forget(path: string, line: Line): void {
    if (line.write === undefined && line.reads.size === 0 && this.#lines.get(path) === line) this.#lines.delete(path)
  }
}

function settled(call: Promise<unknown>): Promise<void> {
  return call.then(
    () => {},
    () => {},
  )
}

/** Settles when those have ended that are there now. */
async function ended({ write, reads }: Line): Promise<void> {
  await Promise.all([write, ...reads])
}
