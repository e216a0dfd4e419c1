// What the specs of whole buckets do not show of reclaiming.

import { expect, test } from 'vitest'
import { permissions } from '../../lib/io/disk.ts'
import { syncHost } from '../../lib/io/host-sync.ts'
import { runSync } from '../../lib/io/run.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'
import { entryFile, newBucket } from '../support/folders.ts'

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
