// What is told on the diagnostics channels: their names and payloads are public.

import { spawnSync } from 'node:child_process'
import { channel } from 'node:diagnostics_channel'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { topics } from '../lib/channels.ts'
import { type Backend, BackendLoadError, Bucket, DeferredWriteBucket, StorageIOError } from '../lib/index.ts'
import { listen, listenToAll } from './support/channels.ts'
import { entryFile, newBucket } from './support/folders.ts'
import { leaveSeal } from './support/seals.ts'
import { faces } from './support/twins.ts'

test('the channels are these', () => {
  expect(Object.keys(topics).sort()).toEqual(['compact', 'delete', 'error', 'evict', 'hit', 'miss', 'recover', 'set'])
  for (const [name, topic] of Object.entries(topics)) {
    const listener = (): void => {}
    expect(topic.active).toBe(false)
    channel(`bucketcache:${name}`).subscribe(listener)
    expect(topic.active).toBe(true)
    channel(`bucketcache:${name}`).unsubscribe(listener)
    expect(topic.active).toBe(false)
  }
})

for (const [name, face] of faces) {
  describe(`${name} tells`, () => {
    const open = () => {
      const bucket = newBucket({ backend: 'json' })
      return { folder: bucket.path, bucket, twin: face(bucket) }
    }

    test('hit and miss, once for each look-up', async () => {
      const { folder, twin } = open()
      const hits = listen('hit')
      const misses = listen('miss')
      await twin.set({ a: 1 }, 'value')
      await twin.get({ a: 1 })
      await twin.getEntry({ a: 1 })
      await twin.getMany([{ a: 1 }, 'none'])
      await twin.getOrSet('new', () => 1)
      await twin.has({ a: 1 })
      await twin.has('none')
      expect(hits).toEqual(Array(3).fill({ folder, key: '{"a":1}', size: 7 }))
      expect(misses).toEqual([
        { folder, key: '"none"' },
        { folder, key: '"new"' },
      ])
    })

    test('set and delete, when something was', async () => {
      const { folder, twin } = open()
      const sets = listen('set')
      const deletes = listen('delete')
      await twin.set('a', 'xy')
      await twin.add('a', 'not')
      await twin.add('b', 1)
      await twin.incr('b')
      await twin.update('a', () => 'xyz')
      await twin.delete('none')
      await twin.delete('a')
      await twin.pop('b')
      expect(sets).toEqual([
        { folder, key: '"a"', size: 4 },
        { folder, key: '"b"', size: 1 },
        { folder, key: '"b"', size: 1 },
        { folder, key: '"a"', size: 5 },
      ])
      expect(deletes).toEqual([
        { folder, key: '"a"' },
        { folder, key: '"b"' },
      ])
    })

    test('each removal by the caller, whichever method it is by, and what clear() removes to nobody', async () => {
      const { folder, bucket, twin } = open()
      const told = listenToAll(['delete', 'evict'])
      for (const key of ['a', 'b']) await twin.set(key, 1)
      await twin.update('a', () => undefined)
      const item = await twin.push('item')
      await twin.pull()
      await twin.clear()
      expect(bucket.size).toBe(0)
      expect(told).toEqual([
        ['delete', { folder, key: '"a"' }],
        ['delete', { folder, key: String(item) }],
      ])
    })

    test('compact, with what it was and is', async () => {
      const { folder, bucket, twin } = open()
      const events = listen('compact')
      for (let i = 0; i < 300; i++) await twin.set('a', 'x'.repeat(1500))
      expect(events.length).toBeGreaterThanOrEqual(1)
      for (const { before, after, ...rest } of events) {
        expect(rest).toEqual({ folder, path: entryFile(bucket.path) })
        expect(before).toBeGreaterThan(after)
        expect(after).toBeGreaterThan(300)
      }
    })

    test('recover, where bytes are damaged or do not decode', async () => {
      const { folder, bucket, twin } = open()
      const events = listen('recover')
      await twin.set('a', 'value')
      const path = entryFile(bucket.path)
      appendFileSync(path, '{"bucketcache":1,"crc":"torn')
      expect(await twin.get('a')).toBe('value')
      expect(events).toEqual([{ folder, path, reason: 'damaged' }])

      const bad: Backend = {
        name: 'json',
        fileExtension: 'json',
        encode: () => new Uint8Array(),
        decode() {
          throw new BackendLoadError('not mine')
        },
      }
      events.length = 0
      writeFileSync(path, readFileSync(path).subarray(0, -'{"bucketcache":1,"crc":"torn'.length))
      expect(await face(new Bucket(folder, { backend: bad })).get('a')).toBeUndefined()
      expect(events).toEqual([{ folder, path, reason: 'undecodable', cause: expect.any(BackendLoadError) }])
    })

    test('error, where a degraded bucket passes one over', async () => {
      const { folder } = open()
      const events = listen('error')
      const degraded = face(new Bucket(`${folder}/CACHEDIR.TAG/under-a-file`, { onError: 'degrade' }))
      await degraded.set('a', 1)
      expect(events.length).toBeGreaterThan(0)
      expect(events[0]).toEqual({
        folder: `${folder}/CACHEDIR.TAG/under-a-file`,
        operation: 'open',
        error: expect.any(StorageIOError),
      })
      expect(events.map(({ operation }) => operation)).toContain('set')
    })
  })
}

describe('what is written as one is told when it counts:', () => {
  const open = () => {
    const bucket = newBucket({ backend: 'json', tagIndex: true })
    for (const key of ['a', 'c', 'd']) bucket.set(key, 1)
    bucket.set('b', 1, { tag: 't' })
    const told = listenToAll(['set', 'delete', 'evict'])
    const change = (bucket: Bucket): void => {
      bucket.set('a', 22)
      bucket.set('new', 1)
      bucket.set('brief', 1)
      bucket.delete('brief')
      bucket.evict('t')
      bucket.pop('c')
      bucket.touch('d', 1000)
      expect(told).toEqual([])
    }
    const { path: folder } = bucket
    const size = expect.any(Number)
    const changes = [
      ['set', { folder, key: '"a"', size: 2 }],
      ['set', { folder, key: '"new"', size: 1 }],
      ['evict', { folder, key: '"b"', reason: 'tag', size }],
      ['delete', { folder, key: '"c"' }],
    ]
    return { bucket, told, change, changes }
  }

  test('at the end of a transaction', () => {
    const { bucket, told, change, changes } = open()
    bucket.transact(() => change(bucket))
    expect(told.length).toBe(changes.length)
    expect(told).toEqual(expect.arrayContaining(changes))
  })

  test('not at all, if it throws', () => {
    const { bucket, told, change } = open()
    const call = (): void =>
      bucket.transact(() => {
        change(bucket)
        throw new RangeError('enough')
      })
    expect(call).toThrow('enough')
    expect(told).toEqual([])
  })

  test('at the sync of a deferred bucket', () => {
    const { bucket, told, change, changes } = open()
    const deferred = new DeferredWriteBucket(bucket.path, { backend: 'json' })
    change(deferred)
    deferred.sync()
    expect(told.length).toBe(changes.length)
    expect(told).toEqual(expect.arrayContaining(changes))
  })
})

test("recover tells of a dead owner's seal that is lifted", () => {
  const bucket = newBucket({ backend: 'json' })
  bucket.set('a', 'old')
  const path = entryFile(bucket.path)
  leaveSeal(bucket.path, path)
  const events = listen('recover')
  expect(bucket.get('a')).toBe('old')
  bucket.set('a', 'new')
  expect(bucket.get('a')).toBe('new')
  expect(events).toEqual([{ folder: bucket.path, path, reason: 'dead-owner' }])
})

test('a payload is not made while nobody listens', () => {
  const publish = vi.spyOn(topics.hit, 'publish')
  const bucket = newBucket()
  bucket.set('a', 1)
  bucket.get('a')
  expect(publish).not.toHaveBeenCalled()
  listen('hit')
  bucket.get('a')
  expect(publish).toHaveBeenCalledTimes(1)
})

test('NODE_DEBUG=bucketcache writes the same to stderr', () => {
  const library = fileURLToPath(new URL('../dist/index.js', import.meta.url))
  const folder = newBucket().path
  const script = `
    import { Bucket } from ${JSON.stringify(library)}
    const bucket = new Bucket(${JSON.stringify(folder)})
    bucket.set('a', 1)
    bucket.get('a')
    bucket.get('none')`
  const run = (NODE_DEBUG: string): string =>
    spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, NODE_DEBUG },
      encoding: 'utf8',
    }).stderr
  expect(run('')).toBe('')
  const lines = run('bucketcache').split('\n')
  for (const word of ['set', 'hit', 'miss']) expect(lines.filter(line => line.includes(`: ${word} {`))).toHaveLength(1)
})
