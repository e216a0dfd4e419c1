// Queues against a model: a Map of numbers. Three buckets take turns on one folder, so that what each remembers of having passed
// is always out of date; keys of items are also written and deleted as any others, and transactions come to nothing.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Bucket, type BucketOptions } from '../../lib/index.ts'
import { newFolder } from '../support/folders.ts'

type Side = 'front' | 'back'
type Prefix = 'q' | undefined

interface Stored {
  value: number
  expires: number
  tag: string | undefined
  isItem: boolean
}

const first = 500_000_000_000_000

function keyOf(prefix: Prefix, number: number): number | string {
  return prefix === undefined ? number : `${prefix}-${number}`
}

/** What stands under the numbers of two queues. */
class Model {
  entries = new Map<number | string, Stored>()
  values = 0

  get(key: number | string): Stored | undefined {
    const stored = this.entries.get(key)
    if (stored === undefined || stored.expires > Date.now()) return stored
    this.entries.delete(key)
    return undefined
  }
  /** Numbers of the items of a queue, from the front. */
  numbers(prefix: Prefix): number[] {
    const own = [...this.entries.keys()].filter(key => (typeof key === 'string') === (prefix !== undefined))
    return own
      .filter(key => this.get(key)?.isItem)
      .map(key => Number(String(key).slice(-15)))
      .sort((a, b) => a - b)
  }
  nearest(prefix: Prefix, side: Side): { key: number | string; value: number } | undefined {
    const number = this.numbers(prefix).at(side === 'front' ? 0 : -1)
    if (number === undefined) return undefined
    const key = keyOf(prefix, number)
    return { key, value: this.get(key)!.value }
  }
}

interface Real {
  readonly folder: string
  readonly buckets: Bucket<number | string, number>[]
  readonly open: () => Bucket<number | string, number>
}

type Step = fc.Command<Model, Real>

function step(
  name: string,
  which: number,
  run: (model: Model, bucket: Bucket<number | string, number>, real: Real) => void,
): Step {
  return {
    check: () => true,
    run: (model, real) => run(model, real.buckets[which]!, real),
    toString: () => `${name} on ${which}`,
  }
}

interface Spot {
  readonly prefix: Prefix
  readonly side: Side
}

function push(model: Model, bucket: Bucket<number | string, number>, at: Spot, ms?: number, tag?: string): void {
  const value = model.values++
  const key = bucket.push(value, { ...at, ...(ms !== undefined && { expire: ms }), ...(tag !== undefined && { tag }) })
  expect(model.get(key)).toBeUndefined()
  const number = Number(String(key).slice(-15))
  expect(key).toBe(keyOf(at.prefix, number))
  for (const other of model.numbers(at.prefix)) {
    if (at.side === 'back') expect(number).toBeGreaterThan(other)
    else expect(number).toBeLessThan(other)
  }
  const expires = ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + ms
  model.entries.set(key, { value, expires, tag, isItem: true })
}

function pull(model: Model, bucket: Bucket<number | string, number>, at: Spot): void {
  const item = bucket.pull(at)
  const expected = model.nearest(at.prefix, at.side)
  expect(item && { key: item.key, value: item.value }).toEqual(expected)
  if (expected !== undefined) model.entries.delete(expected.key)
}

const which = fc.constantFrom(0, 1, 2)
const spot: fc.Arbitrary<Spot> = fc.record({
  // Mostly one queue, else too little happens to each.
  prefix: fc.constantFrom<Prefix>(undefined, undefined, undefined, 'q'),
  side: fc.constantFrom<Side>('front', 'back'),
})
const lifetime = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined })
const tag = fc.constantFrom(undefined, 'red')
/** More than a consumer passes before it tells the others. */
const count = fc.integer({ min: 1, max: 24 })
const key = fc
  .tuple(fc.constantFrom<Prefix>(undefined, undefined, undefined, 'q'), fc.integer({ min: -8, max: 12 }))
  .map(([prefix, offset]) => keyOf(prefix, first + offset))

const steps = [
  fc
    .tuple(which, spot, lifetime, tag)
    .map(([w, at, ms, its]) =>
      step(`push(${JSON.stringify(at)}, ${ms}, ${its})`, w, (model, bucket) => push(model, bucket, at, ms, its)),
    ),
  fc.tuple(which, spot, count).map(([w, at, n]) =>
    step(`push(${JSON.stringify(at)}) × ${n}`, w, (model, bucket) => {
      for (let i = 0; i < n; i++) push(model, bucket, at)
    }),
  ),
  ...Array.from({ length: 4 }, () =>
    fc
      .tuple(which, spot)
      .map(([w, at]) => step(`pull(${JSON.stringify(at)})`, w, (model, bucket) => pull(model, bucket, at))),
  ),
  fc.tuple(which, spot, count).map(([w, at, n]) =>
    step(`pull(${JSON.stringify(at)}) × ${n}`, w, (model, bucket) => {
      for (let i = 0; i < n; i++) pull(model, bucket, at)
    }),
  ),
  fc.tuple(which, spot).map(([w, at]) =>
    step(`peek(${JSON.stringify(at)})`, w, (model, bucket) => {
      const item = bucket.peek(at)
      expect(item && { key: item.key, value: item.value }).toEqual(model.nearest(at.prefix, at.side))
    }),
  ),
  // No item any more, or never one, but its number is taken.
  fc.tuple(which, key, lifetime).map(([w, k, ms]) =>
    step(`set(${k}, ${ms})`, w, (model, bucket) => {
      bucket.set(k, -1, ms === undefined ? {} : { expire: ms })
      const expires = ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + ms
      model.entries.set(k, { value: -1, expires, tag: undefined, isItem: false })
    }),
  ),
  fc.tuple(which, key).map(([w, k]) =>
    step(`delete(${k})`, w, (model, bucket) => {
      expect(bucket.delete(k)).toBe(model.get(k) !== undefined)
      model.entries.delete(k)
    }),
  ),
  fc.tuple(which, key, lifetime).map(([w, k, ms]) =>
    step(`touch(${k}, ${ms})`, w, (model, bucket) => {
      const stored = model.get(k)
      expect(bucket.touch(k, ms ?? null)).toBe(stored !== undefined)
      if (stored !== undefined) stored.expires = ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + ms
    }),
  ),
  fc
    .tuple(which, fc.integer({ min: 1, max: 60 }))
    .map(([w, ms]) => step(`wait(${ms})`, w, () => vi.setSystemTime(Date.now() + ms))),
  which.map(w => step('expire', w, (_, bucket) => void bucket.expire())),
  which.map(w =>
    step('evict', w, (model, bucket) => {
      bucket.evict('red')
      for (const [k, stored] of model.entries) if (stored.tag === 'red') model.entries.delete(k)
    }),
  ),
  which.map(w =>
    step('clear', w, (model, bucket) => {
      bucket.clear()
      model.entries.clear()
    }),
  ),
  which.map(w =>
    step('another process', w, (_model, _bucket, real) => {
      real.buckets[w] = real.open()
    }),
  ),
  which.map(w => step('check', w, (_, bucket) => expect(bucket.check()).toEqual([]))),
  which.map(w =>
    step('lose the bounds', w, (_, bucket, real) => {
      rmSync(join(real.folder, 'queues'), { recursive: true, force: true })
      // `check` gives producers who are on their way a moment.
      vi.setSystemTime(Date.now() + 2000)
      bucket.check({ fix: true })
      expect(bucket.check()).toEqual([])
    }),
  ),
  fc
    .tuple(which, fc.array(fc.tuple(fc.boolean(), spot), { minLength: 1, maxLength: 6 }), fc.boolean())
    .map(([w, acts, holds]) =>
      step(`transact(${JSON.stringify(acts)}, ${holds ? 'commit' : 'roll back'})`, w, (model, bucket) => {
        const before = new Map(model.entries)
        const body = (): void => {
          for (const [pushes, at] of acts) (pushes ? push : pull)(model, bucket, at)
          if (!holds) throw new RangeError('enough')
        }
        if (holds) return bucket.transact(body)
        expect(() => bucket.transact(body)).toThrow('enough')
        model.entries = before
      }),
    ),
]

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => vi.useRealTimers())

test.each<[string, BucketOptions]>([
  ['v8', {}],
  ['json', { backend: 'json' }],
])('three buckets on a folder pull each item once, in its turn (%s)', (_, options) => {
  fc.assert(
    fc.property(fc.commands(steps, { maxCommands: 50, size: 'max' }), commands => {
      const folder = newFolder()
      const open = (): Real['buckets'][number] => new Bucket(folder, { tagIndex: true, ...options })
      fc.modelRun(() => ({ model: new Model(), real: { folder, buckets: [open(), open(), open()], open } }), commands)
    }),
    { seed: 7, numRuns: 60 * Number(process.env['BUCKETCACHE_STRESS'] ?? 1) },
  )
})

test('what a consumer remembers is good for one log of bounds: numbers that are used again are looked at again', () => {
  const folder = newFolder()
  const [producer, consumer] = [new Bucket<any, number>(folder), new Bucket<any, number>(folder)]
  for (let i = 0; i < 5; i++) producer.push(i)
  for (let i = 0; i < 5; i++) expect(consumer.pull()?.value).toBe(i)
  rmSync(join(folder, 'queues'), { recursive: true })
  expect(producer.push(5)).toBe(first)
  expect(consumer.pull()?.value).toBe(5)
})
