// Which entries are read, and how often: remembered in memory, for the policies that ask for it. What is forgotten makes a
// policy a little less exact, nothing else.

import { Recency } from '../recency.ts'

/** The reads of one entry. */
export interface Use {
  /** Milliseconds since the epoch. */
  last: number
  count: number
}

/** So many entries are remembered; those whose last read is longest ago are forgotten first. */
const rememberedAtMost = 200_000

export class Usage {
  readonly #uses = new Recency<string, Use>()
  /** Reads that were not written out yet. */
  #fresh = new Map<string, Use>()

  /** A read, by the hash of its key. */
  note(hash: string, now: number): void {
    this.add(hash, { last: now, count: 1 })
    const fresh = this.#fresh.get(hash)
    if (fresh === undefined) this.#fresh.set(hash, { last: now, count: 1 })
    else {
      fresh.last = now
      fresh.count++
    }
  }

  /** Reads that this or another process has had. */
  add(hash: string, { last, count }: Use): void {
    const use = this.#uses.use(hash)
    if (use !== undefined) {
      use.last = Math.max(use.last, last)
      use.count += count
      return
    }
    this.#uses.set(hash, { last, count })
    if (this.#uses.size > rememberedAtMost) this.#uses.delete(this.#uses.oldest!)
  }

  get(hash: string): Use | undefined {
    return this.#uses.peek(hash)
  }

  forget(hash: string): void {
    this.#uses.delete(hash)
    this.#fresh.delete(hash)
  }

  get freshCount(): number {
    return this.#fresh.size
  }

  /** The reads that are to be written out, once. */
  takeFresh(): ReadonlyMap<string, Use> {
    const fresh = this.#fresh
    this.#fresh = new Map()
    return fresh
  }
}
