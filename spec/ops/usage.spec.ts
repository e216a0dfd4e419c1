import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readUses, writeUses } from '../../lib/ops/usage.ts'
import { newFolder } from '../support/folders.ts'
import { scheduledHost } from '../support/scheduled.ts'
import { again, hosts, later, newStore, sync } from '../support/stores.ts'

const hash = 'ab'.repeat(32)

test('reads of others count once, also when two operations of one thread look for them at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 4 }), async (scheduler, times) => {
      const store = newStore(join(newFolder(), 'cache'))
      const other = again(store)
      for (let i = 1; i <= times; i++) {
        other.usage.note(hash, i)
        sync(writeUses(other))
      }
      const host = scheduledHost(hosts.async(), scheduler)
      await scheduler.waitFor(Promise.all([1, 2, 3].map(() => later(readUses(store), host))))
      sync(readUses(store))
      expect(store.usage.get(hash)).toEqual({ last: times, count: times })
    }),
    { numRuns: 40 },
  )
})

test('what a process wrote itself it does not count twice', () => {
  const store = newStore(join(newFolder(), 'cache'))
  store.usage.note(hash, 1)
  sync(writeUses(store))
  sync(readUses(store))
  expect(store.usage.get(hash)?.count).toBe(1)
})
