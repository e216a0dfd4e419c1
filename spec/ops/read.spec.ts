// Reading what was streamed in: by its head, piece by piece, without the whole of it in memory.

import fs, { readFileSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { type BackendName, type Bucket, KeyNotFoundError } from '../../lib/index.ts'
import { entryFile, newBucket } from '../support/folders.ts'

const length = 3_000_000
const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255))

async function read(bucket: Bucket, key: unknown): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of bucket.read(key)) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function streamed(options: Parameters<typeof newBucket>[0] = {}): Promise<Bucket> {
  const bucket = newBucket(options)
  await bucket.promises.set('key', Readable.from([bytes]), { tag: 't' })
  return bucket
}

describe.each<BackendName>(['v8', 'json'])('a value that was streamed into a %s bucket', backend => {
  test('comes back byte for byte', async () => {
    const bucket = await streamed({ backend })
    expect((await read(bucket, 'key')).equals(bytes)).toBe(true)
    expect(() => bucket.read('other')).toThrow(KeyNotFoundError)
  })

  test('also when something is noted behind it', async () => {
    const bucket = await streamed({ backend })
    bucket.touch('key', { hours: 1 })
    expect((await read(bucket, 'key')).equals(bytes)).toBe(true)
  })

  test('is missing when its time is over', async () => {
    const bucket = await streamed({ backend, lifetime: 1 })
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(() => bucket.read('key')).toThrow(KeyNotFoundError)
  })

  test.each([0.1, 0.5, 0.999])('is missing when a byte at %d of it is damaged', async part => {
    const bucket = await streamed({ backend })
    const file = entryFile(bucket.path)
    const content = readFileSync(file)
    content[Math.floor(content.length * part)]! ^= 1
    writeFileSync(file, content)
    expect(() => bucket.read('key')).toThrow(KeyNotFoundError)
  })

  test('is missing when its file was cut short', async () => {
    const bucket = await streamed({ backend })
    const file = entryFile(bucket.path)
    writeFileSync(file, readFileSync(file).subarray(0, length / 2))
    expect(() => bucket.read('key')).toThrow(KeyNotFoundError)
  })

  test('is listed without being taken into memory, and not if it is damaged', async () => {
    const bucket = await streamed({ backend })
    const file = entryFile(bucket.path)
    bucket.set('other', 1)
    const readSync = vi.spyOn(fs, 'readSync')
    const entries = [...bucket.list()]
    const longest = Math.max(...readSync.mock.results.map(({ value }) => value as number))
    readSync.mockRestore()
    expect(entries).toMatchObject([{ key: 'key', tags: ['t'], size: length }, { key: 'other' }])
    expect(longest).toBeLessThan(length / 2)
    const content = readFileSync(file)
    content[length / 2]! ^= 1
    writeFileSync(file, content)
    expect([...bucket.keys()]).toEqual(['other'])
  })

  test('is never read in one piece', async () => {
    const bucket = await streamed({ backend })
    const before = process.memoryUsage().arrayBuffers
    const stream = bucket.read('key')
    // The pieces in which it was checked may not be collected yet; read whole, it would be there twice.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.5 * length)
    stream.destroy()
  })
})
