// Queues: push and pull beside DiskCache's, and in a long queue against a short one.

import { equal } from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from './children.ts'
import { median, type Spread, spreadOf, timeEach } from './clock.ts'
import { duel, type Outcome } from './duel.ts'
import { LeastFiles } from './least.ts'
import { type Article, articleOf, loadPackage, type Place, shuffled, withFolder } from './stage.ts'

/** Items in the queues while they are timed. */
const length = 1000
const rounds = 40
const batch = 50

const verbs = ['push', 'pull'] as const
type Verb = (typeof verbs)[number]

/** By the name of the operation. */
export interface Raced {
  readonly theirs: Spread
  readonly ours: Spread
  /** Theirs by ours: how many times as fast ours is. */
  readonly ratio: number
  /** How many times as fast as theirs the least would be that the design asks for. */
  readonly ratioOfLeast: number
}

/** A producer and consumer of its own: does so many, and gives the times. */
type Racer = (verb: Verb, count: number) => Promise<Float64Array>

/** One that runs here. What comes out is what went in, in order. */
function racer(push: (article: Article) => void, pull: () => Article): Racer {
  let [pushed, pulled] = [0, 0]
  const act = {
    push: () => push(articleOf(pushed++)),
    pull: () => equal(pull().id, pulled++),
  }
  return async (verb, count) => timeEach(act[verb], new Uint32Array(count))
}

/** Ours and the least here, and theirs in Python, take turns. @throws if Python or DiskCache is not there. */
export async function raceQueues(place: Place): Promise<Map<Verb, Raced>> {
  const { Bucket } = await loadPackage()
  return withFolder(place, async folder => {
    const child = Child.python('peers/disk_cache.py', ['queue', join(folder, 'theirs')])
    await child.line()
    const bucket = new Bucket<never, Article>(join(folder, 'ours'), { backend: 'json' })
    mkdirSync(join(folder, 'least'))
    const least = new LeastFiles(join(folder, 'least'))
    const racers = {
      theirs: async (verb: Verb, count: number) => {
        child.say(`${verb} ${count}`)
        return Float64Array.from(JSON.parse(await child.line()) as number[])
      },
      ours: racer(
        article => void bucket.push(article),
        () => bucket.pull()!.value,
      ),
      least: racer(
        article => least.push(article),
        () => least.pull(),
      ),
    } satisfies Record<string, Racer>
    // As long as the measurement is to find them, and what is timed has run hot.
    for (const verb of ['push', 'push', 'pull'] as const)
      for (const race of Object.values(racers)) await race(verb, length)
    const raced = new Map<Verb, Record<keyof typeof racers, Float64Array[]>>(
      verbs.map(verb => [verb, { theirs: [], ours: [], least: [] }]),
    )
    for (let round = 0; round < rounds; round++) {
      for (const [verb, times] of raced) {
        for (const who of ['theirs', 'ours', 'least'] as const) times[who].push(await racers[who](verb, batch))
      }
    }
    equal(bucket.size, length)
    child.say('end')
    const failure = await child.failure()
    if (failure !== undefined) throw new Error(failure)
    return new Map(
      [...raced].map(([verb, { theirs, ours, least }]) => [
        verb,
        {
          theirs: joined(theirs),
          ours: joined(ours),
          ratio: ratioOf(theirs, ours),
          ratioOfLeast: ratioOf(theirs, least),
        },
      ]),
    )
  })
}

/** The median of the rounds' ratios. */
function ratioOf(ones: readonly Float64Array[], others: readonly Float64Array[]): number {
  return median(ones.map((times, round) => spreadOf(times).p50 / spreadOf(others[round]!).p50))
}

function joined(rounds: readonly Float64Array[]): Spread {
  return spreadOf(Float64Array.from(rounds.flatMap(times => [...times])))
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
