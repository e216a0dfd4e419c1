// The end of the order log stays open between calls: what happens to the file meanwhile must not matter.

import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { mergeOrder } from '../../lib/ops/merge.ts'
import { newBucket, openBelow } from '../support/folders.ts'
import { startActor } from '../support/remote.ts'
import { newStore, sync } from '../support/stores.ts'

const keysOf = (path: string): unknown[] => [...new Bucket(path).keys()]

test('what is stored after the folder was removed is in the new one, and counted', () => {
  const bucket = newBucket<string, number>()
  for (let i = 0; i < 3; i++) bucket.set(`old ${i}`, i)
  rmSync(bucket.path, { recursive: true })
  for (let i = 0; i < 3; i++) bucket.set(`new ${i}`, i)
  expect(keysOf(bucket.path)).toEqual(['new 0', 'new 1', 'new 2'])
  expect(new Bucket(bucket.path).size).toBe(3)
  expect(bucket.size).toBe(3)
})

test('what is stored in turns with the promise interface, while the folder is removed, is in the new one', async () => {
  const bucket = newBucket<string, number>()
  for (let i = 0; i < 3; i++) bucket.set(`old ${i}`, i)
  rmSync(bucket.path, { recursive: true })
  for (let i = 0; i < 20; i++) await bucket.promises.set(`new ${i}`, i)
  bucket.set('last', 1)
  expect(keysOf(bucket.path)).toEqual([...Array.from({ length: 20 }, (_, i) => `new ${i}`), 'last'])
  expect(new Bucket(bucket.path).size).toBe(21)
})

test('what is stored after another has merged the order log is in what it has become', () => {
  const bucket = newBucket<string, number>({ cullLimit: 0 })
  const other = newStore(bucket.path)
  const expected: string[] = []
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 3; i++) {
      const key = `${round} ${i}`
      bucket.set(key, i)
      if (i > 0) expected.push(key)
    }
    bucket.delete(`${round} 0`)
    sync(mergeOrder(other))
  }
  expect(keysOf(bucket.path)).toEqual(expected)
  expect(new Bucket(bucket.path).size).toBe(expected.length)
  expect(bucket.check()).toEqual([])
})

test('two buckets that take turns find what the other has added', () => {
  const a = newBucket<string, number>()
  const b = new Bucket<string, number>(a.path)
  const expected: string[] = []
  for (let i = 0; i < 2000; i++) {
    const key = `${i}`
    ;(i % 3 === 0 ? a : b).set(key, i)
    expected.push(key)
  }
  expect([...a.keys()]).toEqual(expected)
  expect(b.size).toBe(2000)
  expect(a.check()).toEqual([])
  expect(a.volume()).toBe(b.volume())
})

test.runIf(process.platform === 'linux')('close() leaves nothing open, and neither does a while', async () => {
  // What is kept is kept for a second of the clock.
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const bucket = newBucket<unknown, number>()
  bucket.set('a', 1)
  expect(openBelow(bucket.path)).toEqual([join(bucket.path, 'order/00000001.log')])
  for (let i = 0; i < 3; i++) bucket.incr('counter')
  bucket.push(1)
  expect(openBelow(bucket.path)).toHaveLength(3)
  bucket.close()
  expect(openBelow(bucket.path)).toEqual([])
  vi.useRealTimers()
  for (const close of [() => bucket.promises.close(), () => bucket.close()]) {
    await bucket.promises.set(`b ${close}`, 2)
    // Nobody waits for the entry's to be closed.
    await expect.poll(() => openBelow(bucket.path).filter(path => !path.includes('order'))).toEqual([])
    await close()
    expect(openBelow(bucket.path)).toEqual([])
    await bucket.promises.set(`c ${close}`, 2)
    await bucket.promises.close()
    expect(openBelow(bucket.path)).toEqual([])
  }
  bucket.set('c', 3)
  await expect.poll(() => openBelow(bucket.path), { timeout: 20_000 }).toEqual([])
  bucket.set('d', 4)
  expect(bucket.size).toBe(9)
})

test.runIf(process.platform !== 'win32')('a folder that was moved away and closed there is whole', () => {
  const bucket = newBucket<string, number>()
  bucket.set('a', 1)
  bucket.close()
  renameSync(bucket.path, `${bucket.path}-moved`)
  bucket.set('b', 2)
  expect(keysOf(bucket.path)).toEqual(['b'])
  expect(keysOf(`${bucket.path}-moved`)).toEqual(['a'])
})

test('what is stored after the folder was removed is in the new one, however long the order log had become', async () => {
  for (const what of ['', 'order']) {
    const bucket = newBucket<string, number>()
    const other = new Bucket<string, number>(bucket.path)
    const slow = new Bucket<string, number>(bucket.path)
    for (let i = 0; i < 1500; i++) bucket.set(`old ${i}`, i)
    expect(readdirSync(join(bucket.path, 'order')).length).toBeGreaterThan(1)
    expect([other.size, slow.size]).toEqual([1500, 1500])
    rmSync(join(bucket.path, what), { recursive: true })
    bucket.set('new 1', 1)
    await slow.promises.set('new 2', 2)
    other.set('new 3', 3)
    expect(keysOf(bucket.path)).toEqual(['new 1', 'new 2', 'new 3'])
    for (const each of [bucket, other, slow, new Bucket(bucket.path)]) expect(each.size).toBe(3)
    if (what === '') expect(bucket.check()).toEqual([])
  }
})

test('what was appended behind an end is not counted, so neither when it is merged', () => {
  const bucket = newBucket<string, number>()
  for (let i = 0; i < 1000; i++) {
    bucket.set('a', i)
    bucket.delete('a')
  }
  const order = join(bucket.path, 'order')
  const bytes = readdirSync(order).map(name => statSync(join(order, name)).size)
  // Many merges have been; of the entry nothing is left, but its last record's file perhaps.
  expect(bucket.volume()).toBe(bytes.reduce((sum, size) => sum + size))
})

test('what many store and delete at once, in two buckets and two processes, is counted once each', async () => {
  const bucket = newBucket<string, number>()
  const other = new Bucket<string, number>(bucket.path)
  const actor = await startActor(bucket.path)
  const count = 1500
  const each = (of: typeof bucket, who: string, act: (of: typeof bucket, key: string) => Promise<unknown>) =>
    Array.from({ length: count }, (_, i) => act(of, `${who} ${i}`))
  const theirs = actor.run(async (them, n) => {
    await Promise.all(Array.from({ length: n }, (_, i) => them.promises.set(`c ${i}`, i)))
    await Promise.all(Array.from({ length: n / 2 }, (_, i) => them.promises.delete(`c ${i}`)))
  }, count)
  const set = (of: typeof bucket, key: string): Promise<unknown> => of.promises.set(key, 1)
  const stored = Promise.all([...each(bucket, 'a', set), ...each(other, 'b', set)])
  // Between their writes, in the same thread.
  for (let i = 0; i < 100; i++) {
    bucket.set(`sync ${i}`, i)
    await new Promise(setImmediate)
  }
  await stored
  await Promise.all(each(bucket, 'a', (of, key) => of.promises.delete(key)))
  await theirs
  const left = count + count / 2 + 100
  for (const one of [bucket, other, new Bucket(bucket.path)]) expect(one.size).toBe(left)
  expect(keysOf(bucket.path).length).toBe(left)
  await other.promises.close()
  expect(bucket.check()).toEqual([])
})
