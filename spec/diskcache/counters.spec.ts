// Issue: Counters, claims. DiskCache: Cache.incr, decr, add, pop.

import { describe, expect, test } from 'vitest'
import { newBucket } from '../support/folders.ts'
import { startActors } from '../support/remote.ts'
import { hour, onBothFaces, stopClock } from './support.ts'

onBothFaces(faceOf => {
  test('incr() and decr() count from 0, or from the default, by 1 or by the delta', async () => {
    const bucket = faceOf(newBucket())
    expect(await bucket.incr('a')).toBe(1)
    expect(await bucket.incr('a', 5)).toBe(6)
    expect(await bucket.decr('a')).toBe(5)
    expect(await bucket.decr('a', 10)).toBe(-5)
    expect(await bucket.incr('b', 2, { default: 100 })).toBe(102)
    expect(await bucket.incr('b', 2, { default: 100 })).toBe(104)
    expect(await bucket.decr('c', 2, { default: 100 })).toBe(98)
    expect(await bucket.get('c')).toBe(98)
  })

  test('default null: a missing key is an error, and stays missing', async () => {
    const bucket = faceOf(newBucket())
    const missing = { name: 'KeyNotFoundError', code: 'ERR_KEY_NOT_FOUND' }
    await expect(bucket.incr('a', 1, { default: null })).rejects.toMatchObject(missing)
    await expect(bucket.decr('a', 1n, { default: null })).rejects.toMatchObject(missing)
    expect(await bucket.has('a')).toBe(false)
    await bucket.set('a', 1)
    expect(await bucket.incr('a', 1, { default: null })).toBe(2)
  })

  test('floats are counted as numbers are', async () => {
    const bucket = faceOf(newBucket())
    expect(await bucket.incr('a', 0.1)).toBe(0.1)
    expect(await bucket.incr('a', 0.2)).toBe(0.1 + 0.2)
    await bucket.set('large', 2 ** 60)
    expect(await bucket.incr('large', 2 ** 60)).toBe(2 ** 61)
    await bucket.set('infinite', Number.POSITIVE_INFINITY)
    expect(await bucket.incr('infinite')).toBe(Number.POSITIVE_INFINITY)
  })

  test('bigints are exact at any length', async () => {
    const bucket = faceOf(newBucket())
    expect(await bucket.incr('a', 2n ** 63n)).toBe(2n ** 63n)
    expect(await bucket.incr('a', 2n ** 100n)).toBe(2n ** 63n + 2n ** 100n)
    expect(await bucket.decr('b', 1n)).toBe(-1n)
    expect(await bucket.incr('c', 1n, { default: 10n })).toBe(11n)
  })

  test('a sum of integers that is no safe integer is an error, and the value untouched', async () => {
    const bucket = faceOf(newBucket())
    await bucket.set('a', Number.MAX_SAFE_INTEGER)
    await expect(bucket.incr('a')).rejects.toThrow(RangeError)
    await expect(bucket.decr('a', -1)).rejects.toThrow(RangeError)
    expect(await bucket.get('a')).toBe(Number.MAX_SAFE_INTEGER)
    expect(await bucket.decr('a')).toBe(Number.MAX_SAFE_INTEGER - 1)
    await bucket.set('b', Number.MIN_SAFE_INTEGER)
    await expect(bucket.decr('b')).rejects.toThrow(RangeError)
  })

  test('what is no number is not counted, and the value untouched; number and bigint do not mix', async () => {
    const bucket = faceOf(newBucket())
    for (const value of ['1', null, undefined, true, new Date(0), [1], { valueOf: () => 1 }.valueOf]) {
      if (typeof value === 'function') continue
      await bucket.set('a', value)
      await expect(bucket.incr('a')).rejects.toThrow(TypeError)
      expect(await bucket.get('a')).toEqual(value)
    }
    await bucket.set('number', 1)
    await bucket.set('bigint', 1n)
    await expect(bucket.incr('number', 1n)).rejects.toThrow(TypeError)
    await expect(bucket.incr('bigint')).rejects.toThrow(TypeError)
    await expect(bucket.incr('new', 1n, { default: 0 })).rejects.toThrow(TypeError)
    for (const delta of [Number.NaN, Number.POSITIVE_INFINITY, '1', null])
      await expect(bucket.incr('number', delta)).rejects.toThrow(TypeError)
    for (const start of [Number.NaN, Number.POSITIVE_INFINITY, '1'])
      await expect(bucket.incr('new', 1, { default: start })).rejects.toThrow(TypeError)
    await expect(bucket.incr('new', 1, { defualt: 1 } as object)).rejects.toThrow('"default"')
    expect([await bucket.get('number'), await bucket.get('bigint'), await bucket.has('new')]).toEqual([1, 1n, false])
  })

  test('a live entry keeps expiry and tags, an expired one begins anew under the lifetime', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket({ days: 1 }))
    await bucket.set('a', 5, { expire: hour, tag: ['t', 'u'] })
    const { expiresAt } = (await bucket.getEntry('a'))!
    clock.pass(hour / 2)
    expect(await bucket.incr('a')).toBe(6)
    expect(await bucket.getEntry('a')).toMatchObject({ expiresAt, tags: ['t', 'u'] })
    clock.pass(hour / 2)
    expect(await bucket.incr('a')).toBe(1)
    expect(await bucket.getEntry('a')).toMatchObject({ expiresAt: new Date(Date.now() + 24 * hour), tags: [] })
  })

  test('add() stores only what is missing', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket())
    expect(await bucket.add('a', 1, { expire: hour, tag: 't' })).toBe(true)
    expect(await bucket.add('a', 2, { tag: 'u' })).toBe(false)
    expect(await bucket.getEntry('a')).toMatchObject({ value: 1, tag: 't' })
    clock.pass(hour)
    expect(await bucket.add('a', 3)).toBe(true)
    await bucket.set('b', undefined)
    expect(await bucket.add('b', 1)).toBe(false)
  })

  test('pop() gives a value once', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket())
    await bucket.set('a', { deep: [1n] })
    expect(await bucket.pop('a')).toEqual({ deep: [1n] })
    expect(await bucket.pop('a')).toBeUndefined()
    expect(await bucket.pop('a', 'none')).toBe('none')
    await bucket.set('b', undefined)
    expect(await bucket.pop('b', 'none')).toBeUndefined()
    await bucket.set('c', 1, { expire: hour })
    clock.pass(hour)
    expect(await bucket.pop('c', 'none')).toBe('none')
    expect(await bucket.size()).toBe(1)
  })

  test('of calls at once, each counts, one adds and one pops', async () => {
    const bucket = faceOf(newBucket())
    await Promise.all(Array.from({ length: 50 }, () => bucket.incr('n')))
    expect(await bucket.get('n')).toBe(50)
    const added = await Promise.all(Array.from({ length: 20 }, (_, i) => bucket.add('a', i)))
    expect(added.filter(Boolean)).toHaveLength(1)
    const popped = await Promise.all(Array.from({ length: 20 }, () => bucket.pop('a', 'none')))
    expect(popped.filter(value => value !== 'none')).toHaveLength(1)
  })
})

describe('among processes', () => {
  test('four processes that count lose nothing, be it numbers or bigints, up or down', async () => {
    const bucket = newBucket()
    const actors = await startActors(4, bucket.path)
    const results = await Promise.all(
      actors.map(actor =>
        actor.run(async theirs => {
          const seen: (number | bigint)[] = []
          for (let i = 0; i < 200; i++) {
            seen.push(theirs.incr('n'))
            theirs.decr('down', 2)
            theirs.incr('big', 2n ** 70n)
            if (i % 4 === 0) await Promise.all([theirs.promises.incr('async'), theirs.promises.incr('async')])
          }
          return seen
        }),
      ),
    )
    expect(bucket.get('n')).toBe(800)
    expect(bucket.get('down')).toBe(-1600)
    expect(bucket.get('big')).toBe(800n * 2n ** 70n)
    expect(bucket.get('async')).toBe(400)
    // Each sum was given to one caller.
    expect(new Set(results.flat()).size).toBe(800)
    expect(bucket.check()).toEqual([])
  })

  test('of four processes one adds each key, and one pops it', async () => {
    const bucket = newBucket()
    const actors = await startActors(4, bucket.path)
    const won = await Promise.all(
      actors.map((actor, id) =>
        actor.run(async (theirs, me) => {
          const added: number[] = []
          const popped: number[] = []
          for (let i = 0; i < 150; i++) {
            if (theirs.add(i, me)) added.push(i)
            if (i % 3 === 0 && theirs.pop(i) !== undefined) popped.push(i)
          }
          return { added, popped }
        }, id),
      ),
    )
    const count = (list: number[]): Map<number, number> => {
      const counts = new Map<number, number>()
      for (const i of list) counts.set(i, (counts.get(i) ?? 0) + 1)
      return counts
    }
    const added = count(won.flatMap(one => one.added))
    const popped = count(won.flatMap(one => one.popped))
    for (let i = 0; i < 150; i++) {
      // As often added as popped, or once more, if it is there.
      expect((added.get(i) ?? 0) - (popped.get(i) ?? 0)).toBe(Number(bucket.has(i)))
      if (i % 3 !== 0) expect(added.get(i)).toBe(1)
    }
  })
})
