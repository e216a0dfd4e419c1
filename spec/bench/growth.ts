// Whether an operation's cost grows with the number of keys: the same operations in a bucket of ten thousand and in one of
// many more, against each other.

import { equal } from 'node:assert/strict'
import { join } from 'node:path'
import { duel, type Outcome } from './duel.ts'
import { type Article, keyOf, loadPackage, shuffled, valueOf } from './stage.ts'

const warmUp = 1000

/** By the name of the operation; `bare` is the small bucket, `ours` the large one. */
export async function timeGrowth(folder: string, few: number, many: number, rounds: number): Promise<Map<string, Outcome>> {
  const { Bucket } = await loadPackage()
  const small = new Bucket<string, Article>(join(folder, 'small'), { backend: 'json' })
  const large = new Bucket<string, Article>(join(folder, 'large'), { backend: 'json' })
  for (let index = 0; index < few; index++) small.set(keyOf(index), valueOf(index))
  for (let index = 0; index < many; index++) large.set(keyOf(index), valueOf(index))
  equal(small.size, few)
  equal(large.size, many)

  // As many operations as there are keys in the small one, on keys that are spread over all that there are.
  const spread = Math.floor(many / few)
  const stored = (size: number, index: number): string => keyOf(size === few ? index : index * spread)
  const article = valueOf(0, 1)
  const operations: Record<string, (bucket: typeof small, size: number, index: number) => unknown> = {
    get: (bucket, size, index) => bucket.get(stored(size, index)),
    miss: (bucket, size, index) => bucket.get(`${stored(size, index)}&draft=1`),
    overwrite: (bucket, size, index) => bucket.set(stored(size, index), article),
    touch: (bucket, size, index) => bucket.touch(stored(size, index), 3_600_000),
    set: (bucket, _, index) => bucket.set(`new ${index}`, article),
    delete: (bucket, _, index) => bucket.delete(`new ${index}`),
  }
  const order = shuffled(few)
  const outcomes = new Map<string, Outcome>()
  for (const [name, operation] of Object.entries(operations)) {
    const contest = {
      bare: (index: number) => void operation(small, few, index),
      ours: (index: number) => void operation(large, many, index),
    }
    for (let index = few; index < few + warmUp; index++) {
      operation(small, few, index)
      operation(large, few, index)
    }
    outcomes.set(name, duel(contest, order, rounds))
  }
  return outcomes
}
