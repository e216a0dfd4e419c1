// The order of asynchronous calls for one key.

import type { Slot } from './keys.ts'

/** Calls for one key take effect in the order in which they were made, although nobody waits for them in between. */
export class Turns {
  /** The last call for each key that has not ended. */
  readonly #last = new Map<string, Promise<void>>()

  /** Runs after the calls for the same key that came before. */
  take<T>(slot: Slot, run: () => Promise<T>): Promise<T> {
    const before = this.#last.get(slot.path)
    const mine = before === undefined ? run() : before.then(run)
    const settled = mine.then(
      () => {},
      () => {},
    )
    this.#last.set(slot.path, settled)
    void settled.then(() => {
      if (this.#last.get(slot.path) === settled) this.#last.delete(slot.path)
    })
    return mine
  }

  /** Runs after them, and keeps nobody waiting. */
  async after<T>(slot: Slot, run: () => Promise<T>): Promise<T> {
    if (this.#last.size > 0) await this.#last.get(slot.path)
    return await run()
  }

  /** When all that came before have ended. */
  async settled(): Promise<void> {
    if (this.#last.size > 0) await Promise.all(this.#last.values())
  }
}
