// Asynchronous operations of one thread, their requests interleaved as fast-check likes, and synchronous ones in between. They share an owner and what this
// process remembers, which operations of different processes do not.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AsyncHost, Io } from '../../lib/io/requests.ts'
import { compact } from '../../lib/ops/compact.ts'
import { eraseFolder } from '../../lib/ops/erase.ts'
import { get } from '../../lib/ops/get.ts'
import { Listing } from '../../lib/ops/list.ts'
import { openFolder } from '../../lib/ops/open.ts'
import { catchUp } from '../../lib/ops/order.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'
import { pop } from '../../lib/ops/remove.ts'
import { add, set } from '../../lib/ops/set.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { touch } from '../../lib/ops/touch.ts'
import { increment } from '../../lib/ops/update.ts'
import { ordinaryBounds, type Store } from '../../lib/store.ts'
import { scheduledHost } from '../support/scheduled.ts'
import { hosts, later, newStore, sync } from '../support/stores.ts'

const bounds = { ...ordinaryBounds, compaction: 500, hotCompaction: 500, largeValue: 400, segment: 600 }
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

interface Ledger {
  incremented: number
  added: number
  popped: number
}

type Action = (store: Store, host: AsyncHost, ledger: Ledger) => Promise<void>

const run =
  (act: (store: Store) => Io<unknown>): Action =>
  async (store, host) => {
    await later(act(store), host)
  }
const slot = (store: Store, key: string) => store.keys.slot(key)
const put = (key: string, length: number): Action =>
  run(store => set(store, slot(store, key), store.backend.encode('x'.repeat(length)), plainTerms))

const actions: Record<string, Action> = {
  async incr(store, host, ledger) {
    await later(increment(store, slot(store, 'count'), 1, 0), host)
    ledger.incremented++
  },
  async add(store, host, ledger) {
    if (await later(add(store, slot(store, 'item'), store.backend.encode('i'), plainTerms), host)) ledger.added++
  },
  async pop(store, host, ledger) {
    if ((await later(pop(store, slot(store, 'item')), host)) !== undefined) ledger.popped++
  },
  async incrNow(store, _, ledger) {
    sync(increment(store, slot(store, 'count'), 1, 0))
    ledger.incremented++
  },
  async addNow(store, _, ledger) {
    if (sync(add(store, slot(store, 'item'), store.backend.encode('i'), plainTerms))) ledger.added++
  },
  async popNow(store, _, ledger) {
    if (sync(pop(store, slot(store, 'item'))) !== undefined) ledger.popped++
  },
  async setNow(store) {
    sync(set(store, slot(store, 'value'), store.backend.encode('now'), plainTerms))
    expect(sync(get(store, slot(store, 'value')))).toEqual({ value: 'now' })
  },
  async largeNow(store) {
    sync(set(store, slot(store, 'value'), store.backend.encode('n'.repeat(1000)), plainTerms))
    expect(sync(get(store, slot(store, 'value')))).toEqual({ value: 'n'.repeat(1000) })
  },
  set: put('value', 50),
  large: put('value', 2000),
  large2: put('value', 1500),
  touch: run(store => touch(store, slot(store, 'count'), 1e9)),
  compact: run(store => compact(store, slot(store, 'count').path)),
  reclaim: run(store => reclaim(store, slot(store, 'item').path, false)),
  discard: run(store => reclaim(store, slot(store, 'item').path, true)),
  prune: run(store => eraseFolder(store, Number.parseInt(slot(store, 'value').hash.slice(0, 2), 16), () => false)),
  size: run(catchUp),
}

const names = Object.keys(actions)

function* keysOf(store: Store): Io<string[]> {
  const listing = new Listing(store, { values: false })
  const keys: string[] = []
  for (let page = yield* listing.next(); page !== undefined; page = yield* listing.next()) {
    for (const { keyText } of page) keys.push(JSON.parse(keyText))
  }
  return keys
}

test('operations of one thread that overlap lose nothing, count right, and end', async () => {
  const task = fc.record({
    second: fc.boolean(),
    steps: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(task, { minLength: 2, maxLength: 4 }), async (scheduler, tasks) => {
      const folder = mkdtempSync(join(memory, 'bucketcache-'))
      try {
        const first = newStore(folder, { bounds, timeoutMs: 20_000 })
        // Another bucket of the same thread: the same owner, the same seals, its own memory.
        const second = { ...newStore(folder, { bounds, timeoutMs: 20_000 }), environment: first.environment }
        sync(openFolder(first, {}, true))
        const host = scheduledHost(hosts.async(), scheduler)
        const ledger: Ledger = { incremented: 0, added: 0, popped: 0 }
        const all = tasks.map(async ({ second: other, steps }) => {
          for (const step of steps) await actions[step]!(other ? second : first, host, ledger)
        })
        await scheduler.waitFor(Promise.all(all))

        const fresh = newStore(folder, { bounds })
        const value = (key: string): unknown => sync(get(fresh, slot(fresh, key)))?.value
        expect(value('count') ?? 0).toBe(ledger.incremented)
        expect(value('item') === undefined ? 0 : 1).toBe(ledger.added - ledger.popped)
        const keys = ['count', 'item', 'value'].filter(key => value(key) !== undefined)
        expect(sync(keysOf(fresh)).sort()).toEqual(keys)
        for (const store of [fresh, first, second]) expect(sync(catchUp(store)).counts.get('v8') ?? 0).toBe(keys.length)
        // What is unlinked in the background is on its way; nothing else is held.
        for (const [, hold] of first.environment.holds) expect(hold).toBe('going')
        // No seal is left: each key can be written at once.
        for (const key of ['count', 'item', 'value']) {
          const stranger = { ...fresh, environment: { ...fresh.environment, owner: 'elsewhere - - 1 1 1' } }
          await later(set(stranger, slot(stranger, key), stranger.backend.encode(0), plainTerms))
        }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }),
    { numRuns: 120 * Number(process.env['BUCKETCACHE_STRESS'] ?? 1) },
  )
})
