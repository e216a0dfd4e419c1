// What only the promise twin has: calls that overlap.

import { readFileSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { Bucket, compressed, ReadOnlyError } from '../lib/index.ts'
import { listen } from './support/channels.ts'
import { entryFile, entryFiles, newBucket } from './support/folders.ts'
import { leaveSeal } from './support/seals.ts'

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('AsyncBucket', () => {
  test('calls for one key take effect in the order in which they were made', async () => {
    const { promises } = newBucket<string, number>()
    const calls: Promise<unknown>[] = []
    for (let i = 0; i < 50; i++) calls.push(promises.set('a', i))
    calls.push(promises.get('a'))
    calls.push(promises.delete('a'), promises.get('a', -1), promises.add('a', 100), promises.incr('a'))
    const results = await Promise.all(calls)
    expect(results.slice(50)).toEqual([49, true, -1, true, 101])
    expect(await promises.get('a')).toBe(101)
  })

  test('a read behind a write that waits for another read sees what is written, not what memory has', async () => {
    const { promises } = newBucket<string, string>({ memory: { revalidate: 'never' } })
    for (const read of ['has', 'getEntry', 'get'] as const) {
      await promises.set('a', 'old')
      expect(await promises.get('a')).toBe('old')
      const [, , value] = await Promise.all([promises[read]('a'), promises.set('a', 'new'), promises.get('a')])
      expect(value).toBe('new')
    }
    const [, , value] = await Promise.all([promises.has('a'), promises.delete('a'), promises.get('a')])
    expect(value).toBeUndefined()
  })

  test('who waits for a value that another bucket computes holds no other call up', async () => {
    const bucket = newBucket<string, string>()
    const other = new Bucket<string, string>(bucket.path)
    let begin = (): void => {}
    let goOn = (): void => {}
    const begun = new Promise<void>(resolve => {
      begin = resolve
    })
    const others = new Promise<void>(resolve => {
      goOn = resolve
    })
    const computing = bucket.promises.getOrSet('a', async () => {
      begin()
      await others
      // By the bucket that waits: if its calls stood in line behind that, nobody would ever end.
      await other.promises.set('a', 'first')
      return 'computed'
    })
    await begun
    const asked = other.promises.getOrSet('a', () => 'mine')
    expect(await other.promises.get('b')).toBeUndefined()
    expect(await other.promises.size()).toBe(0)
    goOn()
    expect(await computing).toBe('computed')
    expect(['first', 'computed']).toContain(await asked)
    expect(await other.promises.get('a')).toBe('computed')
  })

  test('a value may be changed when set() has returned', async () => {
    const { promises } = newBucket<string, { n: number }>()
    const value = { n: 1 }
    const setting = promises.set('a', value)
    value.n = 2
    await setting
    expect(await promises.get('a')).toEqual({ n: 1 })
  })

  test('many calls at once lose nothing, and are counted', async () => {
    const bucket = newBucket<string, number>()
    const { promises } = bucket
    await Promise.all(Array.from({ length: 300 }, (_, i) => promises.set(`key ${i}`, i)))
    await Promise.all(Array.from({ length: 300 }, () => promises.incr('count')))
    await Promise.all(Array.from({ length: 100 }, (_, i) => promises.delete(`key ${i}`)))
    expect(await promises.get('count')).toBe(300)
    expect(await promises.size()).toBe(201)
    expect(new Bucket(bucket.path).size).toBe(201)
    const keys: unknown[] = []
    for await (const key of promises.keys()) keys.push(key)
    expect(new Set(keys).size).toBe(201)
  })

  test('what is removed while an iteration has begun is not shown, whoever iterates', async () => {
    const bucket = newBucket<string, number>()
    const fill = (): void => {
      for (const key of ['a', 'b', 'c']) bucket.set(key, 1)
    }
    fill()
    const later = bucket.promises.keys()[Symbol.asyncIterator]()
    const first = later.next()
    const deleted = bucket.promises.delete('b')
    expect((await first).value).toBe('a')
    expect(await deleted).toBe(true)
    expect((await later.next()).value).toBe('c')

    fill()
    const deleting = bucket.promises.delete('c')
    const now = bucket.keys()
    expect(now.next().value).toBe('a')
    expect(await deleting).toBe(true)
    expect([...now]).toEqual(['b'])

    fill()
    const clearing = bucket.promises.clear()
    const again = bucket.keys()
    again.next()
    await clearing
    expect([...again]).toEqual([])
  })

  test('size() and iteration see what was called before them', async () => {
    const { promises } = newBucket<string, number>()
    void promises.set('a', 1)
    void promises.set('b', 2)
    expect(await promises.size()).toBe(2)
    void promises.delete('a')
    const entries: unknown[] = []
    for await (const entry of promises) entries.push(entry)
    expect(entries).toEqual([['b', 2]])
    void promises.set('c', 3)
    expect(await promises.clear()).toBe(2)
  })

  test('both faces may be used at once', async () => {
    const bucket = newBucket<string, number>()
    const calls: Promise<unknown>[] = []
    for (let i = 0; i < 100; i++) {
      calls.push(bucket.promises.incr('count'))
      bucket.incr('count')
      calls.push(bucket.promises.set(`a ${i}`, i))
      bucket.set(`b ${i}`, i)
    }
    await Promise.all(calls)
    expect(bucket.get('count')).toBe(200)
    expect(bucket.size).toBe(201)
    expect([...bucket.keys()]).toHaveLength(201)
  })

  test('both faces may write large values under one key at once', async () => {
    const bucket = newBucket<string, string>()
    const calls: Promise<unknown>[] = []
    for (let i = 0; i < 10; i++) {
      calls.push(bucket.promises.set('a', `${i}`.repeat(30_000)))
      await new Promise(resolve => setImmediate(resolve))
      bucket.set('a', `${i}`.repeat(20_000 + i))
      expect(bucket.get('a')).toMatch(/^(\d)\1+$/)
    }
    await Promise.all(calls)
    expect(await bucket.promises.get('a')).toMatch(/^(\d)\1+$/)
    expect(bucket.size).toBe(1)
    expect(entryFiles(bucket.path)).toHaveLength(1)
  })

  test('misuse rejects, and does not throw', async () => {
    const { promises } = newBucket<any, any>()
    const call = promises.set('a', 1, { nonsense: 1 } as object)
    await expect(call).rejects.toThrow(TypeError)
    await expect(promises.incr('a', Number.NaN)).rejects.toThrow(TypeError)
    const readOnly = new Bucket(newBucket().path, { readOnly: true })
    await expect(readOnly.promises.set('a', 1)).rejects.toThrow(ReadOnlyError)
  })

  test('setMany() stores one after the other, up to a failure', async () => {
    const { promises } = newBucket<string, any>()
    await expect(
      promises.setMany([
        ['a', 1],
        ['bad', () => 1],
        ['b', 2],
      ]),
    ).rejects.toMatchObject({ code: 'ERR_UNSERIALIZABLE' })
    expect(await promises.getMany(['a', 'b', 'bad'])).toEqual(new Map([['a', 1]]))
    const many = Array.from({ length: 100 }, (_, i): [string, number] => [`many ${i}`, i])
    await promises.setMany(many)
    expect((await collected(promises.entries())).slice(1)).toEqual(many)
  })
})

describe('AsyncBucket.getOrSet()', () => {
  test('computes once for all who ask at once, through any bucket', async () => {
    const bucket = newBucket<string, number>()
    const other = new Bucket<string, number>(bucket.path)
    const compute = vi.fn(async () => {
      await new Promise(resolve => setTimeout(resolve, 20))
      return compute.mock.calls.length
    })
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? bucket : other).promises.getOrSet('a', compute)),
    )
    expect(results).toEqual(Array(10).fill(1))
    expect(compute).toHaveBeenCalledTimes(1)
  })

  test('tells those who wait with it of the error, and lets the next try', async () => {
    const bucket = newBucket<string, number>()
    const other = new Bucket<string, number>(bucket.path)
    const failure = new Error('no luck')
    const misses = listen('miss')
    let runs = 0
    const compute = async (): Promise<number> => {
      // Whoever has missed it is about to wait for the one who computes it.
      while (misses.length < 3) await new Promise(resolve => setTimeout(resolve, 1))
      if (++runs === 1) throw failure
      return runs
    }
    const [one, same, elsewhere] = await Promise.allSettled([
      bucket.promises.getOrSet('a', compute),
      bucket.promises.getOrSet('a', compute),
      other.promises.getOrSet('a', compute),
    ])
    const [failed, succeeded] = one.status === 'rejected' ? [one, elsewhere] : [elsewhere, one]
    expect(failed).toEqual({ status: 'rejected', reason: failure })
    expect(succeeded).toEqual({ status: 'fulfilled', value: 2 })
    expect(same).toEqual(one)
    expect(runs).toBe(2)
  })

  test('that fails again and again does not make the file of what has expired grow', async () => {
    const bucket = newBucket<string, number>()
    bucket.set('a', 1, { expire: 0 })
    for (let i = 0; i < 1000; i++) {
      await expect(bucket.promises.getOrSet('a', () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck')
    }
    expect(statSync(entryFile(bucket.path)).size).toBeLessThan(150_000)
  })

  test('a claim is not in the way of those who write or read', async () => {
    const bucket = newBucket<string, string>()
    let finish!: (value: string) => void
    const computing = bucket.promises.getOrSet('a', () => new Promise<string>(resolve => (finish = resolve)))
    await expect.poll(() => entryFiles(bucket.path).length).toBe(1)
    await expect.poll(() => readFileSync(entryFile(bucket.path)).length).toBeGreaterThan(0)
    expect(bucket.get('a')).toBeUndefined()
    expect([...bucket.keys()]).toEqual([])
    bucket.set('a', 'from elsewhere')
    expect(await new Bucket<string, string>(bucket.path).promises.getOrSet('a', () => 'not')).toBe('from elsewhere')
    finish('late')
    expect(await computing).toBe('late')
    expect(bucket.get('a')).toBe('late')
  })

  test("a dead process's claim is passed over", async () => {
    const bucket = newBucket<string, string>()
    bucket.set('a', 'x')
    bucket.delete('a')
    leaveSeal(bucket.path, entryFile(bucket.path), { kind: 'claim' })
    expect(await bucket.promises.getOrSet('a', () => 'mine')).toBe('mine')
  })
})

describe('long work', () => {
  test('tells how far it is', async () => {
    const { promises } = newBucket<number, number>()
    for (let i = 0; i < 10; i++) await promises.set(i, i)
    const steps: { done: number; total: number | undefined }[] = []
    await promises.clear({ onProgress: step => steps.push(step) })
    expect(steps.length).toBeGreaterThan(1)
    expect(steps.at(-1)).toEqual({ done: steps.at(-1)!.total, total: steps.at(-1)!.total })
    for (let i = 1; i < steps.length; i++) expect(steps[i]!.done).toBeGreaterThan(steps[i - 1]!.done)
  })

  test("a stream that is aborted rejects with the signal's reason, wherever its bytes go", async () => {
    const reason = new Error('enough')
    const slow = () => {
      const stream = new Readable({ read() {} })
      stream.push('some')
      return stream
    }
    const buckets = [newBucket<string, any>(), newBucket<string, any>({ backend: compressed('v8') })]
    for (const { promises } of buckets) {
      const controller = new AbortController()
      const stored = promises.set('a', slow(), { signal: controller.signal })
      setImmediate(() => controller.abort(reason))
      await expect(stored).rejects.toBe(reason)
      expect(await promises.has('a')).toBe(false)
    }
  })

  test("rejects with the signal's reason; what was done stays done", async () => {
    const { promises } = newBucket<number, number>()
    for (let i = 0; i < 50; i++) await promises.set(i, i)
    const reason = new Error('enough')
    await expect(promises.clear({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await promises.size()).toBe(50)
    const controller = new AbortController()
    const onProgress = ({ done }: { done: number }): void => {
      if (done === 128) controller.abort(reason)
    }
    await expect(promises.clear({ signal: controller.signal, onProgress })).rejects.toBe(reason)
    const left = await promises.size()
    expect(left).toBeLessThan(50)
    expect(left).toBeGreaterThan(0)
    await expect(promises.prune({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await promises.clear()).toBe(left)
  })
})

test('getMany() and deleteMany() take keys as they need them', async () => {
  const bucket = newBucket<number, number>()
  for (let i = 0; i < 1000; i++) bucket.set(i, i)
  let asked = 0
  let most = 0
  const real = bucket.promises
  function* keys(): Generator<number> {
    for (let i = 0; i < 1000; i++) {
      asked++
      yield i
    }
  }
  const found = real.getMany(keys())
  most = asked
  expect(most).toBeLessThan(500)
  expect((await found).size).toBe(1000)
  expect(await real.deleteMany(keys())).toBe(1000)
  expect(bucket.size).toBe(0)
})
