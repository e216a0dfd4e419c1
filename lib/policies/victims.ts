// Which entries go first. Entries are met in the order in which they began; those that are written or read again have moved
// up since, and wait here until their turn by the policy. So what was met once need not be looked for again.

import type { PlacedEntry } from '../indexes/order.ts'
import type { EvictionPolicy } from '../settings.ts'
import { Heap } from './heap.ts'
import type { Usage } from './usage.ts'

/** The policies that tell what an entry is worth. */
export type RankingPolicy = Exclude<EvictionPolicy, 'none' | 's3-fifo'>

/** A candidate, and how much it is worth: the least goes first. */
export interface Victim {
  readonly candidate: PlacedEntry
  readonly worth: number
  /** Tells between equals: when it was last stored. */
  readonly storedAt: number
}

export class Victims {
  readonly policy: RankingPolicy
  readonly #heap = new Heap<Victim>((a, b) => (a.worth === b.worth ? a.storedAt < b.storedAt : a.worth < b.worth))

  constructor(policy: RankingPolicy) {
    this.policy = policy
  }

  /** What an entry is worth: the moment of its last write or use, or the number of its uses. */
  worth(hash: string, storedAt: number, usage: Usage): number {
    switch (this.policy) {
      case 'least-recently-stored':
        return storedAt
      case 'least-recently-used':
        return Math.max(storedAt, usage.get(hash)?.last ?? 0)
      case 'least-frequently-used':
        return usage.get(hash)?.count ?? 0
    }
  }

  /** Whether the least is known, although nothing that began at `time` or later has been met. Times only: an entry that was
   *  not met is worth at least the moment when it began; of uses nothing is known beforehand. */
  isSettled(time: number): boolean {
    const least = this.#heap.peek()
    return least !== undefined && this.policy !== 'least-frequently-used' && least.worth <= time
  }

  get size(): number {
    return this.#heap.size
  }
  push(victim: Victim): void {
    this.#heap.push(victim)
  }
  pop(): Victim | undefined {
    return this.#heap.pop()
  }
}
