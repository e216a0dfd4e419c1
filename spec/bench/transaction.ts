// A transaction of a hundred sets against a hundred plain ones.

import { deepEqual } from 'node:assert/strict'
import { join } from 'node:path'
import { duel, type Outcome } from './duel.ts'
import { type Article, articleOf, keyOf, loadPackage, shuffled } from './stage.ts'

const sets = 100
const rounds = 10
/** Of each side in each round. */
const batches = 4
const warmUp = 10

/** By what is written; `bare` is a hundred plain sets, `ours` the transaction. */
export async function timeTransactions(folder: string): Promise<Map<string, Outcome>> {
  const { Bucket } = await loadPackage()
  const plain = new Bucket<string, Article>(join(folder, 'plain'), { backend: 'json' })
  const joint = new Bucket<string, Article>(join(folder, 'joint'), { backend: 'json' })
  const count = warmUp + rounds * batches
  const outcomes = new Map<string, Outcome>()
  for (const [version, name] of ['100 new keys', '100 keys anew'].entries()) {
    const write = (bucket: typeof plain, index: number): void => {
      for (let i = index * sets; i < (index + 1) * sets; i++) bucket.set(keyOf(i), articleOf(i, version))
    }
    const contest = {
      bare: (index: number) => write(plain, index),
      ours: (index: number) => joint.transact(() => write(joint, index)),
    }
    for (let index = count - warmUp; index < count; index++) {
      contest.bare(index)
      contest.ours(index)
    }
    outcomes.set(name, duel(contest, shuffled(count - warmUp), rounds))
    for (let i = 0; i < count * sets; i++) deepEqual(joint.get(keyOf(i)), plain.get(keyOf(i)))
  }
  return outcomes
}
