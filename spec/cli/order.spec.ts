// check, prune, expire, evict, cull, clear.

import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { entryFile, newFolder } from '../support/folders.ts'
import { sayIn } from './support.ts'

function newCache(): { folder: string; bucket: Bucket<any, any>; say: ReturnType<typeof sayIn> } {
  const folder = join(newFolder(), 'cache')
  return { folder, bucket: new Bucket<any, any>(folder), say: sayIn(folder) }
}

describe('check', () => {
  test('says nothing of a folder in order', async () => {
    const { bucket, say } = newCache()
    bucket.set('a', 1)
    expect(await say(['check'])).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect((await say(['check'], { tty: true })).stderr).toContain('bucketcache: all is in order\n')
  })

  test('finds damage with status 1, and mends it with --fix', async () => {
    const { folder, bucket, say } = newCache()
    bucket.set('a', 1)
    appendFileSync(entryFile(folder), 'torn')
    const found = await say(['check'])
    expect(found.status).toBe(1)
    expect(found.stdout).toMatch(/^damaged\t[0-9a-f]{2}\/[0-9a-f]{62}\.v8\tfound\t.+\n$/)
    expect((await say(['check'], { tty: true, env: { NO_COLOR: '1' } })).stdout).toMatch(
      /^PROBLEM +FILE +FIXED +WHAT\ndamaged/,
    )
    expect(JSON.parse((await say(['check', '--json'])).stdout)).toMatchObject({ code: 'damaged', fixed: false })
    expect(await say(['check', '--fix'])).toMatchObject({ status: 0, stdout: found.stdout.replace('found', 'fixed') })
    expect(await say(['check'])).toMatchObject({ status: 0, stdout: '' })
    expect(bucket.get('a')).toBe(1)
  })

  test('shows how far it is, on a terminal', async () => {
    const { say } = newCache()
    expect((await say(['check'], { tty: true })).stderr).toContain('\rChecking ░')
    expect((await say(['check'])).stderr).toBe('')
  })
})

describe('prune and expire', () => {
  test('prune removes what has expired, and tells entries and bytes', async () => {
    const { bucket, say } = newCache()
    bucket.set('gone', 1, { expire: 0 }).set('here', 1)
    expect((await say(['prune'])).stdout).toMatch(/^1\t\d+\n$/)
    bucket.set('gone', 1, { expire: 0 })
    expect((await say(['prune'], { tty: true })).stdout).toMatch(/^1 entry removed, \d+ B\n$/)
    expect([...bucket.keys()]).toEqual(['here'])
  })

  test('prune --lifetime removes what is older', async () => {
    const { bucket, say } = newCache()
    bucket.set('old', 1).set('pinned', 1, { expire: { days: 1 } })
    await new Promise(resolve => setTimeout(resolve, 5))
    expect((await say(['prune', '--lifetime', '1h'])).stdout).toMatch(/^0\t/)
    expect((await say(['prune', '--lifetime', '1ms'])).stdout).toMatch(/^1\t/)
    expect([...bucket.keys()]).toEqual(['pinned'])
  })

  test('expire removes what will have expired', async () => {
    const { folder, bucket, say } = newCache()
    bucket
      .set('gone', 1, { expire: 0 })
      .set('soon', 1, { expire: { hours: 1 } })
      .set('here', 1)
    new Bucket(folder, { backend: 'json' }).set('gone', 1, { expire: 0 })
    expect((await say(['expire'])).stdout).toBe('2\n')
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
    expect((await say(['expire', '--at', tomorrow])).stdout).toBe('1\n')
    expect([...bucket.keys()]).toEqual(['here'])
  })
})

test('evict removes what carries a tag, 1 or "1"', async () => {
  const { bucket, say } = newCache()
  bucket
    .set('a', 1, { tag: 1 })
    .set('b', 1, { tag: '1' })
    .set('c', 1, { tag: ['x', 'y'] })
    .set('d', 1)
  expect((await say(['evict', '1'])).stdout).toBe('1\n')
  expect([...bucket.keys()]).toEqual(['b', 'c', 'd'])
  expect((await say(['evict', '"1"', 'x', 'y'])).stdout).toBe('2\n')
  expect((await say(['evict', 'x'])).stdout).toBe('0\n')
  expect(await say(['evict'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Expected TAG…, got nothing'),
  })
})

test('cull keeps to limits, and makes new ones', async () => {
  const { folder, bucket, say } = newCache()
  for (let i = 0; i < 20; i++) bucket.set(i, i)
  expect((await say(['cull'])).stdout).toBe('0\n')
  expect(
    (await say(['cull', '--max-entries', '5', '--size-limit', '1G', '--policy', 'least-recently-used'])).stdout,
  ).toBe('15\n')
  expect(bucket.size).toBe(5)
  const there = new Bucket(folder)
  expect([there.reset('maxEntries'), there.reset('sizeLimit'), there.reset('evictionPolicy')]).toEqual([
    5,
    2 ** 30,
    'least-recently-used',
  ])
  expect(await say(['cull', '--policy', 'oldest'])).toMatchObject({ status: 2 })
})

describe('clear', () => {
  test('removes all entries of all backends, and nothing that is not of the cache', async () => {
    const { folder, bucket, say } = newCache()
    bucket.set('a', 1).set('b', 2)
    new Bucket(folder, { backend: 'json' }).set('c', 3)
    writeFileSync(join(folder, 'foreign'), '')
    expect(await say(['clear', '--yes'])).toMatchObject({ status: 0, stdout: '3\n' })
    expect((await say(['ls'])).stdout).toBe('')
    expect((await say(['check'])).status).toBe(0)
  })

  test('where nobody can be asked it needs --yes', async () => {
    const { bucket, say } = newCache()
    bucket.set('a', 1)
    expect(await say(['clear'])).toMatchObject({
      status: 2,
      stderr: 'bucketcache: Expected --yes, for there is no terminal to ask at (see: bucketcache clear --help)\n',
    })
    expect(bucket.size).toBe(1)
  })

  test.each([
    ['y\n', 0],
    ['YES\n', 0],
    ['n\n', 1],
    ['\n', 1],
    ['yeah\n', 1],
  ])('asks, and %j ends with status %d', async (input, status) => {
    const { folder, bucket, say } = newCache()
    bucket.set('a', 1)
    const said = await say(['clear'], { tty: true, input })
    expect(said.stderr).toContain(`Remove all 1 entries of ${folder}? [y/N] `)
    expect(said.status).toBe(status)
    expect(bucket.size).toBe(status)
  })
})
