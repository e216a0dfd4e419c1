// Issue: Queues. DiskCache: Cache.push, pull, peek.

import { describe, expect, test } from 'vitest'
import { ConflictError } from '../../lib/errors.ts'
import { Bucket } from '../../lib/index.ts'
import { permissions } from '../../lib/io/disk.ts'
import { syncHost } from '../../lib/io/host-sync.ts'
import type { Io } from '../../lib/io/requests.ts'
import { extentOf, pull, push } from '../../lib/ops/queue.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { entryFiles, newBucket } from '../support/folders.ts'
import { startActor, startActors } from '../support/remote.ts'
import { onBothFaces } from './support.ts'

const first = 500_000_000_000_000

onBothFaces((faceOf, transact) => {
  test('items come out in the order in which they were pushed, under numbered keys', async () => {
    const bucket = faceOf(newBucket())
    expect(await bucket.push('a')).toBe(first)
    expect(await bucket.push('b')).toBe(first + 1)
    expect(await bucket.push('z', { side: 'front' })).toBe(first - 1)
    expect(await bucket.pull()).toMatchObject({ key: first - 1, value: 'z', tag: undefined, expiresAt: undefined })
    expect((await bucket.pull())?.value).toBe('a')
    expect((await bucket.pull())?.value).toBe('b')
    expect(await bucket.pull()).toBeUndefined()
  })

  test('what has expired by one bucket’s lifetime is not left behind out of reach', async () => {
    const bucket = newBucket<unknown, string>()
    const item = { prefix: 'jobs' }
    for (const look of ['peek', 'pull'] as const) {
      for (let i = 0; i < 20; i++) bucket.push(`${i}`, item)
      await expect
        .poll(() => Date.now())
        .toBeGreaterThan(bucket.getEntry(bucket.peek(item)!.key)!.storedAt!.getTime() + 40)
      const hasty = new Bucket<unknown, string>(bucket.path, { lifetime: 20 })
      expect(await faceOf(hasty)[look](item)).toBeUndefined()
      hasty.lifetime = null
      // Looked at only, they are there again; what was pulled is gone for all.
      const left = look === 'peek' ? Array.from({ length: 20 }, (_, i) => `${i}`) : []
      for (const value of left) expect((await faceOf(hasty).pull(item))?.value).toBe(value)
      expect(await faceOf(hasty).pull(item)).toBeUndefined()
      expect([bucket.size, bucket.check()]).toEqual([0, []])
    }
  })

  test('with side, a queue is a stack, from either end', async () => {
    for (const side of ['front', 'back'] as const) {
      const bucket = faceOf(newBucket())
      for (let i = 0; i < 5; i++) await bucket.push(i, { side })
      for (let i = 4; i >= 0; i--) expect((await bucket.pull({ side }))?.value).toBe(i)
      expect(await bucket.pull({ side })).toBeUndefined()
    }
  })

  test('a prefix names a queue of its own; none of them is confused with another', async () => {
    const bucket = faceOf(newBucket())
    expect(await bucket.push(1, { prefix: 'jobs' })).toBe('jobs-500000000000000')
    expect(await bucket.push(2, { prefix: 'jobs-2' })).toBe('jobs-2-500000000000000')
    expect(await bucket.push(3, { prefix: 'jobs-500000000000000' })).toBe('jobs-500000000000000-500000000000000')
    expect(await bucket.push(4)).toBe(first)
    expect(await bucket.push(5, { prefix: 'jobs', side: 'front' })).toBe('jobs-499999999999999')
    expect((await bucket.pull({ prefix: 'jobs-2' }))?.value).toBe(2)
    expect(await bucket.pull({ prefix: 'jobs-2' })).toBeUndefined()
    expect((await bucket.pull())?.value).toBe(4)
    expect(await bucket.pull()).toBeUndefined()
    expect((await bucket.pull({ prefix: 'jobs' }))?.value).toBe(5)
    expect((await bucket.pull({ prefix: 'jobs' }))?.value).toBe(1)
    expect(await bucket.pull({ prefix: 'jobs' })).toBeUndefined()
    expect((await bucket.pull({ prefix: 'jobs-500000000000000' }))?.value).toBe(3)
  })

  test.each([
    ['\ud800', '\ud801'],
    ['\udc00a', '\ufffda'],
    ['\ud800', '"\\ud800"'],
  ])('prefixes %j and %j, which UTF-8 does not tell apart, name two', async (one, other) => {
    const on = faceOf(newBucket())
    for (let i = 0; i < 3; i++) await on.push(i, { prefix: one })
    await on.push('other', { prefix: other })
    expect((await on.pull({ prefix: other }))?.value).toBe('other')
    expect(await on.pull({ prefix: other })).toBe(undefined)
    for (let i = 0; i < 3; i++) expect((await on.pull({ prefix: one }))?.value).toBe(i)
  })

  test('an empty prefix, another side and an unknown option are refused', async () => {
    const bucket = faceOf(newBucket())
    for (const options of [{ prefix: '' }, { prefix: 1 }, { side: 'left' }, { sides: 'back' }] as any[]) {
      await expect(bucket.push(1, options)).rejects.toThrow(TypeError)
      await expect(bucket.pull(options)).rejects.toThrow(TypeError)
      await expect(bucket.peek(options)).rejects.toThrow(TypeError)
    }
    await expect(bucket.pull({ tag: 'x' } as any)).rejects.toThrow(TypeError)
    // An item is always a new entry, which has no version yet.
    await expect(bucket.push(1, { ifVersion: 'another' })).rejects.toThrow(ConflictError)
    expect(await bucket.size()).toBe(0)
  })

  test('items are entries: counted, iterated, got, tagged, expiring, deleted', async () => {
    const bucket = faceOf(newBucket())
    const key = await bucket.push({ job: 1 }, { tag: 'urgent', expire: 1_000_000 })
    await bucket.push({ job: 2 })
    expect(await bucket.size()).toBe(2)
    expect(await bucket.keys()).toEqual([first, first + 1])
    expect(await bucket.get(key)).toEqual({ job: 1 })
    expect(await bucket.getEntry(key)).toMatchObject({ tags: ['urgent'], expiresAt: expect.any(Date) })
    expect(await bucket.peek()).toMatchObject({ key, tag: 'urgent' })
    expect(await bucket.delete(key)).toBe(true)
    expect(await bucket.pull()).toMatchObject({ key: first + 1, value: { job: 2 } })
    expect(await bucket.size()).toBe(0)
  })

  test('a touched item is an item still', async () => {
    const bucket = faceOf(newBucket())
    const key = await bucket.push('a')
    await bucket.touch(key, 1_000_000)
    expect(await bucket.pull()).toMatchObject({ key, value: 'a', expiresAt: expect.any(Date) })
  })

  test('an item that was counted or updated is an item still', async () => {
    const bucket = faceOf(newBucket())
    const key = await bucket.push(1, { tag: 't', expire: 1_000_000 })
    await bucket.incr(key)
    expect(await bucket.peek()).toMatchObject({ key, value: 2, tags: ['t'] })
    await bucket.update(key, tries => tries + 1)
    expect(await bucket.pull()).toMatchObject({ key, value: 3, tags: ['t'], expiresAt: expect.any(Date) })
    expect(await bucket.size()).toBe(0)
  })

  test('only what was pushed is an item; a number that is taken is passed over', async () => {
    const bucket = faceOf(newBucket())
    await bucket.set(first, 'mine')
    await bucket.set(`jobs-${first}`, 'mine')
    await bucket.set(first - 1, 'mine')
    expect(await bucket.pull()).toBeUndefined()
    expect(await bucket.pull({ prefix: 'jobs' })).toBeUndefined()
    expect(await bucket.push('a')).toBe(first + 1)
    expect(await bucket.push('z', { side: 'front' })).toBe(first - 2)
    expect(await bucket.push('a', { prefix: 'jobs' })).toBe(`jobs-${first + 1}`)
    expect((await bucket.peek({ side: 'back' }))?.value).toBe('a')
    expect((await bucket.pull())?.value).toBe('z')
    expect((await bucket.pull())?.value).toBe('a')
    expect(await bucket.pull()).toBeUndefined()
    expect((await bucket.pull({ prefix: 'jobs' }))?.value).toBe('a')
    expect(await bucket.keys()).toEqual([first, `jobs-${first}`, first - 1])
  })

  test('peek() shows what pull() would take, and leaves it', async () => {
    const bucket = faceOf(newBucket())
    expect(await bucket.peek()).toBeUndefined()
    await bucket.push('a')
    await bucket.push('b')
    for (let i = 0; i < 2; i++) {
      expect((await bucket.peek())?.value).toBe('a')
      expect((await bucket.peek({ side: 'back' }))?.value).toBe('b')
    }
    expect((await bucket.pull({ side: 'back' }))?.value).toBe('b')
    expect((await bucket.peek({ side: 'back' }))?.value).toBe('a')
  })

  test('an emptied, a cleared and an evicted queue go on', async () => {
    const bucket = faceOf(newBucket())
    for (const empty of [
      () => bucket.clear(),
      () => bucket.evict('t'),
      async () => {
        while ((await bucket.pull()) !== undefined) {}
      },
    ]) {
      for (let i = 0; i < 5; i++) await bucket.push(i, { tag: 't' })
      await empty()
      expect(await bucket.peek()).toBeUndefined()
      expect(await bucket.pull()).toBeUndefined()
      await bucket.push('next')
      expect((await bucket.peek())?.value).toBe('next')
      expect((await bucket.pull())?.value).toBe('next')
    }
  })

  test('values of every kind are items, also undefined and large ones', async () => {
    const bucket = faceOf(newBucket())
    const values = [undefined, null, Number.NaN, 10n ** 30n, new Map([[1, { deep: new Date(0) }]]), 'x'.repeat(100_000)]
    for (const value of values) await bucket.push(value)
    for (const value of values) expect((await bucket.pull())!.value).toEqual(value)
  })

  test('calls that nobody awaits one by one take effect in their order', async () => {
    const bucket = faceOf(newBucket())
    const keys = await Promise.all(Array.from({ length: 30 }, (_, i) => bucket.push(i)))
    expect(keys).toEqual(Array.from({ length: 30 }, (_, i) => first + i))
    const items = await Promise.all(Array.from({ length: 31 }, () => bucket.pull()))
    expect(items.map(item => item?.value)).toEqual([...Array.from({ length: 30 }, (_, i) => i), undefined])
  })

  test('in a transaction, items are pushed and pulled with it or not at all', async () => {
    const bucket = newBucket()
    bucket.push('a')
    bucket.push('b')
    const steps = [['pull'], ['push', 'c'], ['push', 'd', { side: 'front' }], ['pull'], ['pull'], ['peek']] as const
    await expect(transact(bucket, steps, new Error('no'))).rejects.toThrow('no')
    expect([bucket.peek()?.value, bucket.peek({ side: 'back' })?.value, bucket.size]).toEqual(['a', 'b', 2])
    expect(await transact(bucket, steps)).toEqual(['a', first + 2, first, 'd', 'b', 'c'])
    expect([bucket.pull()?.value, bucket.pull()?.value, bucket.size]).toEqual(['c', undefined, 0])
  })

  test('a push that timed out was none', async () => {
    const bucket = newBucket({ timeout: 50 })
    const other = await startActor(bucket.path)
    void other
      .run((theirs, { say }) =>
        theirs.promises.transact(async inside => {
          await inside.peek()
          say('taken')
          await new Promise(() => {})
        }),
      )
      .catch(() => {})
    await other.heard()
    await expect(faceOf(bucket).push('mine')).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    expect(await faceOf(bucket).size()).toBe(0)
    await other.kill()
    await faceOf(bucket).push('again')
    expect((await faceOf(bucket).pull())?.value).toBe('again')
    expect(await faceOf(bucket).pull()).toBeUndefined()
  })
})

describe('bounds', () => {
  test('an item that was pulled is given to its puller, although a transaction holds the queue', async () => {
    const bucket = newBucket({ timeout: 50 })
    bucket.push('a')
    const other = await startActor(bucket.path)
    void other
      .run((theirs, { say }) =>
        theirs.promises.transact(async inside => {
          // Of the queue only: the item stays free.
          await inside.push('z', { side: 'front' })
          say('taken')
          await new Promise(() => {})
        }),
      )
      .catch(() => {})
    await other.heard()
    expect(bucket.pull()?.value).toBe('a')
    await other.kill()
    expect(bucket.pull()).toBeUndefined()
  })

  /** An algorithm that stops before it opens a file, where others come between. */
  const slowly = <T>(io: Io<T>) => {
    const host = syncHost(permissions(0o600)) as any
    let step = io.next()
    const advance = (): void => {
      let reply: unknown
      try {
        reply = host[(step.value as any).op](step.value)
      } catch (error) {
        step = io.throw(error)
        return
      }
      step = io.next(reply)
    }
    return {
      toItsNext(op: string): void {
        if (!step.done) advance()
        while (!step.done && step.value.op !== op) advance()
      },
      end(): T {
        while (!step.done) advance()
        return step.value
      },
    }
  }
  const fifo = { prefix: undefined, side: 'front' } as const

  test('an item that was pushed while consumers of both sides narrow the bounds is within them', () => {
    const bucket = newBucket()
    const { store } = (bucket as any).core
    bucket.push('a')
    const slow = slowly(pull(store, fifo))
    // It has seen that there is one item, and is about to open it.
    slow.toItsNext('open')
    expect(bucket.pull({ side: 'back' })?.value).toBe('a')
    bucket.push('b')
    const got = slow.end()?.value ?? bucket.pull()?.value
    expect(got).toBe('b')
    bucket.push('c')
    expect(bucket.pull()?.value).toBe('c')
  })

  test('an item under a number that was used meanwhile is within them', () => {
    const bucket = newBucket()
    const { store } = (bucket as any).core
    const slow = slowly(push(store, { prefix: undefined, side: 'back' }, 'slow', plainTerms))
    slow.toItsNext('open')
    // The number that it has chosen is pushed, pulled and passed.
    bucket.push('quick')
    expect(bucket.pull()?.value).toBe('quick')
    slow.end()
    expect(bucket.pull()?.value).toBe('slow')
  })

  test('what a consumer remembers of a queue that another has cleared is not believed', () => {
    const bucket = newBucket()
    const other = new Bucket(bucket.path)
    for (let n = 0; n < 5; n++) bucket.push(n)
    for (let n = 0; n < 5; n++) expect(bucket.pull()?.value).toBe(n)
    other.clear()
    other.push('again')
    expect(bucket.pull()?.value).toBe('again')
  })

  test('what was put at the front since is found, and a stack leaves nothing to be looked at again', () => {
    const bucket = newBucket()
    const { core } = bucket as any
    const heldBy = new Bucket(bucket.path)
    for (const side of ['front', 'back'] as const) {
      bucket.push('last', { side })
      for (let n = 0; n < 100; n++) {
        bucket.push(n, { side })
        expect((n % 2 === 0 ? bucket : heldBy).pull({ side })?.value).toBe(n)
      }
      const { head, tail } = core.sync(extentOf(core.store, { prefix: undefined, side }))
      expect(tail - head).toBeLessThan(20)
      expect(heldBy.pull({ side })?.value).toBe('last')
    }
  })

  test.each([1, 2, 3, 4, 5])('from both ends, in random order, with slow ones: nothing is lost (%i)', seed => {
    const bucket = newBucket()
    const { store } = (bucket as any).core
    let state = seed
    const random = (n: number): number => {
      state = (state * 1103515245 + 12345) % 2 ** 31
      return Math.floor((state / 2 ** 31) * n)
    }
    const slow: ReturnType<typeof slowly<unknown>>[] = []
    const pulled: unknown[] = []
    const take = (item: any): void => {
      if (typeof item === 'object') pulled.push(item.value)
    }
    let pushed = 0
    for (let i = 0; i < 200; i++) {
      const side = random(2) === 0 ? 'front' : 'back'
      const queue = { prefix: undefined, side } as const
      const what = random(5)
      if (what === 0) bucket.push(pushed++, { side })
      else if (what === 1) take(bucket.pull({ side }))
      else if (what === 2 && slow.length < 4) slow.push(slowly<unknown>(pull(store, queue)))
      else if (what === 3 && slow.length < 4) slow.push(slowly<unknown>(push(store, queue, pushed++, plainTerms)))
      else slow[random(slow.length)]?.toItsNext('open')
      if (random(8) === 0) take(slow.shift()?.end())
    }
    for (const one of slow) take(one.end())
    for (let item = bucket.pull(); item !== undefined; item = bucket.pull()) take(item)
    expect(pulled.sort((a: any, b: any) => a - b)).toEqual(Array.from({ length: pushed }, (_, i) => i))
  })
})

describe('among processes', () => {
  test('each item is pulled by exactly one, and those of one producer in their order', async () => {
    const bucket = newBucket()
    const actors = await startActors(4, bucket.path)
    const each = 150
    const producing = actors.slice(0, 2).map((producer, id) =>
      producer.run(
        (theirs, me, count) => {
          for (let i = 0; i < count; i++) theirs.push([me, i])
        },
        id,
        each,
      ),
    )
    const consuming = actors.slice(2).map(consumer =>
      consumer.run(async (theirs, total) => {
        const got: [number, number][] = []
        for (let idle = 0; idle < 3; ) {
          const item = theirs.pull()
          if (item) got.push(item.value)
          // The end is when all that was to come is in somebody's hands.
          else if (theirs.get('end') === total) idle++
          else await new Promise(setImmediate)
        }
        return got
      }, 2 * each),
    )
    await Promise.all(producing)
    bucket.set('end', 2 * each)
    const lists = await Promise.all(consuming)
    expect(lists.flat().sort((a, b) => a[0] - b[0] || a[1] - b[1])).toEqual(
      [0, 1].flatMap(id => Array.from({ length: each }, (_, i) => [id, i])),
    )
    for (const list of lists) {
      for (const id of [0, 1]) {
        const numbers = list.filter(([producer]) => producer === id).map(([, i]) => i)
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }
    }
  })

  test('a producer and a consumer that are killed block nobody, and what was acknowledged is pulled once', async () => {
    const bucket = newBucket()
    for (let round = 0; round < 3; round++) {
      const producer = await startActor(bucket.path)
      const consumer = await startActor(bucket.path)
      void producer
        .run(async (theirs, { say }) => {
          for (let i = 0; ; i++) {
            theirs.push(i)
            if (i % 10 === 9) {
              say(i)
              await new Promise(setImmediate)
            }
          }
        })
        .catch(() => {})
      void consumer
        .run(async (theirs, { say }) => {
          for (;;) {
            const item = theirs.pull()
            if (item) say(item.value)
            await new Promise(setImmediate)
          }
        })
        .catch(() => {})
      const acknowledged = await producer.heard().then(() => producer.heard())
      const pulled: number[] = [await consumer.heard(), await consumer.heard()]
      await Promise.all([producer.kill(), consumer.kill()])
      pulled.push(...(consumer.rest() as number[]))
      // Nobody waits for the dead.
      bucket.push('mine')
      for (let item = bucket.pull(); item !== undefined; item = bucket.pull()) {
        if (item.value !== 'mine') pulled.push(item.value)
      }
      const missing = Array.from({ length: acknowledged + 1 }, (_, i) => i).filter(i => !pulled.includes(i))
      // The one that the dead consumer had in its hands, and had not told of.
      expect(missing.length).toBeLessThanOrEqual(1)
      expect(new Set(pulled).size).toBe(pulled.length)
    }
    bucket.check({ fix: true })
    expect(bucket.check()).toEqual([])
  })

  test('pulled items leave no files behind', async () => {
    const bucket = newBucket()
    for (let i = 0; i < 50; i++) bucket.push(i)
    while (bucket.pull() !== undefined) {}
    await expect.poll(() => entryFiles(bucket.path).length).toBe(0)
  })
})
