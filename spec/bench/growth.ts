// Whether an operation's cost grows with the number of keys: the same operations in a bucket of ten thousand and in one of
// many more, against each other.

import { equal } from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { duel, type Outcome } from './duel.ts'
import { type Article, articleOf, keyOf, loadPackage, shuffled } from './stage.ts'

const warmUp = 1000

/** By the name of the operation; `bare` is the small bucket, `ours` the large one. */
export async function timeGrowth(
  folder: string,
  few: number,
  many: number,
  rounds: number,
): Promise<Map<string, Outcome>> {
  const { Bucket } = await loadPackage()
  const small = new Bucket<string, Article>(join(folder, 'small'), { backend: 'json' })
  const large = new Bucket<string, Article>(join(folder, 'large'), { backend: 'json' })
  const all = few + warmUp
  for (let index = 0; index < all; index++) small.set(keyOf(index), articleOf(index))
  for (let index = 0; index < many; index++) large.set(keyOf(index), articleOf(index))
  equal(small.size, all)
  equal(large.size, many)

  // As many keys as the small one has, spread over all that there are.
  const spread = Math.floor(many / all)
  const stored = (bucket: typeof small, index: number): string => keyOf(bucket === small ? index : index * spread)
  const article = articleOf(0, 1)
  // A name that no file has, in a folder of entries; the first time that it is looked for.
  const absent = (bucket: typeof small, index: number): string => {
    const name = hash('sha256', `absent ${index}`)
    return join(bucket.path, name.slice(0, 2), `${name.slice(2)}.json`)
  }
  const operations: Record<string, (bucket: typeof small, index: number) => unknown> = {
    get: (bucket, index) => bucket.get(stored(bucket, index)),
    miss: (bucket, index) => bucket.get(`${stored(bucket, index)}&draft=1`),
    'bare existsSync': (bucket, index) => existsSync(absent(bucket, index)),
    overwrite: (bucket, index) => bucket.set(stored(bucket, index), article),
    touch: (bucket, index) => bucket.touch(stored(bucket, index), 3_600_000),
    set: (bucket, index) => bucket.set(`new ${index}`, article),
    delete: (bucket, index) => bucket.delete(`new ${index}`),
  }
  const order = shuffled(few)
  const outcomes = new Map<string, Outcome>()
  for (const [name, operation] of Object.entries(operations)) {
    const contest = {
      bare: (index: number) => void operation(small, index),
      ours: (index: number) => void operation(large, index),
    }
    for (let index = few; index < all; index++) {
      contest.bare(index)
      contest.ours(index)
    }
    outcomes.set(name, duel(contest, order, rounds))
  }
  return outcomes
}
