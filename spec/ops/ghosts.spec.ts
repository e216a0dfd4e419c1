// Places that were noted by those who died before their entries came.

import { expect, test } from 'vitest'
import { coreOf } from '../../lib/bucket.ts'
import type { Bucket, BucketOptions } from '../../lib/index.ts'
import { appendOrder } from '../../lib/ops/order.ts'
import { minute, stopClock } from '../diskcache/support.ts'
import { filesIn, newBucket } from '../support/folders.ts'
import { nextId } from '../support/stores.ts'

function haunted(options: BucketOptions, ghosts: number): Bucket<any, any> {
  const bucket = newBucket(options)
  const core = coreOf(bucket)
  const { store } = core
  const { name: backend, fileExtension: extension } = store.backend
  const adds = Array.from({ length: ghosts }, (_, i) => {
    const { hash } = store.keys.slot(`ghost ${i}`)
    return { kind: 'add', id: nextId(), time: store.environment.now(), bytes: 5000, hash, extension, backend } as const
  })
  core.sync(appendOrder(store, adds))
  return bucket
}

test.each<[string, BucketOptions, string]>([
  ['maxEntries', { maxEntries: 100 }, 'x'],
  ['sizeLimit', { sizeLimit: 500_000 }, 'x'.repeat(4000)],
])('nobody has to go for them in the long run: %s', (_, options, value) => {
  const clock = stopClock()
  const bucket = haunted(options, 90)
  for (let i = 0; i < 400; i++) bucket.set(i, value)
  // They may yet come.
  expect(bucket.size).toBeGreaterThan(90)
  clock.pass(2 * minute)
  for (let i = 0; i < 800; i++) bucket.set(`later ${i}`, value)
  const stored = [...bucket.keys()].length
  expect(stored).toBeGreaterThan(90)
  expect(bucket.size).toBe(stored)
  expect(bucket.check()).toEqual([])
})

test('after clear() there are none, but for young ones', () => {
  const clock = stopClock()
  const bucket = haunted({}, 10)
  bucket.set('a', 1)
  expect(bucket.clear()).toBe(1)
  expect(bucket.size).toBe(10)
  clock.pass(2 * minute)
  bucket.clear()
  expect([bucket.size, bucket.check()]).toEqual([0, []])
})

test('the order log is merged when it tells of nothing but changes of volume', () => {
  const bucket = newBucket({ sizeLimit: 500_000 })
  for (let i = 0; i < 100; i++) bucket.set(i, i)
  for (let i = 0; i < 6000; i++) bucket.set('state', Buffer.alloc(i % 2 ? 5000 : 12_000))
  expect([...bucket.keys()].length).toBe(101)
  expect(filesIn(bucket.path).filter(name => name.startsWith('order')).length).toBeLessThan(5)
  expect(bucket.check()).toEqual([])
})
