// Results that are served past their lifetime, and results that are computed anew before its end. The clock is set by hand.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Bucket, type BucketOptions } from '../../lib/index.ts'
import { deferred, newBucket, newFolder } from './support.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Lets time pass. */
function pass(ms: number): void {
  vi.advanceTimersByTime(ms)
}

/** Lets what runs in the background come to its end: `done` becomes true. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(setImmediate)
}

test('past its lifetime the result of an asynchronous function is served while it is computed in the background', async () => {
  const bucket = newBucket({ lifetime: 1000 })
  let gate = deferred<void>()
  let runs = 0
  const run = bucket.wrap(
    async () => {
      const mine = ++runs
      await gate.promise
      return mine
    },
    { staleWhileRevalidate: 500 },
  )
  gate.resolve()
  expect(await run()).toBe(1)
  pass(999)
  expect(await run()).toBe(1)
  expect(runs).toBe(1)
  pass(1)
  gate = deferred()
  expect(await Promise.all([run(), run(), run()])).toEqual([1, 1, 1])
  await until(() => runs > 1)
  expect(await run()).toBe(1)
  gate.resolve()
  await until(() => bucket.get(run.cacheKey()) === 2)
  expect(await run()).toBe(2)
  expect(runs).toBe(2)
})

test('past its lifetime the result of a synchronous function is computed anew in the caller', () => {
  const bucket = newBucket({ lifetime: 1000 })
  let runs = 0
  const run = bucket.wrap(() => ++runs, { staleWhileRevalidate: 500 })
  run()
  pass(1000)
  expect(bucket.get(run.cacheKey())).toBe(1)
  expect([run(), run()]).toEqual([2, 2])
})

test('while one computes a result anew, others are given the old one', () => {
  const folder = newFolder()
  const options: BucketOptions = { lifetime: 1000 }
  const seen: number[] = []
  const other = new Bucket(folder, options).wrap(() => -1, { name: 'f', staleWhileRevalidate: 500 })
  let runs = 0
  const run = new Bucket(folder, options).wrap(
    () => {
      if (runs > 0) seen.push(other(), other())
      return ++runs
    },
    { name: 'f', staleWhileRevalidate: 500 },
  )
  run()
  pass(1000)
  expect(run()).toBe(2)
  expect(seen).toEqual([1, 1])
  expect(other()).toBe(2)
})

test('past lifetime and grace the result is gone', async () => {
  const bucket = newBucket({ lifetime: 1000 })
  let runs = 0
  const run = bucket.wrap(async () => ++runs, { staleWhileRevalidate: { milliseconds: 500 } })
  await run()
  pass(1500)
  expect(bucket.has(run.cacheKey())).toBe(false)
  expect(await run()).toBe(2)
})

test('a lifetime that is shortened ends freshness too, and one of its own does not', () => {
  const bucket = newBucket({ lifetime: 10_000 })
  let runs = 0
  const run = bucket.wrap(() => ++runs, { name: 'f', staleWhileRevalidate: 60_000 })
  const own = bucket.wrap(() => ++runs, { name: 'g', staleWhileRevalidate: 60_000, expire: 10_000 })
  expect([run(), own()]).toEqual([1, 2])
  bucket.lifetime = 1000
  pass(1000)
  expect([run(), own()]).toEqual([3, 2])
})

test('results that do not expire are never stale', () => {
  const bucket = newBucket()
  let runs = 0
  const run = bucket.wrap(() => ++runs, { staleWhileRevalidate: 1000 })
  run()
  pass(1e9)
  expect(run()).toBe(1)
})

test('a value that was stored by hand is fresh until it expires', () => {
  const bucket = newBucket({ lifetime: 1000 })
  const run = bucket.wrap(() => 'run', { staleWhileRevalidate: 60_000 })
  bucket.set(run.cacheKey(), 'by hand')
  pass(999)
  expect(run()).toBe('by hand')
  pass(1)
  expect(run()).toBe('run')
})

test('a failure in the background leaves the old result, and the next caller tries again', async () => {
  const bucket = newBucket({ lifetime: 1000 })
  let runs = 0
  const run = bucket.wrap(
    async () => {
      if (++runs === 2) throw new Error('no')
      return runs
    },
    { staleWhileRevalidate: 500 },
  )
  await run()
  pass(1000)
  expect(await run()).toBe(1)
  await until(() => runs === 2)
  // The claim of the failed run is taken back by and by.
  await until(() => {
    void run()
    return runs === 3
  })
  await until(() => bucket.get(run.cacheKey()) === 3)
})

test('a synchronous function that fails throws, and leaves the old result', () => {
  const bucket = newBucket({ lifetime: 1000 })
  let runs = 0
  const run = bucket.wrap(
    () => {
      if (++runs === 2) throw new Error('no')
      return runs
    },
    { staleWhileRevalidate: 500 },
  )
  run()
  pass(1000)
  expect(run).toThrow('no')
  expect(bucket.get(run.cacheKey())).toBe(1)
  expect(run()).toBe(3)
})

test('onHit() is called for an old result, too', async () => {
  const bucket = newBucket({ lifetime: 1000 })
  const told: unknown[] = []
  const run = bucket
    .wrap(async () => 1, { staleWhileRevalidate: 500 })
    .onHit(({ returnValue }) => told.push(returnValue))
  await run()
  pass(1000)
  await run()
  expect(told).toEqual([1])
})

test('memory serves an old result until it is computed anew', async () => {
  const bucket = newBucket({ lifetime: 1000, memory: { revalidate: 'never' } })
  let runs = 0
  const run = bucket.wrap(async () => ++runs, { staleWhileRevalidate: 500 })
  await run()
  await run()
  pass(1000)
  expect(await run()).toBe(1)
  await until(() => bucket.get(run.cacheKey()) === 2)
  expect(await run()).toBe(2)
})

/** A generator of numbers from 0 to 1 that is the same each time. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

test('beta: results are computed anew with the probability of Vattani et al.', () => {
  vi.spyOn(Math, 'random').mockImplementation(chance(1))
  const bucket = newBucket()
  const lifetime = 1000
  const took = 100
  for (const [beta, left] of [
    [1, 50],
    [1, 200],
    [1, 400],
    [2, 200],
    [0.5, 200],
  ] as const) {
    let runs = 0
    const run = bucket.wrap(
      () => {
        pass(took)
        return ++runs
      },
      { name: `${beta} ${left}`, expire: lifetime, beta },
    )
    run()
    pass(lifetime - left)
    const stored = bucket.getEntry(run.cacheKey())!
    const trials = 600
    let early = 0
    for (let trial = 0; trial < trials; trial++) {
      const before = runs
      run()
      if (runs === before) continue
      early++
      // Back to the moment and the result of the trial.
      run.forget()
      vi.setSystemTime(stored.storedAt.getTime() - took)
      run()
      pass(lifetime - left)
    }
    const expected = Math.exp(-left / (took * beta))
    const deviation = Math.sqrt((expected * (1 - expected)) / trials)
    expect(Math.abs(early / trials - expected), `beta ${beta}, ${left} ms left`).toBeLessThan(4 * deviation)
  }
})

test('beta: the time at which a result is computed anew is distributed as the formula says', () => {
  vi.spyOn(Math, 'random').mockImplementation(chance(2))
  const bucket = newBucket()
  const took = 50
  const every = 10
  let runs = 0
  const run = bucket.wrap(
    () => {
      pass(took)
      return ++runs
    },
    { expire: 1000, beta: 1 },
  )
  // A caller every 10 ms: how long before expiry does one of them compute anew?
  const lefts: number[] = []
  for (let round = 0; round < 150; round++) {
    run.refresh()
    const { expiresAt } = bucket.getEntry(run.cacheKey())!
    const before = runs
    let left = 0
    while (runs === before) {
      pass(every)
      left = expiresAt!.getTime() - Date.now()
      run()
    }
    lefts.push(left)
  }
  // The chance that it has not happened when `left` ms remain is the product over the calls before.
  let none = 1
  let mean = 0
  for (let left = 1000 - every; left >= 0; left -= every) {
    const now = Math.exp(-left / took)
    mean += none * now * left
    none *= 1 - now
  }
  const measured = lefts.reduce((sum, left) => sum + left, 0) / lefts.length
  expect(measured).toBeGreaterThan(mean * 0.85)
  expect(measured).toBeLessThan(mean * 1.15)
})

test('beta: an asynchronous function is computed anew in the background, and the old result is given', async () => {
  const bucket = newBucket()
  let runs = 0
  const run = bucket.wrap(
    async () => {
      pass(100)
      return ++runs
    },
    { expire: 1000, beta: 1 },
  )
  await run()
  pass(900)
  vi.spyOn(Math, 'random').mockReturnValue(0.9)
  expect(await run()).toBe(1)
  expect(runs).toBe(1)
  vi.spyOn(Math, 'random').mockReturnValue(0.1)
  expect(await run()).toBe(1)
  await until(() => bucket.get(run.cacheKey()) === 2)
  expect(await run()).toBe(2)
})

test('beta: results that do not expire, or that were stored by hand, are not computed anew', () => {
  const bucket = newBucket()
  vi.spyOn(Math, 'random').mockReturnValue(1e-300)
  let runs = 0
  const slow = () => {
    pass(1000)
    return ++runs
  }
  const ever = bucket.wrap(slow, { name: 'ever', beta: 1 })
  expect([ever(), ever()]).toEqual([1, 1])
  const hand = bucket.wrap(slow, { name: 'hand', beta: 1, expire: 1000 })
  bucket.set(hand.cacheKey(), 7, { expire: 1000 })
  pass(999)
  expect(hand()).toBe(7)
})
