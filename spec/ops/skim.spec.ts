// What concerns a long value but not its bytes takes no more memory than a short one would.

import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { Bucket, BucketOptions } from '../../lib/index.ts'
import { newBucket } from '../support/folders.ts'

const length = 24 * 2 ** 20
const piece = Buffer.alloc(2 ** 16, 'a piece of it ')

async function withLong(options: BucketOptions, tag?: string): Promise<Bucket<string, unknown>> {
  const bucket = newBucket<string, unknown>({ ...options, sizeLimit: Number.POSITIVE_INFINITY })
  const pieces = Readable.from(Array.from({ length: length / piece.length }, () => piece))
  await bucket.promises.set('long', pieces, { expire: { minutes: 1 }, ...(tag === undefined ? {} : { tag }) })
  return bucket
}

const minutes = (n: number): Date => new Date(Date.now() + n * 60_000)

const acts: Record<string, (bucket: Bucket<string, unknown>) => unknown> = {
  'set()': bucket => bucket.set('long', 'short'),
  'add()': bucket => bucket.add('long', 'short'),
  'delete()': bucket => bucket.delete('long'),
  'touch()': bucket => bucket.touch('long', { hours: 1 }),
  'list()': bucket => [...bucket.list()],
  'keys()': bucket => [...bucket.keys()],
  'evict()': bucket => bucket.evict('tagged'),
  'createTagIndex() and evict()': bucket => {
    bucket.createTagIndex()
    expect(bucket.evict('tagged')).toBe(1)
  },
  'has()': bucket => expect(bucket.has('long')).toBe(true),
  'expire()': bucket => expect(bucket.expire(minutes(2))).toBe(1),
  'clear()': bucket => expect(bucket.clear()).toBe(1),
  'cull()': bucket => {
    bucket.reset('sizeLimit', 2 ** 20)
    bucket.cull()
    expect(bucket.has('long')).toBe(false)
  },
}

for (const backend of ['v8', 'json'] as const) {
  test.each(Object.keys(acts))(`%s with a long value (${backend})`, async name => {
    const bucket = await withLong({ backend }, 'tagged')
    const before = process.memoryUsage().arrayBuffers
    acts[name]!(bucket)
    // What was read to check it is a piece of a mebibyte.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(length / 4)
    expect(bucket.check()).toEqual([])
  })
}

test('what is noted behind it is found', async () => {
  const bucket = await withLong({})
  bucket.touch('long', { hours: 1 })
  expect((bucket.get('long') as Buffer).length).toBe(length)
  expect(bucket.getEntry('long')!.expiresAt!.getTime()).toBeGreaterThan(minutes(30).getTime())
  expect(bucket.delete('long')).toBe(true)
  expect(bucket.get('long')).toBeUndefined()
})
