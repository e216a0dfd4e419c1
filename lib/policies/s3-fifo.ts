// S3-FIFO (Yang and others, 2023). Newcomers wait in a short queue, a tenth of all; who was read there more than once gets into
// the long queue, the others go. In the long queue each read is good for one more round. Of those that went unread the keys
// are known for a while: what is stored again gets into the long queue at its next turn.
//
// Here the newcomers are what the order log has and nobody has met yet, so only the long queue is kept.

import { Recency } from '../recency.ts'

const newcomersShare = 1 / 10
const readsToStay = 2
const roundsAtMost = 3
/** Longest of the long queue, and most keys of what has gone, in memory. */
const rememberedAtMost = 100_000

interface Resident<T> {
  readonly who: T
  /** Reads that have been counted. */
  reads: number
  rounds: number
}

/** `T`: who waits, by the hash of his key. */
export class S3Fifo<T extends { readonly hash: string }> {
  #residents: Resident<T>[] = []
  #first = 0
  readonly #gone = new Recency<string, true>()

  /** Of the long queue. */
  get size(): number {
    return this.#residents.length - this.#first
  }

  get isFull(): boolean {
    return this.size > rememberedAtMost
  }

  /** Whether one of the newcomers is to go, rather than of the long queue. `total`: how many there are of both. */
  isNewcomersTurn(total: number): boolean {
    return total - this.size > total * newcomersShare
  }

  /** The oldest newcomer's turn: whether he gets into the long queue. `reads`: of his key, so far. */
  admits(who: T, reads: number): boolean {
    if (reads < readsToStay && !this.isBack(who.hash)) return false
    this.#residents.push({ who, reads, rounds: 0 })
    return true
  }

  /** Whether the key is one of those that have gone unread; asked once. */
  isBack(hash: string): boolean {
    return this.#gone.delete(hash) === true
  }

  /** Who is to go, of the long queue; he is not in it any more. */
  take(readsOf: (who: T) => number): T | undefined {
    for (;;) {
      const resident = this.#residents[this.#first]
      if (resident === undefined) return undefined
      this.#first++
      // Forgotten now and then: to move all others up each time would take long.
      if (this.#first > 1000 && this.#first > this.#residents.length / 2) {
        this.#residents = this.#residents.slice(this.#first)
        this.#first = 0
      }
      const reads = readsOf(resident.who)
      const rounds = Math.min(roundsAtMost, resident.rounds + Math.max(0, reads - resident.reads))
      if (rounds === 0) return resident.who
      this.#residents.push({ who: resident.who, reads, rounds: rounds - 1 })
    }
  }

  /** Puts somebody into the long queue who was to go and could not, or who has gone and is back. `reads`: of his key, so far. */
  putBack(who: T, reads: number): void {
    this.#residents.push({ who, reads, rounds: 0 })
  }

  /** A newcomer has gone unread. `total`: how many there are. */
  remember(hash: string, total: number): void {
    this.#gone.set(hash, true)
    if (this.#gone.size > Math.min(rememberedAtMost, total)) this.#gone.delete(this.#gone.oldest!)
  }
}
