// Every method and property of DiskCache's Cache, Deque and Index has its equal: on the bucket, and on its promise twin.

import { describe, expect, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { newBucket } from '../support/folders.ts'
import { hour, onBothFaces, stopClock } from './support.ts'

/** DiskCache's name, and ours. */
const cache = {
  __init__: 'constructor',
  __contains__: 'has',
  __delitem__: 'delete',
  __enter__: Symbol.dispose,
  __getitem__: 'getOrThrow',
  __iter__: 'keys',
  __len__: 'size',
  __setitem__: 'set',
  add: 'add',
  check: 'check',
  clear: 'clear',
  close: 'close',
  create_tag_index: 'createTagIndex',
  cull: 'cull',
  decr: 'decr',
  delete: 'delete',
  directory: 'path',
  disk: 'backend',
  drop_tag_index: 'dropTagIndex',
  evict: 'evict',
  expire: 'expire',
  get: 'get',
  incr: 'incr',
  iterkeys: 'sortedKeys',
  memoize: 'wrap',
  peek: 'peek',
  peekitem: 'peekItem',
  pop: 'pop',
  pull: 'pull',
  push: 'push',
  read: 'read',
  reset: 'reset',
  set: 'set',
  stats: 'stats',
  touch: 'touch',
  transact: 'transact',
  volume: 'volume',
} as const

const deque = {
  append: 'push',
  appendleft: 'unshift',
  clear: 'clear',
  extend: 'push',
  extendleft: 'unshift',
  index: 'indexOf',
  maxlen: 'maxLength',
  peek: 'at',
  peekleft: 'at',
  pop: 'pop',
  popleft: 'shift',
  remove: 'remove',
  reverse: 'reverse',
  rotate: 'rotate',
  transact: 'transact',
  __getitem__: 'at',
  __iter__: 'values',
  __len__: 'length',
  __reversed__: 'values',
  __setitem__: 'set',
} as const

const index = {
  cache: 'bucket',
  clear: 'clear',
  items: 'entries',
  keys: 'keys',
  peekitem: 'peekItem',
  pop: 'pop',
  popitem: 'popItem',
  setdefault: 'setDefault',
  transact: 'transact',
  update: 'setMany',
  values: 'values',
} as const

test.each(Object.entries(cache))('Cache.%s has its equal', (_, name) => {
  const bucket = newBucket()
  expect(name in bucket, 'on Bucket').toBe(true)
  // What it does not have the bucket has that it belongs to.
  const ofTheBucket: readonly (string | symbol)[] = ['path', 'backend', 'wrap', Symbol.dispose]
  if (!ofTheBucket.includes(name)) expect(name in bucket.promises, 'on AsyncBucket').toBe(true)
})

test.each(Object.entries(deque))('Deque.%s has its equal', (_, name) => {
  const made = newBucket().deque('name')
  expect(name in made).toBe(true)
  if (name !== 'maxLength') expect(name in made.promises).toBe(true)
})

test.each(Object.entries(index))('Index.%s has its equal', (_, name) => {
  const made = newBucket().index('name')
  expect(name in made).toBe(true)
  if (name !== 'bucket') expect(name in made.promises).toBe(true)
})

onBothFaces(faceOf => {
  test('what get(expire_time=True, tag=True) gives is in the entry', async () => {
    stopClock()
    const bucket = faceOf(newBucket())
    await bucket.set('key', 'value', { expire: hour, tag: 'tag' })
    expect(await bucket.getEntry('key')).toMatchObject({
      key: 'key',
      value: 'value',
      expiresAt: new Date(Date.now() + hour),
      storedAt: new Date(Date.now()),
      tag: 'tag',
      tags: ['tag'],
    })
  })

  test('get() with a fallback tells a stored undefined from a missing key', async () => {
    const bucket = faceOf(newBucket())
    await bucket.set('stored', undefined)
    expect([await bucket.get('stored', 'fallback'), await bucket.get('missing', 'fallback')]).toEqual([
      undefined,
      'fallback',
    ])
    expect(await bucket.has('stored')).toBe(true)
  })

  test('a key that is written again keeps its place, and a deleted one comes back at the end', async () => {
    const bucket = faceOf(newBucket())
    for (const key of ['a', 'b', 'c']) await bucket.set(key, 1)
    await bucket.set('a', 2)
    await bucket.delete('b')
    await bucket.set('b', 2)
    expect(await bucket.entries()).toEqual([
      ['a', 2],
      ['c', 1],
      ['b', 2],
    ])
  })

  test('keys of any kind are told apart', async () => {
    const bucket = faceOf(newBucket())
    const keys = [1, '1', 1n, true, null, undefined, [1], ['1'], { a: 1 }, new Date(1), new Map([[1, 2]]), '', 0, 0n]
    for (const [i, key] of keys.entries()) await bucket.set(key, i)
    for (const [i, key] of keys.entries()) expect(await bucket.get(key)).toBe(i)
    expect(await bucket.size()).toBe(keys.length)
    expect(await bucket.keys()).toEqual(keys)
  })

  test('list() shows what is stored by tag, prefix and size, without the values', async () => {
    const bucket = faceOf(newBucket())
    await bucket.set('user:1', 'x'.repeat(5000), { tag: 'a' })
    await bucket.set('user:2', 'x', { tag: ['a', 'b'] })
    await bucket.set('page:1', 'x', { tag: 'b' })
    await bucket.set(1, 'x')
    const keys = async (options: any) => (await bucket.list(options)).map(({ key }) => key)
    expect(await keys({ tag: 'b' })).toEqual(['user:2', 'page:1'])
    expect(await keys({ prefix: 'user:' })).toEqual(['user:1', 'user:2'])
    expect(await keys({ largerThan: 100 })).toEqual(['user:1'])
    expect(await keys({ prefix: 'user:', tag: 'b' })).toEqual(['user:2'])
    expect('value' in (await bucket.list())[0]!).toBe(false)
  })
})

describe('a bucket', () => {
  test('is closed by using, and may be used again: it holds nothing open', () => {
    const path = newBucket().path
    const bucket = new Bucket(path)
    bucket.set('key', 1)
    bucket[Symbol.dispose]()
    bucket.close()
    expect(bucket.get('key')).toBe(1)
  })
})
