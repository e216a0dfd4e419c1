// On a network filesystem appending is not atomic, so whatever is appended to is locked meanwhile.

import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DeadlockError } from '../../lib/errors.ts'
import type { Io, Request, SyncHost } from '../../lib/io/requests.ts'
import { Check, entrySteps } from '../../lib/ops/check.ts'
import { obtain, release } from '../../lib/ops/claim.ts'
import { beginTransaction, commit, rollBack } from '../../lib/ops/commit.ts'
import { cull } from '../../lib/ops/cull.ts'
import { eraseFolder } from '../../lib/ops/erase.ts'
import { expireSlot, slotsBegun } from '../../lib/ops/expiry.ts'
import { mergeOrder } from '../../lib/ops/merge.ts'
import { openFolder } from '../../lib/ops/open.ts'
import { writeVolume } from '../../lib/ops/order.ts'
import { pendingView } from '../../lib/ops/pending.ts'
import { pull, push } from '../../lib/ops/queue.ts'
import { reclaimAll } from '../../lib/ops/reclaim.ts'
import { remove } from '../../lib/ops/remove.ts'
import { set } from '../../lib/ops/set.ts'
import { createTagIndex, evictIndexed } from '../../lib/ops/tags.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { touch } from '../../lib/ops/touch.ts'
import { increment } from '../../lib/ops/update.ts'
import { writeUses } from '../../lib/ops/usage.ts'
import type { Store } from '../../lib/store.ts'
import { entryFiles, newBucket, newFolder } from '../support/folders.ts'
import { hosts, newStore, sync } from '../support/stores.ts'

/** What changes files that others may be changing. */
const changing = new Set(['append', 'rename', 'moveAway'])

/** Performs requests, and remembers the changes that came without a lock. */
function watching(host: SyncHost, unlocked: string[]): SyncHost {
  let held = 0
  return new Proxy(host, {
    get: (_, name) => (request: Request) => {
      const path = 'path' in request ? request.path : ''
      if (changing.has(request.op) && held === 0) unlocked.push(request.op)
      const reply = (host[name as keyof SyncHost] as (request: Request) => unknown)(request)
      // The lock of the folder; merging has one of its own besides.
      if (request.op === 'lock' && path.endsWith('change')) held++
      if (request.op === 'unlock' && request.lock.path.endsWith('change')) held--
      return reply
    },
  })
}

const key = (store: Store) => store.keys.slot('k')
const put = (store: Store, value: unknown): Io<string> =>
  set(store, key(store), store.backend.encode(value), plainTerms)

const operations: [string, (store: Store) => Io<unknown>][] = [
  ['set', store => put(store, 'new')],
  ['set of a large value', store => put(store, 'x'.repeat(50_000))],
  ['delete', store => remove(store, key(store))],
  ['touch', store => touch(store, key(store), 1000)],
  ['incr', store => increment(store, store.keys.slot('n'), 1, 0)],
  ['clear', store => eraseFolder(store, Number.parseInt(key(store).hash.slice(0, 2), 16), () => true)],
  [
    'reclaiming',
    function* (store) {
      yield* remove(store, key(store))
      yield* reclaimAll(store)
    },
  ],
  [
    'writing the volume',
    function* (store) {
      yield* put(store, 'again')
      yield* writeVolume(store)
    },
  ],
  [
    'evicting a tag by its index',
    function* (store) {
      yield* createTagIndex(store)
      yield* set(store, store.keys.slot('t'), store.backend.encode(1), { ...plainTerms, tags: ['red'] })
      yield* evictIndexed(store, 'red')
    },
  ],
  [
    'expiring and culling',
    function* (store) {
      yield* set(store, store.keys.slot('t'), store.backend.encode(1), { ...plainTerms, expireMs: 0 })
      for (const slot of yield* slotsBegun(store, store.environment.now())) {
        yield* expireSlot(store, slot, store.environment.now())
      }
      store.limits.maxEntries = 0
      yield* cull(store, 10, 10)
    },
  ],
  [
    'evicting, expiring and culling in a deferred bucket',
    function* (store) {
      yield* createTagIndex(store)
      const terms = { expireMs: 0, tags: ['red'], ifVersion: undefined }
      yield* set(store, store.keys.slot('t'), store.backend.encode(1), terms)
      const view = pendingView(store)
      yield* evictIndexed(view, 'red')
      for (const slot of yield* slotsBegun(view, store.environment.now())) {
        yield* expireSlot(view, slot, store.environment.now())
      }
      store.limits.maxEntries = 0
      yield* cull(view, 10, 10)
    },
  ],
  [
    'writing reads down',
    function* (store) {
      store.usage.note(key(store).hash, 1)
      yield* writeUses(store)
    },
  ],
  [
    'a check that mends',
    function* (store) {
      yield* createTagIndex(store)
      const tagged = { ...plainTerms, tags: ['red'], expireMs: 1e9 }
      for (const name of ['damaged', 'gone', 'here']) {
        yield* set(store, store.keys.slot(name), store.backend.encode(name), tagged)
      }
      appendFileSync(store.keys.slot('damaged').path, 'no record')
      rmSync(store.keys.slot('gone').path)
      for (const folder of ['tags', 'order', 'expiry']) rmSync(join(store.folder, folder), { recursive: true })
      const check = new Check(store, true)
      yield* check.begin()
      for (let step = 0; step < entrySteps; step++) yield* check.entries(step)
      yield* check.end()
      expect(new Set(check.problems.map(({ code }) => code))).toEqual(new Set(['damaged', 'unplaced', 'unindexed']))
      expect(check.problems.every(({ fixed }) => fixed)).toBe(true)
    },
  ],
  ['merging the order log', mergeOrder],
  [
    'a claim',
    function* (store) {
      const slot = store.keys.slot('claimed')
      const outcome = yield* obtain(store, slot)
      if (outcome.kind === 'claimed') yield* release(store, slot, outcome.id)
    },
  ],
  [
    'a queue',
    function* (store) {
      yield* push(store, { prefix: undefined, side: 'back' }, 'item', plainTerms)
      yield* pull(store, { prefix: undefined, side: 'front' })
    },
  ],
  [
    'a transaction',
    function* (store) {
      const view = yield* beginTransaction(store)
      yield* put(view, 'inside')
      yield* commit(view)
    },
  ],
  [
    'a transaction that is rolled back',
    function* (store) {
      const view = yield* beginTransaction(store)
      yield* put(view, 'inside')
      yield* rollBack(view)
    },
  ],
]

describe("with filesystem: 'network'", () => {
  test.each(operations)('%s locks what it changes', (_, run) => {
    const store = newStore(join(newFolder(), 'cache'), { network: true })
    sync(openFolder(store, {}, true))
    sync(put(store, 'old'))
    const unlocked: string[] = []
    sync(run(store), watching(hosts.sync(), unlocked))
    expect(unlocked).toEqual([])
  })
})

test('a synchronous call that meets the lock of an asynchronous one of its thread fails at once', async () => {
  const bucket = newBucket<string, number>({ filesystem: 'network', timeout: 20_000 })
  bucket.set('a', 1)
  const writing = bucket.promises.transact(async inside => {
    await inside.set('a', 2)
    expect(() => bucket.set('b', 1)).toThrow(DeadlockError)
    expect(bucket.get('a')).toBe(1)
  })
  await writing
  bucket.set('b', 1)
  expect([...bucket]).toEqual([
    ['a', 2],
    ['b', 1],
  ])
})

test('what is deleted is unlinked later, and nothing is held up by that', async () => {
  const bucket = newBucket<number, number>({ filesystem: 'network' })
  for (let i = 0; i < 10; i++) bucket.set(i, i)
  for (let i = 0; i < 9; i++) bucket.delete(i)
  await expect
    .poll(
      () => {
        bucket.incr(9)
        return entryFiles(bucket.path).length
      },
      { interval: 1 },
    )
    .toBe(1)
})
