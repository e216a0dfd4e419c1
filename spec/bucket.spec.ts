import { rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Bucket, compressed, encrypted, JSONBackend, V8Backend } from '../lib/index.ts'
import { dictionarySuite, iterationSuite } from './suites/bucket.suite.ts'
import { newBucket, newFolder } from './support/folders.ts'
import { blocking, faces } from './support/twins.ts'

for (const [name, face] of faces) {
  dictionarySuite(`${name} with the default backend`, { face })
  iterationSuite(`${name} with the default backend`, { face })
  dictionarySuite(`${name} with JSON`, { face, options: { backend: 'json' }, bigints: false })
}
iterationSuite('Bucket with JSON', { face: blocking, options: { backend: 'json' } })
dictionarySuite('Bucket with CBOR', { face: blocking, options: { backend: 'cbor' } })
dictionarySuite('Bucket with MessagePack', { face: blocking, options: { backend: 'msgpack' } })
dictionarySuite('Bucket, compressed', { face: blocking, options: { backend: compressed(new V8Backend()) } })
dictionarySuite('Bucket, encrypted', {
  face: blocking,
  options: { backend: encrypted(new JSONBackend(), { key: Buffer.alloc(32, 7) }) },
  bigints: false,
})
dictionarySuite('Bucket on a network filesystem', { face: blocking, options: { filesystem: 'network' } })
dictionarySuite('Bucket that survives power loss', { face: blocking, options: { durability: 'power' } })
dictionarySuite('Bucket with memory', { face: blocking, options: { memory: true } })
for (const [name, face] of faces) {
  dictionarySuite(`${name} with memory that never looks`, { face, options: { memory: { revalidate: 'never' } } })
}

describe('Bucket, what only its synchronous face has', () => {
  test('set() gives the bucket back', () => {
    const bucket = newBucket()
    expect(bucket.set('a', 1).set('b', 2)).toBe(bucket)
  })

  test('forEach() passes value, key and bucket', () => {
    const bucket = newBucket()
    bucket.set('a', 1).set('b', 2)
    const calls: unknown[] = []
    bucket.forEach((value, key, it) => calls.push([value, key, it === bucket]))
    expect(calls).toEqual([
      [1, 'a', true],
      [2, 'b', true],
    ])
  })

  test('an iterator shows what is added behind it and passes over what is removed before it', () => {
    const bucket = newBucket<string, number>()
    for (let i = 0; i < 100; i++) bucket.set(`key ${i}`, i)
    const seen: string[] = []
    for (const key of bucket.keys()) {
      seen.push(key)
      if (key === 'key 0') {
        bucket.delete('key 90')
        bucket.set('new', 1)
      }
    }
    expect(seen).not.toContain('key 90')
    expect(seen.at(-1)).toBe('new')
    expect(seen).toHaveLength(100)
  })

  test('dict shows the entries as properties', () => {
    const bucket = newBucket<string, unknown>()
    const { dict } = bucket
    dict['name'] = 'value'
    expect(bucket.get('name')).toBe('value')
    expect(dict['name']).toBe('value')
    expect('name' in dict).toBe(true)
    expect('toString' in dict).toBe(false)
    expect(dict['toString']).toBeUndefined()
    bucket.set('other', 2)
    bucket.set(3 as never, 'no name')
    expect(Object.keys(dict)).toEqual(['name', 'other'])
    expect({ ...dict }).toEqual({ name: 'value', other: 2 })
    expect(delete dict['name']).toBe(true)
    expect(bucket.has('name')).toBe(false)
    dict['__proto__'] = 'just a key'
    expect(bucket.get('__proto__')).toBe('just a key')
    expect(() => {
      dict[Symbol('x') as never] = 1
    }).toThrow(TypeError)
    expect(bucket.dict).toBe(dict)
  })

  test('path is absolute; a file: URL will do; an impossible path is a TypeError', () => {
    const folder = newFolder()
    const bucket = new Bucket(new URL(`file://${folder}/by-url/`))
    expect(bucket.path).toBe(`${folder}/by-url`)
    bucket.set('a', 1)
    expect(new Bucket(`${folder}/x/../by-url`).get('a')).toBe(1)
    expect(() => new Bucket('')).toThrow(TypeError)
    expect(() => new Bucket('a\0b')).toThrow(TypeError)
    expect(() => new Bucket(undefined as never)).toThrow(TypeError)
  })

  test('close() and the dispose symbols write down what is only in the process; the bucket may be used again', async () => {
    const bucket = newBucket()
    bucket.set('a', 'x'.repeat(500))
    for (let i = 0; i < 5; i++) bucket.set('a', 'x'.repeat(500))
    const before = bucket.volume()
    bucket.close()
    expect(new Bucket(bucket.path).volume()).toBeGreaterThanOrEqual(before)
    bucket[Symbol.dispose]()
    await bucket[Symbol.asyncDispose]()
    await bucket.promises.close()
    expect(bucket.get('a')).toBe('x'.repeat(500))
  })

  test('a folder may be deleted under an open bucket', () => {
    const bucket = newBucket()
    for (let i = 0; i < 10; i++) bucket.set(i, i)
    rmSync(bucket.path, { recursive: true })
    expect(bucket.get(1)).toBeUndefined()
    expect([...bucket.keys()]).toEqual([])
    expect(bucket.size).toBe(0)
    bucket.set('new', 1)
    expect([...bucket.entries()]).toEqual([['new', 1]])
    expect(bucket.size).toBe(1)
  })
})
