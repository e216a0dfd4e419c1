// Real processes and worker threads beside one another on one folder.

import { once } from 'node:events'
import { readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Bucket, ConflictError, TimeoutError } from '../../lib/index.ts'
import { play, playInThread, resultOf, startActor } from '../support/actors.ts'
import { entryFile, entryFiles, newFolder } from '../support/folders.ts'
import { deadOwner, distantOwner, leaveSeal } from '../support/seals.ts'

const times = Number(process.env['BUCKETCACHE_STRESS'] ?? 1)

describe('readers beside a writer', () => {
  test('never see a value that is torn, or older than one they saw', async () => {
    const folder = newFolder()
    const results = await Promise.all([
      play(folder, 'writeLarge', 150 * times),
      play(folder, 'readLarge'),
      play(folder, 'readLarge', 1),
      playInThread(folder, 'readLarge'),
    ])
    expect(results).toEqual([150 * times, 'whole', 'whole', 'whole'])
  })

  test('are not disturbed by those who delete, prune and clear', async () => {
    const folder = newFolder()
    const [set, rounds] = await Promise.all([play(folder, 'setAndGet', 1500 * times), play(folder, 'clear')])
    expect(set).toBe('whole')
    expect(rounds).toBeGreaterThan(0)
    expect(new Bucket(folder).check()).toEqual([])
  })

  test('a folder that is cleared while it is written gives no errors', async () => {
    const folder = newFolder()
    const results = await Promise.all([play(folder, 'setAndGet', 1000 * times), play(folder, 'clearAll')])
    expect(results).toEqual(['whole', true])
    expect(new Bucket(folder).check()).toEqual([])
  })
})

test('worker threads and processes count one counter exactly', async () => {
  const folder = newFolder()
  const each = 200 * times
  const results = await Promise.all([
    ...[1, 2].map(() => playInThread(folder, 'count', each)),
    ...[1, 2].map(() => play(folder, 'count', each)),
  ])
  expect(results).toEqual([true, true, true, true])
  const bucket = new Bucket(folder)
  expect(bucket.get('count')).toBe(4 * each)
  expect(bucket.size).toBe(2)
  expect(bucket.check()).toEqual([])
})

describe('getOrSet() in several processes', () => {
  test('computes once', async () => {
    const folder = newFolder()
    const results = (await Promise.all([1, 2, 3].map(() => play(folder, 'compute')))) as {
      computed: number
      value: number
    }[]
    expect(results.reduce((sum, { computed }) => sum + computed, 0)).toBe(1)
    expect(new Set(results.map(({ value }) => value)).size).toBe(1)
  })

  test('takes over when the one that computes is killed', async () => {
    const folder = newFolder()
    const child = startActor(folder, 'computeForEver')
    expect((await once(child, 'message'))[0]).toBe('computing')
    const waiting = new Bucket<string, string>(folder).promises.getOrSet('slow', () => 'mine')
    expect(await Promise.race([waiting, new Promise(resolve => setTimeout(resolve, 100, 'waits'))])).toBe('waits')
    child.kill('SIGKILL')
    expect(await waiting).toBe('mine')
  })
})

test.each(['throw', 'degrade'] as const)(
  'a computation whose result the disk refuses holds nobody up (%s)',
  async onError => {
    const folder = newFolder()
    const bucket = new Bucket<string, string>(folder, { onError })
    // Too long to be appended to the file that the claim has left open.
    const result = 'refused '.repeat(5000)
    let away = ''
    const computing = bucket.promises.getOrSet('slow', () => {
      // The claim stands; what comes now cannot be written.
      const entries = dirname(entryFile(folder))
      away = `${entries}-away`
      renameSync(entries, away)
      symlinkSync(entries, entries)
      return result
    })
    if (onError === 'degrade') expect(await computing).toBe(result)
    else await expect(computing).rejects.toMatchObject({ errno: 'ELOOP' })
    const entries = away.slice(0, -'-away'.length)
    rmSync(entries)
    renameSync(away, entries)
    expect(await play(folder, 'compute')).toMatchObject({ computed: 1 })
  },
)

describe('what the dead leave behind', () => {
  const prepare = () => {
    const folder = newFolder()
    const bucket = new Bucket<string, string>(folder, { timeout: 60_000 })
    bucket.set('a', 'old')
    return { folder, bucket, path: entryFile(folder) }
  }

  test('a seal of a dead process holds nobody up', async () => {
    const { folder, bucket, path } = prepare()
    for (const [i, act] of [
      () => bucket.set('a', 'new'),
      () => bucket.set('a', 'x'.repeat(50_000)),
      () => bucket.touch('a', 1e9),
      () => bucket.update('a', value => `${value}!`),
      () => bucket.promises.set('a', 'later'),
      () => bucket.transact(() => bucket.set('a', 'inside')),
      () => bucket.delete('a'),
      () => bucket.add('a', 'again'),
      () => bucket.clear(),
    ].entries()) {
      const before = performance.now()
      leaveSeal(folder, path, { owner: deadOwner() })
      if (i !== 7) expect(bucket.get('a')).toBeDefined()
      await act()
      expect(performance.now() - before).toBeLessThan(10_000)
    }
    expect(entryFiles(folder)).toEqual([])
    expect(bucket.size).toBe(0)
  })

  test('a seal of a dead transaction without an intent is lifted', () => {
    const { folder, bucket, path } = prepare()
    leaveSeal(folder, path, { owner: deadOwner(), purpose: 'transaction 0123456789abcdef' })
    expect(bucket.get('a')).toBe('old')
    bucket.set('a', 'new')
    expect(bucket.get('a')).toBe('new')
  })

  test('a seal holds nobody up who changes nothing', () => {
    const { bucket, folder, path } = prepare()
    leaveSeal(folder, path, { owner: distantOwner() })
    expect(bucket.add('a', 'new')).toBe(false)
    expect(() => bucket.set('a', 'new', { ifVersion: 'other' })).toThrow(ConflictError)
    // Of a transaction's seal nobody knows yet what it will be.
    const hasty = new Bucket<string, string>(folder, { timeout: 50 })
    leaveSeal(folder, path, { owner: distantOwner(), purpose: 'transaction 0123456789abcdef', time: Date.now() + 1e9 })
    expect(() => hasty.add('a', 'new')).toThrow(TimeoutError)
  })

  test('a seal of another host is respected until its time is over', async () => {
    const { folder, path } = prepare()
    const patient = new Bucket<string, string>(folder, { timeout: 300 })
    const before = performance.now()
    leaveSeal(folder, path, { owner: distantOwner() })
    patient.set('a', 'new')
    expect(performance.now() - before).toBeGreaterThan(200)
    expect(patient.get('a')).toBe('new')
    leaveSeal(folder, path, { owner: distantOwner(), time: Date.now() - 1000 })
    await patient.promises.set('a', 'newer')
    expect(patient.get('a')).toBe('newer')
  })

  test('a seal of a living process ends in TimeoutError, and changes nothing', async () => {
    const { folder, path } = prepare()
    const impatient = new Bucket<string, string>(folder, { timeout: 50 })
    const other = startActor(folder, 'computeForEver')
    await once(other, 'message')
    // The owner that stands in the claim of the other process.
    const claimed = entryFiles(folder).find(file => file !== path)!
    const owner = /"owner":"([^"]+)"/.exec(readFileSync(claimed, 'latin1'))![1]!
    leaveSeal(folder, path, { owner })
    expect(() => impatient.set('a', 'new')).toThrow(TimeoutError)
    await expect(impatient.promises.delete('a')).rejects.toMatchObject({ code: 'ERR_TIMEOUT', path })
    expect(impatient.get('a')).toBe('old')
    expect([...impatient.keys()]).toEqual(['a'])
    other.kill('SIGKILL')
    await once(other, 'exit')
    impatient.set('a', 'new')
    expect(impatient.get('a')).toBe('new')
  })
})

test('a transaction computes what another process computes already: that one could not store it before the end', async () => {
  const folder = newFolder()
  const other = startActor(folder, 'computeForEver')
  await once(other, 'message')
  const bucket = new Bucket<string, string>(folder)
  expect(await bucket.promises.transact(t => t.getOrSet('slow', () => 'mine'))).toBe('mine')
  expect(bucket.get('slow')).toBe('mine')
  other.kill('SIGKILL')
  await once(other, 'exit')
})

test('a process that ends on its own writes down what it knew', async () => {
  const folder = newFolder()
  expect(await resultOf(startActor(folder, 'writeLarge', 20))).toBe(20)
  const bucket = new Bucket(folder)
  expect(bucket.size).toBe(2)
  expect(bucket.check()).toEqual([])
})
