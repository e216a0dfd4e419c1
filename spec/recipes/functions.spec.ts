import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, expectTypeOf, onTestFinished, test, vi } from 'vitest'
import { Averager, barrier, throttle } from '../../lib/recipes/index.ts'
import { hour, stopClock } from '../diskcache/support.ts'
import { newBucket } from '../support/folders.ts'
import { startActors } from '../support/remote.ts'

describe('barrier()', () => {
  test('lets one call of the function run at a time, in all processes', async () => {
    const bucket = newBucket()
    const actors = await startActors(2, bucket.path)
    await Promise.all(
      actors.map(actor =>
        actor.run(async (theirs, { recipes }) => {
          const { barrier } = await recipes()
          const work = barrier(
            theirs,
            async () => {
              theirs.set('owner', process.pid)
              await new Promise(resolve => setTimeout(resolve, 1))
              if (theirs.get('owner') !== process.pid) theirs.set('violated', true)
              theirs.incr('runs')
            },
            { name: 'work' },
          )
          await Promise.all(Array.from({ length: 10 }, () => work()))
        }),
      ),
    )
    expect([bucket.get('runs'), bucket.get('violated')]).toEqual([20, undefined])
  })

  test('keeps this, arguments, result and failure', async () => {
    const bucket = newBucket()
    async function scale(this: { factor: number }, n: number): Promise<number> {
      if (n < 0) throw new Error('negative')
      return n * this.factor
    }
    const scaled = barrier(bucket, scale)
    expectTypeOf(scaled).returns.resolves.toBeNumber()
    expect(await scaled.call({ factor: 3 }, 2)).toBe(6)
    await expect(scaled.call({ factor: 3 }, -2)).rejects.toThrow('negative')
    expect(await scaled.call({ factor: 3 }, 4)).toBe(12)
  })

  test('with permits so many run at a time; reentrant, the function may call itself', async () => {
    const bucket = newBucket()
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await delay(2)
      inside--
    }
    const limited = barrier(bucket, work, { permits: 2 })
    await Promise.all(Array.from({ length: 8 }, () => limited()))
    expect(most).toBe(2)
    const factorial: (n: number) => Promise<number> = barrier(
      bucket,
      async (n: number): Promise<number> => (n < 2 ? 1 : n * (await factorial(n - 1))),
      { name: 'factorial', reentrant: true },
    )
    expect(await factorial(5)).toBe(120)
  })

  test('refuses what it does not understand', () => {
    const bucket = newBucket()
    expect(() => barrier(bucket, 1 as any)).toThrow(TypeError)
    expect(() => barrier(bucket, () => {})).toThrow(/name/)
    expect(() => barrier(bucket, () => {}, { name: '' })).toThrow(TypeError)
    expect(() => barrier(bucket, () => {}, { name: 'a', permits: 2, reentrant: true })).toThrow(TypeError)
    expect(() => barrier(bucket, () => {}, { name: 'a', permits: 0 })).toThrow(RangeError)
    expect(() => barrier(bucket, () => {}, { names: 'a' } as any)).toThrow(TypeError)
  })
})

describe('throttle()', () => {
  test('does not stand still for as long as the clock was set back', async () => {
    const clock = vi.spyOn(Date, 'now')
    onTestFinished(() => clock.mockRestore())
    const call = throttle(newBucket(), async () => 1, { count: 2, per: 100, name: 'search' })
    await call()
    await call()
    const now = Date.now()
    const began = performance.now()
    clock.mockImplementation(() => now - hour + performance.now() - began)
    expect(await call()).toBe(1)
  })

  test('lets at most count calls begin in any stretch of time, and drops none', async () => {
    const bucket = newBucket()
    const begun: number[] = []
    const started = Date.now()
    const search = throttle(bucket, async (n: number) => begun.push(Date.now()) && n, {
      count: 3,
      per: 40,
      name: 'search',
    })
    const results = await Promise.all(Array.from({ length: 10 }, (_, i) => search(i)))
    expect(results).toEqual(Array.from({ length: 10 }, (_, i) => i))
    // Ten calls, three in 40 ms: the last begins in the fourth stretch.
    expect(begun[9]! - started).toBeGreaterThanOrEqual(120)
    expect(begun).toEqual([...begun].sort((a, b) => a - b))
  })

  test('counts the calls of all processes', async () => {
    const bucket = newBucket()
    const actors = await startActors(2, bucket.path)
    const started = Date.now()
    await Promise.all(
      actors.map(actor =>
        actor.run(async (theirs, { recipes }) => {
          const { throttle } = await recipes()
          const work = throttle(theirs, () => theirs.incr('calls'), {
            count: 2,
            per: { milliseconds: 50 },
            name: 'work',
          })
          await Promise.all(Array.from({ length: 5 }, () => work()))
        }),
      ),
    )
    expect(bucket.get('calls')).toBe(10)
    // Ten calls, two in 50 ms: the last two begin in the fifth stretch.
    expect(Date.now() - started).toBeGreaterThanOrEqual(200)
  })

  test('after a pause calls begin at once', async () => {
    const clock = stopClock()
    const search = throttle(newBucket(), async () => Date.now(), { count: 2, per: hour, name: 'search' })
    const start = Date.now()
    expect([await search(), await search()]).toEqual([start, start])
    clock.pass(hour)
    expect([await search(), await search()]).toEqual([start + hour, start + hour])
  })

  test('refuses what it does not understand', () => {
    const bucket = newBucket()
    const fn = (): void => {}
    expect(() => throttle(bucket, 1 as any, { count: 1, per: 1 })).toThrow(TypeError)
    for (const count of [0, 1.5, Number.POSITIVE_INFINITY])
      expect(() => throttle(bucket, fn, { count, per: 1 })).toThrow(RangeError)
    for (const per of [0, Number.POSITIVE_INFINITY])
      expect(() => throttle(bucket, fn, { count: 1, per })).toThrow(RangeError)
    expect(() => throttle(bucket, fn, { count: 1, per: 1, seconds: 1 } as any)).toThrow(TypeError)
  })
})

describe('Averager', () => {
  test('gives the average of what was added, until it is popped', async () => {
    const bucket = newBucket({ backend: 'json' })
    const latency = new Averager(bucket, 'latency')
    expect(await latency.get()).toBeUndefined()
    expect(await latency.add(1)).toBe(1)
    expect(await latency.add(4)).toBe(2.5)
    expect(await new Averager(bucket, 'latency').get()).toBe(2.5)
    expect(await latency.pop()).toBe(2.5)
    expect(await latency.pop()).toBeUndefined()
    expect(bucket.size).toBe(0)
  })

  test('loses nothing among processes', async () => {
    const bucket = newBucket()
    const actors = await startActors(3, bucket.path)
    await Promise.all(
      actors.map((actor, id) =>
        actor.run(async (theirs, value, { recipes }) => {
          const averager = new (await recipes()).Averager(theirs, 'n')
          for (let i = 0; i < 50; i++) await averager.add(value)
        }, id),
      ),
    )
    expect(bucket.get('n')).toEqual({ total: 150, count: 150 })
    expect(await new Averager(bucket, 'n').get()).toBe(1)
  })

  test('gives the entry expiry and tags, and leaves what is not its own', async () => {
    const clock = stopClock()
    const bucket = newBucket()
    const mine = new Averager(bucket, 'n', { expire: hour, tag: 't' })
    await mine.add(1)
    expect(bucket.getEntry('n')).toMatchObject({ tag: 't', expiresAt: new Date(Date.now() + hour) })
    clock.pass(hour)
    expect(await mine.get()).toBeUndefined()
    bucket.set('n', 'something else')
    await expect(mine.add(1)).rejects.toThrow(TypeError)
    await expect(mine.get()).rejects.toThrow(TypeError)
    await expect(mine.pop()).rejects.toThrow(TypeError)
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '1', 1n])
      await expect(mine.add(value as any)).rejects.toThrow(TypeError)
    expect(bucket.get('n')).toBe('something else')
  })
})
