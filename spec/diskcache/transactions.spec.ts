// Issue: Transactions. DiskCache: Cache.transact.

import { appendFileSync, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Bucket, TimeoutError } from '../../lib/index.ts'
import { ask, type Io } from '../../lib/io/requests.ts'
import { readOpen } from '../../lib/ops/raw.ts'
import { unseal } from '../../lib/ops/seal.ts'
import { entryFile, entryFiles, newBucket } from '../support/folders.ts'
import { repository, startActor, startActors } from '../support/remote.ts'
import { later, newStore } from '../support/stores.ts'
import { onBothFaces, type Step } from './support.ts'

const large = 'x'.repeat(40_000)

onBothFaces((faceOf, transact) => {
  test('all that was done in it has happened when it returns', async () => {
    const bucket = newBucket()
    bucket.set('changed', 1).set('deleted', 1).set('large', 'small')
    await transact(bucket, [
      ['set', 'new', 1],
      ['set', 'changed', 2],
      ['delete', 'deleted'],
      ['set', 'large', large],
      ['set', 'new and large', large],
      ['set', 'gone again', 1],
      ['delete', 'gone again'],
    ])
    expect([...new Bucket(bucket.path).entries()]).toEqual([
      ['changed', 2],
      ['large', large],
      ['new', 1],
      ['new and large', large],
    ])
    expect(bucket.size).toBe(4)
    expect(bucket.check()).toEqual([])
  })

  test('what begins in it comes in the order in which it does, as in a Map', async () => {
    type Row = readonly ['set' | 'delete' | 'get', string] | readonly ['clear']
    const rows: Row[][] = [
      [
        ['delete', 'x'],
        ['set', 'n'],
        ['set', 'x'],
      ],
      [
        ['set', 'a'],
        ['set', 'b'],
        ['delete', 'a'],
        ['set', 'a'],
      ],
      [
        ['get', 'q'],
        ['set', 'p'],
        ['set', 'q'],
        ['set', 'x'],
      ],
      [['clear'], ['set', 'y'], ['set', 'x']],
    ]
    for (const row of rows) {
      const map = new Map([
        ['x', 1],
        ['y', 1],
      ])
      for (const [method, key] of row) {
        if (method === 'set') map.set(key, 2)
        else if (method === 'delete') map.delete(key)
        else if (method === 'clear') map.clear()
      }
      const bucket = newBucket().set('x', 1).set('y', 1)
      const steps = row.map((step): Step => (step[0] === 'set' ? [...step, 2] : step))
      const results = await transact(bucket, [...steps, ['keys']])
      expect(results.at(-1)).toEqual([...map.keys()])
      expect([...new Bucket(bucket.path)]).toEqual([...map])
      expect(bucket.check()).toEqual([])
    }
  })

  test('it keeps the folder within its limits, as single writes do', async () => {
    const bucket = newBucket({ maxEntries: 3, cullLimit: 2 })
    for (let i = 0; i < 10; i++)
      await transact(bucket, [
        ['set', `a ${i}`, 1],
        ['set', `b ${i}`, 1],
      ])
    expect(bucket.size).toBe(3)
    expect(bucket.has('b 9')).toBe(true)
    bucket.reset('maxEntries', Number.POSITIVE_INFINITY)
    bucket.reset('sizeLimit', 50_000)
    for (let i = 0; i < 30; i++) await transact(bucket, [['set', i, large.slice(0, 5000)]])
    expect(bucket.volume()).toBeLessThan(50_000)
    expect(bucket.size).toBeGreaterThan(4)
    expect(bucket.check()).toEqual([])
  })

  test('nothing of it has happened when it throws', async () => {
    const bucket = newBucket({ tagIndex: true })
    bucket.set('changed', 1, { tag: 't' }).set('deleted', 1).set('counted', 1).set('expiring', 1, { expire: 1e6 })
    bucket.push('item')
    const before = [...bucket.entries()]
    const volume = bucket.volume()
    const steps: Step[] = [
      ['set', 'new', large, { tag: 'u', expire: 1000 }],
      ['set', 'changed', 2, { tag: 'u' }],
      ['delete', 'deleted'],
      ['incr', 'counted'],
      ['pop', 'expiring'],
      ['push', 'another'],
      ['pull'],
      ['touch', 'counted', 0],
      ['add', 'added', 1],
      ['update', 'new', (value: string) => value + value],
      ['clear'],
    ]
    const failure = new Error('of mine')
    await expect(transact(bucket, steps, failure)).rejects.toBe(failure)
    expect([...bucket.entries()]).toEqual(before)
    expect([bucket.size, bucket.pull()?.value, bucket.pull()]).toEqual([5, 'item', undefined])
    expect(Math.abs(bucket.volume() - volume)).toBeLessThan(2000)
    expect(bucket.evict('u')).toBe(0)
    expect(bucket.evict('t')).toBe(1)
    expect(bucket.check({ fix: true })).toEqual([])
  })

  test('its own writes are seen in it, by every method, and not outside', async () => {
    const bucket = newBucket()
    const outside = new Bucket(bucket.path)
    for (const key of ['a', 'b', 'c', 'd']) bucket.set(key, 1)
    const seen = async (steps: Step[]): Promise<unknown[]> => (await transact(bucket, steps, undefined)).slice(-1)
    const steps: Step[] = [
      ['set', 'b', 2],
      ['delete', 'c'],
      ['set', 'e', large, { tag: 't' }],
      ['set', 'f', 1],
      ['delete', 'f'],
      ['get', 'b'],
      ['get', 'c', 'none'],
      ['has', 'e'],
      ['getOrThrow', 'b'],
      ['getEntry', 'b'],
      ['getMany', ['a', 'b', 'c']],
      ['keys'],
      ['values'],
      ['sortedKeys', { reverse: true }],
      ['peekItem'],
      ['peekItem', { last: false }],
      ['incr', 'n', 5],
      ['incr', 'n', 2],
      ['decr', 'd', 3],
      ['pop', 'a'],
      ['add', 'a', 9],
      ['add', 'b', 9],
      ['getOrSet', 'd', () => 'not called'],
      ['update', 'd', (n: number) => n * 10],
      ['touch', 'd', 1000],
      ['touch', 'c'],
      ['deleteMany', ['b', 'c', 'n']],
      ['keys'],
    ]
    const results = await transact(bucket, steps)
    expect(results.slice(5)).toEqual([
      2,
      'none',
      true,
      2,
      2,
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      ['a', 'b', 'd', 'e'],
      [1, 2, 1, large],
      ['e', 'd', 'b', 'a'],
      large,
      1,
      5,
      7,
      -2,
      1,
      true,
      false,
      -2,
      -20,
      true,
      false,
      2,
      ['d', 'e', 'a'],
    ])
    expect([...outside.keys()]).toEqual(['d', 'e', 'a'])
    expect(outside.get('d')).toBe(-20)
    expect(await seen([['set', 'x', 1], ['clear']])).toEqual([4])
    expect(outside.size).toBe(0)
  })

  test('size counts what was done in it', async () => {
    const bucket = newBucket()
    bucket.set('a', 1).set('b', 1)
    const count: Step = faceOf(bucket) && ['size']
    const inside = await transact(bucket, [
      ['delete', 'a'],
      count,
      ['set', 'c', 1],
      ['set', 'd', 1],
      count,
      ['clear'],
      count,
    ])
    expect([inside[1], inside[4], inside[6]]).toEqual([1, 3, 0])
    expect(bucket.size).toBe(0)
  })

  test('a value that is larger than the limit, a conflict and what cannot be stored are refused in it too', async () => {
    const bucket = newBucket({ sizeLimit: 100_000 })
    bucket.set('key', 1)
    await expect(
      transact(bucket, [
        ['set', 'key', 2],
        ['set', 'large', 'x'.repeat(200_000)],
      ]),
    ).rejects.toThrow(RangeError)
    await expect(
      transact(bucket, [
        ['set', 'key', 2],
        ['set', 'key', 3, { ifVersion: '' }],
      ]),
    ).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
    })
    await expect(
      transact(bucket, [
        ['set', 'key', 2],
        ['set', 'other', () => 1],
      ]),
    ).rejects.toMatchObject({
      code: 'ERR_UNSERIALIZABLE',
    })
    expect([...bucket.entries()]).toEqual([['key', 1]])
  })

  test('100 new keys, large values and deletions are one change', async () => {
    const bucket = newBucket({ backend: 'json' })
    for (let i = 0; i < 50; i++) bucket.set(i, { i })
    const steps = Array.from({ length: 100 }, (_, i): Step => (i % 5 === 0 ? ['delete', i] : ['set', i, { i, large }]))
    await transact(bucket, steps)
    expect(bucket.size).toBe(80)
    expect(bucket.get(99)).toEqual({ i: 99, large })
    expect(bucket.check()).toEqual([])
  })

  test.skipIf(!existsSync('/proc/self/fd'))('leaves no file open, however it ends', async () => {
    const bucket = newBucket()
    const steps = Array.from({ length: 300 }, (_, i): Step => (i % 3 === 0 ? ['get', i] : ['set', i, i]))
    // What the bucket keeps open for its own, for a moment.
    bucket.set('before', 1)
    const opened = readdirSync('/proc/self/fd').length
    await transact(bucket, steps)
    expect(bucket.size).toBe(201)
    await expect(transact(bucket, steps, new Error('of mine'))).rejects.toThrow('of mine')
    // Nobody waits for a file to be closed.
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThan(opened + 20)
    expect(bucket.check()).toEqual([])
  })
})

describe('Bucket.transact', () => {
  test.each([undefined, new Error('of mine')])('what others have appended in vain is written past (%s)', failure => {
    const bucket = newBucket()
    bucket.set('changed', 1).set('left', 1)
    const act = () =>
      bucket.transact(() => {
        bucket.set('changed', 2).set('new', 2)
        bucket.get('left')
        // As one who had opened the logs before they were sealed.
        for (const file of entryFiles(bucket.path)) appendFileSync(file, 'void')
        if (failure !== undefined) throw failure
      })
    if (failure === undefined) act()
    else expect(act).toThrow(failure)
    expect([...new Bucket(bucket.path).entries()]).toEqual(
      failure === undefined
        ? [
            ['changed', 2],
            ['left', 1],
            ['new', 2],
          ]
        : [
            ['changed', 1],
            ['left', 1],
          ],
    )
    for (const key of ['changed', 'left', 'new']) bucket.set(key, 3)
    expect([...bucket.values()]).toEqual([3, 3, 3])
  })

  test('gives what the body returns; nested calls join', () => {
    const bucket = newBucket()
    const result = bucket.transact(() => {
      bucket.set('outer', 1)
      const inner = bucket.transact(() => bucket.set('inner', 1).get('outer'))
      expect(() =>
        bucket.transact(() => {
          bucket.set('caught', 1)
          throw new Error('inner')
        }),
      ).toThrow('inner')
      return inner
    })
    expect(result).toBe(1)
    // No savepoints: what was done before the inner throw belongs to the outer transaction.
    expect([...bucket.keys()]).toEqual(['outer', 'inner', 'caught'])
  })

  test('a body that returns a promise is refused, and nothing has happened', async () => {
    const bucket = newBucket()
    expect(() =>
      bucket.transact(async () => {
        bucket.set('key', 1)
      }),
    ).toThrow(TypeError)
    expect(bucket.size).toBe(0)
    bucket.set('key', 2)
    expect(bucket.get('key')).toBe(2)
  })

  test('a read-only bucket has none', async () => {
    const { path } = newBucket()
    const bucket = new Bucket(path, { readOnly: true })
    expect(() => bucket.transact(() => 1)).toThrow(expect.objectContaining({ code: 'ERR_READ_ONLY' }))
    await expect(bucket.promises.transact(async () => 1)).rejects.toMatchObject({ code: 'ERR_READ_ONLY' })
  })

  test('works with memory: what was rolled back is not remembered', () => {
    const bucket = newBucket({ memory: { revalidate: 'never' } })
    bucket.set('key', 1)
    expect(bucket.get('key')).toBe(1)
    expect(() =>
      bucket.transact(() => {
        bucket.set('key', 2)
        expect(bucket.get('key')).toBe(2)
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(bucket.get('key')).toBe(1)
    bucket.transact(() => bucket.set('key', 3))
    expect(bucket.get('key')).toBe(3)
  })

  test.each(['network', 'local'] as const)('on a %s filesystem too', filesystem => {
    const bucket = newBucket({ filesystem })
    bucket.set('a', 1)
    bucket.transact(() => bucket.set('a', 2).set('b', 2).delete('c'))
    expect([...bucket.entries()]).toEqual([
      ['a', 2],
      ['b', 2],
    ])
  })
})

describe('AsyncBucket.transact', () => {
  test('gives what the body resolves to; nested calls join; the bucket that is passed in is good until its end', async () => {
    const { promises: bucket } = newBucket()
    let kept: typeof bucket | undefined
    const result = await bucket.transact(async outer => {
      kept = outer
      await outer.set('outer', 1)
      return await outer.transact(async inner => {
        await inner.set('inner', 1)
        return await inner.get('outer')
      })
    })
    expect(result).toBe(1)
    expect(await bucket.size()).toBe(2)
    await expect(kept!.set('late', 1)).rejects.toThrow(TypeError)
    await expect(kept!.get('outer')).rejects.toThrow(TypeError)
    expect(await bucket.size()).toBe(2)
  })

  test('what is called in it and not awaited belongs to it all the same', async () => {
    const { promises: bucket } = newBucket()
    await bucket.transact(async inside => {
      for (let i = 0; i < 20; i++) void inside.set(i, i)
      void inside.push('item')
    })
    expect(await bucket.size()).toBe(21)
  })

  test('a stream that is set in it is stored with it', async () => {
    const bucket = newBucket()
    const set = (failure?: Error) =>
      bucket.promises.transact(async inside => {
        await inside.set('stream', Readable.from([Buffer.from('ab'), Buffer.from('cd')]) as any)
        if (failure) throw failure
      })
    await expect(set(new Error('no'))).rejects.toThrow('no')
    expect(bucket.has('stream')).toBe(false)
    await set()
    expect(String(bucket.get('stream'))).toBe('abcd')
  })

  test('others of this process wait for its keys, and go on with others', async () => {
    const bucket = newBucket()
    bucket.set('held', 1)
    const order: string[] = []
    let waiting: Promise<unknown> | undefined
    await bucket.promises.transact(async inside => {
      await inside.incr('held')
      expect(await bucket.promises.get('held')).toBe(1)
      waiting = bucket.promises.incr('held', 10).then(() => order.push('outside'))
      await bucket.promises.set('free', 1)
      expect(bucket.get('held')).toBe(1)
      await delay(5)
      order.push('inside')
    })
    await waiting
    expect(order).toEqual(['inside', 'outside'])
    expect(bucket.get('held')).toBe(12)
  })

  test('several at once happen one after another', async () => {
    const { promises: bucket } = newBucket()
    await Promise.all(
      Array.from({ length: 10 }, () =>
        bucket.transact(async inside => {
          const n = (await inside.get('n', 0)) as number
          await delay(1)
          await inside.set('n', n + 1)
        }),
      ),
    )
    expect(await bucket.get('n')).toBe(10)
  })

  test('a synchronous call that would wait for it fails at once', async () => {
    const bucket = newBucket({ timeout: 60_000 })
    const other = new Bucket(bucket.path)
    bucket.set('held', 1)
    await bucket.promises.transact(async inside => {
      await inside.set('held', 2)
      await inside.push('item')
      const deadlock = expect.objectContaining({ name: 'DeadlockError', code: 'ERR_DEADLOCK' })
      expect(() => bucket.set('held', 3)).toThrow(deadlock)
      expect(() => other.delete('held')).toThrow(deadlock)
      expect(() => bucket.incr('held')).toThrow(deadlock)
      expect(() => bucket.push('mine')).toThrow(deadlock)
      expect(() => bucket.clear()).toThrow(deadlock)
      expect(() => bucket.transact(() => bucket.set('other', 1))).toThrow(deadlock)
      expect(bucket.get('held')).toBe(1)
      bucket.set('free', 1)
    })
    expect(bucket.get('held')).toBe(2)
    expect([...bucket.keys()].sort()).toEqual(
      ['500000000000000', 'free', 'held'].map(key => (key[0] === '5' ? Number(key) : key)),
    )
  })

  test('one whose body waits for itself is told so after timeout, and which bucket to use', async () => {
    const { promises } = newBucket({ timeout: 50 })
    const told = { code: 'ERR_TIMEOUT', message: expect.stringContaining('use the bucket that is passed to it') }
    await expect(promises.transact(() => promises.transact(async () => {}))).rejects.toMatchObject(told)
    await expect(
      promises.transact(async inside => {
        await inside.set('k', 1)
        await promises.set('k', 2)
      }),
    ).rejects.toMatchObject(told)
  })

  test('a synchronous transaction holds another bucket of the thread off, at once', () => {
    const bucket = newBucket()
    const other = new Bucket(bucket.path)
    const deadlock = expect.objectContaining({ code: 'ERR_DEADLOCK' })
    bucket.transact(() => {
      bucket.set('held', 1)
      expect(() => other.set('held', 2)).toThrow(deadlock)
      expect(() => other.transact(() => 1)).toThrow(deadlock)
    })
    expect(other.get('held')).toBe(1)
  })
})

/** Has the actor hold a transaction that has written `key`; it ends when it is told `go`. */
const holding = async (folder: string, key: string) => {
  const actor = await startActor(folder)
  const ended = actor.run(
    (theirs, held, { say }) =>
      theirs.promises.transact(async inside => {
        await inside.set(held, 'theirs')
        say('held')
        await new Promise<void>(resolve => {
          ;(globalThis as any).release = resolve
        })
      }),
    key,
  )
  ended.catch(() => {})
  await actor.heard()
  return { actor, ended, release: () => actor.run(() => (globalThis as any).release()) }
}

describe('among processes', () => {
  test('readers are not blocked, and see the state before; writers of other keys go on', async () => {
    const bucket = newBucket()
    bucket.set('held', 'before')
    const { release, ended } = await holding(bucket.path, 'held')
    expect(bucket.get('held')).toBe('before')
    expect(await bucket.promises.getEntry('held')).toMatchObject({ value: 'before' })
    expect([...bucket.entries()]).toEqual([['held', 'before']])
    bucket.set('free', 1)
    await release()
    await ended
    expect(bucket.get('held')).toBe('theirs')
  })

  test('a writer of its keys waits for its end', async () => {
    const bucket = newBucket()
    const { release, ended } = await holding(bucket.path, 'held')
    const writing = bucket.promises.update('held', current => `${current} and mine`)
    const other = bucket.promises.transact(
      async inside => await inside.update('held', current => `${current} and more`),
    )
    await delay(30)
    expect(bucket.has('held')).toBe(false)
    await release()
    await Promise.all([ended, writing, other])
    expect(['theirs and mine and more', 'theirs and more and mine']).toContain(bucket.get('held'))
  })

  test('a writer, and another transaction, wait no longer than timeout', async () => {
    const bucket = newBucket({ timeout: 40 })
    const { release, ended } = await holding(bucket.path, 'held')
    const timedOut = { name: 'TimeoutError', code: 'ERR_TIMEOUT' }
    expect(() => bucket.set('held', 'mine')).toThrow(expect.objectContaining(timedOut))
    await expect(bucket.promises.delete('held')).rejects.toMatchObject(timedOut)
    expect(() => bucket.transact(() => bucket.set('other', 1))).toThrow(expect.objectContaining(timedOut))
    await expect(bucket.promises.transact(async () => 1)).rejects.toMatchObject(timedOut)
    await release()
    await ended
    expect([...bucket.entries()]).toEqual([['held', 'theirs']])
    bucket.transact(() => bucket.set('other', 1))
  })

  test('one whose process is killed never was, and nobody waits for it', async () => {
    const bucket = newBucket()
    bucket.set('held', 'before')
    const { actor } = await holding(bucket.path, 'held')
    await actor.kill()
    expect(bucket.get('held')).toBe('before')
    bucket.transact(() => bucket.set('held', `${bucket.get('held')} and after`))
    expect(bucket.get('held')).toBe('before and after')
  })

  test('one whose worker thread is terminated never was, and nobody waits for it', async () => {
    const bucket = newBucket()
    bucket.set('held', 'before')
    const worker = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads')
       import(workerData.module).then(async ({ Bucket }) => {
         await new Bucket(workerData.path).promises.transact(async inside => {
           await inside.set('held', 'theirs')
           parentPort.postMessage('held')
           await new Promise(resolve => setTimeout(resolve, 1e6))
         })
       })`,
      { eval: true, workerData: { module: `${repository}dist/index.js`, path: bucket.path } },
    )
    onTestFinished(() => void worker.terminate())
    await new Promise(resolve => worker.once('message', resolve))
    const waiting = bucket.promises.set('held', 'mine')
    await delay(20)
    expect(bucket.get('held')).toBe('before')
    await worker.terminate()
    await waiting
    expect(bucket.get('held')).toBe('mine')
  })

  test('transactions that take the same keys in opposite order do not deadlock, and none is lost', async () => {
    const bucket = newBucket()
    bucket.set('a', 1000).set('b', 1000)
    const actors = await startActors(3, bucket.path)
    await Promise.all(
      actors.map((actor, id) =>
        actor.run(async (theirs, me) => {
          const [from, to] = me % 2 === 0 ? ['a', 'b'] : ['b', 'a']
          for (let i = 0; i < 40; i++) {
            if (i % 2 === 0) {
              theirs.transact(() => {
                theirs.decr(from)
                theirs.incr(to)
                theirs.incr('done')
              })
            } else {
              await theirs.promises.transact(async inside => {
                await inside.decr(from)
                await inside.incr(to)
                await inside.incr('done')
              })
            }
            theirs.incr('plain')
          }
        }, id),
      ),
    )
    expect(bucket.get('done')).toBe(120)
    expect(bucket.get('plain')).toBe(120)
    expect((bucket.get('a') as number) + (bucket.get('b') as number)).toBe(2000)
    expect(bucket.check()).toEqual([])
  })

  test('whoever has seen one of its writes sees the others', async () => {
    const bucket = newBucket()
    const keys = ['a', 'b', 'c', 'd', 'e']
    const [writer, reader] = await startActors(2, bucket.path)
    for (const key of keys) bucket.set(key, 0)
    const writing = writer!.run((theirs, all) => {
      for (let i = 1; i <= 150; i++) {
        theirs.transact(() => {
          for (const key of all) theirs.set(key, i)
        })
      }
      theirs.set('end', true)
    }, keys)
    const torn = await reader!.run((theirs, all) => {
      const wrong: string[] = []
      let seen = 0
      for (let reads = 0; !theirs.has('end') || reads < 50; reads++) {
        // Values may only grow, in whatever order keys are read.
        let last = seen
        for (const key of reads % 2 === 0 ? all : [...all].reverse()) {
          const value = theirs.get(key) as number
          if (value < last) wrong.push(`${key} is ${value} after ${last}`)
          last = value
        }
        seen = last
      }
      return wrong
    }, keys)
    await writing
    expect(torn).toEqual([])
  })

  test('killed at any moment, it has happened as a whole or not at all', async () => {
    const bucket = newBucket({ tagIndex: true })
    let acknowledged = -1
    for (let round = 0; round < 8; round++) {
      const actor = await startActor(bucket.path)
      void actor
        .run((theirs, from, { say }) => {
          for (let i = from; ; i++) {
            theirs.transact(() => {
              theirs.set('number', i)
              theirs.set(`new ${i}`, i, { tag: i, expire: 1e8 })
              theirs.delete(`new ${i - 1}`)
              theirs.set('large', String(i).padEnd(i % 2 === 0 ? 20_000 : 10))
              theirs.incr('count')
            })
            say(i)
          }
        }, acknowledged + 1)
        .catch(() => {})
      const atLeast = await actor.heard()
      await delay((round * 7) % 23)
      await actor.kill()
      acknowledged = Math.max(atLeast, ...(actor.rest() as number[]))
      const number = bucket.get('number') as number
      expect(number).toBeGreaterThanOrEqual(acknowledged)
      expect(number).toBeLessThanOrEqual(acknowledged + 1)
      expect(Number((bucket.get('large') as string).trim())).toBe(number)
      expect(bucket.get('count')).toBe(number + 1)
      expect([...bucket.list()].map(({ key }) => key).sort()).toEqual(['count', 'large', `new ${number}`, 'number'])
      acknowledged = number
      if (round % 2 === 0) {
        bucket.check({ fix: true })
        expect(bucket.check()).toEqual([])
        expect(bucket.size).toBe(4)
      }
    }
    expect(bucket.evict(acknowledged)).toBe(1)
  })
})

test.each(['v8', 'json'] as const)(
  'a key that transactions only read stays small, and is counted to the byte, with %s',
  backend => {
    const bucket = newBucket({ backend })
    bucket.set('settings', 1)
    for (let i = 0; i < 600; i++) bucket.transact(() => bucket.get('settings'))
    bucket.close()
    const bytes = [entryFile(bucket.path), join(bucket.path, 'order/00000001.log')].map(path => statSync(path).size)
    expect(bytes[0]).toBeLessThan(140_000)
    expect(new Bucket(bucket.path, { backend }).volume()).toBe(bytes[0]! + bytes[1]!)
  },
)

test('what a callback does with the key itself is not lost: it is asked again', async () => {
  const bucket = newBucket()
  bucket.transact(() => {
    bucket.set('a', 1)
    let calls = 0
    const made = bucket.update('a', (current: number | undefined) => {
      if (calls++ === 0) bucket.delete('a')
      return (current ?? 10) + 1
    })
    expect([made, calls]).toEqual([11, 2])
  })
  expect([bucket.get('a'), bucket.size, [...bucket.keys()]]).toEqual([11, 1, ['a']])
  expect(bucket.check()).toEqual([])
})

test.each<[string, (inside: any) => Promise<unknown>[]]>([
  ['clear() and clear()', inside => [inside.clear(), inside.clear()]],
  ['evict() and evict()', inside => [inside.evict('t'), inside.evict('t')]],
  ['pull() and delete()', inside => [inside.pull(), inside.delete(500_000_000_000_000)]],
  ['peek() and getEntry()', inside => [inside.peek(), inside.getEntry(500_000_000_000_000)]],
  ['clear() and set()', inside => [inside.clear(), inside.set('x', 1)]],
])('%s at once in one body do not wait for each other', async (_, calls) => {
  const bucket = newBucket({ timeout: 1000 })
  bucket.set('x', 0, { tag: 't' })
  bucket.push('item')
  await bucket.promises.transact(inside => Promise.all(calls(inside)))
  bucket.set('x', 2)
  bucket.push('another')
  expect(bucket.check()).toEqual([])
})

test('what a body that has failed left running holds nobody up', async () => {
  const bucket = newBucket({ timeout: 1000 })
  for (let i = 0; i < 200; i++) bucket.set(i, i)
  let left: Promise<unknown> | undefined
  const call = bucket.promises.transact(async inside => {
    left = inside.clear().catch(() => {})
    await inside.get(0)
    throw new RangeError('enough')
  })
  await expect(call).rejects.toThrow('enough')
  await left
  for (let i = 0; i < 200; i++) bucket.set(i, -i)
  expect(bucket.size).toBe(200)
})

test('one that another host took for gone is not committed by half: it fails, and nothing was changed', async () => {
  const bucket = newBucket<string, number>({ backend: 'json', timeout: 300 })
  bucket.set('a', 100)
  bucket.set('b', 100)
  const call = bucket.promises.transact(async inside => {
    await inside.set('a', (await inside.get('a'))! - 50)
    await inside.set('b', (await inside.get('b'))! + 50)
    await delay(400)
    // As the other host does after the timeout, which does not know that this one is alive.
    await liftSeal(bucket, 'a')
    new Bucket(bucket.path, { backend: 'json' }).incr('a')
  })
  await expect(call).rejects.toThrow(TimeoutError)
  await expect(call).rejects.toThrow(/another host took it for gone/)
  expect([bucket.get('a'), bucket.get('b')]).toEqual([101, 100])
  expect(bucket.check()).toEqual([])
})

test('one that has lasted for longer than the timeout, and whose keys nobody has touched, is committed', async () => {
  const bucket = newBucket<string, number>({ timeout: 300 })
  bucket.set('a', 1)
  await bucket.promises.transact(async inside => {
    await inside.set('a', 2)
    await inside.set('new', 1)
    await inside.get('none')
    await delay(400)
    await inside.set('late', 1)
  })
  expect([...bucket]).toEqual([
    ['a', 2],
    ['new', 1],
    ['late', 1],
  ])
  expect(bucket.check()).toEqual([])
})

/** Lifts the seal of a key, whoever's it is. */
async function liftSeal(bucket: Bucket, key: string): Promise<void> {
  const store = newStore(bucket.path, { backend: 'json' })
  const path = store.keys.slot(key).path
  const lift = function* (): Io<boolean> {
    const file = (yield* ask<'open'>({ op: 'open', path, create: false }))!
    const { log, size } = yield* readOpen(store, file)
    const lifted = yield* unseal(store, file, log.last!.ref, size)
    yield* ask<'close'>({ op: 'close', file })
    return lifted
  }
  expect(await later(lift())).toBe(true)
}
