// Lifetimes and expiry, under a clock that stands still unless told otherwise.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Bucket, type BucketOptions } from '../lib/index.ts'
import { entryFiles, newBucket } from './support/folders.ts'
import { faces } from './support/twins.ts'

const beginning = Date.UTC(2030, 0, 1)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(beginning)
})
afterEach(() => vi.useRealTimers())

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms)
}

for (const [name, face] of faces) {
  for (const backend of ['v8', 'json'] as const) {
    const open = (options?: BucketOptions) => {
      const bucket = newBucket({ backend, ...options })
      return { bucket, twin: face(bucket) }
    }

    describe(`${name} with ${backend}, as time goes by`, () => {
      test('an entry reads as missing from the moment on when it expires', async () => {
        const { twin } = open({ lifetime: 1000 })
        await twin.set('a', 1)
        await twin.set('b', 2, { expire: 2000 })
        await twin.set('c', 3, { expire: null })
        await twin.set('d', 4, { expire: { seconds: 1, milliseconds: 500 } })
        pass(999)
        expect(await twin.keys()).toEqual(['a', 'b', 'c', 'd'])
        pass(1)
        expect(await twin.get('a', 'gone')).toBe('gone')
        expect(await twin.has('a')).toBe(false)
        expect(await twin.getEntry('a')).toBeUndefined()
        expect(await twin.delete('a')).toBe(false)
        expect(await twin.pop('a', 'gone')).toBe('gone')
        expect(await twin.touch('a')).toBe(false)
        expect(await twin.keys()).toEqual(['b', 'c', 'd'])
        expect(await twin.getMany(['a', 'b'])).toEqual(new Map([['b', 2]]))
        expect(await twin.add('a', 'new')).toBe(true)
        pass(1000)
        expect(await twin.entries()).toEqual([['c', 3]])
        pass(1e12)
        expect(await twin.entries()).toEqual([['c', 3]])
      })

      test('expire: 0 stores what is gone at once', async () => {
        const { twin } = open()
        await twin.set('a', 1, { expire: 0 })
        expect(await twin.has('a')).toBe(false)
        await twin.set('b', 1)
        await twin.set('b', 2, { expire: 0 })
        expect(await twin.get('b')).toBeUndefined()
        expect(await twin.keys()).toEqual([])
      })

      test('expiresAt and storedAt say so', async () => {
        const { twin } = open({ minutes: 1 })
        await twin.set('a', 1)
        await twin.set('b', 1, { expire: null })
        expect(await twin.getEntry('a')).toMatchObject({
          storedAt: new Date(beginning),
          expiresAt: new Date(beginning + 60_000),
        })
        expect((await twin.getEntry('b'))!.expiresAt).toBeUndefined()
        pass(10)
        await twin.set('a', 2)
        expect(await twin.getEntry('a')).toMatchObject({ storedAt: new Date(beginning + 10) })
      })

      test('touch() gives a new expiry and leaves the rest', async () => {
        const { twin } = open({ lifetime: 1000 })
        const value = { large: 'x'.repeat(100) }
        await twin.set('a', value, { tag: 'red' })
        const before = (await twin.getEntry('a'))!
        pass(500)
        expect(await twin.touch('a')).toBe(true)
        expect(await twin.getEntry('a')).toEqual({ ...before, expiresAt: new Date(beginning + 1500) })
        expect(await twin.touch('a', 5000)).toBe(true)
        pass(4000)
        expect(await twin.get('a')).toEqual(value)
        expect(await twin.touch('a', null)).toBe(true)
        pass(1e9)
        expect(await twin.getEntry('a')).toEqual({ ...before, expiresAt: undefined })
        expect(await twin.touch('a', 0)).toBe(true)
        expect(await twin.has('a')).toBe(false)
        expect(await twin.touch('a', 1000)).toBe(false)
        expect(await twin.touch('never')).toBe(false)
      })

      test('touched a hundred times, an entry is still what it was', async () => {
        const { bucket, twin } = open()
        await twin.set('a', 'x'.repeat(200), { tag: [1, '1'] })
        const before = (await twin.getEntry('a'))!
        for (let i = 1; i <= 200; i++) await twin.touch('a', i * 1000)
        expect(await twin.getEntry('a')).toEqual({ ...before, expiresAt: new Date(beginning + 200_000) })
        expect(entryFiles(bucket.path)).toHaveLength(1)
      })

      test('a lifetime that is shortened later counts for what is stored, and only while it is in force', async () => {
        const { bucket, twin } = open()
        await twin.set('a', 1)
        await twin.set('mine', 2, { expire: 10_000 })
        await twin.set('for ever', 3, { expire: null })
        pass(2000)
        bucket.lifetime = 1000
        expect(await twin.keys()).toEqual(['mine', 'for ever'])
        expect(await twin.has('a')).toBe(false)
        bucket.lifetime = { seconds: 3 } as never
        expect(bucket.lifetime).toBe(3000)
        expect((await twin.getEntry('a'))!.expiresAt).toEqual(new Date(beginning + 3000))
        bucket.lifetime = null
        expect(await twin.get('a')).toBe(1)
        expect((await twin.getEntry('a'))!.expiresAt).toBeUndefined()
        expect(() => {
          bucket.lifetime = 0
        }).toThrow(RangeError)
        expect(bucket.lifetime).toBeNull()
      })

      test('a lifetime that is lengthened does not revive what was stored under a shorter one', async () => {
        const { bucket, twin } = open({ lifetime: 1000 })
        await twin.set('a', 1)
        bucket.lifetime = 5000
        await twin.set('b', 1)
        pass(1000)
        expect(await twin.keys()).toEqual(['b'])
      })

      test('prune() removes what has expired under the present lifetime, files and all', async () => {
        const { bucket, twin } = open()
        for (let i = 0; i < 10; i++) await twin.set(i, 'x'.repeat(100), { expire: i < 4 ? 1000 : null })
        await twin.set('plain', 1)
        expect(await twin.prune()).toEqual({ count: 0, size: 0 })
        pass(1000)
        const pruned = await twin.prune()
        expect(pruned.count).toBe(4)
        expect(pruned.size).toBeGreaterThan(400)
        expect(await twin.size()).toBe(7)
        expect(entryFiles(bucket.path)).toHaveLength(7)
        bucket.lifetime = 500
        expect((await twin.prune()).count).toBe(1)
        bucket.lifetime = null
        expect(await twin.keys()).toEqual([4, 5, 6, 7, 8, 9])
      })

      test('list({ expired: true }) shows also what has expired, with the time when it did', async () => {
        const { bucket, twin } = open()
        await twin.set('a', 1, { expire: 1000 })
        await twin.set('b', 1)
        pass(2000)
        expect((await twin.list()).map(({ key }) => key)).toEqual(['b'])
        bucket.lifetime = 1500
        const all = await twin.list({ expired: true })
        expect(all.map(({ key, expiresAt }) => [key, expiresAt])).toEqual([
          ['a', new Date(beginning + 1000)],
          ['b', new Date(beginning + 1500)],
        ])
      })

      test('an expired key that is stored again begins anew, at the end', async () => {
        const { twin } = open()
        await twin.set('a', 1, { expire: 1000, tag: 'red' })
        await twin.set('b', 2)
        pass(1000)
        expect(await twin.incr('a')).toBe(1)
        expect(await twin.entries()).toEqual([
          ['b', 2],
          ['a', 1],
        ])
        expect(await twin.getEntry('a')).toMatchObject({ tags: [], expiresAt: undefined })
        expect(await twin.size()).toBe(2)
      })

      test('getOrSet() computes again what has expired', async () => {
        const { twin } = open({ lifetime: 1000 })
        let runs = 0
        const compute = (): number => ++runs
        await twin.getOrSet('a', compute)
        pass(1000)
        expect(await twin.getOrSet('a', compute)).toBe(2)
        expect(await twin.getOrSet('b', compute, { expire: 5000 })).toBe(3)
        pass(4000)
        expect(await twin.getOrSet('b', compute)).toBe(3)
      })

      test('update() and incr() leave the expiry as it was, unless told', async () => {
        const { twin } = open({ lifetime: 1000 })
        await twin.set('a', 1)
        await twin.set('b', 1)
        pass(600)
        await twin.incr('a')
        await twin.update('b', (n: number) => n + 1, { expire: 1000 })
        pass(400)
        expect(await twin.has('a')).toBe(false)
        expect(await twin.get('b')).toBe(2)
      })

      test('far-away and fractional durations are taken as they are', async () => {
        const { twin } = open()
        await twin.set('a', 1, { expire: Number.POSITIVE_INFINITY })
        await twin.set('b', 1, { expire: 1e300 })
        await twin.set('c', 1, { expire: 0.5 })
        await twin.set('d', 1, { expire: 8.64e15 - beginning })
        expect((await twin.getEntry('a'))!.expiresAt).toBeUndefined()
        expect((await twin.getEntry('b'))!.expiresAt).toBeUndefined()
        expect(await twin.has('c')).toBe(true)
        expect((await twin.getEntry('d'))!.expiresAt).toEqual(new Date(8.64e15))
        pass(1)
        expect(await twin.keys()).toEqual(['a', 'b', 'd'])
      })
    })
  }
}

test('a bucket with another lifetime judges by its own', () => {
  const long = newBucket({ days: 1 })
  const short = new Bucket(long.path, { lifetime: 1000 })
  long.set('a', 1)
  pass(1000)
  expect(short.get('a')).toBeUndefined()
  expect(long.get('a')).toBe(1)
})
