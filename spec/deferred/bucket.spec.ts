import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  Bucket,
  type BucketOptions,
  ConflictError,
  DeadlockError,
  DeferredWriteBucket,
  deferredWrite,
  ReadOnlyError,
} from '../../lib/index.ts'
import { faces } from '../support/twins.ts'
import { entryFiles, newFolder } from './support.ts'

function pair(options?: BucketOptions) {
  const folder = newFolder()
  return {
    folder,
    bucket: new Bucket<unknown, any>(folder, options),
    deferred: new DeferredWriteBucket<unknown, any>(folder, options),
  }
}

test('nothing reaches entry files before sync(), whatever is written', () => {
  const { folder, bucket, deferred } = pair()
  bucket.set('a', 1, { tag: 't' })
  bucket.set('b', 2)
  bucket.push('item')
  const before = entryFiles(folder)
  deferred.set('a', 10)
  deferred.set('new', 1)
  deferred.add('added', 1)
  deferred.delete('b')
  deferred.incr('n')
  deferred.touch('a', 1000)
  deferred.update('u', () => 1)
  deferred.getOrSet('g', () => 1)
  deferred.push('other')
  deferred.pull()
  deferred.evict('t')
  deferred.dict['d'] = 1
  deferred.setMany([['m', 1]])
  deferred.transact(() => deferred.set('t', 1))
  deferred.clear()
  expect(entryFiles(folder)).toEqual(before)
  expect([bucket.get('a'), bucket.get('b'), bucket.size]).toEqual([1, 2, 3])
})

test('reads see what is pending, removals too', () => {
  const { bucket, deferred } = pair()
  bucket.set('a', 1)
  bucket.set('b', 2)
  bucket.set('c', 3)
  deferred.set('b', 20, { tag: 'x' })
  deferred.set('d', 4)
  deferred.delete('a')
  expect([deferred.get('a'), deferred.get('b'), deferred.get('c'), deferred.get('d')]).toEqual([undefined, 20, 3, 4])
  expect([deferred.has('a'), deferred.has('d')]).toEqual([false, true])
  expect([...deferred]).toEqual([
    ['b', 20],
    ['c', 3],
    ['d', 4],
  ])
  expect(deferred.size).toBe(3)
  expect(deferred.getEntry('b')).toMatchObject({ key: 'b', value: 20, tags: ['x'] })
  expect([...deferred.list({ tag: 'x' })].map(({ key }) => key)).toEqual(['b'])
  expect(deferred.peekItem()).toMatchObject({ key: 'd', value: 4 })
  expect(deferred.getMany(['a', 'b', 'd'])).toEqual(new Map([['b', 20], ['d', 4]])) // biome-ignore format: one line
  expect([...bucket]).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ])
})

test('sync() writes what is pending and gives its number', () => {
  const { bucket, deferred } = pair()
  bucket.set('a', 1)
  bucket.set('b', 2)
  deferred.set('b', 20)
  deferred.set('c', 30)
  deferred.delete('a')
  expect(deferred.pending).toBe(3)
  expect(deferred.sync()).toBe(3)
  expect([deferred.pending, deferred.sync()]).toEqual([0, 0])
  expect([...bucket]).toEqual([
    ['b', 20],
    ['c', 30],
  ])
  expect(bucket.size).toBe(2)
  expect(bucket.check()).toEqual([])
})

test('discard() forgets what is pending', () => {
  const { bucket, deferred } = pair()
  bucket.set('a', 1)
  deferred.set('a', 2)
  deferred.set('b', 2)
  deferred.push('item')
  deferred.discard()
  expect([deferred.get('a'), deferred.get('b'), deferred.pending, deferred.sync()]).toEqual([1, undefined, 0, 0])
  expect(bucket.pull()).toBeUndefined()
})

test('the value is that of the moment of set()', () => {
  const { bucket, deferred } = pair()
  const value = { list: [1] }
  deferred.set('k', value)
  value.list.push(2)
  expect(deferred.get('k')).toEqual({ list: [1] })
  deferred.get('k').list.push(3)
  deferred.sync()
  expect(bucket.get('k')).toEqual({ list: [1] })
})

test('times and version are those of the moment of set()', async () => {
  const { bucket, deferred } = pair({ hours: 1 })
  deferred.set('k', 1)
  deferred.set('own', 1, { expire: 60_000 })
  const pending = [deferred.getEntry('k'), deferred.getEntry('own')]
  await delay(5)
  deferred.sync()
  expect([bucket.getEntry('k'), bucket.getEntry('own')]).toEqual(pending)
})

test('what has expired before the sync is gone', async () => {
  const { bucket, deferred } = pair()
  deferred.set('k', 1, { expire: 1 })
  while (deferred.has('k')) await delay(1)
  deferred.sync()
  expect([bucket.has('k'), [...bucket.keys()]]).toEqual([false, []])
})

test('a thousand writes of one key cost one file write', () => {
  const { folder, bucket, deferred } = pair()
  for (let i = 0; i < 1000; i++) deferred.set('k', i)
  expect([deferred.pending, deferred.sync()]).toEqual([1, 1])
  bucket.set('alone', 999)
  const [synced, alone] = Object.values(entryFiles(folder))
  // A seal, and the record.
  expect(Math.max(synced!, alone!)).toBeLessThan(2 * Math.min(synced!, alone!) + 300)
  expect(bucket.get('k')).toBe(999)
})

test('unload() forces a sync', async () => {
  const { bucket, deferred } = pair({ memory: true })
  deferred.set('a', 1)
  deferred.unload('b')
  expect([bucket.get('a'), deferred.pending]).toEqual([1, 0])
  deferred.set('a', 2)
  await deferred.promises.unload('b')
  expect([bucket.get('a'), deferred.pending]).toEqual([2, 0])
})

test('what is removed and added during an iteration is seen as in a Map', () => {
  const { deferred } = pair()
  for (const key of ['a', 'b', 'c']) deferred.set(key, 1)
  const seen: unknown[] = []
  for (const key of deferred.keys()) {
    seen.push(key)
    if (key !== 'a') continue
    deferred.delete('b')
    deferred.set('d', 1)
  }
  expect(seen).toEqual(['a', 'c', 'd'])
})

test('an iteration during which it is synced shows each entry once', () => {
  const { deferred } = pair()
  for (const key of ['a', 'b', 'c']) deferred.set(key, 1)
  const seen: unknown[] = []
  for (const key of deferred.keys()) {
    seen.push(key)
    deferred.sync()
  }
  expect(seen).toEqual(['a', 'b', 'c'])
})

test('close() and dispose sync', async () => {
  const { folder, bucket } = pair()
  const closed = new DeferredWriteBucket(folder)
  closed.set('a', 1)
  closed.close()
  const disposed = new DeferredWriteBucket(folder)
  disposed.set('b', 2)
  disposed[Symbol.dispose]()
  const later = new DeferredWriteBucket(folder)
  later.set('c', 3)
  await later[Symbol.asyncDispose]()
  const promised = new DeferredWriteBucket(folder)
  void promised.promises.set('d', 4)
  await promised.promises.close()
  expect([...bucket.values()]).toEqual([1, 2, 3, 4])
})

test('what depends on the present value is decided again if others have changed it', () => {
  const { bucket, deferred } = pair()
  bucket.set('n', 1)
  expect([deferred.incr('n'), deferred.incr('n')]).toEqual([2, 3])
  expect(deferred.add('a', 'mine')).toBe(true)
  deferred.set('s', 'mine')
  deferred.incr('s2', 5)
  bucket.set('n', 100)
  bucket.set('a', 'theirs')
  bucket.set('s', 'theirs')
  deferred.sync()
  expect([bucket.get('n'), bucket.get('a'), bucket.get('s'), bucket.get('s2')]).toEqual([102, 'theirs', 'mine', 5])
})

test('touch() does not bring an old value back', () => {
  const { bucket, deferred } = pair()
  bucket.set('k', 'old')
  deferred.touch('k', 60_000)
  bucket.set('k', 'new')
  deferred.sync()
  expect(bucket.get('k')).toBe('new')
  expect(bucket.getEntry('k')?.expiresAt).toBeDefined()
})

test('an ifVersion that does not hold any more is a ConflictError of the sync, and nothing is written', () => {
  const { bucket, deferred } = pair()
  bucket.set('k', 1)
  const { version } = bucket.getEntry('k')!
  deferred.set('k', 2, { ifVersion: version })
  deferred.set('other', 1)
  bucket.set('k', 3)
  expect(() => deferred.sync()).toThrow(ConflictError)
  expect([bucket.get('k'), bucket.has('other'), deferred.pending]).toEqual([3, false, 2])
  deferred.discard()
  expect(() => deferred.set('k', 2, { ifVersion: version })).toThrow(ConflictError)
})

test('what is pending is shown, and comes back, although others have removed the key meanwhile', () => {
  const { bucket, deferred } = pair()
  bucket.set('a', 1)
  bucket.set('b', 1)
  deferred.set('a', 2)
  deferred.set('b', 2)
  bucket.delete('a')
  bucket.delete('b')
  bucket.set('b', 3)
  expect([...deferred.keys()]).toEqual(['a', 'b'])
  expect(deferred.peekItem()).toMatchObject({ key: 'b', value: 2 })
  deferred.sync()
  expect([[...bucket].sort(), bucket.size, bucket.check()]).toEqual([[['a', 2], ['b', 2]], 2, []]) // biome-ignore format: one line
})

test('sums of several deferred buckets lose nothing', () => {
  const { folder, bucket } = pair()
  const all = [1, 2, 3].map(() => new DeferredWriteBucket(folder))
  for (let i = 0; i < 10; i++) for (const one of all) one.incr('n')
  for (const one of all) one.sync()
  expect(bucket.get('n')).toBe(30)
})

test('items that were pushed come in order, beside those that others pushed', () => {
  const { bucket, deferred } = pair()
  bucket.push('a')
  deferred.push('d')
  deferred.push('e', { expire: 60_000 })
  deferred.push('z', { side: 'front', prefix: 'q' })
  expect([deferred.peek()?.value, deferred.pull()?.value]).toEqual(['a', 'a'])
  expect(deferred.peek()).toMatchObject({ value: 'd' })
  bucket.push('b')
  bucket.push('c')
  deferred.sync()
  const values = []
  for (let item = bucket.pull(); item !== undefined; item = bucket.pull()) values.push(item.value)
  expect(values).toEqual(['b', 'c', 'd', 'e'])
  expect(bucket.pull({ prefix: 'q' })?.value).toBe('z')
  expect(bucket.check()).toEqual([])
})

test('an item that has the number of one that was pulled before the sync stays', () => {
  const { bucket, deferred } = pair()
  bucket.push('a')
  expect(deferred.pull()?.value).toBe('a')
  expect(bucket.pull({ side: 'back' })?.value).toBe('a')
  bucket.push('b')
  deferred.sync()
  expect([bucket.pull()?.value, bucket.pull()]).toEqual(['b', undefined])
})

test('an item that is pushed in place of one that was pulled does not bring that back', () => {
  const { bucket, deferred } = pair()
  bucket.push('a')
  expect(deferred.pull({ side: 'back' })?.value).toBe('a')
  deferred.push('b')
  deferred.sync()
  expect([bucket.pull()?.value, bucket.pull()]).toEqual(['b', undefined])
  expect(bucket.check()).toEqual([])
})

test('an item that was pushed and pulled before the sync is nowhere', () => {
  const { bucket, deferred } = pair()
  deferred.push('a')
  expect(deferred.pull()?.value).toBe('a')
  deferred.sync()
  expect([bucket.pull(), bucket.size]).toEqual([undefined, 0])
})

test('a value that is stored over an item that was pushed is none, as in a bucket that writes at once', () => {
  const { bucket, deferred } = pair()
  const key = deferred.push('item')
  deferred.set(key, 'plain')
  expect(deferred.peek()).toBeUndefined()
  deferred.sync()
  expect([bucket.peek(), bucket.get(key)]).toEqual([undefined, 'plain'])
})

test('what was done with an item before the sync is so after it', () => {
  const { bucket, deferred } = pair({ lifetime: { hours: 1 } })
  const [brief, lasting] = [deferred.push(1, { expire: null, tag: 'x' }), deferred.push(2, { expire: 1000 })]
  deferred.touch(brief, 60_000)
  deferred.touch(lasting, null)
  deferred.incr(lasting, 40)
  deferred.push(3)
  deferred.sync()
  const now = Date.now()
  const [first, second, third] = [bucket.pull()!, bucket.pull()!, bucket.pull()!]
  expect([first, second, third].map(({ value, tags }) => [value, tags])).toEqual([
    [1, ['x']],
    [42, []],
    [3, []],
  ])
  expect(Number(first.expiresAt) - now).toBeGreaterThan(50_000)
  expect(Number(first.expiresAt) - now).toBeLessThanOrEqual(60_000)
  expect(second.expiresAt).toBeUndefined()
  expect(Number(third.expiresAt) - now).toBeGreaterThan(3_500_000)
})

test('a sync, and what syncs first, in a transaction writes what is pending in the bucket, and nothing of the transaction', async () => {
  const { bucket, deferred } = pair()
  const { promises } = deferred
  const ways = [
    () => deferred.transact(() => [deferred.set('inside', 1), deferred.sync(), deferred.incr('n')]),
    () => deferred.transact(() => [deferred.set('inside', 1), deferred.unload('x')]),
    () => promises.transact(async one => [await one.set('inside', 1), await one.sync(), await one.incr('n')]),
    () => promises.transact(async one => [await one.set('inside', 1), await one.unload('x')]),
    () => promises.transact(async one => [await one.set('inside', 1), await one.close()]),
    () =>
      promises.transact(async one => await one.transact(async two => [await two.set('inside', 1), await two.sync()])),
    () => promises.transact(async one => await Promise.all([one.sync(), promises.sync(), one.set('inside', 1)])),
  ]
  for (const way of ways) {
    const before = Number(bucket.get('n') ?? 0)
    deferred.incr('n')
    deferred.push('item')
    await way()
    expect([bucket.get('n'), bucket.pull()?.value, bucket.get('inside')]).toEqual([before + 1, 'item', undefined])
    expect(deferred.get('inside')).toBe(1)
    deferred.discard()
    expect([bucket.pull(), bucket.has('inside')]).toEqual([undefined, false])
  }
  deferred.incr('n')
  const before = bucket.get('n')
  const refused = promises.transact(async inside => {
    await inside.set('inside', 1)
    await inside.sync()
    throw new RangeError('enough')
  })
  await expect(refused).rejects.toThrow('enough')
  expect([bucket.get('n'), bucket.has('inside'), deferred.pending]).toEqual([before + 1, false, 0])
})

test('a transaction that throws leaves what was pending, and syncs nothing', () => {
  const { bucket, deferred } = pair()
  deferred.set('a', 1)
  expect(() =>
    deferred.transact(() => {
      deferred.set('a', 2)
      deferred.set('b', 2)
      deferred.push('item')
      expect(deferred.get('a')).toBe(2)
      throw new Error('undone')
    }),
  ).toThrow('undone')
  expect([deferred.get('a'), deferred.get('b'), deferred.pending]).toEqual([1, undefined, 1])
  expect(deferred.transact(() => deferred.incr('n'))).toBe(1)
  expect(bucket.size).toBe(0)
  deferred.sync()
  expect([...bucket]).toEqual([
    ['a', 1],
    ['n', 1],
  ])
  expect(() => deferred.transact(async () => 1)).toThrow(TypeError)
})

test('clear(), evict(), expire() and prune() see what is pending', async () => {
  const { bucket, deferred } = pair()
  bucket.set('a', 1, { tag: 't' })
  bucket.set('b', 2)
  deferred.set('c', 3, { tag: 't' })
  deferred.set('d', 4, { expire: 1 })
  expect(deferred.evict('t')).toBe(2)
  while (deferred.has('d')) await delay(1)
  expect([deferred.expire(), [...deferred.keys()]]).toEqual([1, ['b']])
  deferred.set('e', 5, { expire: 1 })
  while (deferred.has('e')) await delay(1)
  expect(deferred.prune().count).toBe(1)
  deferred.set('f', 6)
  expect([deferred.clear(), deferred.size, bucket.size]).toEqual([2, 0, 2])
  deferred.sync()
  expect([bucket.size, [...bucket], bucket.check()]).toEqual([0, [], []])
})

test('memoized functions of a deferred bucket store at the sync', async () => {
  const { folder, bucket, deferred } = pair()
  let runs = 0
  const run = deferred.wrap((n: number) => n + ++runs, { name: 'f', singleFlight: true })
  const later = deferred.wrap(async (n: number) => n + ++runs, { name: 'g', singleFlight: true })
  expect([run(1), run(1), await later(1), await later(1)]).toEqual([2, 2, 3, 3])
  expect(entryFiles(folder)).toEqual({})
  deferred.sync()
  expect([bucket.get(run.cacheKey(1)), bucket.get(later.cacheKey(1))]).toEqual([2, 3])
})

test('a read-only bucket defers nothing', () => {
  const { folder } = pair()
  const deferred = new DeferredWriteBucket(folder, { readOnly: true })
  expect(() => deferred.set('a', 1)).toThrow(ReadOnlyError)
  expect(deferred.sync()).toBe(0)
  deferred.close()
})

test.each(['json', 'cbor'] as const)('it works with the backend %s', backend => {
  const { bucket, deferred } = pair({ backend })
  bucket.set('a', { n: 1 })
  deferred.set('a', { n: 2 })
  deferred.set('b', { n: 3 })
  deferred.sync()
  expect([...bucket]).toEqual([
    ['a', { n: 2 }],
    ['b', { n: 3 }],
  ])
})

test('large values are synced too, with tags and expiry in their indexes', () => {
  const { bucket, deferred } = pair({ tagIndex: true })
  const large = Buffer.alloc(100_000, 7)
  for (let i = 0; i < 5; i++) deferred.set(i, large, { tag: 'large', expire: 3_600_000 })
  deferred.sync()
  expect(bucket.get(3)).toEqual(large)
  expect(bucket.check()).toEqual([])
  expect(bucket.expire(new Date(Date.now() + 1000))).toBe(0)
  expect(bucket.evict('large')).toBe(5)
})

test('no intent is left behind', () => {
  const { folder, deferred } = pair()
  deferred.set('a', 1)
  deferred.sync()
  expect(readdirSync(join(folder, 'transactions')).filter(name => name.endsWith('.intent'))).toEqual([])
})

test('deferredWrite() syncs when the block returns, and gives its result', () => {
  const { folder, bucket } = pair()
  const result = deferredWrite(bucket, deferred => {
    deferred.set('a', 1)
    expect([deferred.get('a'), bucket.has('a'), Object.keys(entryFiles(folder))]).toEqual([1, false, []])
    return 'done'
  })
  expect([result, bucket.get('a')]).toEqual(['done', 1])
})

test('deferredWrite() drops what was written when the block throws', () => {
  const { bucket } = pair()
  expect(() =>
    deferredWrite(bucket, deferred => {
      deferred.set('a', 1)
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(bucket.has('a')).toBe(false)
})

test('deferredWrite() of an asynchronous block syncs when it resolves, and drops when it rejects', async () => {
  const { folder, bucket } = pair()
  const done = deferredWrite(bucket, async deferred => {
    await delay(1)
    deferred.set('a', 1)
    void deferred.promises.set('b', 2)
    expect(entryFiles(folder)).toEqual({})
    return 'done'
  })
  expect(done).toBeInstanceOf(Promise)
  expect([await done, bucket.get('a'), bucket.get('b')]).toEqual(['done', 1, 2])
  await expect(
    deferredWrite(bucket, async deferred => {
      deferred.set('c', 1)
      await delay(1)
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect(bucket.has('c')).toBe(false)
})

for (const [name, face] of faces) {
  test(`${name}: the bucket of deferredWrite() takes no writes when its block has ended, however it ended`, async () => {
    const { bucket } = pair()
    const inside: DeferredWriteBucket[] = []
    deferredWrite(bucket, deferred => {
      inside.push(deferred)
      deferred.set('a', 1)
    })
    await deferredWrite(bucket, async deferred => {
      inside.push(deferred)
      await delay(1)
    })
    const fail = (deferred: DeferredWriteBucket): never => {
      inside.push(deferred)
      throw new Error('no')
    }
    expect(() => deferredWrite(bucket, fail)).toThrow('no')
    await expect(deferredWrite(bucket, async deferred => fail(deferred))).rejects.toThrow('no')
    for (const deferred of inside) {
      const late = face(deferred)
      const writes = [
        () => late.set('late', 1),
        () => late.add('late', 1),
        () => late.incr('late'),
        () => late.update('late', () => 1),
        () => late.delete('a'),
        () => late.getOrSet('late', () => 1),
        () => late.push(1),
      ]
      for (const write of writes) await expect(write()).rejects.toThrow(ended)
      expect(() => deferred.transact(() => deferred.set('late', 1))).toThrow(ended)
      expect([await late.get('a'), deferred.pending]).toEqual([1, 0])
    }
    expect([...bucket.entries()]).toEqual([['a', 1]])
  })
}

const ended = /^Expected a block of deferredWrite\(\) that is still running/

test('deferredWrite() in a transaction of its bucket is told that it would wait for that', () => {
  const { bucket } = pair()
  const call = (): void => bucket.transact(() => deferredWrite(bucket, deferred => void deferred.set('a', 1)))
  expect(call).toThrow(DeadlockError)
  expect(call).toThrow(
    /held by a transaction, or an asynchronous operation, of this thread.*In the body of transact\(\)/,
  )
  expect(bucket.size).toBe(0)
})

test('what a transaction writes when the block around it has ended is refused', async () => {
  const { bucket } = pair()
  let end = (): void => {}
  const over = new Promise<void>(resolve => {
    end = resolve
  })
  let late: Promise<unknown> | undefined
  await deferredWrite(bucket, async deferred => {
    deferred.set('a', 1)
    late = deferred.promises.transact(async inside => {
      await over
      await inside.set('late', 1)
    })
    late.catch(() => {})
  })
  end()
  await expect(late).rejects.toThrow(ended)
  expect([...bucket.keys()]).toEqual(['a'])
})

test('a write that comes in while the block is being synced is kept, or refused', async () => {
  const { bucket } = pair()
  let kept: DeferredWriteBucket | undefined
  const done = deferredWrite(bucket, async deferred => {
    kept = deferred
    for (let i = 0; i < 50; i++) deferred.set(i, i)
  })
  let accepted = 0
  const accept = (): void => {
    try {
      kept!.set(`late ${accepted}`, 1)
      accepted++
      if (accepted < 30) setImmediate(accept)
    } catch {}
  }
  setImmediate(accept)
  await done
  expect([...bucket.keys()].filter(key => typeof key === 'string').length).toBe(accepted)
})

test('deferredWrite() wants a bucket, and a function', () => {
  const { bucket } = pair()
  for (const wrong of [null, undefined, {}, bucket.promises, bucket.path]) {
    expect(() => deferredWrite(wrong as never, () => 1)).toThrow(/^Expected a Bucket, got/)
    expect(() => deferredWrite(wrong as never)).toThrow(TypeError)
  }
  for (const wrong of [null, 5, {}, 'sync']) {
    expect(() => deferredWrite(bucket, wrong as never)).toThrow(
      /^Expected the block of deferredWrite\(\) to be a function/,
    )
  }
})

test('deferredWrite() without a block gives a deferred bucket, synced at its disposal', () => {
  const { bucket } = pair()
  const deferred = deferredWrite(bucket)
  expect(deferred).toBeInstanceOf(DeferredWriteBucket)
  deferred.set('a', 1)
  expect(bucket.has('a')).toBe(false)
  deferred[Symbol.dispose]()
  expect(bucket.get('a')).toBe(1)
})

test('deferredWrite() takes the bucket over as it is, and tells its memory', () => {
  const folder = newFolder()
  const bucket = new Bucket<string, number>(folder, { backend: 'json', hours: 1, memory: { revalidate: 'never' } })
  bucket.set('a', 1)
  expect([bucket.get('a'), bucket.get('a')]).toEqual([1, 1])
  deferredWrite(bucket, deferred => {
    expect([deferred.backend, deferred.keyMaker, deferred.lifetime]).toEqual([
      bucket.backend,
      bucket.keyMaker,
      3_600_000,
    ])
    deferred.set('a', 2)
  })
  expect(bucket.get('a')).toBe(2)
  expect(() => deferredWrite(new DeferredWriteBucket(folder), () => {})).toThrow(TypeError)
})

test('the promise twin sees and syncs what is pending', async () => {
  const { folder, bucket, deferred } = pair()
  const { promises } = deferred
  await promises.set('a', 1)
  await Promise.all([promises.incr('n'), promises.incr('n'), promises.push('item')])
  deferred.set('b', 2)
  expect(entryFiles(folder)).toEqual({})
  expect([await promises.get('b'), deferred.get('a'), await promises.size(), deferred.pending]).toEqual([2, 1, 4, 4])
  const keys = []
  for await (const key of promises.keys()) keys.push(key)
  expect(keys).toEqual(['a', 'n', 500_000_000_000_000, 'b'])
  expect(await promises.sync()).toBe(4)
  expect([bucket.get('a'), bucket.get('n'), bucket.get('b'), bucket.pull()?.value]).toEqual([1, 2, 2, 'item'])
})

test('what is written while a sync runs stays pending, and builds on what is synced', async () => {
  const { folder, bucket, deferred } = pair()
  deferred.set('a', 1)
  deferred.incr('n')
  deferred.set('s', 1)
  const syncing = deferred.promises.sync()
  while (Object.keys(entryFiles(folder)).length === 0) await new Promise(setImmediate)
  deferred.set('a', 2)
  deferred.incr('n')
  deferred.incr('s')
  expect([deferred.get('a'), deferred.get('n'), deferred.get('s')]).toEqual([2, 2, 2])
  expect(await syncing).toBe(3)
  expect([bucket.get('a'), bucket.get('n'), bucket.get('s')]).toEqual([1, 1, 1])
  expect([deferred.get('a'), deferred.pending]).toEqual([2, 3])
  bucket.incr('n', 10)
  bucket.incr('s', 10)
  deferred.sync()
  expect([bucket.get('a'), bucket.get('n'), bucket.get('s')]).toEqual([2, 12, 12])
})

test('a promise transaction is pending as a whole or not at all', async () => {
  const { bucket, deferred } = pair()
  const { promises } = deferred
  await promises.set('a', 1)
  await expect(
    promises.transact(async inside => {
      await inside.set('a', 2)
      await inside.push('item')
      throw new Error('undone')
    }),
  ).rejects.toThrow('undone')
  expect(await promises.get('a')).toBe(1)
  await promises.transact(async inside => {
    void inside.set('b', 2)
    expect(await promises.get('b')).toBeUndefined()
    deferred.set('c', 3)
  })
  expect([...deferred.keys()]).toEqual(['a', 'c', 'b'])
  await promises.sync()
  expect([...bucket.values()]).toEqual([1, 3, 2])
})

test('what was removed and stored again while it was pending comes last, before and after the sync', async () => {
  const { bucket, deferred } = pair()
  for (const key of ['x', 'y', 'z']) bucket.set(key, 1)
  deferred.delete('x')
  deferred.set('n', 1)
  deferred.set('x', 2)
  await deferred.promises.delete('y')
  await deferred.promises.set('y', 2)
  deferred.set('z', 2)
  deferred.transact(() => {
    deferred.set('in 1', 1)
    deferred.delete('n')
    deferred.set('n', 2)
  })
  const expected = ['z', 'x', 'y', 'in 1', 'n']
  expect([...deferred.keys()]).toEqual(expected)
  deferred.sync()
  expect([...deferred.keys()]).toEqual(expected)
  expect([...bucket.keys()]).toEqual(expected)
  expect(bucket.check()).toEqual([])
})

test('a sync keeps the folder within its limits, and its order log short', () => {
  const { bucket, deferred, folder } = pair({ maxEntries: 50 })
  for (let i = 0; i < 60; i++) {
    for (let n = 0; n < 30; n++) deferred.set(`${i} ${n}`, n)
    deferred.sync()
    expect(bucket.size).toBeLessThanOrEqual(50)
  }
  // 1,800 entries have begun and ended since.
  const order = readdirSync(join(folder, 'order')).map(name => statSync(join(folder, 'order', name)).size)
  expect(order.reduce((sum, size) => sum + size)).toBeLessThan(150_000)
  expect(bucket.check()).toEqual([])
})

test('an item that is being synced is pulled once', async () => {
  for (let i = 0; i < 20; i++) {
    const { bucket, deferred } = pair()
    const { promises } = deferred
    await promises.push('x')
    const [, item] = await Promise.all([promises.sync(), promises.pull()])
    await promises.sync()
    expect([item?.value, await promises.pull(), bucket.pull()]).toEqual(['x', undefined, undefined])
  }
})

test('what was pushed keeps its number when it is written, as long as that is free', () => {
  const { bucket, deferred } = pair()
  const [a, b, c] = ['a', 'b', 'c'].map(item => deferred.push(item))
  deferred.delete(a!)
  deferred.sync()
  expect([bucket.get(a!), bucket.get(b!), bucket.get(c!)]).toEqual([undefined, 'b', 'c'])
  deferred.push('pulled again')
  deferred.pull()
  deferred.pull()
  deferred.pull()
  const last = deferred.push('last')
  deferred.sync()
  expect(bucket.get(last)).toBe('last')
  expect([bucket.pull()?.value, bucket.pull()]).toEqual(['last', undefined])
  const front = ['x', 'y'].map(item => deferred.push(item, { side: 'front' }))
  deferred.sync()
  expect(front.map(key => bucket.get(key))).toEqual(['x', 'y'])
  expect(bucket.check()).toEqual([])
})

test('an item that has to move takes no number that is another pending entry’s', () => {
  const { bucket, deferred } = pair()
  const [a, b] = ['a', 'b'].map(item => deferred.push(item))
  const plain = Number(b) + 1
  bucket.push('theirs')
  deferred.set(plain, 'plain')
  deferred.set(plain + 1, 'goes')
  deferred.delete(plain + 1)
  deferred.sync()
  expect(bucket.get(plain)).toBe('plain')
  expect(['a', 'b']).not.toContain(bucket.get(a!))
  expect(['a']).not.toContain(bucket.get(b!))
  expect([1, 2, 3].map(() => bucket.pull()?.value)).toEqual(['theirs', 'a', 'b'])
  expect(bucket.size).toBe(1)
  const k = deferred.push('1')
  deferred.delete(k)
  deferred.push('2')
  deferred.set(k, 'plain too')
  deferred.sync()
  expect([...bucket.values()]).toEqual(['plain', '2', 'plain too'])
})

test('the times of what was pushed run since then, under a lifetime too', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const deferred = new DeferredWriteBucket<unknown, string>(newFolder(), { lifetime: 10_000 })
  const key = deferred.push('a')
  const before = deferred.getEntry(key)!
  vi.setSystemTime(Date.now() + 500)
  deferred.sync()
  const after = new Bucket<unknown, string>(deferred.path, { lifetime: 10_000 }).getEntry(key)!
  expect([after.expiresAt, after.storedAt]).toEqual([before.expiresAt, before.storedAt])
})
