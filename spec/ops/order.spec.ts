import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OrderRecord } from '../../lib/indexes/order.ts'
import { segmentName } from '../../lib/log/names.ts'
import { appendOrder, catchUp, listSegments } from '../../lib/ops/order.ts'
import { Standing } from '../../lib/ops/standing.ts'
import { ordinaryBounds, type Store } from '../../lib/store.ts'
import { newFolder } from '../support/folders.ts'
import { scheduledHost } from '../support/scheduled.ts'
import { again, hosts, later, newStore, nextId, sync } from '../support/stores.ts'

function add(bytes = 100): OrderRecord {
  const id = nextId()
  return { kind: 'add', id, time: 1, bytes, hash: id.repeat(4), extension: 'v8', backend: 'v8' }
}

function remove(place: string): OrderRecord {
  return { kind: 'remove', id: nextId(), bytes: 100, place, backend: 'v8' }
}

function placesIn(store: Store): string[] {
  const standing = new Standing(store)
  sync(standing.refresh())
  return [...standing.places.keys()]
}

describe('appendOrder()', () => {
  test('counts, for itself and for one who reads it all', () => {
    const store = newStore(join(newFolder(), 'cache'))
    const records = Array.from({ length: 20 }, () => add())
    for (const record of records) sync(appendOrder(store, [record]))
    sync(
      appendOrder(
        store,
        records.slice(0, 5).map(({ id }) => remove(id)),
      ),
    )
    for (const each of [store, again(store)]) {
      const totals = sync(catchUp(each))
      expect(totals.counts.get('v8')).toBe(15)
      expect(totals.records).toBe(25)
    }
    expect(placesIn(store)).toEqual(records.slice(5).map(({ id }) => id))
  })

  test('goes on in a new segment when one is long enough, and the totals go with it', () => {
    const store = newStore(join(newFolder(), 'cache'), { bounds: { ...ordinaryBounds, segment: 500 } })
    const other = again(store)
    const places: string[] = []
    for (let i = 0; i < 50; i++) {
      const record = add()
      places.push(record.id)
      sync(appendOrder(i % 3 === 0 ? other : store, [record]))
    }
    expect(sync(listSegments(store)).length).toBeGreaterThan(5)
    const [mine, its, fresh] = [store, other, again(store)].map(each => sync(catchUp(each)))
    expect(mine!.counts.get('v8')).toBe(50)
    expect(its).toEqual(mine)
    expect(fresh).toEqual(mine)
    expect(placesIn(store)).toEqual(places)
  })

  test('counts each record once, however the asynchronous operations of one process overlap', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 }),
        fc.boolean(),
        async (scheduler, writers, short) => {
          const bounds = short ? { ...ordinaryBounds, segment: 200 } : ordinaryBounds
          const store = newStore(join(newFolder(), 'cache'), { bounds })
          const host = scheduledHost(hosts.async(), scheduler)
          sync(appendOrder(again(store), [add()]))
          const all = writers.map(async count => {
            for (let i = 0; i < count; i++) await later(appendOrder(store, [add()]), host)
          })
          all.push(later(catchUp(store), host).then(() => {}))
          const done = Promise.all(all)
          await scheduler.waitFor(done)
          const fresh = sync(catchUp(again(store)))
          expect(fresh.counts.get('v8')).toBe(1 + writers.reduce((sum, count) => sum + count, 0))
          expect(sync(catchUp(store))).toEqual(fresh)
        },
      ),
      { numRuns: 60 },
    )
  })
})

test('a last segment that has lost its beginning, and the one before it, is gone on with', () => {
  // As a power cut may leave it after segments were merged.
  const store = newStore(join(newFolder(), 'cache'), { bounds: { ...ordinaryBounds, segment: 500 } })
  for (let i = 0; i < 20; i++) sync(appendOrder(store, [add()]))
  const segments = sync(listSegments(store))
  const last = segments.pop()!
  for (const segment of segments) rmSync(join(store.folder, segmentName(segment)))
  truncateSync(join(store.folder, segmentName(last)))
  const records = [add(), add()]
  for (const record of records) sync(appendOrder(again(store), [record]))
  expect(sync(catchUp(again(store))).counts.get('v8')).toBe(2)
  expect(placesIn(store)).toEqual(records.map(({ id }) => id))
})
