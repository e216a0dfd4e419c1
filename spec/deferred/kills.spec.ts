// Real processes, killed in the middle of their syncs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { newFolder } from './support.ts'

const syncer = fileURLToPath(new URL('../../fixtures/deferred/syncer.mjs', import.meta.url))
const rounds = 8 * Number(process.env['BUCKETCACHE_STRESS'] ?? 1)

/** Lets a process sync until it has acknowledged so many, kills it, and gives the last that it has acknowledged. */
async function syncAndKill(folder: string, backend: string, first: number, count: number): Promise<number> {
  const child = spawn(process.execPath, [syncer, folder, backend, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  const closed = once(child, 'close')
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    // Wherever it is by now: in the middle of the next one as likely as not.
    if (said.split('\n').length > count) child.kill('SIGKILL')
  })
  await closed
  return Number(said.split('\n').at(-2))
}

test.each(['v8', 'json'] as const)(
  `a process that is killed in a sync leaves all of it or none (%s)`,
  async backend => {
    const folder = newFolder()
    let next = 1
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await syncAndKill(folder, backend, next, 3 + round)
      const bucket = new Bucket<string, number>(folder, { backend, timeout: 10_000 })
      const generation = bucket.get('entry 0')!
      expect([acknowledged, acknowledged + 1]).toContain(generation)
      const overwritten = Array.from({ length: 10 }, (_, i) => [`entry ${i}`, generation])
      const made = Array.from({ length: 5 }, (_, i) => [`new ${generation} ${i}`, generation])
      expect([...bucket].sort()).toEqual([...overwritten, ...made].sort())
      bucket.check({ fix: true })
      expect(bucket.check()).toEqual([])
      expect(bucket.size).toBe(15)
      next = generation + 1
    }
  },
)
