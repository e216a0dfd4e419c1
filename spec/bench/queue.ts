// Queues: push and pull beside DiskCache's, and in a long queue against a short one.

import { deepEqual, equal } from 'node:assert/strict'
import { join } from 'node:path'
import { Child } from './children.ts'
import { median, type Spread, spreadOf, timeEach } from './clock.ts'
import { duel, type Outcome } from './duel.ts'
import { type Article, articleOf, loadPackage, type Place, shuffled, withFolder } from './stage.ts'

/** Items in the queues while they are timed. */
const length = 1000
const rounds = 40
const batch = 50

const verbs = ['push', 'pull'] as const

/** By the name of the operation; `ratio` is theirs by ours: how many times as fast ours is. */
export interface Raced {
  readonly theirs: Spread
  readonly ours: Spread
  readonly ratio: number
}

/** One producer and consumer here, one in Python; they take turns. @throws if Python or DiskCache is not there. */
export async function raceQueues(place: Place): Promise<Map<string, Raced>> {
  const { Bucket } = await loadPackage()
  return withFolder(place, async folder => {
    const child = Child.python('peers/disk_cache.py', ['queue', join(folder, 'theirs')])
    await child.line()
    const bucket = new Bucket<never, Article>(join(folder, 'ours'), { backend: 'json' })
    let [pushed, pulled] = [0, 0]
    const act = {
      push: () => void bucket.push(articleOf(pushed++)),
      pull: () => void deepEqual(bucket.pull()?.value.id, pulled++),
    }
    const timeOurs = (verb: (typeof verbs)[number], count: number): Float64Array =>
      timeEach(act[verb], new Uint32Array(count))
    const timeTheirs = async (verb: (typeof verbs)[number], count: number): Promise<Float64Array> => {
      child.say(`${verb} ${count}`)
      return Float64Array.from(JSON.parse(await child.line()) as number[])
    }
    // As long as the measurement is to find them, and what is timed has run hot.
    for (const verb of ['push', 'push', 'pull'] as const) {
      timeOurs(verb, length)
      await timeTheirs(verb, length)
    }
    const times = { push: { ours: [], theirs: [] }, pull: { ours: [], theirs: [] } } as Record<
      (typeof verbs)[number],
      { ours: number[]; theirs: number[] }
    >
    const ratios: Record<(typeof verbs)[number], number[]> = { push: [], pull: [] }
    for (let round = 0; round < rounds; round++) {
      for (const verb of verbs) {
        const theirs = await timeTheirs(verb, batch)
        const ours = timeOurs(verb, batch)
        times[verb].theirs.push(...theirs)
        times[verb].ours.push(...ours)
        ratios[verb].push(spreadOf(theirs).p50 / spreadOf(ours).p50)
      }
    }
    equal(pushed - pulled, length)
    child.say('end')
    const failure = await child.failure()
    if (failure !== undefined) throw new Error(failure)
    return new Map(
      verbs.map(verb => {
        const [theirs, ours] = [times[verb].theirs, times[verb].ours].map(one => spreadOf(Float64Array.from(one)))
        return [verb, { theirs: theirs!, ours: ours!, ratio: median(ratios[verb]) }]
      }),
    )
  })
}

/** By the name of the operation; `bare` is the short queue, `ours` the long one. */
export async function timeQueueGrowth(folder: string, many: number): Promise<Map<string, Outcome>> {
  const { Bucket } = await loadPackage()
  const short = new Bucket<never, Article>(join(folder, 'short'), { backend: 'json' })
  const long = new Bucket<never, Article>(join(folder, 'long'), { backend: 'json' })
  for (let index = 0; index < length; index++) short.push(articleOf(index))
  for (let index = 0; index < many; index++) long.push(articleOf(index))
  const operations: Record<string, (queue: typeof short) => unknown> = {
    push: queue => queue.push(articleOf(0, 1)),
    pull: queue => queue.pull()!.value,
  }
  const outcomes = new Map<string, Outcome>()
  for (const timed of [false, true]) {
    for (const [name, operation] of Object.entries(operations)) {
      const contest = { bare: () => void operation(short), ours: () => void operation(long) }
      const outcome = duel(contest, shuffled(timed ? rounds * batch : length), rounds)
      if (timed) outcomes.set(name, outcome)
    }
  }
  equal(short.size, length)
  equal(long.size, many)
  return outcomes
}
