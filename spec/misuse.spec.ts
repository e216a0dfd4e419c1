// What a caller gets wrong is told at the call, in words, before anything is touched.

import { describe, expect, test } from 'vitest'
import {
  Bucket,
  type BucketOptions,
  compressed,
  DefaultKeyMaker,
  DeferredWriteBucket,
  JSONBackend,
  ReadOnlyError,
  StreamingKeyMaker,
  UnserializableError,
} from '../lib/index.ts'
import { lock, throttle } from '../lib/recipes/index.ts'
import { task } from '../lib/tasks/index.ts'
import { entryFiles, filesIn, newBucket, newFolder } from './support/folders.ts'
import { faces } from './support/twins.ts'

const noDurations: readonly [string, unknown][] = [
  ['a Date', new Date(Date.now() + 3_600_000)],
  ['a Map', new Map([['hours', 1]])],
  ['a boxed number', new Number(5)],
  ['an object without parts', {}],
  ['a part that is undefined', { hours: undefined }],
]

for (const [name, face] of faces) {
  test.each(noDurations)(`${name}: %s is no duration: nothing is stored, nothing is lost`, async (_, duration) => {
    const bucket = newBucket()
    const twin = face(bucket)
    bucket.set('stored', 1)
    await expect(twin.set('new', 1, { expire: duration as never })).rejects.toThrow(/Expected expire to be/)
    await expect(twin.set('new', 1, { expire: duration as never })).rejects.toThrow(TypeError)
    await expect(twin.touch('stored', duration)).rejects.toThrow(TypeError)
    await expect(twin.reset('lifetime', duration)).rejects.toThrow(/Expected lifetime to be/)
    await expect(twin.reset('timeout', duration)).rejects.toThrow(TypeError)
    expect([...bucket.entries()]).toEqual([['stored', 1]])
    expect(bucket.lifetime).toBeNull()
  })

  test(`${name}: what is to be a function and is none is told, and no file is made`, async () => {
    const bucket = newBucket()
    const twin = face(bucket) as any
    const calls: [string, ...unknown[]][] = [['update', 'a'], ['getOrSet', 'a', 1], ['transact'], ['forEach', {}]]
    for (const [method, ...args] of calls) {
      await expect(twin[method](...args)).rejects.toThrow(/Expected .* to be a function, got /)
      await expect(twin[method](...args)).rejects.toThrow(TypeError)
    }
    expect(entryFiles(bucket.path)).toEqual([])
    expect(filesIn(bucket.path).filter(name => name.startsWith('transactions'))).toEqual([])
  })

  test(`${name}: incr() without a default names the key that is missing`, async () => {
    const twin = face(newBucket())
    const error = await twin.incr({ id: 1 }, 1, { default: null }).catch(thrown => thrown)
    expect(error).toMatchObject({ code: 'ERR_KEY_NOT_FOUND', key: { id: 1 } })
  })
}

test.each(noDurations)('%s is no duration wherever one is taken', async (_, duration) => {
  const bucket = newBucket()
  const given = duration as number
  const wrong = (options: BucketOptions) => () => new Bucket(newFolder(), options)
  expect(wrong({ lifetime: given })).toThrow(TypeError)
  expect(wrong({ timeout: given })).toThrow(TypeError)
  expect(wrong({ hours: given })).toThrow(TypeError)
  expect(wrong({ memory: { revalidate: given } })).toThrow(TypeError)
  expect(() => new DeferredWriteBucket(newFolder(), { lifetime: given })).toThrow(TypeError)
  expect(() => bucket.push(1, { expire: given })).toThrow(TypeError)
  expect(() => bucket.wrap(() => 1, { name: 'f', expire: given })).toThrow(TypeError)
  expect(() => bucket.wrap(async () => 1, { name: 'g', expire: 1000, staleWhileRevalidate: given })).toThrow(TypeError)
  expect(() => throttle(bucket, () => 1, { name: 't', count: 1, per: given })).toThrow(TypeError)
  await expect(lock(bucket, 'l').acquire({ timeout: given })).rejects.toThrow(TypeError)
  expect(() => task(() => 1, { name: 't', retries: 1, retryDelay: given })).toThrow(TypeError)
  expect(() => task(() => 1, { name: 't', timeout: given })).toThrow(TypeError)
  expect(bucket.size).toBe(0)
})

for (const [name, face] of faces) {
  describe(`${name}: what would silently find nothing is refused at the call`, () => {
    test.each<[string, unknown]>([
      ['a list of tags', { tag: ['u'] }],
      ['no tag', { tag: null }],
      ['a prefix that is a number', { prefix: 5 }],
      ['a size that is no number', { largerThan: Number.NaN }],
      ['a size that is text', { largerThan: '5' }],
      ['a flag that is none', { expired: 'yes' }],
      ['an unknown name', { tags: 'u' }],
      ['no object', null],
      ['an array', []],
    ])('list(): %s', async (_, filter) => {
      await expect(face(newBucket()).list(filter as never)).rejects.toThrow(/^Expected/)
      await expect(face(newBucket()).list(filter as never)).rejects.toThrow(TypeError)
    })

    test('flags that are none', async () => {
      const bucket = newBucket()
      const twin = face(bucket)
      bucket.set('a', 1)
      await expect(twin.sortedKeys({ reverse: 'yes' } as never)).rejects.toThrow(
        /^Expected reverse to be true or false/,
      )
      await expect(twin.check({ fix: 'yes' })).rejects.toThrow(/^Expected fix/)
      await expect(twin.peekItem({ last: 'no' })).rejects.toThrow(/^Expected last/)
      await expect(twin.stats({ reset: 1 })).rejects.toThrow(/^Expected reset/)
      await expect(twin.stats({ reset: true, enable: 1 })).rejects.toThrow(/^Expected enable/)
      for (const items of [bucket.deque('d'), bucket.deque('d').promises]) {
        expect(() => items.values({ reverse: 'yes' } as never)).toThrow(/^Expected reverse/)
        expect(() => items.values({ revers: true } as never)).toThrow(/"reverse"/)
      }
    })

    test('entries of setMany() that are no pairs: nothing is stored', async () => {
      const bucket = newBucket()
      await expect(face(bucket).setMany([['a', 1], 5] as never)).rejects.toThrow(
        'Expected entries to be arrays of key and value, got 5',
      )
      await expect(face(bucket).setMany(new Set(['ab']) as never)).rejects.toThrow(/^Expected entries to be arrays/)
      expect(bucket.size).toBe(0)
    })

    test('entries of setMany() that cannot be gone through', async () => {
      for (const none of [5, null, {}])
        await expect(face(newBucket()).setMany(none as never)).rejects.toThrow(TypeError)
    })

    test('what a key maker gives that is neither text nor bytes', async () => {
      const bucket = newBucket({ keyMaker: { makeKey: () => [5] as never } })
      await expect(face(bucket).set('a', 1)).rejects.toThrow(
        'Expected makeKey() of the key maker to give strings or bytes, got 5',
      )
      await expect(face(bucket).get('a')).rejects.toThrow(TypeError)
    })

    test('a part of the lifetime is the whole of it in that unit', async () => {
      const bucket = newBucket()
      const twin = face(bucket)
      expect(await twin.reset('hours')).toBeUndefined()
      expect(await twin.reset('hours', 2)).toBe(2)
      expect([bucket.lifetime, await twin.reset('minutes'), await twin.reset('microseconds')]).toEqual([
        72e5, 120, 72e8,
      ])
      expect(await twin.reset('hours')).toBe(2)
    })
  })
}

test('list() and sortedKeys() throw when they are called, not when they are gone through', () => {
  const bucket = newBucket()
  for (const one of [bucket, bucket.promises]) {
    expect(() => one.list({ tag: null } as never)).toThrow(TypeError)
    expect(() => one.sortedKeys({ revers: true } as never)).toThrow(TypeError)
  }
})

describe('long work', () => {
  test.each<[string, unknown, RegExp]>([
    ['no object', null, /^Expected the options of \w+ to be an object, got null/],
    ['an array', [], /^Expected the options of \w+ to be an object/],
    ['an unknown name', { onprogress: () => {} }, /"onProgress"/],
    ['a signal that is none', { signal: 5 }, /^Expected signal to be an AbortSignal, got 5/],
    ['no signal at all', { signal: null }, /^Expected signal to be an AbortSignal, got null/],
    ['a callback that is none', { onProgress: 5 }, /^Expected onProgress to be a function, got 5/],
  ])('refuses %s before anything is removed', async (_, given, message) => {
    const { promises } = newBucket()
    await promises.set('a', 1, { tag: 't' })
    await promises.set('b', 1, { expire: 1 })
    await expect.poll(() => promises.has('b')).toBe(false)
    const options = given as object
    for (const call of [
      () => promises.clear(options),
      () => promises.evict('t', options),
      () => promises.cull(options),
      () => promises.prune(options),
      () => promises.expire(new Date(), options),
      () => promises.check(options),
    ]) {
      await expect(call()).rejects.toThrow(TypeError)
      await expect(call()).rejects.toThrow(message)
    }
    expect(await promises.size()).toBe(2)
  })

  test('a signal of set() that is none is told', async () => {
    const { promises } = newBucket()
    await expect(promises.set('a', 1, { signal: {} as never })).rejects.toThrow(/^Expected signal to be an AbortSignal/)
    expect(await promises.size()).toBe(0)
  })
})

test.each<[string, () => unknown]>([
  ['new DefaultKeyMaker(null)', () => new DefaultKeyMaker(null as never)],
  ['new DefaultKeyMaker([])', () => new DefaultKeyMaker([] as never)],
  ['new StreamingKeyMaker(null)', () => new StreamingKeyMaker(null as never)],
  ['new StreamingKeyMaker(5)', () => new StreamingKeyMaker(5 as never)],
  ['new JSONBackend(null)', () => new JSONBackend(null as never)],
  ['new JSONBackend(5)', () => new JSONBackend(5 as never)],
  ['compressed(b, null)', () => compressed('json', null as never)],
  ['new Bucket(p, [])', () => new Bucket(newFolder(), [] as never)],
])('%s says what it expected', (_, make) => {
  expect(make).toThrow(TypeError)
  expect(make).toThrow(/^Expected .* (null|5|an array|an Array)$/)
})

test('a path with a zero byte is shown so that it can be read', () => {
  expect(() => new Bucket('a\0b')).toThrow(new TypeError('Expected the path of a folder, got "a\\u0000b"'))
})

for (const [name, face] of faces) {
  test(`${name}: a long key is shortened in messages, and whole in the error`, async () => {
    const bucket = newBucket({ sizeLimit: 100_000 })
    const twin = face(bucket)
    const key = '\u{1F600}'.repeat(50_000)
    const short = /^.{1,170}… \(100002 characters\)/su
    const error = await twin.getOrThrow(key).catch(caught => caught)
    expect(error).toMatchObject({ code: 'ERR_KEY_NOT_FOUND', key })
    const failures = [
      error,
      await twin.incr(key, 1, { default: null }).catch(caught => caught),
      await twin.set(key, 1, { ifVersion: 'other' }).catch(caught => caught),
      await twin.set(key, 'x'.repeat(200_000)).catch(caught => caught),
    ]
    bucket.reset('sizeLimit', 1e9)
    bucket.set(key, 'text')
    failures.push(await twin.incr(key).catch(caught => caught))
    for (const { message } of failures) {
      expect(message).toMatch(short)
      expect(message.length).toBeLessThan(400)
      expect(message.isWellFormed?.() ?? true).toBe(true)
    }
    expect(await twin.getOrThrow('x'.repeat(198)).catch(caught => caught.message)).toContain(
      `"${'x'.repeat(198)}" to be`,
    )
  })

  test(`${name}: a readOnly bucket names the method that was called`, async () => {
    const { path } = newBucket()
    const twin = face(new Bucket(path, { readOnly: true }))
    const calls: [string, () => Promise<unknown>][] = [
      ['incr', () => twin.incr('a')],
      ['decr', () => twin.decr('a')],
      ['createTagIndex', () => twin.createTagIndex()],
      ['dropTagIndex', () => twin.dropTagIndex()],
      ['reset', () => twin.reset('cullLimit', 5)],
      ['stats({ reset: true })', () => twin.stats({ reset: true })],
    ]
    for (const [method, call] of calls) {
      await expect(call()).rejects.toThrow(`Cannot ${method}: `)
      await expect(call()).rejects.toThrow(ReadOnlyError)
    }
  })
}

test('what is wrong with an option is told in a few words, however long it is', () => {
  const long = 'x'.repeat(1e6)
  for (const options of [{ [long]: 1 }, { onError: long }]) {
    const error = catching(() => new Bucket(newFolder(), options as BucketOptions))
    expect(error.message.length).toBeLessThan(500)
  }
})

function catching(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('It did not throw')
}

test.each(['push', 'unshift'] as const)('deque.%s() of several items stores all, or none', async method => {
  const bucket = newBucket()
  for (const options of [{ maxLength: Number.POSITIVE_INFINITY }, { maxLength: 10 }]) {
    const deque = bucket.deque<unknown>(`d${options.maxLength}`, options)
    deque.push('before')
    expect(() => deque[method](1, () => 1, 2)).toThrow(UnserializableError)
    await expect(deque.promises[method](1, () => 1, 2)).rejects.toThrow(UnserializableError)
    expect([...deque]).toEqual(['before'])
    expect(deque[method](1, 2)).toBe(3)
  }
})

test('a bucket seen as an object cannot be frozen, and works on', () => {
  const { dict } = newBucket()
  dict['a'] = 1
  expect(() => Object.freeze(dict)).toThrow(TypeError)
  dict['b'] = 2
  expect(Object.keys(dict)).toEqual(['a', 'b'])
})

test.each(['v8', 'cbor', 'msgpack'] as const)('%s does not keep a DOMException without its message', backend => {
  const bucket = newBucket({ backend })
  const stop = new DOMException('stop', 'AbortError')
  expect(() => bucket.set('a', new Error('failed', { cause: stop }))).toThrow(/value\.cause.*DOMException/)
  expect(() => bucket.set('a', stop)).toThrow(UnserializableError)
  expect(bucket.has('a')).toBe(false)
})
