// The bucket against a model: a Map in which each value has an expiry, and a clock. Two buckets take turns on one folder, so
// that what one remembers of it is always out of date; restarts and compactions come in between.

import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Bucket, type BucketOptions } from '../../lib/index.ts'
import { newFolder } from '../support/folders.ts'

type Stored = { value: unknown; expires: number }

/** The model: what a key means, told without files. */
class Model {
  readonly #entries = new Map<string, Stored>()

  get(key: string): Stored | undefined {
    const stored = this.#entries.get(key)
    if (stored === undefined || stored.expires > Date.now()) return stored
    // An expired entry is gone: stored again, it stands at the end.
    this.#entries.delete(key)
    return undefined
  }
  set(key: string, value: unknown, lifetimeMs: number | undefined): void {
    this.get(key)
    this.#entries.set(key, {
      value,
      expires: lifetimeMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + lifetimeMs,
    })
  }
  delete(key: string): boolean {
    return this.get(key) !== undefined && this.#entries.delete(key)
  }
  entries(): [string, unknown][] {
    for (const key of [...this.#entries.keys()]) this.get(key)
    return [...this.#entries].map(([key, { value }]) => [key, value])
  }
  clear(): number {
    const { length } = this.entries()
    this.#entries.clear()
    return length
  }
}

/** The two buckets, and how to open one anew. */
interface Real {
  buckets: [Bucket<string, unknown>, Bucket<string, unknown>]
  open: () => Bucket<string, unknown>
}

type Step = fc.Command<Model, Real>

function step(
  name: string,
  which: 0 | 1,
  run: (model: Model, bucket: Bucket<string, unknown>, real: Real) => void,
): Step {
  return {
    check: () => true,
    run: (model, real) => run(model, real.buckets[which], real),
    toString: () => `${name} on ${which}`,
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd')
const which = fc.constantFrom<0 | 1>(0, 1)
const lifetime = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined })
const value = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 }))

const steps = [
  // set ×3: everything else is about what it leaves.
  ...Array.from({ length: 3 }, () =>
    fc.tuple(which, key, value, lifetime).map(([w, k, v, ms]) =>
      step(`set(${k}, ${JSON.stringify(v)}, ${ms})`, w, (model, bucket) => {
        bucket.set(k, v, ms === undefined ? {} : { expire: ms })
        model.set(k, v, ms)
      }),
    ),
  ),
  fc.tuple(which, key).map(([w, k]) =>
    step(`get(${k})`, w, (model, bucket) => {
      expect(bucket.get(k)).toEqual(model.get(k)?.value)
      expect(bucket.has(k)).toBe(model.get(k) !== undefined)
    }),
  ),
  // delete ×2: a tombstone, then a new beginning, is where logs of this kind have had their faults.
  ...Array.from({ length: 2 }, () =>
    fc
      .tuple(which, key)
      .map(([w, k]) => step(`delete(${k})`, w, (model, bucket) => expect(bucket.delete(k)).toBe(model.delete(k)))),
  ),
  fc.tuple(which, key, value).map(([w, k, v]) =>
    step(`add(${k})`, w, (model, bucket) => {
      expect(bucket.add(k, v)).toBe(model.get(k) === undefined)
      if (model.get(k) === undefined) model.set(k, v, undefined)
    }),
  ),
  fc.tuple(which, key).map(([w, k]) =>
    step(`pop(${k})`, w, (model, bucket) => {
      expect(bucket.pop(k, 'none')).toEqual(model.get(k) === undefined ? 'none' : model.get(k)!.value)
      model.delete(k)
    }),
  ),
  fc.tuple(which, key, lifetime).map(([w, k, ms]) =>
    step(`touch(${k}, ${ms})`, w, (model, bucket) => {
      const stored = model.get(k)
      expect(bucket.touch(k, ms ?? null)).toBe(stored !== undefined)
      if (stored !== undefined) stored.expires = ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + ms
    }),
  ),
  fc.tuple(which, key).map(([w, k]) =>
    step(`large(${k})`, w, (model, bucket) => {
      const large = `${k}${'x'.repeat(17_000)}`
      bucket.set(k, large)
      model.set(k, large, undefined)
    }),
  ),
  // Writes enough to one key for its log to be compacted on the way.
  fc.tuple(which, key).map(([w, k]) =>
    step(`wear(${k})`, w, (model, bucket) => {
      for (let i = 0; i < 30; i++) {
        bucket.set(k, [i, 'y'.repeat(700)])
        model.set(k, [i, 'y'.repeat(700)], undefined)
      }
    }),
  ),
  fc
    .tuple(which, fc.integer({ min: 1, max: 60 }))
    .map(([w, ms]) => step(`wait(${ms})`, w, () => vi.setSystemTime(Date.now() + ms))),
  which.map(w => step('iterate', w, (model, bucket) => expect([...bucket]).toEqual(model.entries()))),
  which.map(w =>
    step('restart', w, (_, bucket, real) => {
      bucket.close()
      real.buckets[w] = real.open()
    }),
  ),
  which.map(w =>
    step('expire', w, (model, bucket) => {
      bucket.expire()
      expect([...bucket.keys()]).toEqual(model.entries().map(([k]) => k))
      expect(bucket.size).toBe(model.entries().length)
    }),
  ),
  which.map(w =>
    step('clear', w, (model, bucket) => {
      expect(bucket.clear()).toBeGreaterThanOrEqual(model.clear())
      expect(bucket.size).toBe(0)
    }),
  ),
  which.map(w => step('check', w, (_, bucket) => expect(bucket.check()).toEqual([]))),
  fc.tuple(which, key, value, key).map(([w, k, v, gone]) =>
    step(`transact(set ${k}, delete ${gone})`, w, (model, bucket) => {
      const deleted = bucket.transact(() => {
        bucket.set(k, v)
        return bucket.delete(gone)
      })
      model.set(k, v, undefined)
      expect(deleted).toBe(model.delete(gone))
    }),
  ),
]

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => vi.useRealTimers())

test.each<[string, BucketOptions]>([
  ['v8', {}],
  ['json', { backend: 'json' }],
  ['json with memory', { backend: 'json', memory: true }],
])('two buckets on a folder are one Map with a clock (%s)', (_, options) => {
  fc.assert(
    fc.property(fc.commands(steps, { maxCommands: 60, size: 'max' }), commands => {
      const folder = newFolder()
      const open = (): Bucket<string, unknown> => new Bucket(folder, options)
      fc.modelRun(() => ({ model: new Model(), real: { buckets: [open(), open()], open } }), commands)
    }),
    { numRuns: 60 * Number(process.env['BUCKETCACHE_STRESS'] ?? 1) },
  )
})
