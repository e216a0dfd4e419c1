// What the specs of whole buckets do not show of reclaiming.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, rmSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { permissions } from '../../lib/io/disk.ts'
import { syncHost } from '../../lib/io/host-sync.ts'
import { runSync } from '../../lib/io/run.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'
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
  await vi.waitFor(() => expect(entryFiles(bucket.path).length).toBeLessThanOrEqual(256))
  expect(bucket.size).toBe(0)
  await bucket.promises.close()
  expect(entryFiles(bucket.path)).toEqual([])
  expect(bucket.check()).toEqual([])
})

test('a file that cannot be looked at behind a deletion is told on the channel for errors, and fails nothing', async () => {
  const bucket = newBucket()
  const { core } = bucket as any
  bucket.set('a', 1)
  const path = entryFile(bucket.path)
  rmSync(path)
  mkdirSync(path)
  core.store.garbage.clear()
  core.store.garbage.add(path)
  for (let i = 0; i < 256; i++) core.store.garbage.add(`${bucket.path}/00/none-${i}.bin`)
  const errors: unknown[] = []
  const note = (error: unknown): void => void errors.push(error)
  subscribe('bucketcache:error', note)
  onTestFinished(() => void unsubscribe('bucketcache:error', note))
  bucket.set('b', 1)
  expect(await bucket.promises.delete('b')).toBe(true)
  await vi.waitFor(() => expect(errors).toHaveLength(1))
  expect(errors[0]).toMatchObject({ folder: bucket.path, operation: 'upkeep', error: { code: 'ERR_IO' } })
})
