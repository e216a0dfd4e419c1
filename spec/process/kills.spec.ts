// Real processes, killed at any moment. What was acknowledged is there afterwards, what was being written is there whole or not
// at all, and nobody is held up by the dead.

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { newFolder } from '../support/folders.ts'

const writer = fileURLToPath(new URL('../../fixtures/process/writer.mjs', import.meta.url))
const rounds = 6 * Number(process.env['BUCKETCACHE_STRESS'] ?? 1)

/** Lets a writer work until it has acknowledged so many writes, kills it, and gives what it has said. */
async function runAndKill(folder: string, backend: string, seed: number, acknowledged: number): Promise<string[]> {
  const child: ChildProcess = spawn(process.execPath, [writer, folder, backend, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  let count = 0
  const closed = once(child, 'close')
  child.stdout!.on('data', (chunk: Buffer) => {
    const text = chunk.toString()
    said += text
    count += text.split('\nA ').length - 1
    // Wherever it is by now: in the middle of a write as likely as not.
    if (count >= acknowledged) child.kill('SIGKILL')
  })
  await closed
  return said.split('\n').slice(0, -1)
}

describe.each(['json', 'v8'])('a writer that is killed (%s)', backend => {
  test(`leaves what it acknowledged, ${rounds} times`, async () => {
    const folder = newFolder()
    /** What each key may hold: the last acknowledged, or what was begun after it. 0: nothing. */
    const may = new Map<string, Set<number>>()
    for (let round = 1; round <= rounds; round++) {
      const seed = round * 7919
      const said = await runAndKill(folder, backend, seed, 60 + ((round * 37) % 200))
      // The seed goes into the number, so that the writes of different rounds are told apart.
      const numberOf = (i: number): number => seed * 1_000_000 + i
      let begun: { kind: string; key: string; i: number } | undefined
      for (const line of said) {
        const [kind, key, i] = line.split(' ') as [string, string, string]
        if (kind === 'A') {
          may.set(key, new Set([begun?.kind === 'D' ? 0 : numberOf(Number(i))]))
          begun = undefined
        } else begun = { kind, key, i: Number(i) }
      }
      if (begun !== undefined) {
        const possible = may.get(begun.key) ?? new Set([0])
        possible.add(begun.kind === 'D' ? 0 : numberOf(begun.i))
        may.set(begun.key, possible)
      }
      const bucket = new Bucket<string, { i: number; seed: string }>(folder, {
        backend: backend as 'json',
        timeout: 10_000,
      })
      for (const [key, possible] of may) {
        const value = bucket.get(key)
        const found = value === undefined ? 0 : Number(value.seed) * 1_000_000 + value.i
        expect([...possible], `${key} after round ${round} (seed ${seed})`).toContain(found)
        may.set(key, new Set([found]))
        // Nobody is held up by what the dead one held.
        bucket.update(key, current => current)
      }
      const keys = [...bucket.keys()]
      expect(new Set(keys).size).toBe(keys.length)
      expect(keys.sort()).toEqual(
        [...may]
          .filter(([, found]) => !found.has(0))
          .map(([key]) => key)
          .sort(),
      )
      bucket.check({ fix: true })
      expect(bucket.check()).toEqual([])
      expect(bucket.size).toBe(keys.length)
    }
  })
})

describe('several processes', () => {
  const counter = fileURLToPath(new URL('../../fixtures/process/counter.mjs', import.meta.url))

  test('that count lose nothing, and of many adds and pops one succeeds', async () => {
    const folder = newFolder()
    const times = 400
    const children = Array.from({ length: 4 }, () => fork(counter, [folder, String(times)], { stdio: 'inherit' }))
    const message = async <T>(child: ChildProcess): Promise<T> => ((await once(child, 'message')) as [T])[0]
    await Promise.all(children.map(child => message<string>(child)))
    const results = await Promise.all(
      children.map(async child => {
        const answer = message<{ added: number[]; popped: number[] }>(child)
        const exit = once(child, 'exit')
        child.send('take')
        const result = await answer
        await exit
        return result
      }),
    )
    const bucket = new Bucket<unknown, number>(folder)
    expect(bucket.get('count')).toBe(4 * times)
    for (const name of ['added', 'popped'] as const) {
      const all = results.flatMap(result => result[name]).sort((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: times }, (_, i) => i))
    }
    expect(bucket.check()).toEqual([])
  })
})
