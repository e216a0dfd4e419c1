// Two ways to do the same thing, timed against each other on a machine that does other things too.
//
// They take turns in short batches, so that whatever slows the machine down slows both. A round is four batches: bare, ours,
// ours, bare, since who goes second may find the processor's caches in another state. It gives one ratio, that of the medians
// of its two sides, and the median of the rounds' ratios is the result.

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

/** Both do each of `indices` once, in `rounds` rounds. */
export function duel(contest: Contest, indices: Uint32Array, rounds: number): Outcome {
  const half = Math.floor(indices.length / rounds / 2)
  const times = { bare: new Float64Array(2 * half * rounds), ours: new Float64Array(2 * half * rounds) }
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begin = 2 * half * round
    const run = (side: 'bare' | 'ours', from: number): void =>
      times[side].set(timeEach(contest[side].bind(contest), indices.subarray(from, from + half)), from)
    run('bare', begin)
    run('ours', begin)
    run('ours', begin + half)
    run('bare', begin + half)
    const medianOf = (side: 'bare' | 'ours'): number => spreadOf(times[side].subarray(begin, begin + 2 * half)).p50
    ratios.push(medianOf('ours') / medianOf('bare'))
  }
  return { bare: spreadOf(times.bare), ours: spreadOf(times.ours), ratio: median(ratios) }
}
