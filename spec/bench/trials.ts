// What is measured against bare system calls, and by how much it may be slower. A trial's sides are checked before and after
// they are timed: a wrong answer ends the run.

import { deepEqual, equal } from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Bucket } from '../../lib/index.ts'
import { BareFiles } from './bare.ts'
import type { Contest } from './duel.ts'
import { LeastFiles } from './least.ts'
import { type Article, articleOf, keyOf, loadPackage } from './stage.ts'

export interface Trial {
  readonly name: string
  readonly says: string
  readonly limit: number
  /** Makes the sides ready for the keys below `count`, in an empty folder. */
  readonly prepare: (folder: string, count: number) => Promise<CheckedContest>
  /** As `prepare`, with the least that the design asks for in the place of ours. */
  readonly prepareLeast?: (folder: string, count: number) => CheckedContest
}

export interface CheckedContest extends Contest {
  /** Throws if something is not as it must be once both sides have done the keys from `from` to `to`. */
  check(from: number, to: number): void
}

/** Both sides, in folders of their own, with the keys and values that go in. */
async function scene(folder: string, count: number) {
  const { Bucket } = await loadPackage()
  const path = join(folder, 'ours')
  const keys = Array.from({ length: count }, (_, index) => keyOf(index))
  const values = Array.from({ length: count }, (_, index) => articleOf(index))
  const bareFolder = join(folder, 'bare')
  mkdirSync(bareFolder)
  return {
    keys,
    values,
    bucket: new Bucket<string, Article>(path, { backend: 'json' }),
    counters: () => new Bucket<string, number>(path, { backend: 'json' }),
    /** As another process would see it. */
    reopened: () => new Bucket<string, unknown>(path, { backend: 'json' }),
    bare: new BareFiles(bareFolder, count),
  }
}

/** As `scene`, with the least in the place of ours. */
function leastScene(folder: string, count: number) {
  const [path, bareFolder] = [join(folder, 'least'), join(folder, 'bare')]
  mkdirSync(path)
  mkdirSync(bareFolder)
  const keys = Array.from({ length: count }, (_, index) => keyOf(index))
  const values = Array.from({ length: count }, (_, index) => articleOf(index))
  return { keys, values, least: new LeastFiles(path), bare: new BareFiles(bareFolder, count) }
}

/** Each `bucket.get(key)` is `value(index)`. */
function checkStored<V>(bucket: Bucket<string, V>, value: (index: number) => unknown, from: number, to: number): void {
  for (let index = from; index < to; index++) deepEqual(bucket.get(keyOf(index)), value(index))
}

export const trials: readonly Trial[] = [
  {
    name: 'get',
    says: 'get() of a stored key · hash, open, read, close, JSON.parse',
    limit: 1.4,
    async prepare(folder, count) {
      const { bucket, bare, keys, values } = await scene(folder, count)
      for (let index = 0; index < count; index++) {
        bucket.set(keys[index]!, values[index]!)
        bare.create(index)
      }
      return {
        bare: index => bare.get(keys[index]!),
        ours: index => bucket.get(keys[index]!),
        check(from, to) {
          checkStored(bucket, articleOf, from, to)
          for (let index = from; index < to; index++) deepEqual(bare.get(keys[index]!), values[index])
        },
      }
    },
  },
  {
    name: 'miss',
    says: 'get() of a key that is not stored · existsSync',
    limit: 2,
    async prepare(folder, count) {
      const { bucket, bare, keys, values } = await scene(folder, count)
      const missing = keys.map(key => `${key}&draft=1`)
      // A cache in which nothing is stored would have no folders to look into.
      for (let index = 0; index < count; index++) bucket.set(keys[index]!, values[index]!)
      return {
        bare: index => bare.exists(index),
        ours: index => bucket.get(missing[index]!),
        check(from, to) {
          for (let index = from; index < to; index++) {
            equal(bucket.get(missing[index]!), undefined)
            equal(bare.exists(index), false)
          }
        },
      }
    },
  },
  {
    name: 'set',
    says: 'set() of a new key · exclusive create, write, close',
    limit: 1.8,
    async prepare(folder, count) {
      const { bucket, bare, keys, values, reopened } = await scene(folder, count)
      return {
        bare: index => bare.create(index),
        ours: index => bucket.set(keys[index]!, values[index]!),
        check(from, to) {
          checkStored(reopened(), articleOf, from, to)
          for (let index = from; index < to; index++) deepEqual(bare.get(keys[index]!), values[index])
        },
      }
    },
    prepareLeast(folder, count) {
      const { keys, values, least, bare } = leastScene(folder, count)
      return {
        bare: index => bare.create(index),
        ours: index => least.set(keys[index]!, values[index]!),
        check(from, to) {
          for (let index = from; index < to; index++) least.check(keys[index]!, values[index]!)
        },
      }
    },
  },
  {
    name: 'overwrite',
    says: 'set() of a stored key · open, append, close',
    limit: 2.8,
    async prepare(folder, count) {
      const { bucket, bare, keys, values, reopened } = await scene(folder, count)
      const later = values.map((_, index) => articleOf(index, 1))
      for (let index = 0; index < count; index++) {
        bucket.set(keys[index]!, values[index]!)
        bare.create(index)
      }
      return {
        bare: index => bare.append(index),
        ours: index => bucket.set(keys[index]!, later[index]!),
        check: (from, to) => checkStored(reopened(), index => articleOf(index, 1), from, to),
      }
    },
    prepareLeast(folder, count) {
      const { keys, values, least, bare } = leastScene(folder, count)
      const later = values.map((_, index) => articleOf(index, 1))
      for (let index = 0; index < count; index++) {
        least.set(keys[index]!, values[index]!)
        bare.create(index)
      }
      return {
        bare: index => bare.append(index),
        ours: index => least.overwrite(keys[index]!, later[index]!),
        check(from, to) {
          for (let index = from; index < to; index++) least.check(keys[index]!, later[index]!)
        },
      }
    },
  },
  {
    name: 'incr',
    says: 'incr() of a stored number · open, fstat, read, append, fstat, close',
    limit: 2,
    async prepare(folder, count) {
      const { counters, bare, keys, reopened } = await scene(folder, count)
      const bucket = counters()
      for (let index = 0; index < count; index++) {
        bucket.set(keys[index]!, index)
        bare.create(index)
      }
      return {
        bare: index => bare.readAndAppend(index),
        ours: index => bucket.incr(keys[index]!),
        check: (from, to) => checkStored(reopened(), index => index + 1, from, to),
      }
    },
  },
]
