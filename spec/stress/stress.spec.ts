// Processes doing random operations, some of them killed: what they were told is explained by one order of operations for each
// key, and nothing stays behind that `check` cannot mend. Longer with BUCKETCACHE_STRESS (times the default of a few seconds).

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { newFolder } from '../support/folders.ts'
import { checkLinearizable } from './linearizability.ts'
import { missing, operationOf } from './model.ts'
import { type Noted, stress, stressScale } from './run.ts'

const timeout = 60_000 + stressScale * 60_000
const seed = Number(process.env.BUCKETCACHE_STRESS_SEED ?? Date.now() % 1_000_000)

/** What one process is told when all others have ended. */
function lastWords(bucket: Bucket<any, any>, keys: Iterable<string>): Noted[] {
  return [...keys].map(key => {
    const value = bucket.get(key)
    const op = typeof value === 'number' ? { key, op: 'incr', by: 0 } : { key, op: 'get' }
    const now = Number(process.hrtime.bigint())
    return {
      process: 'last',
      called: now,
      returned: now,
      op,
      result: typeof value === 'number' ? value : (value?.id ?? null),
    }
  })
}

describe(`with seed ${seed}`, () => {
  test.each(['v8', 'json'] as const)(
    'every history of a key is linearizable, and check mends what is left (%s)',
    async backend => {
      const folder = join(newFolder(), 'cache')
      const bucket = new Bucket<any, any>(folder, { backend })
      const { noted, kills } = await stress({
        folder,
        backend,
        names: ['w', 'x', 'y', 'z'],
        seconds: 3 * stressScale,
        killEveryMs: 150,
        seed,
        mode: 'keys',
      })
      const keys = new Set(noted.map(({ op }) => op.key as string))
      const before = lastWords(bucket, keys)
      expect(bucket.check({ fix: true }).every(({ fixed }) => fixed)).toBe(true)
      expect(bucket.check()).toEqual([])
      const after = lastWords(bucket, keys)
      for (const key of keys) {
        const operations = [...noted, ...before, ...after].filter(({ op }) => op.key === key).map(operationOf)
        expect({ key, ...checkLinearizable(operations, missing) }).toEqual({ key, linearizable: true })
      }
      const stored = [...bucket.keys()]
      expect(new Set(stored).size).toBe(stored.length)
      expect(stored.sort()).toEqual([...keys].filter(key => bucket.has(key)).sort())
      expect(bucket.size).toBe(stored.length)
      // It has been a test: there was something to explain.
      expect(noted.length).toBeGreaterThan(300 * stressScale)
      expect(kills).toBeGreaterThan(2)
    },
    timeout,
  )

  test(
    'each item of a queue is pulled once, in the order of its producer',
    async () => {
      const folder = join(newFolder(), 'cache')
      const bucket = new Bucket<any, any>(folder)
      const { noted } = await stress({
        folder,
        backend: 'v8',
        names: ['producer', 'producer', 'consumer', 'consumer'],
        seconds: 2.5 * stressScale,
        killEveryMs: 150,
        seed,
        mode: 'queue',
      })
      const pulls = noted.filter(({ op, result }) => op.op === 'pull' && typeof result === 'string')
      const lostPulls = noted.filter(
        ({ op, returned }) => op.op === 'pull' && returned === Number.POSITIVE_INFINITY,
      ).length
      expect(bucket.check({ fix: true }).every(({ fixed }) => fixed)).toBe(true)
      expect(bucket.check()).toEqual([])
      const rest: string[] = []
      for (let item = bucket.pull({ prefix: 'q' }); item !== undefined; item = bucket.pull({ prefix: 'q' }))
        rest.push(item.value.id)
      const pulled = [...pulls.map(({ result }) => result as string), ...rest]
      expect(new Set(pulled).size, 'an item was pulled twice').toBe(pulled.length)

      const pushes = noted.filter(({ op }) => op.op === 'push')
      const pushed = new Map(pushes.map(one => [one.op.id as string, one]))
      expect(pulled.filter(id => !pushed.has(id))).toEqual([])
      const got = new Set(pulled)
      const missed = pushes.filter(({ op, returned }) => returned !== Number.POSITIVE_INFINITY && !got.has(op.id))
      // A consumer that was killed may have had one in its hands.
      expect(missed.length, JSON.stringify(missed.slice(0, 3))).toBeLessThanOrEqual(lostPulls)

      // Pushed at the back and taken from the front: nobody is given a later one of a producer before asking for an earlier one.
      const straight = new Map<string, { push: Noted; pull: Noted }[]>()
      for (const pull of pulls) {
        const push = pushed.get(pull.result as string)!
        if (push.op.side !== 'back' || pull.op.side !== 'front' || push.returned === Number.POSITIVE_INFINITY) continue
        straight.set(push.process, [...(straight.get(push.process) ?? []), { push, pull }])
      }
      for (const items of straight.values()) {
        items.sort((a, b) => b.push.called - a.push.called)
        let later: { push: Noted; pull: Noted } | undefined
        for (const item of items) {
          if (later !== undefined && later.pull.returned < item.pull.called)
            expect.fail(`${JSON.stringify([item, later])}`)
          if (later === undefined || item.pull.returned < later.pull.returned) later = item
        }
      }
      expect(pulled.length).toBeGreaterThan(50 * stressScale)
    },
    timeout,
  )
})
