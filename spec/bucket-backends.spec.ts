// Backends and key makers, as a bucket uses them, and what their files look like from outside.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type Backend,
  BackendLoadError,
  Bucket,
  type BucketOptions,
  CBORBackend,
  compressed,
  encrypted,
  JSONBackend,
  type KeyMaker,
  MessagePackBackend,
  StreamingKeyMaker,
  UnserializableError,
  V8Backend,
} from '../lib/index.ts'
import { entryFile, entryFiles, newBucket, newFolder } from './support/folders.ts'
import { faces } from './support/twins.ts'

const key = Buffer.alloc(32, 1)

/** One's own: text in capitals. */
const upper: Backend = {
  name: 'upper',
  fileExtension: 'txt',
  encode: value => Buffer.from(String(value).toUpperCase()),
  decode: bytes => Buffer.from(bytes).toString(),
}

const backends: [string, () => Backend][] = [
  ['V8Backend', () => new V8Backend()],
  ['JSONBackend', () => new JSONBackend()],
  ['CBORBackend', () => new CBORBackend()],
  ['MessagePackBackend', () => new MessagePackBackend()],
  ['compressed(V8Backend)', () => compressed(new V8Backend(), { threshold: 0 })],
  ['compressed(JSONBackend)', () => compressed(new JSONBackend(), { algorithm: 'brotli', threshold: 0 })],
  ['encrypted(CBORBackend)', () => encrypted(new CBORBackend(), { key })],
]

describe.each(backends)('a bucket with %s', (_, make) => {
  test('keeps values of all sizes, undefined among them, for itself and for another bucket', () => {
    const bucket = newBucket({ backend: make() })
    const values = [undefined, null, 0, '', 'é\n"', [1, [2]], { a: { b: null } }, 'x'.repeat(100_000), true]
    values.forEach((value, i) => bucket.set(i, value))
    for (const reader of [bucket, new Bucket(bucket.path, { backend: make() })]) {
      values.forEach((value, i) => {
        expect(reader.get(i, 'missing')).toEqual(value)
        expect(reader.has(i)).toBe(true)
      })
      expect([...reader.values()]).toEqual(values)
    }
    expect(entryFiles(bucket.path).every(file => file.endsWith(`.${bucket.backend.fileExtension}`))).toBe(true)
  })

  test('reads a value of another backend as missing when its file is put in place of its own', () => {
    const bucket = newBucket({ backend: make() })
    const folder = newFolder()
    const other = new Bucket(folder, { backend: upper })
    bucket.set('a', 1)
    other.set('a', 'not yours')
    copyFileSync(entryFile(folder), entryFile(bucket.path))
    expect(bucket.get('a', 'missing')).toBe('missing')
    bucket.set('a', 2)
    expect(bucket.get('a')).toBe(2)
  })
})

describe('the file of a JSON entry', () => {
  test('has what is known about the entry in the first line and the value in the last', () => {
    const bucket = newBucket({ backend: 'json' })
    bucket.set({ user: 7 }, { list: [1, 2], text: 'two\nlines' }, { tag: 'red', expire: 60_000 })
    const file = entryFile(bucket.path)
    const tail = (): unknown => JSON.parse(execFileSync('tail', ['-n', '1', file], { encoding: 'utf8' }))
    expect(tail()).toEqual({ list: [1, 2], text: 'two\nlines' })
    const header = JSON.parse(execFileSync('head', ['-n', '1', file], { encoding: 'utf8' }))
    expect(header).toMatchObject({ key: { user: 7 }, tags: ['red'], kind: 'put', bucketcache: 1 })
    bucket.set({ user: 7 }, 'newer')
    expect(tail()).toBe('newer')
    for (let i = 0; i < 300; i++) bucket.set({ user: 7 }, { i })
    expect(tail()).toEqual({ i: 299 })
  })

  test('shows keys that JSON cannot hold as text', () => {
    const bucket = newBucket({ backend: 'json' })
    for (const odd of [1n, undefined, new Map([[1, 2]]), Number.NaN]) bucket.set(odd, 'value')
    for (const file of entryFiles(bucket.path)) {
      const header = JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!)
      expect(typeof header.keyText).toBe('string')
      expect(header).not.toHaveProperty('key')
    }
    expect([...bucket.keys()]).toEqual([1n, undefined, new Map([[1, 2]]), Number.NaN])
  })
})

describe('a folder with several backends', () => {
  const open = (folder: string, options: BucketOptions) => new Bucket<any, any>(folder, options)

  test('shows to each bucket the entries of its own backend, and counts and clears no others', async () => {
    const folder = newFolder()
    const buckets = backends.map(([, make]) => open(folder, { backend: make() }))
    buckets.push(open(folder, { backend: upper }))
    buckets.forEach((bucket, i) => bucket.set('same key', `VALUE ${i}`).set(i, 'X'))
    for (const [i, bucket] of buckets.entries()) {
      expect([...bucket.entries()]).toEqual([
        ['same key', `VALUE ${i}`],
        [i, 'X'],
      ])
      expect(bucket.size).toBe(2)
      expect(await bucket.promises.size()).toBe(2)
    }
    expect(buckets[0]!.clear()).toBe(2)
    expect(buckets.map(bucket => bucket.size)).toEqual([0, ...buckets.slice(1).map(() => 2)])
    expect(buckets[1]!.get('same key')).toBe('VALUE 1')
    expect(await buckets[1]!.promises.clear()).toBe(2)
    expect(buckets.at(-1)!.get('same key')).toBe('VALUE 7')
  })

  test('prunes to each bucket its own', () => {
    const folder = newFolder()
    const v8 = open(folder, { backend: 'v8' })
    const json = open(folder, { backend: 'json' })
    v8.set('a', 1, { expire: 0 })
    json.set('a', 1, { expire: 0 })
    expect(json.prune().count).toBe(1)
    expect(entryFiles(folder)).toHaveLength(1)
    expect(v8.prune().count).toBe(1)
  })

  test('volume() is that of the whole folder', () => {
    const folder = newFolder()
    const v8 = open(folder, { backend: 'v8' })
    const json = open(folder, { backend: 'json' })
    json.set('a', 'x'.repeat(10_000))
    expect(v8.volume()).toBeGreaterThan(10_000)
  })

  test('tells backends with one extension apart by their names', () => {
    const folder = newFolder()
    const mine = (name: string): Backend => ({ ...upper, name })
    const one = open(folder, { backend: mine('one') })
    const two = open(folder, { backend: mine('two') })
    one.set('a', 'of one')
    two.set('a', 'of two')
    expect([one.get('a'), two.get('a')]).toEqual(['OF ONE', 'OF TWO'])
    expect(one.clear()).toBe(1)
    expect([...two.entries()]).toEqual([['a', 'OF TWO']])
  })
})

describe("a backend of one's own", () => {
  test('is used as it is', () => {
    const bucket = newBucket({ backend: upper })
    bucket.set('a', 'loud')
    expect(bucket.get('a')).toBe('LOUD')
    expect(bucket.getEntry('a')!.size).toBe(4)
  })

  test('that throws BackendLoadError makes the key read as missing; what else it throws goes to the caller', async () => {
    let failure: Error | undefined
    const backend: Backend = {
      ...upper,
      decode(bytes) {
        if (failure !== undefined) throw failure
        return upper.decode(bytes)
      },
    }
    const bucket = newBucket({ backend })
    bucket.set('a', 'x')
    failure = new BackendLoadError('not mine')
    expect(bucket.get('a', 'missing')).toBe('missing')
    expect(bucket.has('a')).toBe(false)
    expect(bucket.getEntry('a')).toBeUndefined()
    expect(bucket.pop('a', 'missing')).toBe('missing')
    expect([...bucket.values()]).toEqual([])
    expect(bucket.getMany(['a']).size).toBe(0)
    failure = new RangeError('a bug of mine')
    expect(() => bucket.get('a')).toThrow(failure)
    expect(() => bucket.pop('a')).toThrow(failure)
    expect(() => [...bucket.values()]).toThrow(failure)
    await expect(bucket.promises.get('a')).rejects.toBe(failure)
    failure = undefined
    expect(bucket.get('a')).toBe('X')
  })

  test('that throws when it encodes leaves everything as it was', async () => {
    const bucket = newBucket({
      backend: {
        ...upper,
        encode(value) {
          if (value === 'bad') throw new Error('no')
          return upper.encode(value)
        },
      },
    })
    bucket.set('a', 'good')
    expect(() => bucket.set('a', 'bad')).toThrow('no')
    expect(() => bucket.update('a', () => 'bad')).toThrow('no')
    await expect(bucket.promises.set('a', 'bad')).rejects.toThrow('no')
    await expect(bucket.promises.getOrSet('b', () => 'bad')).rejects.toThrow('no')
    expect([...bucket.entries()]).toEqual([['a', 'GOOD']])
    expect(await bucket.promises.getOrSet('b', () => 'fine')).toBe('fine')
  })

  test('may use the bucket while it decodes', () => {
    let bucket: Bucket<any, any>
    const backend: Backend = {
      ...upper,
      decode(bytes) {
        const text = Buffer.from(bytes).toString()
        return text.startsWith('->') ? bucket.get(text.slice(2).toLowerCase()) : text
      },
    }
    bucket = newBucket({ backend })
    bucket.set('a', '->b').set('b', '->c').set('c', 'end'.repeat(1000))
    expect(bucket.get('a')).toBe('END'.repeat(1000))
    expect(bucket.getEntry('a')).toMatchObject({ value: 'END'.repeat(1000), size: 3, tags: [] })
    expect([...bucket.values()]).toEqual(Array(3).fill('END'.repeat(1000)))
  })

  test('may hand out views of the bytes, and keep those it has made', () => {
    const raw: Backend = { name: 'raw', fileExtension: 'bin', encode: v => v as Uint8Array, decode: bytes => bytes }
    const bucket = newBucket<number, Uint8Array>({ backend: raw })
    for (let i = 0; i < 20; i++) bucket.set(i, Buffer.alloc(100, i))
    const all = [...bucket.entries()]
    for (const [i, bytes] of all) expect(Buffer.from(bytes)).toEqual(Buffer.alloc(100, i))
    const mine = bucket.get(3)!
    mine.fill(99)
    bucket.get(4)
    expect(Buffer.from(bucket.get(3)!)).toEqual(Buffer.alloc(100, 3))
    expect(mine.every(byte => byte === 99)).toBe(true)
  })
})

describe("a key maker of one's own", () => {
  /** Joins keys that differ by case. */
  const caseless: KeyMaker = { makeKey: key => [String(key).toLowerCase()] }

  test('may join keys: they are one key, shown as it was first written', () => {
    const bucket = newBucket<string, number>({ keyMaker: caseless })
    bucket.set('Ab', 1)
    expect(bucket.get('aB')).toBe(1)
    bucket.set('AB', 2)
    expect(bucket.size).toBe(1)
    expect([...bucket.entries()].map(([key, value]) => [key.toLowerCase(), value])).toEqual([['ab', 2]])
    expect(bucket.delete('ab')).toBe(true)
    expect(bucket.size).toBe(0)
  })

  test('may give the same bytes for all keys', () => {
    const bucket = newBucket<string, number>({ keyMaker: { makeKey: () => [Buffer.from('x'), 'y'] } })
    expect(bucket.add('a', 1)).toBe(true)
    expect(bucket.add('b', 2)).toBe(false)
    expect(bucket.get('c')).toBe(1)
    expect(bucket.size).toBe(1)
  })

  test('may give bytes of any kind, in any number of pieces', () => {
    const keyMaker: KeyMaker = {
      *makeKey(key) {
        for (const byte of key as number[]) yield new Uint8Array([7, byte, 8]).subarray(1, 2)
      },
    }
    const bucket = newBucket<number[], string>({ keyMaker })
    bucket.set([0, 255, 128], 'a').set([], 'b').set([0, 255], 'c')
    expect([bucket.get([0, 255, 128]), bucket.get([]), bucket.get([0, 255]), bucket.get([0])]).toEqual([
      'a',
      'b',
      'c',
      undefined,
    ])
    expect([...bucket.keys()]).toEqual([[0, 255, 128], [], [0, 255]])
  })

  test('may make keys of what no key maker of the package takes', () => {
    const ids = new Map<unknown, string>()
    const bySymbol: KeyMaker = { makeKey: key => [ids.get(key) ?? String((key as symbol).description)] }
    const bucket = newBucket<symbol, number>({ keyMaker: bySymbol })
    bucket.set(Symbol('one'), 1)
    expect(bucket.get(Symbol('one'))).toBe(1)
    expect([...bucket.entries()]).toHaveLength(1)
  })

  test('that throws stores nothing', () => {
    const keyMaker: KeyMaker = {
      makeKey() {
        throw new UnserializableError('not this key')
      },
    }
    const bucket = newBucket({ keyMaker })
    expect(() => bucket.set('a', 1)).toThrow(UnserializableError)
    expect(entryFiles(bucket.path)).toEqual([])
  })

  test('StreamingKeyMaker finds what DefaultKeyMaker has stored', () => {
    const bucket = newBucket()
    bucket.set({ b: [1, 2], a: new Map([[1n, 'x']]) }, 'value')
    const streaming = new Bucket<any, any>(bucket.path, { keyMaker: new StreamingKeyMaker({ chunkSize: 2 }) })
    expect(streaming.get({ a: new Map([[1n, 'x']]), b: [1, 2] })).toBe('value')
  })
})

describe('the whole key is compared', () => {
  test.each(['v8', 'json'] as const)('so a file in the place of another key reads as missing: %s', backend => {
    const bucket = newBucket({ backend })
    bucket.set('a', 'of a')
    const a = entryFile(bucket.path)
    const bytes = readFileSync(a)
    bucket.set('b', 'of b')
    const b = entryFiles(bucket.path).find(file => file !== a)!
    writeFileSync(b, bytes)
    expect(bucket.get('b', 'missing')).toBe('missing')
    expect(bucket.has('b')).toBe(false)
    expect(bucket.getEntry('b')).toBeUndefined()
    expect(bucket.pop('b')).toBeUndefined()
    expect(bucket.touch('b')).toBe(false)
    expect([...bucket.entries()]).toEqual([['a', 'of a']])
    expect(bucket.add('b', 'again')).toBe(true)
    expect(bucket.get('b')).toBe('again')
    expect(bucket.get('a')).toBe('of a')
  })

  test('so a file that was moved to the place of a key never stored is none of its values', () => {
    const folder = newFolder()
    const bucket = new Bucket<any, any>(folder)
    bucket.set('a', 'of a')
    const other = newBucket()
    other.set('b', 1)
    const place = entryFile(other.path).slice(other.path.length)
    mkdirSync(dirname(join(folder, place)), { recursive: true })
    copyFileSync(entryFile(folder), join(folder, place))
    expect(bucket.get('b')).toBeUndefined()
    expect([...bucket.keys()]).toEqual(['a'])
  })
})

test.each(faces)('a backend that gives no bytes is told so, and nothing is stored: %s', async (_, face) => {
  const wrong = { name: 'wrong', fileExtension: 'txt', encode: String, decode: String } as unknown as Backend
  const bucket = face(newBucket<string, any>({ backend: wrong }))
  const expected = 'Expected encode() of the backend wrong to return a Uint8Array, got string'
  await expect(bucket.set('a', 1)).rejects.toThrow(new TypeError(expected))
  await expect(bucket.update('a', () => 1)).rejects.toThrow(TypeError)
  expect(await bucket.size()).toBe(0)
})
