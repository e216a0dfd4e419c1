// The indexes of tags and expiry take room for the entries there are, not for all there ever were.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { coreOf } from '../../lib/bucket.ts'
import type { Bucket } from '../../lib/index.ts'
import { expireOld } from '../../lib/ops/expiry.ts'
import { hour, minute, stopClock } from '../diskcache/support.ts'
import { entryFiles, filesIn, newBucket } from '../support/folders.ts'
import { sync } from '../support/stores.ts'

const bytesIn = (bucket: Bucket, folder: string): number =>
  filesIn(join(bucket.path, folder)).reduce((sum, name) => sum + statSync(join(bucket.path, folder, name)).size, 0)

/** Entries come and go. */
function churn(bucket: Bucket, from: number): void {
  for (let i = from; i < from + 1000; i++) {
    bucket.set(i, i, { tag: ['t', 'u'], expire: hour })
    if (i >= 10) bucket.delete(i - 10)
  }
}

test('hints of entries that are gone go, too, and no others', () => {
  const clock = stopClock()
  const bucket = newBucket({ tagIndex: true })
  for (let i = 0; i < 20; i++) bucket.set(`stays ${i}`, i, { tag: 't', expire: hour * 24 })
  const most = { tags: 0, expiry: 0 }
  for (let round = 0; round < 5; round++) {
    churn(bucket, round * 1000)
    // Those that were given just now stay: their writers may be on the way.
    clock.pass(2 * minute)
    most.tags = Math.max(most.tags, bytesIn(bucket, 'tags'))
    most.expiry = Math.max(most.expiry, bytesIn(bucket, 'expiry'))
  }
  // 1,000 in each round, of some 70 bytes; and until it is worth it, once more as many.
  expect(most.tags).toBeLessThan(2 * 2000 * 70 * 2)
  expect(most.expiry).toBeLessThan(2 * 1000 * 70 * 2)
  expect(readdirSync(join(bucket.path, 'tmp'))).toEqual([])
  expect(bucket.check()).toEqual([])
  expect(bucket.size).toBe(30)
  expect(bucket.evict('u')).toBe(10)
  expect(bucket.evict('t')).toBe(20)
})

test('what is removed by clear() takes its hints along in time', () => {
  const clock = stopClock()
  const bucket = newBucket({ tagIndex: true })
  for (let i = 0; i < 3000; i++) bucket.set(i, i, { tag: ['a', 'b'], expire: hour })
  clock.pass(2 * minute)
  bucket.clear()
  // But for some, which are not worth the reading.
  expect(bytesIn(bucket, 'tags')).toBeLessThan((3000 * 70 * 2) / 4)
  expect(bytesIn(bucket, 'expiry')).toBeLessThan((3000 * 70) / 4)
})

test('a key that expired and was stored anew in a transaction, with the tag it had, keeps its hint', () => {
  const clock = stopClock()
  const bucket = newBucket({ tagIndex: true })
  bucket.set('x', 1, { tag: 't', expire: minute })
  clock.pass(hour)
  bucket.transact(() => bucket.set('x', 2, { tag: 't' }))
  for (let round = 0; round < 3; round++) churn(bucket, round * 1000)
  clock.pass(2 * minute)
  churn(bucket, 3000)
  expect(bytesIn(bucket, 'tags')).toBeLessThan(2 * 2000 * 70 * 2)
  expect(bucket.check()).toEqual([])
  bucket.transact(() => bucket.set('x', 3, { tag: 't' }))
  expect([bucket.evict('t'), bucket.get('x')]).toEqual([11, undefined])
})

test('what has expired some minutes ago goes by itself, in the background of writes', async () => {
  const clock = stopClock()
  const bucket = newBucket<string, number>()
  for (let i = 0; i < 50; i++) bucket.set(`brief ${i}`, i, { expire: 1000 })
  bucket.set('lasting', 1, { expire: hour })
  bucket.set('for ever', 1)
  clock.pass(minute)
  bucket.set('one more', 1)
  expect(bucket.size).toBe(53)
  clock.pass(3 * minute)
  bucket.set('and another', 1)
  await expect.poll(() => entryFiles(bucket.path).length).toBe(4)
  await expect.poll(() => bucket.size).toBe(4)
  expect([...bucket.keys()]).toEqual(['lasting', 'for ever', 'one more', 'and another'])
  expect(bucket.check()).toEqual([])
})

test('in the background, what has expired goes some thousands at a time', () => {
  const clock = stopClock()
  const bucket = newBucket<number, number>()
  const { store } = coreOf(bucket)
  for (let i = 0; i < 5000; i++) bucket.set(i, i, { expire: 1000 })
  clock.pass(10 * minute)
  expect([sync(expireOld(store)), bucket.size]).toEqual([true, 5000 - 4096])
  expect([sync(expireOld(store)), bucket.size]).toEqual([false, 0])
  expect(bucket.check()).toEqual([])
})
