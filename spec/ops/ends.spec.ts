// That entries have ended is noted while more are erased, and who checks meanwhile takes nobody's half-done work for damage.

import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { permissions } from '../../lib/io/disk.ts'
import { asyncHost } from '../../lib/io/host-async.ts'
import type { AsyncHost } from '../../lib/io/requests.ts'
import { Check, entrySteps } from '../../lib/ops/check.ts'
import { evictIndexed } from '../../lib/ops/tags.ts'
import { entryFile, newBucket } from '../support/folders.ts'
import { again, later } from '../support/stores.ts'

const bits = permissions(0o600)

test('of many that are evicted, others see some at a time', async () => {
  const bucket = newBucket<number, number>({ tagIndex: true })
  for (let i = 0; i < 300; i++) bucket.set(i, i, { tag: 't' })
  const { core } = bucket as any
  const host = asyncHost(bits)
  const sizes: number[] = []
  const watching: AsyncHost = {
    ...host,
    async appendShared(request) {
      const reply = await host.appendShared(request)
      sizes.push(bucket.size)
      return reply
    },
  }
  expect(await later(evictIndexed(again(core.store), 't'), watching)).toBe(300)
  expect(sizes.length).toBeGreaterThan(3)
  expect(sizes.slice(0, 2)).toEqual([236, 172])
  expect(bucket.size).toBe(0)
  expect(bucket.check()).toEqual([])
})

test('an eviction that is stopped before it is noted is not taken for damage', async () => {
  const bucket = newBucket<number, string>({ tagIndex: true })
  for (let i = 0; i < 60; i++) bucket.set(i, 'x'.repeat(10_000), { tag: 't' })
  for (let i = 60; i < 80; i++) bucket.set(i, 'x'.repeat(10_000))
  const { core } = bucket as any
  const host = asyncHost(bits)
  let go = (): void => {}
  const stopped = new Promise<void>(resolve => {
    go = resolve
  })
  let begun = (): void => {}
  const erased = new Promise<void>(resolve => {
    begun = resolve
  })
  const evicting = later(evictIndexed(again(core.store), 't'), {
    ...host,
    async appendShared(request) {
      begun()
      await stopped
      return host.appendShared(request)
    },
  })
  await erased
  const checking = new Check(core.store, true)
  // While the check waits, he goes on.
  const patient: AsyncHost = {
    ...host,
    async sleep() {
      go()
      await evicting
    },
  }
  await later(checking.begin(), patient)
  for (let step = 0; step < entrySteps; step++) await later(checking.entries(step), patient)
  await later(checking.end(), patient)
  expect(checking.problems).toEqual([])
  expect(await evicting).toBe(60)
  expect(bucket.size).toBe(20)
  expect(bucket.check()).toEqual([])
})

test('a record that is being written is not taken for damage', async () => {
  const bucket = newBucket<string, string>()
  bucket.set('a', 'x'.repeat(1000))
  const path = entryFile(bucket.path)
  const { length } = readFileSync(path)
  bucket.set('a', 'y'.repeat(1000))
  const whole = readFileSync(path)
  truncateSync(path, length + 500)
  const { core } = bucket as any
  const host = asyncHost(bits)
  const patient: AsyncHost = {
    ...host,
    async sleep() {
      writeFileSync(path, whole)
    },
  }
  const checking = new Check(core.store, true)
  await later(checking.begin(), patient)
  for (let step = 0; step < entrySteps; step++) await later(checking.entries(step), patient)
  await later(checking.end(), patient)
  expect(checking.problems).toEqual([])
  expect(readFileSync(path)).toEqual(whole)
})

test('after many have been evicted, or have expired, the order log is short', () => {
  const bucket = newBucket<number, number>({ tagIndex: true })
  const order = join(bucket.path, 'order')
  const length = (): number => readdirSync(order).reduce((sum, name) => sum + statSync(join(order, name)).size, 0)
  for (let i = 0; i < 3000; i++) bucket.set(i, i, { tag: 't', expire: { hours: 1 } })
  const full = length()
  expect(bucket.evict('t')).toBe(3000)
  expect(length()).toBeLessThan(full / 2)
  for (let i = 0; i < 3000; i++) bucket.set(i, i, { expire: { hours: 1 } })
  expect(bucket.expire(new Date(Date.now() + 3 * 3_600_000))).toBe(3000)
  expect(length()).toBeLessThan(full / 2)
  for (let i = 0; i < 3000; i++) bucket.set(i, i)
  expect(bucket.clear()).toBe(3000)
  expect(length()).toBeLessThan(full / 2)
  expect(bucket.check()).toEqual([])
})
