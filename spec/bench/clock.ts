// Times of single operations, and what is said about many of them. Averages are not: one wait for the disk would be all
// that they tell.

/** Microseconds. */
export interface Spread {
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export function spreadOf(times: Float64Array): Spread {
  const sorted = times.slice().sort()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

export function median(numbers: readonly number[]): number {
  return spreadOf(Float64Array.from(numbers)).p50
}

/** Times of one operation for each of `indices`, in microseconds, without what looking at the clock takes. */
export function timeEach(operation: (index: number) => void, indices: Uint32Array): Float64Array {
  const times = new Float64Array(indices.length)
  for (let i = 0; i < indices.length; i++) {
    const begin = performance.now()
    operation(indices[i]!)
    times[i] = (performance.now() - begin) * 1000 - clockCost
  }
  return times
}

/** One operation, which may answer with a promise: what it takes, and its result. */
export async function timeOnce(operation: () => unknown): Promise<{ time: number; result: unknown }> {
  const begin = performance.now()
  const answer = operation()
  const result = answer instanceof Promise ? await answer : answer
  return { time: (performance.now() - begin) * 1000 - clockCost, result }
}

/** What an operation that does nothing seems to take. */
const clockCost = ((): number => {
  const times = new Float64Array(20_000)
  for (let i = 0; i < times.length; i++) {
    const begin = performance.now()
    times[i] = (performance.now() - begin) * 1000
  }
  return spreadOf(times.subarray(times.length / 2)).p50
})()
