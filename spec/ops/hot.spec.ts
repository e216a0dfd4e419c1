// A log that is changed again and again stays open between the changes: what others do to the file meanwhile must not matter.

import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { compact } from '../../lib/ops/compact.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'

import { entryFile, entryFiles, newBucket, newFolder, openBelow } from '../support/folders.ts'
import { newStore, sync } from '../support/stores.ts'

/** A counter that has been counted up three times, by a bucket that keeps its log open. */
function counting() {
  const bucket = newBucket<string, number>()
  for (let i = 0; i < 3; i++) bucket.incr('n')
  const { path } = bucket
  return { bucket, file: entryFile(path), other: new Bucket<string, unknown>(path), store: newStore(path) }
}

/** The same bucket, for values of any kind. */
function other(bucket: Bucket<string, number>): Bucket<string, unknown> {
  return bucket as Bucket<string, unknown>
}

test('a counter goes on where another has left it', () => {
  const { bucket, other } = counting()
  for (let i = 0; i < 200; i++) {
    for (let n = 0; n < i % 4; n++) other.incr('n')
    bucket.incr('n', i % 3)
  }
  expect(bucket.get('n')).toBe(other.get('n'))
  expect(bucket.get('n')).toBe(3 + 300 + 199)
})

test('a counter goes on when its log was compacted, deleted, unlinked, or replaced by a long value', () => {
  const { bucket, file, other, store } = counting()
  expect(sync(compact(store, file))).toBe(true)
  expect(bucket.incr('n')).toBe(4)
  expect(bucket.incr('n')).toBe(5)

  other.delete('n')
  expect(bucket.incr('n')).toBe(1)
  expect(bucket.incr('n')).toBe(2)

  other.delete('n')
  expect(sync(reclaim(store, file, false))).toBe(true)
  expect(bucket.incr('n')).toBe(1)
  expect(bucket.incr('n')).toBe(2)

  other.set('n', 'long '.repeat(10_000))
  expect(() => bucket.incr('n')).toThrow(TypeError)
  other.set('n', 10)
  expect(bucket.incr('n')).toBe(11)
  expect([...bucket.keys()]).toEqual(['n'])
  expect(bucket.check()).toEqual([])
})

test('a counter begins anew when the folder was removed, also for those who only look', () => {
  const { bucket, other } = counting()
  rmSync(bucket.path, { recursive: true })
  expect(bucket.incr('n')).toBe(1)
  expect(other.get('n')).toBe(1)
  for (let i = 0; i < 3; i++) bucket.incr('n')
  rmSync(bucket.path, { recursive: true })
  expect(bucket.add('n', 9)).toBe(true)
  expect([...other.keys()]).toEqual(['n'])
  for (let i = 0; i < 3; i++) bucket.incr('n')
  rmSync(bucket.path, { recursive: true })
  expect(bucket.pop('n')).toBeUndefined()
})

test('a change that fails by what the log says has looked whether it is still the log', () => {
  const { bucket } = counting()
  for (let i = 0; i < 3; i++) other(bucket).set('n', 'text')
  expect(() => bucket.incr('n')).toThrow(TypeError)
  for (let i = 0; i < 3; i++) bucket.update('n', () => 'text' as never)
  rmSync(bucket.path, { recursive: true })
  expect(bucket.incr('n')).toBe(1)
})

test.runIf(process.platform === 'linux')('the file of a long value is not kept open, nor one that was replaced', () => {
  // What is kept is kept for a second of the clock.
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { bucket, file } = counting()
  const open = (): string[] => openBelow(bucket.path).filter(path => path.startsWith(file))
  expect(open()).toEqual([file])
  for (let i = 0; i < 4; i++) {
    other(bucket).set('n', 'long '.repeat(40_000))
    bucket.update('n', value => `${value}!` as never)
    bucket.update('n', value => `${value}!` as never)
    expect(open()).toEqual([])
    bucket.touch('n', 1e9)
    expect(open()).toEqual([])
  }
  bucket.set('n', 1)
  expect(bucket.incr('n')).toBe(2)
})

test.runIf(process.platform === 'linux')('a thousand buckets do not keep a thousand files open', () => {
  const folder = newFolder()
  const buckets = Array.from({ length: 40 }, (_, i) => new Bucket<unknown, number>(join(folder, `${i}`)))
  for (const bucket of buckets) {
    for (let i = 0; i < 3; i++) bucket.incr('n')
    bucket.push(1)
  }
  expect(openBelow(folder).length).toBeLessThanOrEqual(64)
  for (const bucket of buckets) expect([bucket.incr('n'), bucket.pull()?.value, bucket.size]).toEqual([4, 1, 1])
  for (const bucket of buckets) bucket.close()
  expect(openBelow(folder)).toEqual([])
})

test('a counter whose file was cut off, emptied or overwritten by others says what the file does', () => {
  const { bucket, file, other } = counting()
  truncateSync(file, readFileSync(file).length - 5)
  expect(bucket.incr('n')).toBe(3)
  expect(bucket.incr('n')).toBe(4)
  truncateSync(file, 0)
  expect(bucket.incr('n')).toBe(1)
  expect(bucket.incr('n')).toBe(2)
  writeFileSync(file, 'no log at all, and longer than one record of a counter is: '.repeat(20))
  expect(bucket.incr('n')).toBe(1)
  expect(bucket.incr('n')).toBe(2)
  expect(other.get('n')).toBe(2)
})

test('a log that was cut off by just as much as is then written in vain is read anew', () => {
  for (const cut of [1, 2, 3]) {
    const bucket = newBucket<string, number>()
    for (let i = 0; i < 12; i++) bucket.incr('n')
    const [file] = entryFiles(bucket.path)
    const before = readFileSync(file!).length
    expect(bucket.touch('n', 1e6)).toBe(true)
    // As long as the touch was, or several of them.
    const touch = readFileSync(file!).length - before
    for (let i = 0; i < 6; i++) bucket.incr('n')
    truncateSync(file!, readFileSync(file!).length - cut * touch)
    expect(bucket.touch('n', 1e6)).toBe(bucket.get('n') !== undefined)
  }
})

test('what stands behind what is known is read, however much it is', () => {
  const { bucket, other } = counting()
  for (const length of [0, 1000, 1800, 2000, 2100, 5000, 15_000]) {
    other.set('n', 'x'.repeat(length))
    other.set('n', 1)
    for (let i = 0; i < 40; i++) other.touch('n')
    expect(bucket.incr('n')).toBe(2)
    expect(bucket.incr('n')).toBe(3)
  }
})

test('a queue goes on when another has drained it, and when the folder was removed', () => {
  const bucket = newBucket<unknown, number>()
  const other = new Bucket<unknown, number>(bucket.path)
  const drain = (): unknown[] => {
    const items: unknown[] = []
    for (let item = other.pull(); item !== undefined; item = other.pull()) items.push(item.value)
    return items
  }
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 1 + (round % 3); i++) bucket.push(10 * round + i)
    expect(drain()).toHaveLength(1 + (round % 3))
    expect(bucket.pull()).toBeUndefined()
  }
  bucket.push(1)
  rmSync(bucket.path, { recursive: true })
  expect(bucket.pull()).toBeUndefined()
  expect(bucket.push(2)).toBe(500_000_000_000_000)
  expect(other.pull()).toMatchObject({ key: 500_000_000_000_000, value: 2 })
  for (let i = 0; i < 3; i++) bucket.push(i)
  rmSync(bucket.path, { recursive: true })
  bucket.push(7)
  expect(drain()).toEqual([7])
})

test.runIf(process.platform !== 'win32')('a folder that was moved away is written to no longer, after a second', () => {
  const { bucket } = counting()
  renameSync(bucket.path, `${bucket.path}-away`)
  mkdirSync(bucket.path)
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    vi.setSystemTime(Date.now() + 1500)
    expect(bucket.incr('n')).toBe(1)
  } finally {
    vi.useRealTimers()
  }
  expect(new Bucket(`${bucket.path}-away`).get('n')).toBe(3)
  expect(new Bucket(bucket.path).get('n')).toBe(1)
})

test('the promise interface finds and leaves the same', async () => {
  const { bucket, other, file, store } = counting()
  expect(await bucket.promises.incr('n')).toBe(4)
  expect(bucket.incr('n')).toBe(5)
  other.incr('n')
  const counted = await Promise.all(Array.from({ length: 20 }, () => bucket.promises.incr('n')))
  expect(counted.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, i) => 7 + i))
  expect(sync(compact(store, file))).toBe(true)
  expect(await bucket.promises.incr('n')).toBe(27)
  rmSync(bucket.path, { recursive: true })
  expect(await bucket.promises.incr('n')).toBe(1)
  expect(await bucket.promises.push(5)).toBe(500_000_000_000_000)
  rmSync(bucket.path, { recursive: true })
  expect(await bucket.promises.pull()).toBeUndefined()
  expect(await bucket.promises.push(6)).toBe(500_000_000_000_000)
  expect((await bucket.promises.peek())?.value).toBe(6)
})
