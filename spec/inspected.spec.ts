import { basename } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Bucket, DeferredWriteBucket } from '../lib/index.ts'
import { newBucket, newFolder } from './support/folders.ts'

test('what is printed of a bucket is one line: class, path, backend', () => {
  const bucket = newBucket({ backend: 'json' })
  const deque = bucket.deque('d')
  const index = bucket.index('i')
  class Mine extends Bucket {}
  for (const [name, one, path] of [
    ['Bucket', bucket, bucket.path],
    ['AsyncBucket', bucket.promises, bucket.path],
    ['Deque', deque, deque.bucket.path],
    ['AsyncDeque', deque.promises, deque.bucket.path],
    ['Index', index, index.bucket.path],
    ['DeferredWriteBucket', new DeferredWriteBucket(bucket.path, { backend: 'json' }), bucket.path],
    ['AsyncDeferredWriteBucket', new DeferredWriteBucket(bucket.path, { backend: 'json' }).promises, bucket.path],
    ['Mine', new Mine(bucket.path, { backend: 'json' }), bucket.path],
  ] as const) {
    expect(inspect(one)).toBe(`${name} { path: ${inspect(path)}, backend: 'json' }`)
    expect(inspect({ one }, { depth: 5 })).toContain(basename(path))
  }
  expect(inspect(bucket.index('i').promises).split('\n').length).toBe(1)
  expect(inspect(new Bucket(newFolder())).split('\n').length).toBe(1)
})
