// Identical concurrent calls within one process.

import { expect, test } from 'vitest'
import { Bucket, DeadlockError } from '../../lib/index.ts'
import { deferred, newBucket, newFolder } from './support.ts'

test.each([undefined, true])('identical concurrent calls share one run (singleFlight: %s)', async singleFlight => {
  const bucket = newBucket()
  const gate = deferred<number>()
  let runs = 0
  const run = bucket.wrap(
    async (n: number) => {
      runs++
      return n + (await gate.promise)
    },
    { singleFlight },
  )
  const calls = [run(1), run(1), run(2), run(1)]
  gate.resolve(10)
  expect(await Promise.all(calls)).toEqual([11, 11, 12, 11])
  expect(runs).toBe(2)
  expect(await run(1)).toBe(11)
  expect(runs).toBe(2)
})

test.each([undefined, true])(
  'so do those of a function that is not declared async (singleFlight: %s)',
  async singleFlight => {
    const gate = deferred<number>()
    let runs = 0
    const run = newBucket().wrap(
      (n: number) => {
        runs++
        return gate.promise.then(more => n + more)
      },
      { singleFlight },
    )
    const calls = [run(1), run(1)]
    gate.resolve(10)
    expect(await Promise.all(calls)).toEqual([11, 11])
    expect(await run(1)).toBe(11)
    expect(runs).toBe(1)
  },
)

test('calls through two buckets on one folder share a run too', async () => {
  const folder = newFolder()
  const gate = deferred<number>()
  let runs = 0
  const wrap = () =>
    new Bucket(folder).wrap(
      async () => {
        runs++
        return await gate.promise
      },
      { name: 'shared' },
    )
  const calls = [wrap()(), wrap()()]
  gate.resolve(1)
  expect(await Promise.all(calls)).toEqual([1, 1])
  expect(runs).toBe(1)
})

test('with singleFlight: false each call runs', async () => {
  let runs = 0
  const run = newBucket().wrap(async () => ++runs, { singleFlight: false })
  expect(await Promise.all([run(), run()])).toEqual([1, 2])
})

test.each([undefined, true])(
  'every waiting caller gets the error, and the next call runs (singleFlight: %s)',
  async singleFlight => {
    const bucket = newBucket()
    let runs = 0
    const run = bucket.wrap(
      async () => {
        await null
        if (++runs === 1) throw new Error('no')
        return runs
      },
      { singleFlight },
    )
    const ends = await Promise.allSettled([run(), run(), run()])
    expect(ends.map(end => end.status === 'rejected' && end.reason.message)).toEqual(['no', 'no', 'no'])
    expect(bucket.size).toBe(0)
    expect(await run()).toBe(2)
  },
)

test('a failure that nobody awaits is an unhandled rejection, as without memoizing', async () => {
  const run = newBucket().wrap(async () => {
    await null
    throw new Error('unseen')
  })
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  try {
    const unhandled = new Promise(resolve => process.once('unhandledRejection', resolve))
    void run()
    expect(await unhandled).toMatchObject({ message: 'unseen' })
  } finally {
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
})

test('what a run gives is not stored after a forget()', async () => {
  const bucket = newBucket()
  const gate = deferred<string>()
  const run = bucket.wrap(async () => await gate.promise)
  const call = run()
  run.forget()
  gate.resolve('outdated')
  expect(await call).toBe('outdated')
  expect(bucket.has(run.cacheKey())).toBe(false)
})

test('a run that began before a refresh() does not overwrite what that has stored', async () => {
  const bucket = newBucket()
  const gates = [deferred<string>(), deferred<string>()]
  let runs = 0
  const run = bucket.wrap(async () => await gates[runs++]!.promise)
  const older = run()
  const newer = run.refresh()
  gates[1]!.resolve('new')
  expect(await newer).toBe('new')
  gates[0]!.resolve('old')
  expect(await older).toBe('old')
  expect(bucket.get(run.cacheKey())).toBe('new')
})

test('a synchronous call that would wait for its own thread is a DeadlockError, at once', async () => {
  const bucket = newBucket()
  const again: (n: number) => number = bucket.wrap((n: number) => again(n), { singleFlight: true })
  expect(() => again(1)).toThrow(DeadlockError)

  const run = bucket.wrap((n: number) => n, { singleFlight: true })
  const gate = deferred<number>()
  let began = false
  const computing = bucket.promises.getOrSet(run.cacheKey(1), () => {
    began = true
    return gate.promise
  })
  while (!began) await new Promise(setImmediate)
  expect(() => run(1)).toThrow(DeadlockError)
  gate.resolve(5)
  expect(await computing).toBe(5)
  expect(run(1)).toBe(5)
})
