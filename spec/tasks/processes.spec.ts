// What several processes on one storage do.

import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { task } from '../../lib/tasks/task.ts'
import { ended, message, startFixture, temporaryFolder } from './support.ts'

async function runTogether(how: string, storage: string, log: string): Promise<[pid: number, isWhole: boolean][]> {
  const children = [1, 2, 3, 4].map(() => startFixture('serialize.mjs', [storage, log, how]))
  await Promise.all(children.map(message))
  const results = children.map(message)
  for (const child of children) child.send('go')
  return (await Promise.all(results)).flat() as [number, boolean][]
}

describe.each(['serialize', 'serializable'])('identical calls in several processes (%s)', how => {
  test('run one at a time, and the others read its result', async () => {
    const [storage, log] = [temporaryFolder(), join(temporaryFolder(), 'log')]
    const results = await runTogether(how, storage, log)
    const lines = readFileSync(log, 'utf8').trim().split('\n')
    expect(lines.filter(line => / begins 1/.test(line))).toHaveLength(1)
    expect(lines.filter(line => / begins 2/.test(line))).toHaveLength(1)
    expect(results).toHaveLength(12)
    expect(results.every(([, isWhole]) => isWhole)).toBe(true)
    const byInput = [0, 1].map(index => new Set(results.filter((_, at) => (at % 3) % 2 === index).map(([pid]) => pid)))
    expect(byInput.map(pids => pids.size)).toEqual([1, 1])
  })
})

test('results that several processes write at once do not mix', async () => {
  const [storage, log] = [temporaryFolder(), join(temporaryFolder(), 'log')]
  const results = await runTogether('free', storage, log)
  expect(results.every(([, isWhole]) => isWhole)).toBe(true)
  // What stays is the result of one of them.
  const compute = task(async (n: number) => ({ pid: n, text: '' }), {
    name: 'compute',
    params: ['n'],
    cache: true,
    cacheVersion: '1',
    storage,
  })
  for (const n of [1, 2]) {
    const { pid, text } = await compute(n)
    expect(results.map(([id]) => id)).toContain(pid)
    expect(text).toBe(`${pid} `.repeat(20_000))
  }
})

test('a call whose process was killed is taken over by one that waits', async () => {
  const storage = temporaryFolder()
  const child = startFixture('holder.mjs', [storage])
  expect(await message(child)).toBe('running')
  const result = task(async () => 'taken over', {
    name: 'once',
    cache: true,
    cacheVersion: '1',
    cacheSerialize: true,
    storage,
  })()
  child.kill('SIGKILL')
  expect(await result).toBe('taken over')
})

test('keys are the same in every process', async () => {
  const [one, other] = await Promise.all([
    ended(startFixture('keys.mjs')),
    ended(startFixture('keys.mjs', [], { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8' })),
  ])
  expect(one.stderr).toBe('')
  expect(JSON.parse(one.stdout)).toHaveLength(6)
  expect(other.stdout).toBe(one.stdout)
  for (const key of JSON.parse(one.stdout)) expect(key).toMatch(/^[0-9a-f]{64}$/)
})

describe.runIf(process.platform !== 'win32')('SIGTERM', () => {
  const interrupt = async (how: string, file = 'interrupted.mjs') => {
    const child = startFixture(file, [how])
    const said: unknown[] = []
    child.on('message', text => said.push(text))
    const end = ended(child)
    await once(child, 'message')
    child.kill('SIGTERM')
    return { ...(await end), said }
  }

  test('aborts an interruptible task, lets it put things in order, and ends the process', async () => {
    const { status, signal, said } = await interrupt('alone')
    expect({ status, signal }).toEqual({ status: null, signal: 'SIGTERM' })
    expect(said.at(-1)).toBe('clean')
    expect(said.sort()).toEqual(['clean', 'cleaning up after AbortError', 'rejected with AbortError', 'running'])
  })

  test('ends the process when putting things in order takes too long', async () => {
    const { signal, said } = await interrupt('stuck')
    expect(signal).toBe('SIGTERM')
    expect(said.sort()).toEqual(['cleaning up after AbortError', 'rejected with AbortError', 'running'])
  })

  test.each(['on', 'once'])('leaves the end of the process to a listener of the program: %s()', async how => {
    const { status, said } = await interrupt(how)
    expect(status).toBe(7)
    expect(said).toContain('told')
    expect(said).toContain('rejected with AbortError')
  })

  test.each(['proper-lockfile', 'write-file-atomic'])('ends the process though %s looks at signals too', async how => {
    const { signal, said } = await interrupt(how)
    expect(signal).toBe('SIGTERM')
    expect(said).toContain('clean')
  })

  test('does not keep a process that ends by itself, nor let a task begin any more', async () => {
    const { status, stderr, said } = await interrupt(temporaryFolder(), 'told.mjs')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(said.slice(0, 1)).toEqual(['running'])
    expect(said.slice(1)).toContain('told')
    expect(said.slice(1)).toContainEqual(['AbortError', 'AbortError', 'AbortError', 'known'])
    expect(said).toHaveLength(3)
  })

  test('ends the process as ever when no interruptible task is running', async () => {
    for (const how of ['deaf', 'after']) {
      const { signal, said } = await interrupt(how)
      expect(signal).toBe('SIGTERM')
      expect(said).toEqual(['running'])
    }
  })
})

test('nothing is left of what was being written when a process is killed', async () => {
  const storage = temporaryFolder()
  const child = startFixture('holder.mjs', [storage])
  await message(child)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const once1 = task(async () => 1, { name: 'once', cache: true, cacheVersion: '1', cacheSerialize: true, storage })
  expect(await once1.isCached()).toBe(false)
  expect(existsSync(join(storage, '.locks'))).toBe(true)
  expect(await once1()).toBe(1)
})
