// A hit in memory, with `revalidate: 'never'`: too short to be timed one by one.

import { equal } from 'node:assert/strict'
import { type Spread, spreadOf } from './clock.ts'
import { type Article, articleOf, keyOf, loadPackage, shuffled } from './stage.ts'

const batch = 1000

/** In microseconds, each the mean of a batch of look-ups. */
export async function timeMemoryHits(folder: string, count: number): Promise<Spread> {
  const { Bucket } = await loadPackage()
  const memory = { revalidate: 'never', maxEntries: count } as const
  const bucket = new Bucket<string, Article>(folder, { backend: 'json', memory })
  const keys = Array.from({ length: count }, (_, index) => keyOf(index))
  for (let index = 0; index < count; index++) bucket.set(keys[index]!, articleOf(index))
  // The first look-up of each reads the file, the second must find the very same object.
  const values = keys.map(key => bucket.get(key))
  for (let index = 0; index < count; index++) {
    equal(values[index]?.id, index)
    equal(bucket.get(keys[index]!), values[index])
  }
  const order = shuffled(count)
  const times: number[] = []
  for (let pass = 0; pass < 10; pass++) {
    for (let from = 0; from + batch <= count; from += batch) {
      const begin = performance.now()
      for (let i = from; i < from + batch; i++) bucket.get(keys[order[i]!]!)
      // The first passes warm up.
      if (pass >= 2) times.push(((performance.now() - begin) * 1000) / batch)
    }
  }
  return spreadOf(Float64Array.from(times))
}
