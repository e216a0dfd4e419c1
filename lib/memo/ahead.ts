// When a stored result is computed anew although there is one: past its freshness, or, by chance, before.

/**
 * Whether it is time to compute a result anew that is fresh for `left` milliseconds more, and took `took` to compute.
 *
 * Early by chance: the probability at that moment is exp(-left / (took * beta)). It comes from drawing an exponentially
 * distributed time of mean took * beta, and is the best there is against stampedes (Vattani, Chierichetti, Lowenstein,
 * "Optimal Probabilistic Cache Stampede Prevention", 2015; DiskCache: memoize_stampede).
 */
export function isDue(left: number, took: number | undefined, beta: number): boolean {
  if (left <= 0) return true
  if (beta === 0 || took === undefined || left === Number.POSITIVE_INFINITY) return false
  return -took * beta * Math.log(Math.random()) >= left
}
