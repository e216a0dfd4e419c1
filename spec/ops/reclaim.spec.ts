// What the specs of whole buckets do not show of reclaiming.

import { rmSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { permissions } from '../../lib/io/disk.ts'
import { asyncHost } from '../../lib/io/host-async.ts'
import { syncHost } from '../../lib/io/host-sync.ts'
import { runAsync, runSync } from '../../lib/io/run.ts'
import { Check, entrySteps } from '../../lib/ops/check.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'
import { remove } from '../../lib/ops/remove.ts'
import { entryFile, entryFiles, newBucket } from '../support/folders.ts'

test('a file that the system would not unlink is not left sealed', () => {
  const bucket = newBucket()
  const { core } = bucket as any
  bucket.set('a', 1)
  const path = entryFile(bucket.path)
  bucket.delete('a')
  core.store.garbage.clear()
  const host = { ...syncHost(permissions(0o600)), discard: ({ done }: any) => done(false) }
  expect(runSync(reclaim(core.store, path, true), host)).toBe(true)
  // It is looked at once more, which lifts the seal.
  expect([...core.store.garbage]).toEqual([path])
  core.sync(reclaim(core.store, path, false))
  expect(core.sync(reclaim(core.store, path, false))).toBe(true)
})

test('deletions in their hundreds, asynchronous ones, leave no more than a few files behind', async () => {
  const bucket = newBucket()
  const count = 700
  for (let i = 0; i < count; i++) bucket.set(i, i)
  // One after the other, so that the timer for what is left has no time to fire in between.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  for (let i = 0; i < count; i++) expect(await bucket.promises.delete(i)).toBe(true)
  vi.useRealTimers()
  await expect.poll(() => entryFiles(bucket.path).length).toBeLessThanOrEqual(256)
  expect(bucket.size).toBe(0)
  await bucket.promises.close()
  expect(entryFiles(bucket.path)).toEqual([])
  expect(bucket.check()).toEqual([])
})

test('where many deleted files wait, each goes at once, and whoever writes the key again finds it missing', async () => {
  const bucket = newBucket<number, number>()
  const { core } = bucket as any
  for (let i = 0; i < 300; i++) bucket.set(i, i)
  for (let i = 0; i < 256; i++) bucket.delete(i)
  expect([core.store.garbage.size, entryFiles(bucket.path).length]).toEqual([256, 300])
  for (let i = 256; i < 300; i++) expect(bucket.pop(i)).toBe(i)
  expect(core.store.garbage.size).toBe(256)
  // The system's other threads may still be at it.
  for (let i = 250; i < 300; i++) expect(bucket.get(i)).toBeUndefined()
  for (let i = 250; i < 300; i++) expect(bucket.add(i, -i)).toBe(true)
  for (let i = 256; i < 300; i += 2) await bucket.promises.delete(i)
  for (let i = 256; i < 300; i += 2) await bucket.promises.set(i, 2 * i)
  for (let i = 250; i < 300; i++) expect(bucket.get(i)).toBe(i % 2 === 0 && i >= 256 ? 2 * i : -i)
  expect(bucket.size).toBe(50)
  await bucket.promises.close()
  expect(entryFiles(bucket.path)).toHaveLength(50)
  expect(bucket.check()).toEqual([])
})

test('one that goes at once and that the system would not unlink is not left sealed', () => {
  const bucket = newBucket()
  const { core } = bucket as any
  bucket.set('a', 1)
  const path = entryFile(bucket.path)
  const store = { ...core.store, bounds: { ...core.store.bounds, garbage: 0 } }
  const host = { ...syncHost(permissions(0o600)), discard: ({ done }: any) => done(false) }
  expect(runSync(remove(store, store.keys.slot('a')), host)).toBe(true)
  expect([...core.store.garbage]).toEqual([path])
  expect(core.store.environment.holds.size).toBe(0)
  bucket.set('a', 2)
  expect(new Bucket(bucket.path).get('a')).toBe(2)
})

test('a check that reads a file right before it goes does not take it for left behind', async () => {
  const bucket = newBucket()
  const { core } = bucket as any
  bucket.set('a', 1)
  const path = entryFile(bucket.path)
  const store = { ...core.store, bounds: { ...core.store.bounds, garbage: 0 } }
  let unlink = (): void => {}
  const slow = {
    ...syncHost(permissions(0o600)),
    discard({ done }: any) {
      unlink = () => {
        rmSync(path, { force: true })
        done(true)
      }
    },
  }
  expect(runSync(remove(store, store.keys.slot('a')), slow)).toBe(true)
  const host = asyncHost(permissions(0o600))
  const late = {
    ...host,
    async tail(request: any) {
      const window = await host.tail(request)
      unlink()
      return window
    },
  }
  const check = new Check(core.store, false)
  await runAsync(check.begin(), late)
  for (let step = 0; step < entrySteps; step++) await runAsync(check.entries(step), late)
  await runAsync(check.end(), late)
  expect(check.problems).toEqual([])
})
