// Whether evicting a tag costs what the tag holds: as many tagged entries among few others and among many.

import { equal } from 'node:assert/strict'
import { join } from 'node:path'
import { median } from './clock.ts'
import { articleOf, keyOf, loadPackage } from './stage.ts'

const tagged = 1000
const rounds = 9

/** In milliseconds, each the median of some calls of `evict`. */
export interface Evicted {
  readonly few: number
  readonly many: number
  /** The median of the rounds' ratios, many by few. */
  readonly ratio: number
}

/** Evicts a thousand entries among `few`, and among `many`, which are stored again with the tag after each round. */
export async function timeEvict(folder: string, few: number, many: number): Promise<Evicted> {
  const { Bucket } = await loadPackage()
  const buckets = [few, many].map((count, i) => {
    const bucket = new Bucket<string, object>(join(folder, String(i)), { backend: 'json', tagIndex: true })
    for (let index = 0; index < count; index++) bucket.set(keyOf(index), articleOf(index), { tag: 'other' })
    return { bucket, count }
  })
  const evict = ({ bucket, count }: (typeof buckets)[number]): number => {
    const step = Math.floor(count / tagged)
    for (let i = 0; i < tagged; i++) bucket.set(keyOf(i * step), articleOf(i), { tag: ['other', 'some'] })
    const begin = performance.now()
    const evicted = bucket.evict('some')
    const time = performance.now() - begin
    equal(evicted, tagged)
    equal(bucket.size, count - tagged)
    return time
  }
  const times: number[][] = [[], []]
  // The first round finds code that was not run yet.
  for (let round = -1; round < rounds; round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0]
    for (const side of order) {
      const time = evict(buckets[side]!)
      if (round >= 0) times[side]!.push(time)
    }
  }
  const [inFew, inMany] = times as [number[], number[]]
  return { few: median(inFew), many: median(inMany), ratio: median(inMany.map((time, i) => time / inFew[i]!)) }
}
