// One peer, in a process of its own: `worker.js NAME FOLDER COUNT SECONDS`. Prints a line of JSON for each trial, with the
// times in microseconds; what a peer answers is checked with each operation, outside of its time.

import { deepEqual } from 'node:assert/strict'
import { spreadOf, timeOnce } from '../clock.ts'
import { articleOf, keyOf, shuffled } from '../stage.ts'
import { peers } from './index.ts'

const [name, folder, count, seconds] = process.argv.slice(2) as [string, string, string, string]
const peer = peers.find(one => one.name === name)!
const store = await peer.open(folder)
const order = shuffled(Number(count))

interface PeerTrial {
  readonly name: string
  readonly act: (index: number) => unknown
  readonly check: (index: number, result: unknown) => unknown
}

/** Does as many of the keys as there is time for. Those that were left. */
async function run({ name: trial, act, check }: PeerTrial): Promise<Uint32Array> {
  const times: number[] = []
  const end = performance.now() + Number(seconds) * 1000
  for (const index of order) {
    const { time, result } = await timeOnce(() => act(index))
    times.push(time)
    await check(index, result)
    if (performance.now() > end) break
  }
  const { p50, p90, p99 } = spreadOf(Float64Array.from(times))
  console.log(JSON.stringify({ trial, spread: [p50, p90, p99], count: times.length }))
  return order.subarray(times.length)
}

/** Misses are undefined here and null there. */
const missed = async (result: unknown): Promise<void> => deepEqual((await result) ?? undefined, undefined)

const rest = await run({
  name: 'set',
  act: index => store.set(keyOf(index), articleOf(index)),
  check: () => {},
})
if (store.fill !== undefined) await store.fill(Array.from(rest, index => [keyOf(index), articleOf(index)] as const))
else for (const index of rest) await store.set(keyOf(index), articleOf(index))
await run({
  name: 'get',
  act: index => store.get(keyOf(index)),
  check: (index, result) => deepEqual(result, articleOf(index)),
})
await run({
  name: 'miss',
  act: index => store.get(`${keyOf(index)}&draft=1`),
  check: (_, result) => missed(result),
})
await run({
  name: 'overwrite',
  act: index => store.set(keyOf(index), articleOf(index, 1)),
  check: async index => deepEqual(await store.get(keyOf(index)), articleOf(index, 1)),
})
await run({
  name: 'delete',
  act: index => store.delete(keyOf(index)),
  check: index => missed(store.get(keyOf(index))),
})
await store.close?.()
