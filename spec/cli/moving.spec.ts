// export, import, migrate.

import fs, { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Bucket, encrypted } from '../../lib/index.ts'
import { difference } from '../backends/same.ts'
import { clonedValues } from '../backends/values.ts'
import { newFolder } from '../support/folders.ts'
import { sayIn } from './support.ts'

interface Cache {
  folder: string
  bucket: Bucket<any, any>
  say: ReturnType<typeof sayIn>
}

function newCache(options?: ConstructorParameters<typeof Bucket>[1]): Cache {
  const folder = join(newFolder(), 'cache')
  return { folder, bucket: new Bucket<any, any>(folder, options), say: sayIn(folder) }
}

async function moved(from: Cache, to: Cache): Promise<void> {
  const { status, bytes } = await from.say(['export'])
  expect(status).toBe(0)
  expect(await to.say(['import'], { input: bytes })).toMatchObject({ status: 0, stderr: '' })
}

describe('export and import', () => {
  test('keep every value that the v8 backend can hold', async () => {
    const [from, to] = [newCache(), newCache()]
    for (const [name, value] of clonedValues) from.bucket.set(name, value)
    await moved(from, to)
    for (const [name] of clonedValues)
      expect(difference(to.bucket.get(name), from.bucket.get(name)), name).toBeUndefined()
    expect([...to.bucket.keys()]).toEqual([...from.bucket.keys()])
  })

  test('keep keys, tags and expiry', async () => {
    const [from, to] = [newCache(), newCache()]
    const keys = ['a', 1, '1', { x: [1] }, 7n, undefined, new Date(5), new Map([[1, 2]]), '\ud800']
    keys.forEach((key, i) => {
      from.bucket.set(key, i, { tag: ['t', i], expire: i % 2 === 0 ? null : { hours: i } })
    })
    from.bucket.set('gone', 1, { expire: 0 })
    const began = Date.now()
    await moved(from, to)
    const tookMs = Date.now() - began
    expect([...to.bucket.keys()]).toEqual(keys)
    for (const key of keys) {
      const { tags, expiresAt, value } = from.bucket.getEntry(key)!
      const kept = to.bucket.getEntry(key)!
      expect([kept.tags, kept.value]).toEqual([tags, value])
      const laterMs = (kept.expiresAt?.getTime() ?? 0) - (expiresAt?.getTime() ?? 0)
      // What is left is counted, and then stored.
      expect(laterMs).toBeGreaterThanOrEqual(0)
      expect(laterMs).toBeLessThanOrEqual(tookMs + 1)
    }
  })

  test('keep streams of bytes, of any length', async () => {
    const [from, to] = [newCache(), newCache()]
    for (const length of [0, 1, 786_431, 786_432, 786_433, 2_000_000]) {
      const bytes = Buffer.alloc(length, 'bytes of a stream ')
      await from.bucket.promises.set(length, Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)]), {
        tag: 't',
      })
    }
    from.bucket.set('after', 1)
    const lines = (await from.say(['export'])).stdout.split('\n')
    expect(Math.max(...lines.map(line => line.length))).toBeLessThan(1_100_000)
    await moved(from, to)
    for (const { key, size, tags } of from.bucket.list()) {
      expect(to.bucket.getEntry(key)).toMatchObject({ tags, size })
      expect(difference(to.bucket.get(key), from.bucket.get(key)), String(key)).toBeUndefined()
    }
  })

  test.each([['export'], ['get', 'bytes'], ['ls']])('%s does not take a long stream into memory', async (...argv) => {
    const { bucket, say } = newCache()
    const bytes = Buffer.alloc(4_000_000, 'bytes of a stream ')
    await bucket.promises.set('bytes', Readable.from([bytes]))
    const readSync = vi.spyOn(fs, 'readSync')
    onTestFinished(() => readSync.mockRestore())
    expect(await say(argv)).toMatchObject({ status: 0 })
    const longest = Math.max(...readSync.mock.results.map(({ value }) => value as number))
    expect(longest).toBeLessThan(2_000_000)
  })

  test('keep queues, front to back', async () => {
    const [from, to] = [newCache(), newCache()]
    for (const item of [1, 2, 3]) from.bucket.push(item, { prefix: 'q' })
    from.bucket.push(0, { prefix: 'q', side: 'front' })
    from.bucket.push('alone')
    await moved(from, to)
    const items = [0, 1, 2, 3].map(() => to.bucket.pull({ prefix: 'q' })?.value)
    expect([...items, to.bucket.pull({ prefix: 'q' }), to.bucket.pull()?.value]).toEqual([
      0,
      1,
      2,
      3,
      undefined,
      'alone',
    ])
  })

  test('keep what a memoized function has noted about its results', async () => {
    const [from, to] = [newCache(), newCache()]
    let runs = 0
    const slow = (n: number) => Promise.resolve(++runs + n)
    await from.bucket.wrap(slow, { name: 'slow' })(1)
    await moved(from, to)
    const again = to.bucket.wrap(slow, { name: 'slow' })(1)
    expect(again).toBeInstanceOf(Promise)
    expect([await again, runs]).toEqual([2, 1])
  })

  test('write to and read from files, which appear whole', async () => {
    const [from, to] = [newCache(), newCache()]
    from.bucket.set('a', 1)
    const root = newFolder()
    const file = join(root, 'dump.jsonl')
    expect(await from.say(['export', file])).toMatchObject({ status: 0, stdout: '' })
    expect(readFileSync(file, 'utf8')).toMatch(/^\{"key":"a","value":1,.*\}\n$/)
    expect(await to.say(['import', file])).toMatchObject({ status: 0, stdout: '1\n' })
    expect(to.bucket.get('a')).toBe(1)
    expect(await from.say(['export', join(root, 'none', 'dump')])).toMatchObject({ status: 3 })
    expect(readdirSync(root)).toEqual(['dump.jsonl'])
  })

  test('import --if-absent leaves what is there', async () => {
    const { bucket, say } = newCache()
    bucket.set('a', 'old')
    const input =
      '{"key":"a","value":"new"}\n{"key":"b","value":"new"}\n\n{"key":"c","bytes":"AAAA","continues":true}\n{"bytes":"AA=="}\n'
    expect(await say(['import', '--if-absent'], { input })).toMatchObject({ status: 0, stdout: '2\n' })
    expect([bucket.get('a'), bucket.get('b'), bucket.get('c')]).toEqual(['old', 'new', Buffer.alloc(4)])
    expect(await say(['import', '--if-absent'], { input })).toMatchObject({ status: 0, stdout: '' })
  })

  test('import stops at a line that is not as expected, and says which', async () => {
    const { bucket, say } = newCache()
    const said = await say(['import'], { input: '{"key":"a","value":1}\n{"key":\n{"key":"b","value":1}\n' })
    expect(said).toMatchObject({ status: 3, stdout: '1\n' })
    expect(said.stderr).toMatch(/^bucketcache: Line 2 is not as expected: .+; 1 stored so far\n$/)
    expect([...bucket.keys()]).toEqual(['a'])
    expect((await say(['import'], { input: '{"key":1,"bytes":"AA==","continues":true}\n' })).stderr).toContain('Line 2')
    expect(bucket.has(1)).toBe(false)
  })

  test('what the backend cannot hold is told, and the rest is stored', async () => {
    const [from, to] = [newCache(), newCache({ backend: 'json' })]
    from.bucket.set('map', new Map()).set('fine', 1)
    const { bytes } = await from.say(['export'])
    const said = await to.say(['import', '--backend', 'json'], { input: bytes })
    expect(said).toMatchObject({
      status: 1,
      stdout: '1\n',
      stderr: expect.stringMatching(/^bucketcache: line 1: .+\n$/),
    })
    expect(to.bucket.get('fine')).toBe(1)
  })

  test('on a terminal what is told, and what is written, stands on lines of its own', async () => {
    const { bucket, say } = newCache()
    bucket.set('fine', 1).set('map', new Map())
    const { stderr } = await say(['migrate', '--backend', 'json'], { tty: true, env: { NO_COLOR: '1' } })
    const drawn = stderr.split('\u001b[K')
    expect(drawn.filter(text => text.includes('stays'))).toEqual([
      expect.stringMatching(/^bucketcache: map stays: .+\n(\rMigrating .*)?$/),
    ])
    expect(await say(['export'], { tty: true })).toMatchObject({ status: 0, stderr: '' })
  })

  test('values of encrypted backends are counted, not written', async () => {
    const { bucket, say } = newCache({ backend: encrypted('v8', { key: Buffer.alloc(32) }) })
    bucket.set('a', 1)
    expect(await say(['export'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'bucketcache: 1 left out: values of their backend cannot be read here\n',
    })
  })
})

describe('migrate', () => {
  test('stores everything with another backend, and leaves nothing with the old', async () => {
    const { folder, bucket, say } = newCache()
    bucket
      .set('b', { x: 1 }, { tag: 't', expire: { hours: 1 } })
      .set('a', 'text')
      .set(3, [1])
    await bucket.promises.set('stream', Readable.from([Buffer.from('bytes')]))
    for (const item of [1, 2]) bucket.push(item, { prefix: 'q' })
    expect(await say(['migrate', '--backend', 'json'])).toMatchObject({ status: 0, stdout: '6\n', stderr: '' })
    const json = new Bucket<any, any>(folder, { backend: 'json' })
    expect([...json.keys()].slice(0, 4)).toEqual(['b', 'a', 3, 'stream'])
    expect(json.getEntry('b')).toMatchObject({ value: { x: 1 }, tags: ['t'] })
    expect(json.getEntry('b')!.expiresAt!.getTime() - Date.now()).toBeGreaterThan(3_590_000)
    expect([json.get('a'), json.get('stream'), json.pull({ prefix: 'q' })!.value]).toEqual([
      'text',
      Buffer.from('bytes'),
      1,
    ])
    expect([...new Bucket(folder).keys()]).toEqual([])
    expect((await say(['check'])).status).toBe(0)
    // There and back again: nothing left to do the second time.
    expect(await say(['migrate', '--backend', 'json'])).toMatchObject({ status: 0, stdout: '0\n' })
  })

  test('what the new backend cannot hold stays where it is', async () => {
    const { folder, bucket, say } = newCache()
    bucket.set('map', new Map()).set('fine', 1)
    const said = await say(['migrate', '--backend', 'json'])
    expect(said).toMatchObject({
      status: 1,
      stdout: '1\n',
      stderr: expect.stringMatching(/^bucketcache: map stays: .+\n$/),
    })
    expect(new Bucket(folder).get('map')).toEqual(new Map())
    expect(new Bucket(folder, { backend: 'json' }).get('fine')).toBe(1)
  })

  test('what was stored with the new backend since counts', async () => {
    const { folder, bucket, say } = newCache()
    bucket.set('a', 'old')
    new Bucket(folder, { backend: 'json' }).set('a', 'newer')
    expect(await say(['migrate', '--backend', 'json'])).toMatchObject({ status: 0, stdout: '1\n' })
    expect(new Bucket(folder, { backend: 'json' }).get('a')).toBe('newer')
  })

  test('compresses, and takes one backend only if that is asked for', async () => {
    const { folder, bucket, say } = newCache()
    bucket.set('a', 'x'.repeat(5000))
    new Bucket(folder, { backend: 'json' }).set('j', 1)
    expect(await say(['migrate', '--backend', 'v8+gzip', '--from', 'v8'])).toMatchObject({ status: 0, stdout: '1\n' })
    expect((await say(['ls'])).stdout).toMatch(/^a\t[0-9]{1,3}\t.*\tv8\+gzip\nj\t.*\tjson\n$/)
    expect((await say(['get', 'a'])).stdout).toHaveLength(5001)
  })

  test.each([
    [['migrate'], 'Expected --backend, the one to migrate to'],
    [['migrate', '--backend', 'jsno'], 'got "jsno", did you mean "json"?'],
    [['migrate', '--backend', 'v8+gzp'], 'got "v8+gzp", did you mean "v8+gzip"?'],
  ])('%j is refused', async (argv, message) => {
    const { bucket, say } = newCache()
    bucket.set('a', 1)
    const { status, stderr } = await say(argv)
    expect(status).toBe(2)
    expect(stderr).toContain(message)
    expect(bucket.get('a')).toBe(1)
  })

  test('makes no folder', async () => {
    const folder = join(newFolder(), 'none')
    expect(await sayIn(folder)(['migrate', '--backend', 'json'])).toMatchObject({ status: 1 })
    expect(existsSync(folder)).toBe(false)
    writeFileSync(folder, '')
    expect(await sayIn(folder)(['ls'])).toMatchObject({ status: 1 })
  })
})
