// Issue: Eviction. Which entries go is right by the policy: as many hits as the policy to the letter has, within two percentage
// points. Of the same traces, and of longer ones, what SIEVE would have (printed with BUCKETCACHE_RATIOS=1).

import { expect, test, vi } from 'vitest'
import { newBucket } from '../support/folders.ts'
import { type Cache, hitRatio, lfu, lru, s3fifo, sieve, withScans, zipf } from './traces.ts'

const capacity = 150
const requests = 3000
const plain = zipf(requests, 1500, 0.9, 7)
const traces = { zipf: plain, 'zipf with scans': withScans(plain, 300, 120) }

/** Ours as one of those: a look-up, and a set if it misses. */
function ours(evictionPolicy: 'least-recently-used' | 'least-frequently-used' | 's3-fifo'): Cache {
  // Each request is in a millisecond of its own, as requests that take a disk are.
  vi.useFakeTimers({ toFake: ['Date'] })
  const bucket = newBucket({ maxEntries: capacity, evictionPolicy })
  return key => {
    vi.setSystemTime(Date.now() + 1)
    if (bucket.get(key) !== undefined) return true
    bucket.set(key, 1)
    return false
  }
}

const report: Record<string, Record<string, string>> = {}
function note(trace: string, policy: string, ratio: number): void {
  report[trace] = { ...report[trace], [policy]: `${(100 * ratio).toFixed(2)} %` }
}

test.each(Object.keys(traces) as (keyof typeof traces)[])(
  'on a trace of %s our hit ratios are those of the exact policies',
  name => {
    const trace = traces[name]
    try {
      for (const [policy, exact] of [
        ['least-recently-used', lru],
        ['least-frequently-used', lfu],
        ['s3-fifo', s3fifo],
      ] as const) {
        const expected = hitRatio(trace, exact(capacity))
        const got = hitRatio(trace, ours(policy))
        note(name, `exact ${policy}`, expected)
        note(name, `our ${policy}`, got)
        expect(got, `${policy}: exactly ${expected}`).toBeGreaterThan(expected - 0.02)
        expect(got, `${policy}: exactly ${expected}`).toBeLessThan(expected + 0.02)
      }
      note(name, 'SIEVE', hitRatio(trace, sieve(capacity)))
    } finally {
      vi.useRealTimers()
    }
    if (process.env.BUCKETCACHE_RATIOS !== undefined) console.table(report)
  },
)

test('the caches to compare with keep to their capacity, and to their policy', () => {
  const after = (make: (capacity: number) => Cache, asked: readonly number[], key: number): boolean => {
    const cache = make(10)
    for (const one of asked) cache(one)
    return cache(key)
  }
  const ten = [...Array(10).keys()]
  const thousand = [...Array(1000).keys()]
  for (const make of [lru, lfu, sieve, s3fifo]) {
    expect(after(make, thousand, 0)).toBe(false)
    expect(after(make, thousand, 999)).toBe(true)
    // What was asked for again stays, and what was not goes.
    expect(after(make, [...ten, 0, 0, 10, 11], 0)).toBe(true)
    expect(after(make, [...ten, 0, 0, 10, 11], 1)).toBe(false)
  }
  // A scan sweeps what was used a moment ago out of the one that goes by time alone.
  const scanned = [...ten, 5, 5, 5, ...thousand.slice(100, 120)]
  expect([lru, lfu, s3fifo].map(make => after(make, scanned, 5))).toEqual([false, true, true])
})

test('of traces that are long enough to tell, S3-FIFO has the most hits, and follows what is asked for', () => {
  const [length, keys, places] = [30_000, 10_000, 500]
  const long = zipf(length, keys, 0.9, 7)
  // Ten times, other keys become those that are asked for most.
  const drifting = long.map((key, i) => (key + Math.floor(i / (length / 10)) * 97) % keys)
  for (const [name, trace] of Object.entries({ long, scanned: withScans(long, 300, 120), drifting })) {
    const ratios = Object.entries({ lru, lfu, sieve, s3fifo }).map(([policy, make]) => {
      const ratio = hitRatio(trace, make(places))
      note(`long: ${name}`, policy, ratio)
      return ratio
    })
    expect(Math.max(...ratios), name).toBe(ratios[3])
  }
  if (process.env.BUCKETCACHE_RATIOS !== undefined) console.table(report)
})
