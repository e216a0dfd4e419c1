// When a stored result is computed anew although there is one: past its freshness, or, by chance, before.

import type { Note } from './note.ts'

/** Where chance and the measure of time come from; replaced in specs. */
export interface Chance {
  /** From 0 up to, not including, 1. */
  readonly random: () => number
  /** Milliseconds from any moment on. */
  readonly timer: () => number
}

export const ordinaryChance: Chance = { random: () => Math.random(), timer: () => performance.now() }

/**
 * Whether it is time to compute a result anew that is fresh for `left` milliseconds more.
 *
 * Early by chance: the probability at that moment is exp(-left / (took * beta)). It comes from drawing an exponentially
 * distributed time of mean took * beta, and is the best there is against stampedes (Vattani, Chierichetti, Lowenstein,
 * "Optimal Probabilistic Cache Stampede Prevention", 2015; DiskCache: memoize_stampede).
 */
export function isDue(left: number, { took }: Pick<Note, 'took'>, beta: number, random: () => number): boolean {
  if (left <= 0) return true
  if (beta === 0 || took === undefined || left === Number.POSITIVE_INFINITY) return false
  return -took * beta * Math.log(random()) >= left
}
