// Every file of a folder is cut and flipped at many places. A value that was never stored for the key must not come back through
// any method, nothing may throw, and the folder must be good for writing afterwards.

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Bucket, type BucketOptions, FormatError, type Problem } from '../../lib/index.ts'
import { filesIn, newFolder } from '../support/folders.ts'

/** All values that a key has ever had; what is read must be one of them, or nothing. */
type History = Map<string, unknown[]>

function build(folder: string, backend: 'json' | 'v8'): History {
  const history: History = new Map()
  const bucket = new Bucket<string, unknown>(folder, { backend, tagIndex: true })
  const set = (key: string, value: unknown, options?: Parameters<typeof bucket.set>[2]): void => {
    bucket.set(key, value, options)
    history.set(key, [...(history.get(key) ?? []), value])
  }
  set('once', { some: 'thing', n: 1 })
  for (let i = 0; i < 5; i++) set('often', { i, text: `value ${i}` })
  set('touched', [1, 2, 3])
  bucket.touch('touched', { days: 1 })
  set('gone', 'was here')
  bucket.delete('gone')
  set('back', 'first')
  bucket.delete('back')
  set('back', 'second')
  set('large', 'x'.repeat(20_000))
  bucket.touch('large', { days: 2 })
  set('tagged', 'with tags', { tag: ['a', 'b'], expire: { hours: 1 } })
  set('counted', 1)
  bucket.incr('counted')
  history.get('counted')!.push(2)
  bucket.push('item', { prefix: 'jobs' })
  history.set('jobs-500000000000000', ['item'])
  bucket.close()
  return history
}

/** Reads everything there is to read, and holds it against the history. */
function readAll(folder: string, options: BucketOptions, history: History): void {
  const bucket = new Bucket<string, unknown>(folder, { ...options, readOnly: true })
  const known = (key: string, value: unknown): void => {
    if (value !== undefined) expect(history.get(key), `${key} has a value that was never stored`).toContainEqual(value)
  }
  for (const key of history.keys()) {
    known(key, bucket.get(key))
    known(key, bucket.getEntry(key)?.value)
    bucket.has(key)
  }
  for (const [key, value] of bucket) known(key, value)
  for (const { key } of bucket.list({ expired: true })) expect(history.has(key)).toBe(true)
  known('jobs-500000000000000', bucket.peek({ prefix: 'jobs' })?.value)
  bucket.peekItem()
  expect(bucket.size).toBeGreaterThanOrEqual(0)
  expect(bucket.volume()).toBeGreaterThanOrEqual(0)
  check(bucket)
}

/** Nobody else is here whom it need give time. */
function check(bucket: Bucket<string, unknown>, options: { fix?: boolean } = {}): Problem[] {
  const { store } = (bucket as any).core
  Object.assign(store, { bounds: { ...store.bounds, pauseMs: 0 } })
  return bucket.check(options)
}

/** Places all over a file, more of them at its ends. */
function places(length: number): number[] {
  const all = new Set<number>()
  for (const i of [0, 3, 4, 8, 14, 16, 24, 40, 69]) {
    all.add(i)
    all.add(length - 1 - i)
  }
  for (let i = 1; i < 8; i++) all.add(Math.floor((length * i) / 8))
  return [...all].filter(place => place >= 0 && place < length).sort((a, b) => a - b)
}

describe.each(['json', 'v8'] as const)('a folder of the backend %s', backend => {
  const options: BucketOptions = { backend }

  test('gives no wrong value, whichever file is cut or flipped wherever', () => {
    const folder = newFolder()
    const history = build(folder, backend)
    readAll(folder, options, history)
    let tried = 0
    for (const name of filesIn(folder)) {
      const path = join(folder, name)
      const bytes = readFileSync(path)
      const harm = (damaged: Uint8Array, what: string): void => {
        writeFileSync(path, damaged)
        tried++
        try {
          readAll(folder, options, history)
        } catch (error) {
          // The settings may have come to name a newer format.
          if (error instanceof FormatError && name === 'bucketcache.json') return
          throw new Error(`${name}, ${what}`, { cause: error })
        }
      }
      for (const place of places(bytes.length)) {
        harm(bytes.subarray(0, place), `cut to ${place} bytes`)
        const flipped = Buffer.from(bytes)
        flipped[place]! ^= 1 << (place % 8)
        harm(flipped, `flipped at ${place}`)
      }
      harm(Buffer.concat([bytes, Buffer.from('{"bucketcache":1,"crc":"00000000"')]), 'with a torn record behind it')
      writeFileSync(path, bytes)
    }
    expect(tried).toBeGreaterThan(300)
    readAll(folder, options, history)
  })

  test('can be written and mended afterwards', () => {
    const original = newFolder()
    const history = build(original, backend)
    for (const [number, name] of filesIn(original).entries()) {
      if (/^(CACHEDIR|\.gitignore)/.test(name)) continue
      const folder = newFolder()
      cpSync(original, folder, { recursive: true })
      const bytes = readFileSync(join(folder, name))
      const place = places(bytes.length)[(number * 7) % places(bytes.length).length]!
      writeFileSync(join(folder, name), number % 2 === 0 ? bytes.subarray(0, place) : bytes.subarray(place))
      const bucket = new Bucket<string, unknown>(folder, options)
      for (const key of ['once', 'often', 'large', 'tagged', 'gone']) {
        bucket.set(key, `new ${key}`)
        expect(bucket.get(key), `${key} with ${name} damaged`).toBe(`new ${key}`)
      }
      expect(typeof bucket.push('another', { prefix: 'jobs' })).toBe('string')
      for (const problem of check(bucket, { fix: true })) expect(problem.fixed).toBe(true)
      expect(check(bucket), `after ${name} was damaged and mended`).toEqual([])
      expect(bucket.size).toBe([...bucket.keys()].length)
      for (const [key, value] of bucket) {
        if (value !== `new ${key}` && value !== 'another') expect(history.get(key)).toContainEqual(value)
      }
      bucket.close()
    }
  })
})
