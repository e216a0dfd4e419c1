// What a bucket does as a dictionary, whichever of its two faces is asked and whatever its values become on disk.

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  type Bucket,
  type BucketOptions,
  ConflictError,
  KeyNotFoundError,
  UnserializableError,
} from '../../lib/index.ts'
import { newBucket } from '../support/folders.ts'
import type { Twin } from '../support/twins.ts'

export interface SuiteOptions {
  readonly face: (bucket: Bucket<any, any>) => Twin
  readonly options?: BucketOptions
  /** Whether values may be bigints. */
  readonly bigints?: boolean
}

/** The methods of a dictionary. */
export function dictionarySuite(label: string, { face, options, bigints = true }: SuiteOptions): void {
  const open = (more?: BucketOptions): Twin => face(newBucket({ ...options, ...more }))

  describe(`${label}, a dictionary`, () => {
    test('get() gives what set() stored, and undefined or the fallback for what is missing', async () => {
      const bucket = open()
      await bucket.set('a', { deep: [1, 'two', null] })
      expect(await bucket.get('a')).toEqual({ deep: [1, 'two', null] })
      expect(await bucket.get('b')).toBeUndefined()
      expect(await bucket.get('b', 'fallback')).toBe('fallback')
      expect(await bucket.get('a', 'fallback')).toEqual({ deep: [1, 'two', null] })
    })

    test('undefined can be stored, and told from missing by has()', async () => {
      const bucket = open()
      await bucket.set('a', undefined)
      expect(await bucket.has('a')).toBe(true)
      expect(await bucket.get('a', 'fallback')).toBeUndefined()
      expect(await bucket.getOrThrow('a')).toBeUndefined()
      expect(await bucket.add('a', 1)).toBe(false)
      expect(await bucket.getOrSet('a', () => 2)).toBeUndefined()
      expect(await bucket.getMany(['a', 'b'])).toEqual(new Map([['a', undefined]]))
      expect(await bucket.pop('a', 'fallback')).toBeUndefined()
      expect(await bucket.has('a')).toBe(false)
    })

    test('set() replaces, again and again, and the last value counts', async () => {
      const bucket = open()
      for (let i = 0; i < 50; i++) await bucket.set('a', { i, text: 'x'.repeat(i * 30) })
      expect(await bucket.get('a')).toEqual({ i: 49, text: 'x'.repeat(49 * 30) })
      expect(await bucket.size()).toBe(1)
    })

    test('large values and small ones may follow each other under one key', async () => {
      const bucket = open()
      for (const length of [10, 200_000, 5, 16_300, 16_400, 40_000, 0]) {
        const value = 'y'.repeat(length)
        await bucket.set('a', value)
        expect(await bucket.get('a')).toBe(value)
      }
      expect(await bucket.keys()).toEqual(['a'])
    })

    test('getOrThrow() throws KeyNotFoundError with the key for what is missing', async () => {
      const bucket = open()
      await bucket.set('a', 1)
      expect(await bucket.getOrThrow('a')).toBe(1)
      const error = await bucket.getOrThrow({ no: 'such key' }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(KeyNotFoundError)
      expect(error).toMatchObject({ code: 'ERR_KEY_NOT_FOUND', key: { no: 'such key' } })
    })

    test('getEntry() tells value, times, tags, size and version', async () => {
      const bucket = open()
      const before = Date.now()
      await bucket.set('a', 'value', { expire: 60_000, tag: ['red', 1] })
      const after = Date.now()
      const entry = (await bucket.getEntry('a'))!
      expect(entry).toMatchObject({ key: 'a', value: 'value', tag: 'red', tags: ['red', 1] })
      expect(entry.storedAt).toBeInstanceOf(Date)
      expect(entry.storedAt.getTime()).toBeGreaterThanOrEqual(before)
      expect(entry.storedAt.getTime()).toBeLessThanOrEqual(after)
      expect(entry.expiresAt!.getTime() - entry.storedAt.getTime()).toBe(60_000)
      expect(entry.size).toBeGreaterThan(0)
      expect(entry.version).toMatch(/^.+$/)
      expect(await bucket.getEntry('b')).toBeUndefined()

      await bucket.set('b', 'value')
      expect(await bucket.getEntry('b')).toMatchObject({ expiresAt: undefined, tag: undefined, tags: [] })
    })

    test('the version changes with every write of the value, and with no other call', async () => {
      const bucket = open()
      await bucket.set('a', 'same')
      const first = (await bucket.getEntry('a'))!.version
      await bucket.get('a')
      expect((await bucket.getEntry('a'))!.version).toBe(first)
      await bucket.set('a', 'same')
      expect((await bucket.getEntry('a'))!.version).not.toBe(first)
    })

    test('set() with ifVersion writes over that version only', async () => {
      const bucket = open()
      await bucket.set('a', 1, { ifVersion: '' })
      const { version } = (await bucket.getEntry('a'))!
      await expect(bucket.set('a', 2, { ifVersion: '' })).rejects.toThrow(ConflictError)
      await bucket.set('a', 2, { ifVersion: version })
      await expect(bucket.set('a', 3, { ifVersion: version })).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
      expect(await bucket.get('a')).toBe(2)
      await expect(bucket.set('b', 1, { ifVersion: version })).rejects.toThrow(ConflictError)
      expect(await bucket.has('b')).toBe(false)
    })

    test('add() stores only what is missing', async () => {
      const bucket = open()
      expect(await bucket.add('a', 1)).toBe(true)
      expect(await bucket.add('a', 2)).toBe(false)
      expect(await bucket.get('a')).toBe(1)
      await bucket.delete('a')
      expect(await bucket.add('a', 3)).toBe(true)
      expect(await bucket.get('a')).toBe(3)
    })

    test('delete() tells whether there was anything', async () => {
      const bucket = open()
      await bucket.set('a', 1)
      expect(await bucket.delete('a')).toBe(true)
      expect(await bucket.delete('a')).toBe(false)
      expect(await bucket.delete('never')).toBe(false)
      expect(await bucket.has('a')).toBe(false)
      expect(await bucket.size()).toBe(0)
    })

    test('pop() removes and gives the value, or the fallback', async () => {
      const bucket = open()
      await bucket.set('a', [1, 2])
      expect(await bucket.pop('a')).toEqual([1, 2])
      expect(await bucket.pop('a')).toBeUndefined()
      expect(await bucket.pop('a', 'fallback')).toBe('fallback')
    })

    test('getOrSet() computes what is missing, once', async () => {
      const bucket = open()
      let runs = 0
      const compute = (): string => `value ${++runs}`
      expect(await bucket.getOrSet('a', compute)).toBe('value 1')
      expect(await bucket.getOrSet('a', compute)).toBe('value 1')
      expect(await bucket.get('a')).toBe('value 1')
      expect(runs).toBe(1)
    })

    test('getOrSet() hands on what compute throws, stores nothing, and holds nobody up', async () => {
      const bucket = open()
      const failure = new Error('no luck')
      const fail = (): never => {
        throw failure
      }
      await expect(bucket.getOrSet('a', fail)).rejects.toBe(failure)
      expect(await bucket.has('a')).toBe(false)
      expect(await bucket.getOrSet('a', () => 'luck')).toBe('luck')
    })

    test('update() computes the new value from the present one; undefined removes', async () => {
      const bucket = open()
      const seen: unknown[] = []
      const change = (next: unknown) => (current: unknown) => {
        seen.push(current)
        return next
      }
      expect(await bucket.update('a', change('first'), { tag: 'red', expire: 60_000 })).toBe('first')
      const { expiresAt } = (await bucket.getEntry('a'))!
      expect(await bucket.update('a', change('second'))).toBe('second')
      expect(await bucket.getEntry('a')).toMatchObject({ value: 'second', tags: ['red'], expiresAt })
      expect(await bucket.update('a', change(undefined))).toBeUndefined()
      expect(await bucket.has('a')).toBe(false)
      expect(await bucket.update('a', change(undefined))).toBeUndefined()
      expect(new Set(seen)).toEqual(new Set([undefined, 'first', 'second']))
    })

    test('update() that throws leaves the value as it was', async () => {
      const bucket = open()
      await bucket.set('a', 1)
      const fail = (): never => {
        throw new Error('no')
      }
      await expect(bucket.update('a', fail)).rejects.toThrow('no')
      expect(await bucket.get('a')).toBe(1)
      await expect(bucket.update('a', () => 2, { ifVersion: 'another' })).rejects.toThrow(ConflictError)
      expect(await bucket.get('a')).toBe(1)
    })

    test('incr() and decr() count from 0, or from the default', async () => {
      const bucket = open()
      expect(await bucket.incr('a')).toBe(1)
      expect(await bucket.incr('a', 5)).toBe(6)
      expect(await bucket.decr('a')).toBe(5)
      expect(await bucket.decr('a', 7)).toBe(-2)
      expect(await bucket.incr('b', 1, { default: 10 })).toBe(11)
      expect(await bucket.incr('b', 1, { default: 10 })).toBe(12)
      expect(await bucket.decr('c', 1, { default: 10 })).toBe(9)
      const misspelled = { defalt: 1 } as { default?: number }
      await expect(async () => bucket.decr('c', 1, misspelled)).rejects.toThrow(/option of decr/)
      await expect(async () => bucket.decr('c', Symbol('s') as never)).rejects.toThrow(/Expected delta/)
      expect(await bucket.incr('d', 0.25)).toBe(0.25)
      expect(await bucket.incr('d', 0.5)).toBe(0.75)
      expect(await bucket.get('a')).toBe(-2)
    })

    test.runIf(bigints)('incr() counts with bigints without bound, and does not mix them with numbers', async () => {
      const bucket = open()
      expect(await bucket.incr('a', 1n)).toBe(1n)
      expect(await bucket.incr('a', 2n ** 80n)).toBe(2n ** 80n + 1n)
      expect(await bucket.decr('a', 2n ** 80n)).toBe(1n)
      await expect(bucket.incr('a', 1)).rejects.toThrow(TypeError)
      await bucket.set('b', 1)
      await expect(bucket.incr('b', 1n)).rejects.toThrow(TypeError)
      await expect(bucket.incr('c', 1n, { default: 1 })).rejects.toThrow(TypeError)
      expect([await bucket.get('a'), await bucket.get('b'), await bucket.has('c')]).toEqual([1n, 1, false])
    })

    test('incr() refuses what cannot be counted, and leaves it as it was', async () => {
      const bucket = open()
      await bucket.set('text', '1')
      await expect(bucket.incr('text')).rejects.toThrow(TypeError)
      await bucket.set('null', null)
      await expect(bucket.incr('null')).rejects.toThrow(TypeError)
      await bucket.set('limit', Number.MAX_SAFE_INTEGER)
      await expect(bucket.incr('limit')).rejects.toThrow(RangeError)
      await expect(bucket.incr('none', 1, { default: null })).rejects.toThrow(KeyNotFoundError)
      await expect(bucket.incr('none', Number.NaN)).rejects.toThrow(TypeError)
      await expect(bucket.incr('none', '1')).rejects.toThrow(TypeError)
      await expect(bucket.decr('none', '1')).rejects.toThrow(TypeError)
      expect(await bucket.entries()).toEqual([
        ['text', '1'],
        ['null', null],
        ['limit', Number.MAX_SAFE_INTEGER],
      ])
    })

    test('incr() keeps expiry and tags of a live entry', async () => {
      const bucket = open()
      await bucket.set('a', 1, { expire: 60_000, tag: 'red' })
      const { expiresAt } = (await bucket.getEntry('a'))!
      await bucket.incr('a')
      expect(await bucket.getEntry('a')).toMatchObject({ value: 2, expiresAt, tags: ['red'] })
    })

    test('getMany(), setMany() and deleteMany() do what their singulars do', async () => {
      const bucket = open()
      await bucket.setMany(
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
        { tag: 'red' },
      )
      expect((await bucket.getEntry('b'))!.tag).toBe('red')
      expect(await bucket.getMany(['b', 'x', 'a'])).toEqual(
        new Map([
          ['b', 2],
          ['a', 1],
        ]),
      )
      expect([...(await bucket.getMany(['b', 'x', 'a'])).keys()]).toEqual(['b', 'a'])
      expect(await bucket.deleteMany(['a', 'x', 'b'])).toBe(2)
      expect(await bucket.size()).toBe(0)
      expect(await bucket.getMany([])).toEqual(new Map())
    })

    test('clear() removes all and tells how many', async () => {
      const bucket = open()
      for (let i = 0; i < 20; i++) await bucket.set(i, i)
      await bucket.delete(3)
      expect(await bucket.clear()).toBe(19)
      expect(await bucket.size()).toBe(0)
      expect(await bucket.keys()).toEqual([])
      expect(await bucket.has(1)).toBe(false)
      expect(await bucket.clear()).toBe(0)
      await bucket.set('again', 1)
      expect(await bucket.entries()).toEqual([['again', 1]])
    })

    test('a key or value that cannot be stored is refused, and nothing is changed', async () => {
      const bucket = open()
      await bucket.set('a', 1)
      await expect(bucket.set('a', () => 1)).rejects.toThrow(UnserializableError)
      await expect(bucket.set('a', { deep: [Symbol('x')] })).rejects.toMatchObject({ code: 'ERR_UNSERIALIZABLE' })
      await expect(bucket.add('b', () => 1)).rejects.toThrow(UnserializableError)
      await expect(bucket.update('a', () => () => 1)).rejects.toThrow(UnserializableError)
      await expect(bucket.set(() => 1, 1)).rejects.toThrow(UnserializableError)
      await expect(bucket.get(Symbol('x'))).rejects.toThrow(UnserializableError)
      expect(await bucket.entries()).toEqual([['a', 1]])
    })

    test('an option that does not exist, or is of the wrong kind, is refused', async () => {
      const bucket = open()
      await expect(bucket.set('a', 1, { expires: 1 } as object)).rejects.toThrow(/"expires".*"expire"/)
      await expect(bucket.set('a', 1, { expire: -1 })).rejects.toThrow(RangeError)
      await expect(bucket.set('a', 1, { expire: 'soon' as never })).rejects.toThrow(TypeError)
      await expect(bucket.set('a', 1, { tag: {} as never })).rejects.toThrow(TypeError)
      await expect(bucket.set('a', 1, { ifVersion: 1 as never })).rejects.toThrow(TypeError)
      expect(await bucket.has('a')).toBe(false)
    })

    test('keys of every kind are told apart', async () => {
      const bucket = open()
      const keys = [1, '1', true, 'true', null, 'null', undefined, 1n, [1], ['1'], { a: 1 }, { a: '1' }, '', [], {}]
      for (const [i, key] of keys.entries()) await bucket.set(key, i)
      for (const [i, key] of keys.entries()) expect(await bucket.get(key)).toBe(i)
      expect(await bucket.size()).toBe(keys.length)
      expect(await bucket.keys()).toEqual(keys)
      expect(await bucket.get({ a: 1 })).toBe(keys.findIndex(key => key !== null && (key as any)?.a === 1))
    })
  })
}

/** Iteration, size and what is listed. */
export function iterationSuite(label: string, { face, options }: SuiteOptions): void {
  const open = (more?: BucketOptions): Twin => face(newBucket({ ...options, ...more }))

  describe(`${label}, iterated over`, () => {
    test('keys, values and entries come in insertion order; a key that is written again keeps its place', async () => {
      const bucket = open()
      const keys = Array.from({ length: 150 }, (_, i) => `key ${(i * 37) % 150}`)
      for (const key of keys) await bucket.set(key, `${key}!`)
      await bucket.set(keys[10], 'changed')
      await bucket.set(keys[11], 'x'.repeat(50_000))
      await bucket.incr('count')
      await bucket.incr('count')
      expect(await bucket.keys()).toEqual([...keys, 'count'])
      const values = [...keys.map(key => `${key}!`), 2]
      values[10] = 'changed'
      values[11] = 'x'.repeat(50_000)
      expect(await bucket.values()).toEqual(values)
      expect(await bucket.entries()).toEqual([...keys, 'count'].map((key, i) => [key, values[i]]))
      expect(await bucket.iterate()).toEqual(await bucket.entries())
      expect(await bucket.size()).toBe(151)
    })

    test('a key that was removed and stored again stands at the end', async () => {
      const bucket = open()
      for (const key of ['a', 'b', 'c']) await bucket.set(key, key)
      await bucket.delete('a')
      await bucket.set('a', 'new')
      await bucket.pop('b')
      expect(await bucket.entries()).toEqual([
        ['c', 'c'],
        ['a', 'new'],
      ])
      expect(await bucket.size()).toBe(2)
    })

    test('what is removed, changed and added during an iteration is seen as in a Map', async () => {
      const bucket = newBucket<unknown, number>(options)
      const { forEach } = face(bucket)
      const model = new Map<unknown, number>()
      for (const [i, key] of ['a', 'b', 'c', 'd'].entries()) {
        bucket.set(key, i)
        model.set(key, i)
      }
      const change = (entries: { set(key: unknown, value: number): unknown; delete(key: unknown): unknown }): void => {
        entries.delete('b')
        entries.set('c', 100)
        entries.set('e', 5)
      }
      const seen: unknown[] = []
      await forEach((value, key) => {
        seen.push([key, value])
        if (key === 'a') change(bucket)
      })
      const expected: unknown[] = []
      for (const [key, value] of model) {
        expected.push([key, value])
        if (key === 'a') change(model)
      }
      expect(seen).toEqual(expected)
    })

    test('an option that is not known is refused, and told', async () => {
      const bucket = open()
      await expect(bucket.list({ tags: 'red' } as object)).rejects.toThrow('"tag"')
      await expect(bucket.sortedKeys({ reversed: true } as object)).rejects.toThrow('"reverse"')
      await expect(bucket.list(5 as never)).rejects.toThrow(TypeError)
    })

    test('an entry that expires during an iteration is not shown', async () => {
      vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] })
      onTestFinished(() => void vi.useRealTimers())
      const bucket = open()
      for (const key of ['a', 'b', 'c']) await bucket.set(key, 1, key === 'b' ? { expire: 100 } : {})
      const seen: unknown[] = []
      await bucket.forEach((_, key) => {
        seen.push(key)
        vi.setSystemTime(1_000_200)
      })
      expect(seen).toEqual(['a', 'c'])
    })

    test('sortedKeys() has numbers before strings before the rest, strings by code unit', async () => {
      const bucket = open()
      const keys = ['b', 10, true, 'a', 9, 'B', '\u{1f600}', '\uffff', -1, null, 'é', 2.5, [1]]
      for (const key of keys) await bucket.set(key, 1)
      const sorted = await bucket.sortedKeys()
      expect(sorted.slice(0, 10)).toEqual([-1, 2.5, 9, 10, 'B', 'a', 'b', 'é', '\u{1f600}', '\uffff'])
      expect(new Set(sorted.slice(10).map(key => JSON.stringify(key)))).toEqual(new Set(['true', 'null', '[1]']))
      expect(await bucket.sortedKeys({ reverse: true })).toEqual(sorted.reverse())
    })

    test('list() shows what passes all filters, without values', async () => {
      const bucket = open()
      await bucket.set('a/1', 'x'.repeat(500), { tag: ['red', 'big'] })
      await bucket.set('a/2', 'x', { tag: 'red' })
      await bucket.set('b/1', 'x'.repeat(500), { tag: 1 })
      await bucket.set(['a/'], 'x')
      const keys = async (filter: object): Promise<unknown[]> => (await bucket.list(filter)).map(entry => entry.key)
      expect(await keys({})).toEqual(['a/1', 'a/2', 'b/1', ['a/']])
      expect(await keys({ tag: 'red' })).toEqual(['a/1', 'a/2'])
      expect(await keys({ tag: '1' })).toEqual([])
      expect(await keys({ tag: 1 })).toEqual(['b/1'])
      expect(await keys({ prefix: 'a/' })).toEqual(['a/1', 'a/2'])
      expect(await keys({ largerThan: 400 })).toEqual(['a/1', 'b/1'])
      expect(await keys({ tag: 'red', prefix: 'a', largerThan: 400 })).toEqual(['a/1'])
      const [first] = await bucket.list()
      expect(first).not.toHaveProperty('value')
      const { value: _, ...rest } = (await bucket.getEntry('a/1'))!
      expect(first).toEqual(rest)
    })

    test('volume() is within a factor of two of the bytes on disk', async () => {
      const bucket = newBucket({ ...options })
      const twin = face(bucket)
      for (let i = 0; i < 200; i++) await twin.set(i, 'x'.repeat((i % 40) * 50))
      for (let i = 0; i < 200; i += 3) await twin.set(i, 'y'.repeat(1000))
      await twin.set('large', 'z'.repeat(100_000))
      for (let i = 0; i < 200; i += 5) await twin.delete(i)
      const { statSync } = await import('node:fs')
      const { entryFiles } = await import('../support/folders.ts')
      const onDisk = entryFiles(bucket.path).reduce((sum, file) => sum + statSync(file).size, 0)
      const volume = await twin.volume()
      expect(volume).toBeGreaterThan(onDisk / 2)
      expect(volume).toBeLessThan(onDisk * 2)
    })

    test('another bucket on the folder, and one opened later, see the same in the same order', async () => {
      const first = newBucket(options)
      const { Bucket } = await import('../../lib/index.ts')
      const second = new Bucket<any, any>(first.path, options)
      const [a, b] = [face(first), face(second)]
      await a.set('one', 1)
      await b.set('two', 2)
      await a.set('three', 3)
      await b.delete('one')
      await b.set('three', 'III')
      const all = [
        ['two', 2],
        ['three', 'III'],
      ]
      expect(await a.entries()).toEqual(all)
      expect(await b.entries()).toEqual(all)
      expect([await a.size(), await b.size()]).toEqual([2, 2])
      const third = face(new Bucket<any, any>(first.path, options))
      expect(await third.entries()).toEqual(all)
      expect(await third.size()).toBe(2)
    })
  })
}
