// What a caller gets wrong is told at the call, in words, before anything is touched.

import { expect, test } from 'vitest'
import { Bucket, type BucketOptions, DeferredWriteBucket } from '../lib/index.ts'
import { lock, throttle } from '../lib/recipes/index.ts'
import { task } from '../lib/tasks/index.ts'
import { newBucket, newFolder } from './support/folders.ts'
import { faces } from './support/twins.ts'

const noDurations: readonly [string, unknown][] = [
  ['a Date', new Date(Date.now() + 3_600_000)],
  ['a Map', new Map([['hours', 1]])],
  ['a boxed number', new Number(5)],
  ['an object without parts', {}],
  ['a part that is undefined', { hours: undefined }],
]

for (const [name, face] of faces) {
  test.each(noDurations)(`${name}: %s is no duration: nothing is stored, nothing is lost`, async (_, duration) => {
    const bucket = newBucket()
    const twin = face(bucket)
    bucket.set('stored', 1)
    await expect(twin.set('new', 1, { expire: duration as never })).rejects.toThrow(/Expected expire to be/)
    await expect(twin.set('new', 1, { expire: duration as never })).rejects.toThrow(TypeError)
    await expect(twin.touch('stored', duration)).rejects.toThrow(TypeError)
    await expect(twin.reset('lifetime', duration)).rejects.toThrow(/Expected lifetime to be/)
    await expect(twin.reset('timeout', duration)).rejects.toThrow(TypeError)
    expect([...bucket.entries()]).toEqual([['stored', 1]])
    expect(bucket.lifetime).toBeNull()
  })
}

test.each(noDurations)('%s is no duration wherever one is taken', async (_, duration) => {
  const bucket = newBucket()
  const given = duration as number
  const wrong = (options: BucketOptions) => () => new Bucket(newFolder(), options)
  expect(wrong({ lifetime: given })).toThrow(TypeError)
  expect(wrong({ timeout: given })).toThrow(TypeError)
  expect(wrong({ hours: given })).toThrow(TypeError)
  expect(wrong({ memory: { revalidate: given } })).toThrow(TypeError)
  expect(() => new DeferredWriteBucket(newFolder(), { lifetime: given })).toThrow(TypeError)
  expect(() => bucket.push(1, { expire: given })).toThrow(TypeError)
  expect(() => bucket.wrap(() => 1, { name: 'f', expire: given })).toThrow(TypeError)
  expect(() => bucket.wrap(async () => 1, { name: 'g', expire: 1000, staleWhileRevalidate: given })).toThrow(TypeError)
  expect(() => throttle(bucket, () => 1, { name: 't', count: 1, per: given })).toThrow(TypeError)
  await expect(lock(bucket, 'l').acquire({ timeout: given })).rejects.toThrow(TypeError)
  expect(() => task(() => 1, { name: 't', retries: 1, retryDelay: given })).toThrow(TypeError)
  expect(() => task(() => 1, { name: 't', timeout: given })).toThrow(TypeError)
  expect(bucket.size).toBe(0)
})
