// Two ways to do the same thing, timed against each other on a machine that does other things too.
//
// They take turns in short batches, so that whatever slows the machine down slows both; each round gives one ratio, that
// of the medians of its two batches, and the median of the rounds' ratios is the result.

import { median, type Spread, spreadOf, timeEach } from './clock.ts'

export interface Contest {
  bare(index: number): void
  ours(index: number): void
}

export interface Outcome {
  readonly bare: Spread
  readonly ours: Spread
  /** Ours by bare. */
  readonly ratio: number
}

/** Both do each of `indices` once, in `rounds` batches. */
export function duel(contest: Contest, indices: Uint32Array, rounds: number): Outcome {
  const batch = Math.floor(indices.length / rounds)
  const times = { bare: new Float64Array(batch * rounds), ours: new Float64Array(batch * rounds) }
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const mine = indices.subarray(round * batch, (round + 1) * batch)
    const medians = { bare: 0, ours: 0 }
    // Who goes second may find the processor's caches in another state: they take turns in that, too.
    for (const side of round % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)) {
      const run = contest[side].bind(contest)
      const taken = timeEach(run, mine)
      times[side].set(taken, round * batch)
      medians[side] = spreadOf(taken).p50
    }
    ratios.push(medians.ours / medians.bare)
  }
  return { bare: spreadOf(times.bare), ours: spreadOf(times.ours), ratio: median(ratios) }
}
