// Issue: Upkeep. DiskCache: Cache.check, clear, stats, reset, peekitem, iterkeys, read, prune.

import { once } from 'node:events'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import {
  type Backend,
  BackendLoadError,
  Bucket,
  type BucketOptions,
  compressed,
  DeferredWriteBucket,
  encrypted,
} from '../../lib/index.ts'
import type { Problem } from '../../lib/ops/check.ts'
import { entryFile, entryFiles, filesIn, newBucket } from '../support/folders.ts'
import { startActor, startActors } from '../support/remote.ts'
import { hour, minute, onBothFaces, stopClock } from './support.ts'

const codes = (problems: { code: string }[]): string[] => problems.map(({ code }) => code).sort()

onBothFaces(faceOf => {
  describe('check()', () => {
    /** Finds these, mends these, and finds nothing any more. What is missing also makes the totals wrong. */
    const mends = async (bucket: Bucket<any, any>, expected: string[]): Promise<void> => {
      const face = faceOf(bucket)
      // Writers on their way are waited for: not in vain.
      if (!vi.isFakeTimers()) stopClock()
      vi.setSystemTime(Date.now() + 2000)
      const withoutTotals = (problems: { code: string }[]) => codes(problems).filter(code => code !== 'totals')
      const found = await face.check()
      expect(withoutTotals(found)).toEqual(expected)
      expect(found.every(({ fixed }) => !fixed)).toBe(true)
      expect(codes(await face.check())).toEqual(codes(found))
      const mended = await face.check({ fix: true })
      expect(withoutTotals(mended)).toEqual(expected)
      for (const { fixed, path, message } of mended) {
        expect(fixed).toBe(true)
        expect(path.startsWith(bucket.path)).toBe(true)
        expect(message).not.toBe('')
      }
      expect(await face.check({ fix: true })).toEqual([])
      expect(await face.check()).toEqual([])
    }

    test('finds nothing in a folder that nothing happened to', async () => {
      const bucket = newBucket({ tagIndex: true, statistics: true })
      expect(await faceOf(bucket).check()).toEqual([])
      for (let i = 0; i < 50; i++) bucket.set(i, 'x'.repeat(i * 400), { tag: i % 3, expire: i % 2 === 0 ? hour : null })
      for (let i = 0; i < 50; i += 4) bucket.delete(i)
      for (let i = 0; i < 50; i += 3) bucket.set(i, 'again')
      bucket.push('item')
      bucket.pull()
      bucket.evict(2)
      bucket.transact(() => bucket.incr('n'))
      expect(await faceOf(bucket).check()).toEqual([])
      expect(await faceOf(bucket).check({ fix: true })).toEqual([])
    })

    test('refuses an unknown option, and to mend what is read-only', async () => {
      const bucket = newBucket()
      await expect(faceOf(bucket).check({ repair: true } as any)).rejects.toThrow(TypeError)
      const reader = new Bucket(bucket.path, { readOnly: true })
      await expect(faceOf(reader).check({ fix: true })).rejects.toMatchObject({ code: 'ERR_READ_ONLY' })
      expect(await faceOf(reader).check()).toEqual([])
    })

    test.each(['v8', 'json'] as const)('mends a torn tail, and keeps what was before it (%s)', async backend => {
      const bucket = newBucket({ backend })
      bucket.set('key', 'value')
      appendFileSync(entryFile(bucket.path), 'a record that was not written to its end')
      expect(bucket.get('key')).toBe('value')
      await mends(bucket, ['damaged'])
      expect([...bucket.entries()]).toEqual([['key', 'value']])
    })

    test.each(['v8', 'json'] as const)('mends an entry that lost its last bytes (%s)', async backend => {
      const bucket = newBucket({ backend })
      bucket.set('key', 'old value').set('key', 'value')
      const file = entryFile(bucket.path)
      truncateSync(file, readFileSync(file).length - 3)
      expect(bucket.get('key')).toBe('old value')
      await mends(bucket, ['damaged'])
      expect([...bucket.entries()]).toEqual([['key', 'old value']])
      expect(bucket.size).toBe(1)
    })

    test.each(['v8', 'json'] as const)('mends an entry of which nothing is left (%s)', async backend => {
      const bucket = newBucket({ backend })
      bucket.set('key', 'value')
      writeFileSync(entryFile(bucket.path), 'nothing of this is a record\n')
      bucket.set('other', 1)
      await mends(bucket, ['damaged', 'ghost'])
      expect([...bucket.entries()]).toEqual([['other', 1]])
      expect(bucket.size).toBe(1)
      expect(entryFiles(bucket.path)).toHaveLength(1)
    })

    test('mends a large value that was damaged in its midst', async () => {
      const bucket = newBucket()
      bucket.set('key', 'x'.repeat(100_000))
      const file = entryFile(bucket.path)
      const bytes = readFileSync(file)
      bytes[50_000]! ^= 1
      writeFileSync(file, bytes)
      expect(bucket.get('key')).toBeUndefined()
      await mends(bucket, ['damaged', 'ghost'])
      expect(bucket.size).toBe(0)
    })

    test('finds the places of entries again when the order folder is gone', async () => {
      const bucket = newBucket()
      for (let i = 0; i < 30; i++) bucket.set(i, 'x'.repeat(2000))
      bucket.delete(7)
      rmSync(join(bucket.path, 'order'), { recursive: true })
      const again = new Bucket(bucket.path)
      expect(again.get(5)).toBe('x'.repeat(2000))
      expect(again.size).toBe(0)
      await mends(again, Array(29).fill('unplaced'))
      expect([...again.keys()].sort((a: any, b: any) => a - b)).toHaveLength(29)
      expect(again.size).toBe(29)
      expect(again.volume()).toBeGreaterThan(29 * 2000)
      again.set('new', 1)
      expect(again.peekItem()?.key).toBe('new')
    })

    test('finds the places again that one damaged byte has hidden', async () => {
      const bucket = newBucket()
      for (let i = 0; i < 10; i++) bucket.set(i, i)
      const segment = join(bucket.path, 'order/00000001.log')
      const bytes = readFileSync(segment)
      bytes[Math.floor(bytes.length / 2)]! ^= 0xff
      writeFileSync(segment, bytes)
      const again = new Bucket(bucket.path)
      expect([...again.keys()]).toHaveLength(9)
      await mends(again, ['unplaced'])
      expect([...again.keys()]).toHaveLength(10)
      expect(again.size).toBe(10)
    })

    test('takes away places whose entries are gone', async () => {
      const bucket = newBucket()
      for (let i = 0; i < 10; i++) bucket.set(i, i)
      for (const file of entryFiles(bucket.path).slice(0, 4)) rmSync(file)
      expect(bucket.size).toBe(10)
      await mends(bucket, Array(4).fill('ghost'))
      expect(bucket.size).toBe(6)
      expect([...bucket.keys()]).toHaveLength(6)
    })

    test('lifts the seals of dead transactions, and carries out what they had decided', async () => {
      const bucket = newBucket()
      bucket.set('held', 1)
      const actor = await startActor(bucket.path)
      void actor
        .run((theirs, { say }) =>
          theirs.promises.transact(async inside => {
            await inside.set('held', 2)
            await inside.set('begun', 2)
            say('held')
            await new Promise(() => {})
          }),
        )
        .catch(() => {})
      await actor.heard()
      // A living owner's seals are as they should be.
      expect(await faceOf(bucket).check({ fix: true })).toEqual([])
      await actor.kill()
      await mends(bucket, ['dead-seal', 'dead-seal'])
      expect([...bucket.entries()]).toEqual([['held', 1]])
    })

    test('hints that were lost are given again', async () => {
      const clock = stopClock()
      const bucket = newBucket({ tagIndex: true })
      for (let i = 0; i < 6; i++) bucket.set(i, i, { tag: ['t', `u${i}`], expire: i < 2 ? minute : null })
      for (const name of filesIn(bucket.path))
        if (/^(tags|expiry)[\\/].*\.log$/.test(name)) rmSync(join(bucket.path, name))
      expect(bucket.evict('u5')).toBe(0)
      await mends(bucket, Array(14).fill('unindexed'))
      expect(bucket.evict('u5')).toBe(1)
      clock.pass(minute)
      expect(bucket.expire()).toBe(2)
      expect(bucket.evict('t')).toBe(3)
    })

    test('an expired entry whose hint was lost is found by expire() again', async () => {
      const clock = stopClock()
      const bucket = newBucket()
      bucket.set('key', 1, { expire: minute })
      for (const name of filesIn(bucket.path)) if (name.startsWith('expiry')) rmSync(join(bucket.path, name))
      clock.pass(hour)
      await mends(bucket, ['unindexed'])
      expect(bucket.expire()).toBe(1)
      expect(entryFiles(bucket.path)).toEqual([])
    })

    test.each(['lost', 'damaged'])('the bounds of a queue that were %s are found again', async what => {
      const bucket = newBucket()
      for (const prefix of [undefined, 'a-b']) {
        const queue = prefix === undefined ? {} : { prefix }
        for (let i = 0; i < 5; i++) bucket.push(i, queue)
        bucket.pull(queue)
        bucket.pull({ ...queue, side: 'back' })
      }
      for (const name of filesIn(bucket.path).filter(name => /^queues[\\/]/.test(name))) {
        if (what === 'lost') rmSync(join(bucket.path, name))
        else writeFileSync(join(bucket.path, name), 'damaged')
      }
      const on = faceOf(new Bucket(bucket.path))
      expect((await on.check()).map(({ code }) => code)).toEqual(Array(6).fill('unqueued'))
      expect((await on.check({ fix: true })).every(({ fixed }) => fixed)).toBe(true)
      expect(await on.check()).toEqual([])
      for (const queue of [{}, { prefix: 'a-b' }]) {
        await on.push('new', queue)
        const pulled = []
        for (let item = await on.pull(queue); item !== undefined; item = await on.pull(queue)) pulled.push(item.value)
        expect(pulled).toEqual([1, 2, 3, 'new'])
      }
    })

    test('an expired item that a consumer has passed over is no problem', async () => {
      const clock = stopClock()
      const bucket = newBucket()
      const on = faceOf(bucket)
      await on.push('short', { expire: minute })
      await on.push('long')
      clock.pass(hour)
      expect((await on.pull())?.value).toBe('long')
      expect([bucket.size, await on.check()]).toEqual([1, []])
    })

    test('what the logs of queues and locks take is no problem', async () => {
      const bucket = newBucket({ backend: 'json' })
      const on = faceOf(bucket)
      for (let queue = 0; queue < 8; queue++) {
        for (let i = 0; i < 35; i++) {
          bucket.push(i, { prefix: `${queue}` })
          bucket.pull({ prefix: `${queue}` })
        }
      }
      expect(await on.check()).toEqual([])
    })

    test('totals that are off are counted anew', async () => {
      const bucket = newBucket()
      for (let i = 0; i < 10; i++) bucket.set(i, 'x'.repeat(5000))
      const segment = join(bucket.path, 'order/00000001.log')
      // What was noted at the front is noted once more at the end: as a crash in the midst of a merge might.
      const bytes = readFileSync(segment)
      bucket.delete(0)
      appendFileSync(segment, bytes.subarray(0, Math.floor(bytes.length / 10)))
      const again = new Bucket(bucket.path)
      const found = await faceOf(again).check({ fix: true })
      expect(found.length).toBeGreaterThan(0)
      expect(await faceOf(again).check()).toEqual([])
      expect(again.size).toBe(9)
      expect([...again.keys()]).toHaveLength(9)
      expect(new Bucket(bucket.path).size).toBe(9)
    })

    test('a volume that is far off is counted anew', async () => {
      const bucket = newBucket()
      for (let i = 0; i < 20; i++) bucket.set(i, 'x'.repeat(8000))
      // Another process that overwrites, and is killed before it has told.
      const actor = await startActor(bucket.path)
      await actor.run(theirs => theirs.incr('n'))
      for (const file of entryFiles(bucket.path).slice(0, 10)) {
        copyFileSync(file, `${file}.copy`)
        rmSync(file)
      }
      rmSync(entryFiles(bucket.path)[0]!)
      for (const name of filesIn(bucket.path)) if (name.endsWith('.copy')) rmSync(join(bucket.path, name))
      const before = bucket.volume()
      await faceOf(bucket).check({ fix: true })
      expect(bucket.volume()).toBeLessThan(before / 1.5)
      expect(await faceOf(bucket).check()).toEqual([])
    })

    test('left-over temporary files go when they are older than timeout', async () => {
      const bucket = newBucket({ timeout: 30 })
      bucket.set('key', 1)
      const names = ['tmp/0123456789abcdef.tmp', 'bucketcache.json.1234567', 'CACHEDIR.TAG.99', 'tags/index.4711']
      for (const name of names) {
        mkdirSync(dirname(join(bucket.path, name)), { recursive: true })
        writeFileSync(join(bucket.path, name), 'left over')
      }
      expect(await faceOf(new Bucket(bucket.path)).check()).toEqual([])
      await delay(40)
      await mends(bucket, Array(names.length).fill('temporary'))
      for (const name of names) expect(existsSync(join(bucket.path, name))).toBe(false)
    })

    test('an intent that nobody can read is told, and removed', async () => {
      const bucket = newBucket()
      bucket.set('key', 1)
      const path = join(bucket.path, 'transactions/0123456789abcdef.intent')
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, 'torn')
      await mends(bucket, ['transaction'])
      expect(existsSync(path)).toBe(false)
    })

    test('damage under the seal of a living transaction is not said to be mended', async () => {
      const bucket = newBucket<string, number>()
      bucket.set('key', 1)
      let end: () => void = () => {}
      const ending = new Promise<void>(resolve => {
        end = resolve
      })
      let taken: () => void = () => {}
      const begun = new Promise<void>(resolve => {
        taken = resolve
      })
      const transaction = bucket.promises.transact(async inside => {
        await inside.incr('key')
        taken()
        await ending
      })
      await begun
      appendFileSync(entryFile(bucket.path), 'no record')
      const other = new Bucket<string, number>(bucket.path, { timeout: 50 })
      expect(await faceOf(other).check()).toMatchObject([{ code: 'damaged', fixed: false }])
      // It waits for as long as it may.
      expect(await faceOf(other).check({ fix: true })).toMatchObject([{ code: 'damaged', fixed: false }])
      end()
      await transaction
      // What was written since stands behind it.
      expect(await faceOf(other).check({ fix: true })).toEqual([])
      expect(other.get('key')).toBe(2)
    })

    test('files that are not of this cache are neither listed nor touched', async () => {
      const bucket = newBucket({ timeout: 1 })
      bucket.set('key', 1)
      const shard = dirname(entryFile(bucket.path))
      const foreign = [
        join(bucket.path, 'README.md'),
        join(bucket.path, 'tmp/mine.txt'),
        join(bucket.path, 'order/notes.log'),
        join(bucket.path, 'tags/x.log'),
        join(bucket.path, 'expiry/1.m.log'),
        join(bucket.path, 'transactions/mine.intent'),
        join(bucket.path, 'queues/mine'),
        join(shard, 'mine.v8'),
        join(shard, `${'a'.repeat(62)}.png`),
        join(bucket.path, 'zz', `${'a'.repeat(62)}.v8`),
      ]
      for (const path of foreign) {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, 'mine')
      }
      await delay(5)
      expect(await faceOf(bucket).check({ fix: true })).toEqual([])
      await faceOf(bucket).expire(new Date(8e15))
      await faceOf(bucket).clear()
      expect(await faceOf(bucket).check({ fix: true })).toEqual([])
      for (const path of foreign) expect(readFileSync(path, 'utf8')).toBe('mine')
    })

    test('finds nothing wrong while others write, delete, tag and evict, and spoils nothing', async () => {
      // One who stands still for a second between two ends of a write is not waited for (DESIGN.md, KNOWN): then once more.
      while ((await checkBesideWriters()) > 800) {}
    })

    /** How long a writer has stood still at most, in milliseconds. */
    async function checkBesideWriters(): Promise<number> {
      const bucket = newBucket({ tagIndex: true })
      const writers = await startActors(2, bucket.path)
      let writing = true
      const done = Promise.all(
        writers.map((writer, id) =>
          writer.run(async (theirs, me) => {
            let longest = 0
            for (let i = 0, last = performance.now(); i < 500; i++) {
              longest = Math.max(longest, performance.now() - last)
              last = performance.now()
              const key = `${me}-${i % 40}`
              if (i % 5 === 4) theirs.delete(key)
              else theirs.set(key, 'x'.repeat((i * 37) % 3000), { tag: i % 3, expire: 1e7 })
              if (i % 60 === 59) theirs.evict(i % 3)
              if (i % 50 === 0)
                theirs.transact(() => {
                  theirs.set(`t${me}`, i)
                  theirs.incr('n')
                })
              if (i % 10 === 0) await new Promise(setImmediate)
            }
            return longest
          }, id),
        ),
      ).finally(() => {
        writing = false
      })
      const problems: Problem[] = []
      let checks = 0
      while (writing || checks < 2) {
        problems.push(...(await faceOf(bucket).check({ fix: true })))
        checks++
        await delay(1)
      }
      const longest = Math.max(...(await done))
      if (longest > 800) return longest
      expect(problems).toEqual([])
      expect(await faceOf(bucket).check()).toEqual([])
      const keys = [...bucket.keys()]
      expect(new Set(keys).size).toBe(keys.length)
      expect(bucket.size).toBe(keys.length)
      return longest
    }
  })

  describe('clear()', () => {
    test('removes all entries of this backend, counts them, and leaves what is foreign', async () => {
      const bucket = newBucket()
      const other = new Bucket(bucket.path, { backend: 'json' })
      for (let i = 0; i < 30; i++) bucket.set(i, 'x'.repeat(i * 1000))
      bucket.push('item')
      bucket.delete(3)
      other.set('theirs', 1)
      expect(await faceOf(bucket).clear()).toBe(30)
      expect(await faceOf(bucket).clear()).toBe(0)
      expect([bucket.size, [...bucket.keys()], other.get('theirs'), other.size]).toEqual([0, [], 1, 1])
      expect(entryFiles(bucket.path)).toHaveLength(1)
      bucket.set('new', 1)
      expect(bucket.size).toBe(1)
      expect(bucket.check()).toEqual([])
    })
  })

  describe('stats()', () => {
    test('counts hits and misses of look-ups once it is enabled', async () => {
      const bucket = faceOf(newBucket())
      await bucket.set('a', 1)
      await bucket.get('a')
      expect(await bucket.stats({ enable: true })).toEqual({ hits: 0, misses: 0 })
      await bucket.get('a')
      await bucket.get('b')
      await bucket.getEntry('a')
      await bucket.getMany(['a', 'b', 'c'])
      await bucket.has('a')
      await bucket.getOrSet('d', () => 1)
      expect(await bucket.stats()).toEqual({ hits: 3, misses: 4 })
      expect(await bucket.stats({ reset: true })).toEqual({ hits: 3, misses: 4 })
      expect(await bucket.stats({ enable: false })).toEqual({ hits: 0, misses: 0 })
      await bucket.get('a')
      expect(await bucket.stats()).toEqual({ hits: 0, misses: 0 })
      await expect(bucket.stats({ enabled: true } as any)).rejects.toThrow(TypeError)
    })

    test('counts what every process has looked up', async () => {
      const bucket = newBucket({ statistics: true })
      bucket.set('a', 1)
      const actors = await startActors(2, bucket.path)
      await Promise.all(
        actors.map(actor =>
          actor.run(async theirs => {
            for (let i = 0; i < 300; i++) {
              theirs.get('a')
              await theirs.promises.get('b')
            }
          }),
        ),
      )
      await Promise.all(actors.map(actor => actor.leave()))
      bucket.get('a')
      expect(await faceOf(bucket).stats()).toEqual({ hits: 601, misses: 600 })
    })
  })

  describe('reset()', () => {
    test('settings of the folder are seen by other processes when they ask, those of the instance are not', async () => {
      const bucket = newBucket({ timeout: 1000 })
      const face = faceOf(bucket)
      const other = await startActor(bucket.path)
      expect(await face.reset('sizeLimit')).toBe(2 ** 30)
      expect(await face.reset('sizeLimit', 1e6)).toBe(1e6)
      expect(await face.reset('maxEntries', 100)).toBe(100)
      expect(await face.reset('cullLimit', 7)).toBe(7)
      expect(await face.reset('evictionPolicy', 'least-recently-used')).toBe('least-recently-used')
      expect(await face.reset('statistics', true)).toBe(true)
      expect(await face.reset('timeout', { seconds: 2 })).toBe(2000)
      const seen = await other.run(theirs =>
        (['sizeLimit', 'maxEntries', 'cullLimit', 'evictionPolicy', 'statistics', 'timeout'] as const).map(name =>
          theirs.reset(name),
        ),
      )
      expect(seen).toEqual([1e6, 100, 7, 'least-recently-used', true, 60_000])
      await other.run(theirs => theirs.reset('sizeLimit', Number.POSITIVE_INFINITY))
      expect(await face.reset('sizeLimit')).toBe(Number.POSITIVE_INFINITY)
      expect(new Bucket(bucket.path).reset('cullLimit')).toBe(7)
      await expect(face.reset('sizeLimit', -1)).rejects.toThrow(RangeError)
      await expect(face.reset('evictionPolicy', 'random')).rejects.toThrow(TypeError)
      await expect(face.reset('size', 1)).rejects.toThrow(TypeError)
      expect(await face.reset('cullLimit')).toBe(7)
    })
  })

  describe('peekItem()', () => {
    test('gives the entry inserted last, or first, and leaves it', async () => {
      const bucket = faceOf(newBucket())
      expect(await bucket.peekItem()).toBeUndefined()
      for (const key of ['a', 'b', 'c']) await bucket.set(key, key, { tag: 't', expire: hour })
      await bucket.set('a', 'again')
      expect(await bucket.peekItem()).toMatchObject({ key: 'c', value: 'c', tag: 't', expiresAt: expect.any(Date) })
      expect(await bucket.peekItem({ last: true })).toMatchObject({ key: 'c' })
      expect(await bucket.peekItem({ last: false })).toMatchObject({ key: 'a', value: 'again' })
      await bucket.delete('c')
      await bucket.delete('a')
      expect((await bucket.peekItem())?.key).toBe('b')
      expect((await bucket.peekItem({ last: false }))?.key).toBe('b')
    })

    test('finds its way past many that are gone', async () => {
      const bucket = faceOf(newBucket())
      await bucket.set('first', 1)
      for (let i = 0; i < 500; i++) {
        await bucket.set(i, 'x')
        await bucket.delete(i)
      }
      expect((await bucket.peekItem())?.key).toBe('first')
      expect((await bucket.peekItem({ last: false }))?.key).toBe('first')
    })
  })

  describe('sortedKeys()', () => {
    test('numbers before strings before the rest, strings by code unit', async () => {
      const bucket = faceOf(newBucket())
      const keys = ['b', 10, 'a', -1, [2], 'Z', 9, 'é', null, '\u{1f600}', '\uffee', 2.5]
      for (const key of keys) await bucket.set(key, 1)
      const sorted = await bucket.sortedKeys()
      expect(sorted.slice(0, 10)).toEqual([-1, 2.5, 9, 10, 'Z', 'a', 'b', 'é', '\u{1f600}', '\uffee'])
      expect(new Set(sorted.slice(10))).toEqual(new Set([null, [2]]))
      expect(await bucket.sortedKeys({ reverse: true })).toEqual([...sorted].reverse())
    })
  })

  describe('read() and streams', () => {
    test('bytes come as they are, any other value as its encoded bytes', async () => {
      const bucket = newBucket({ backend: 'json' })
      const face = faceOf(bucket)
      await face.set('value', { a: 1 })
      expect(JSON.parse(String(await buffer(await face.read('value'))))).toEqual({ a: 1 })
      await bucket.promises.set('streamed', Readable.from([Buffer.from('ab'), Buffer.from('c')]))
      expect(String(await buffer(await face.read('streamed')))).toBe('abc')
      expect(String(await face.get('streamed'))).toBe('abc')
      await bucket.promises.set('empty', Readable.from([]))
      expect((await buffer(await face.read('empty'))).length).toBe(0)
      expect((await face.get('empty')).length).toBe(0)
      const binary = faceOf(newBucket())
      await binary.set('bytes', new Uint8Array([1, 2, 3]))
      expect([...(await buffer(await binary.read('bytes')))]).toEqual([1, 2, 3])
      await expect(face.read('missing')).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
    })

    test('what does not decode is missing, as it is for get()', async () => {
      const encryptedWith = (digit: number) => ({ backend: encrypted('v8', { key: Buffer.alloc(32, digit) }) })
      const mine = newBucket(encryptedWith(1))
      mine.set('bytes', Buffer.from('secret')).set('text', 'secret')
      await mine.promises.set('stream', Readable.from([Buffer.alloc(50_000, 'secret')]))
      const other = faceOf(new Bucket(mine.path, encryptedWith(2)))
      for (const key of ['bytes', 'text', 'stream']) {
        expect(await other.get(key)).toBeUndefined()
        await expect(other.read(key)).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
      }
      const refusing: Backend = {
        name: 'refusing',
        fileExtension: 'bin',
        encode: () => Buffer.from('raw'),
        decode: () => {
          throw new BackendLoadError('Not mine')
        },
      }
      const refused = newBucket({ backend: refusing }).set('key', 1)
      await expect(faceOf(refused).read('key')).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
      for (const name of ['v8', 'cbor'] as const) {
        const damaged = newBucket({
          backend: { name, fileExtension: name, encode: () => Buffer.of(255), decode: String },
        })
        damaged.set('key', 1)
        const face = faceOf(new Bucket(damaged.path, { backend: name }))
        expect(await face.get('key')).toBeUndefined()
        await expect(face.read('key')).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
      }
    })

    test('what a backend has wrapped around a value is taken off', async () => {
      const bucket = newBucket({
        backend: encrypted(compressed('json', { threshold: 1 }), { key: Buffer.alloc(32, 1) }),
      })
      const value = Array(100).fill('a text')
      bucket.set('value', value)
      expect(String(await buffer(await faceOf(bucket).read('value')))).toBe(JSON.stringify(value))
    })

    test('bytes that somebody without the secret has put there as they are do not count', async () => {
      const bucket = newBucket({ backend: encrypted('v8', { key: Buffer.alloc(32, 1) }) })
      bucket.set('forged', 1)
      const forger = newBucket()
      await forger.promises.set('forged', Readable.from(['of somebody else']))
      copyFileSync(entryFile(forger.path), entryFile(bucket.path))
      const face = faceOf(bucket)
      expect(await face.get('forged')).toBeUndefined()
      expect(await face.has('forged')).toBe(false)
      await expect(face.read('forged')).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
    })

    const key = Buffer.alloc(32, 7)
    test.each<[string, NonNullable<BucketOptions['backend']>]>([
      ['v8', 'v8'],
      ['json', 'json'],
      ['cbor', 'cbor'],
      ['encrypted json', encrypted('json', { key })],
      ['compressed json', compressed('json', { threshold: 100 })],
      ['encrypted compressed json', encrypted(compressed('json', { threshold: 100 }), { key })],
      ['compressed encrypted json', compressed(encrypted('json', { key }))],
      ['encrypted v8', encrypted('v8', { key })],
    ])('a stream may be set everywhere, and its bytes come back as bytes: %s', async (_, backend) => {
      const bucket = newBucket({ backend })
      const face = faceOf(bucket)
      const bytes = Buffer.alloc(50_000, 'abc')
      const has = async (name: string, expected: Buffer): Promise<void> => {
        const value: unknown = await face.get(name)
        expect(Buffer.isBuffer(value)).toBe(true)
        expect((value as Buffer).buffer.byteLength).toBe(expected.length)
        expect(expected.equals(value as Buffer)).toBe(true)
        expect((await buffer(await face.read(name))).equals(expected)).toBe(true)
        expect(await face.has(name)).toBe(true)
      }
      await bucket.promises.set('outside', Readable.from([bytes]), { tag: 'tag' })
      await has('outside', bytes)
      await bucket.promises.set('empty', Readable.from([]))
      await has('empty', Buffer.alloc(0))
      await bucket.promises.transact(async inside => {
        await inside.set('inside', Readable.from([bytes]))
        await inside.set('outside', Readable.from(['other']))
        expect(bytes.equals((await inside.get('inside')) as Buffer)).toBe(true)
        expect((await buffer(await inside.read('inside'))).equals(bytes)).toBe(true)
        expect(String(await buffer(await inside.read('outside')))).toBe('other')
      })
      await has('inside', bytes)
      await has('outside', Buffer.from('other'))
      const deferred = new DeferredWriteBucket(bucket.path, { backend })
      await deferred.promises.set('inside', Readable.from(['later']))
      expect(String(await buffer(await faceOf(deferred).read('inside')))).toBe('later')
      expect(String(await faceOf(deferred).get('inside'))).toBe('later')
      await has('inside', bytes)
      deferred.sync()
      await has('inside', Buffer.from('later'))
      await face.touch('inside', hour)
      await has('inside', Buffer.from('later'))
      for (const file of typeof backend === 'object' && backend.name.includes('aes') ? entryFiles(bucket.path) : [])
        expect(readFileSync(file, 'latin1')).not.toMatch(/abcabc|later|other/)
      expect(await face.check()).toEqual([])
    })

    test('a stream that was read to its end is refused, of one that was begun the rest is stored', async () => {
      const bucket = newBucket()
      const face = faceOf(bucket)
      await face.set('key', 'old')
      const ended = Readable.from(['abc'])
      await buffer(ended)
      await expect(bucket.promises.set('key', ended)).rejects.toThrow(TypeError)
      const inside = bucket.promises.transact(view => view.set('key', ended))
      await expect(inside).rejects.toThrow(TypeError)
      expect(await face.get('key')).toBe('old')
      const begun = Readable.from(['a', 'b', 'c'], { objectMode: false })
      await once(begun, 'readable')
      expect(String(begun.read(1))).toBe('a')
      await bucket.promises.set('key', begun)
      expect(String(await face.get('key'))).toBe('bc')
      const empty = new PassThrough().end()
      await bucket.promises.set('key', empty)
      expect(await face.get('key')).toEqual(Buffer.alloc(0))
      const destroyed = new PassThrough()
      destroyed.destroy()
      await expect(bucket.promises.set('key', destroyed)).rejects.toThrow()
      expect(await face.get('key')).toEqual(Buffer.alloc(0))
    })

    test('a value that is read stays readable to its end, whatever becomes of the key', async () => {
      const bucket = newBucket()
      const bytes = Buffer.alloc(3_000_000, 'abc')
      await bucket.promises.set('key', Readable.from([bytes]))
      const stream = await faceOf(bucket).read('key')
      bucket.set('key', 'another')
      bucket.delete('key')
      expect((await buffer(stream)).equals(bytes)).toBe(true)
    })

    test('a stream that fails or is aborted stores nothing, and leaves nothing', async () => {
      const bucket = newBucket()
      bucket.set('key', 'old')
      const failing = new Readable({
        read() {
          this.push('some')
          this.destroy(new Error('of the stream'))
        },
      })
      await expect(bucket.promises.set('key', failing)).rejects.toThrow('of the stream')
      const reason = new Error('enough')
      const controller = new AbortController()
      const endless = new Readable({
        read() {
          this.push(Buffer.alloc(1000))
          setImmediate(() => controller.abort(reason))
        },
      })
      await expect(bucket.promises.set('key', endless, { signal: controller.signal })).rejects.toBe(reason)
      // Bytes in objects are bytes; other objects are an error that the caller can catch.
      for (const backend of ['v8', 'json'] as const) {
        const other = new Bucket(bucket.path, { backend })
        await other.promises.set('views', Readable.from(['é', new Uint16Array([0x6261]), Buffer.from('c')]))
        expect(await buffer(await faceOf(other).read('views'))).toEqual(Buffer.from('éabc'))
        await expect(other.promises.set('key', Readable.from([{ some: 'object' }]))).rejects.toThrow(TypeError)
        await expect(other.promises.set('key', Readable.from([1, 2]))).rejects.toThrow(TypeError)
      }
      expect(await faceOf(bucket).get('key')).toBe('old')
      expect(filesIn(join(bucket.path, 'tmp'))).toEqual([])
      expect(await faceOf(bucket).check()).toEqual([])
    })
  })
})

describe('large streams', () => {
  test('100 MB are set, read and checked in bounded memory', async () => {
    const bucket = newBucket()
    const actor = await startActor(bucket.path)
    const { grown, length, same, problems } = await actor.run(async (theirs, { load }) => {
      const { Readable } = await load('node:stream')
      const { createHash } = await load('node:crypto')
      const total = 100 * 2 ** 20
      let peak = 0
      const before = process.memoryUsage().rss
      const look = (): void => {
        peak = Math.max(peak, process.memoryUsage().rss)
      }
      const written = createHash('sha1')
      const chunks = function* () {
        for (let i = 0; i < total / 2 ** 18; i++) {
          const chunk = Buffer.alloc(2 ** 18, i % 251)
          written.update(chunk)
          if (i % 16 === 0) look()
          yield chunk
        }
      }
      await theirs.promises.set('large', Readable.from(chunks()))
      const read = createHash('sha1')
      let length = 0
      for await (const chunk of theirs.read('large')) {
        read.update(chunk)
        length += chunk.length
        look()
      }
      const problems = theirs.check()
      look()
      return { grown: peak - before, length, same: read.digest('hex') === written.digest('hex'), problems }
    })
    expect(length).toBe(100 * 2 ** 20)
    expect(same).toBe(true)
    expect(problems).toEqual([])
    expect(grown).toBeLessThan(80 * 2 ** 20)
    expect(bucket.list().next().value?.size).toBe(100 * 2 ** 20)
  })
})

describe('long work', () => {
  const works = {
    check: (bucket: Bucket<any, any>, options: object) => bucket.promises.check(options),
    clear: (bucket: Bucket<any, any>, options: object) => bucket.promises.clear(options),
    prune: (bucket: Bucket<any, any>, options: object) => bucket.promises.prune(options),
    evict: (bucket: Bucket<any, any>, options: object) => bucket.promises.evict('t', options),
    expire: (bucket: Bucket<any, any>, options: object) => bucket.promises.expire(undefined, options),
    cull: (bucket: Bucket<any, any>, options: object) => bucket.promises.cull(options),
  }
  const fill = (clock: { pass: (ms: number) => void }): Bucket<any, any> => {
    const bucket = newBucket({ cullLimit: 0 })
    for (let i = 0; i < 300; i++) bucket.set(i, i, { tag: 't', expire: i * 1000 })
    clock.pass(299_500)
    return bucket
  }

  test.each(Object.keys(works) as (keyof typeof works)[])('%s tells how far it is', async name => {
    const bucket = fill(stopClock())
    const told: { done: number; total: number | undefined }[] = []
    await works[name](bucket, { onProgress: (progress: any) => told.push(progress) })
    expect(told.length).toBeGreaterThan(0)
    const last = told.at(-1)!
    expect(told.map(({ done }) => done)).toEqual([...told.map(({ done }) => done)].sort((a, b) => a - b))
    if (last.total !== undefined) expect(last.done).toBe(last.total)
  })

  test.each(Object.keys(works) as (keyof typeof works)[])(
    '%s stops when it is told to, with the reason',
    async name => {
      const bucket = fill(stopClock())
      const reason = new Error('enough')
      await expect(works[name](bucket, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      expect(bucket.list({ expired: true }).next().done).toBe(false)
      const controller = new AbortController()
      const onProgress = (): void => controller.abort(reason)
      const outcome = works[name](bucket, { signal: controller.signal, onProgress })
      // What is done in one step may be over by then.
      await expect(
        outcome.then(
          () => 'done',
          error => error,
        ),
      ).resolves.toSatisfy((result: unknown) => result === reason || result === 'done')
      expect(bucket.check({ fix: true }).filter(({ fixed }) => !fixed)).toEqual([])
    },
  )
})

test("entries of another backend are none of a check's that mends, though their files are called alike and their places are lost", () => {
  const bucket = newBucket({ backend: 'json' })
  const other = new Bucket(bucket.path, { backend: compressed('json') })
  for (let i = 0; i < 20; i++) {
    bucket.set(i, i)
    other.set(i, `value ${i}`)
  }
  rmSync(join(bucket.path, 'order'), { recursive: true })
  bucket.check({ fix: true })
  other.check({ fix: true })
  for (let i = 0; i < 20; i++) expect([bucket.get(i), other.get(i)]).toEqual([i, `value ${i}`])
  expect([bucket.size, other.size]).toEqual([20, 20])
  expect(bucket.check()).toEqual([])
})

test('a folder that was removed, and made anew by others, is counted anew', () => {
  const bucket = newBucket()
  for (let i = 0; i < 10; i++) {
    bucket.set(i, i)
    bucket.delete(i)
  }
  expect(bucket.size).toBe(0)
  rmSync(bucket.path, { recursive: true })
  const other = new Bucket(bucket.path)
  for (let i = 0; i < 100; i++) other.set(i, i)
  expect(bucket.size).toBe(100)
  bucket.set('more', 1)
  expect([bucket.size, other.size]).toEqual([101, 101])
  // But for what each keeps to itself.
  expect(Math.abs(bucket.volume() - other.volume())).toBeLessThan(4096)
  expect(bucket.check()).toEqual([])
})
