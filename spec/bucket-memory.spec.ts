// Values in memory: what is seen of other buckets' writes, and when memory lets go.

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Backend, Bucket, type BucketOptions, V8Backend } from '../lib/index.ts'
import { Memory, type Remembered, sameStamp } from '../lib/memory.ts'
import { newBucket } from './support/folders.ts'
import { newStore } from './support/stores.ts'
import { faces } from './support/twins.ts'

/** V8Backend that counts how often it decodes. */
class Counting extends V8Backend {
  decoded = 0
  override decode(bytes: Uint8Array): unknown {
    this.decoded++
    return super.decode(bytes)
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.UTC(2030, 0, 1))
})
afterEach(() => vi.useRealTimers())

const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms)

for (const [name, face] of faces) {
  const open = (memory: BucketOptions['memory'], more?: BucketOptions) => {
    const backend = new Counting()
    const bucket = newBucket({ backend, memory: memory!, ...more })
    const other = new Bucket<any, any>(bucket.path)
    return { backend, bucket, twin: face(bucket), other }
  }

  describe(`${name} with memory`, () => {
    test('decodes once, and sees at once what another bucket writes', async () => {
      const { backend, twin, other } = open(true)
      await twin.set('a', [1])
      const first = await twin.get('a')
      expect(await twin.get('a')).toBe(first)
      expect(backend.decoded).toBe(1)
      other.set('a', [2])
      expect(await twin.get('a')).toEqual([2])
      other.set('a', 'x'.repeat(50_000))
      expect(await twin.get('a')).toBe('x'.repeat(50_000))
      other.set('a', 'y'.repeat(50_000))
      expect(await twin.get('a')).toBe('y'.repeat(50_000))
      other.delete('a')
      expect(await twin.get('a')).toBeUndefined()
      other.set('a', [3])
      expect(await twin.get('a')).toEqual([3])
      other.clear()
      expect(await twin.get('a')).toBeUndefined()
    })

    test("revalidate: 'never' looks no more, but its own writes count", async () => {
      const { backend, bucket, twin, other } = open({ revalidate: 'never' })
      await twin.set('a', 1)
      await twin.get('a')
      other.set('a', 2)
      expect(await twin.get('a')).toBe(1)
      bucket.unload('a')
      expect(await twin.get('a')).toBe(2)
      expect(backend.decoded).toBe(2)
      for (const change of [
        () => twin.set('a', 3),
        () => twin.incr('a'),
        () => twin.update('a', (n: number) => n + 1),
        () => twin.setMany([['a', 6]]),
      ]) {
        await twin.get('a')
        await change()
        expect(await twin.get('a')).toBe(other.get('a'))
      }
      await twin.get('a')
      await twin.delete('a')
      expect(await twin.has('a')).toBe(false)
      expect(await twin.get('a')).toBeUndefined()
      await twin.add('a', 7)
      expect(await twin.get('a')).toBe(7)
      expect(await twin.pop('a')).toBe(7)
      expect(await twin.get('a')).toBeUndefined()
      await twin.set('a', 8)
      await twin.get('a')
      await twin.touch('a', 0)
      expect(await twin.get('a')).toBeUndefined()
      await twin.set('a', 9)
      await twin.get('a')
      await twin.clear()
      expect(await twin.get('a')).toBeUndefined()
    })

    test('revalidate: a duration looks at most so often', async () => {
      const { twin, other } = open({ revalidate: { seconds: 1 } })
      await twin.set('a', 1)
      await twin.get('a')
      other.set('a', 2)
      pass(999)
      expect(await twin.get('a')).toBe(1)
      pass(1)
      expect(await twin.get('a')).toBe(2)
      other.set('a', 3)
      pass(999)
      expect(await twin.get('a')).toBe(2)
    })

    test('what expires is gone from memory too, also under a lifetime that is shortened', async () => {
      const { bucket, twin } = open({ revalidate: 'never' })
      await twin.set('a', 1, { expire: 1000 })
      await twin.set('b', 1)
      await twin.getMany(['a', 'b'])
      pass(1000)
      expect(await twin.get('a')).toBeUndefined()
      expect(await twin.get('b')).toBe(1)
      bucket.lifetime = 500
      expect(await twin.get('b')).toBeUndefined()
      bucket.lifetime = null
      expect(await twin.get('b')).toBe(1)
    })

    test('keeps no more than maxEntries, those that were used last', async () => {
      const { backend, twin } = open({ maxEntries: 2 })
      for (const key of ['a', 'b', 'c']) await twin.set(key, key)
      await twin.get('a')
      await twin.get('b')
      await twin.get('a')
      await twin.get('c')
      const before = backend.decoded
      await twin.get('a')
      await twin.get('c')
      expect(backend.decoded).toBe(before)
      await twin.get('b')
      expect(backend.decoded).toBe(before + 1)
    })

    test('keeps no more than maxBytes', async () => {
      const { backend, twin } = open({ maxBytes: 1000 })
      await twin.set('a', 'x'.repeat(600))
      await twin.set('b', 'x'.repeat(300))
      await twin.set('large', 'x'.repeat(2000))
      for (const key of ['a', 'b', 'large', 'a', 'b']) await twin.get(key)
      expect(backend.decoded).toBe(3)
      await twin.get('large')
      expect(backend.decoded).toBe(4)
    })

    test('undefined is remembered as a value', async () => {
      const { backend, twin } = open({ revalidate: 'never' })
      await twin.set('a', undefined)
      expect(await twin.get('a', 'missing')).toBeUndefined()
      expect(await twin.get('a', 'missing')).toBeUndefined()
      expect(backend.decoded).toBe(1)
    })

    test('a change of the value given out is seen by the next who asks, and by nobody else', async () => {
      const { twin, other } = open(true)
      await twin.set('a', { n: 1 })
      ;(await twin.get('a')).n = 2
      expect(other.get('a')).toEqual({ n: 1 })
    })
  })
}

test.each([
  ['at once', (bucket: Bucket<string, number>, key: string, n: number) => void bucket.set(key, n)],
  ['by and by', async (bucket: Bucket<string, number>, key: string, n: number) => await bucket.promises.set(key, n)],
])('what is written %s while it is being read is what is read afterwards', async (_, write) => {
  const bucket = newBucket<string, number>({ memory: { revalidate: 'never' } })
  for (let i = 0; i < 400; i++) {
    const key = `key ${i}`
    bucket.set(key, 0)
    const reading = bucket.promises.get(key)
    // A read takes several turns of the event loop; the write comes in each of them.
    for (let turns = i % 20; turns > 0; turns--) await new Promise(resolve => setImmediate(resolve))
    await write(bucket, key, i)
    await reading
    expect(bucket.get(key)).toBe(i)
  }
})

test('a file is told from another of its size that has its number and was written in the same moment', () => {
  const stamp = { size: 100, ino: 7, mtimeMs: 1000, ctimeMs: 1000, nlink: 1 }
  expect(sameStamp(stamp, { ...stamp })).toBe(true)
  for (const change of [{ size: 101 }, { ino: 8 }, { mtimeMs: 1001 }, { ctimeMs: 1001 }]) {
    expect(sameStamp(stamp, { ...stamp, ...change })).toBe(false)
  }
})

test('Memory counts the bytes of what it holds', () => {
  const memory = new Memory({ maxEntries: 10, maxBytes: 100, revalidateMs: 0 })
  const remembered = (bytes: number): Remembered => ({ bytes }) as Remembered
  for (let i = 0; i < 100; i++) memory.set(`key ${i % 5}`, remembered(20))
  for (let i = 0; i < 5; i++) expect(memory.get(`key ${i}`)).toBeDefined()
  memory.set('one more', remembered(1))
  expect(memory.get('key 0')).toBeUndefined()
  memory.delete('one more')
  memory.delete('never there')
  memory.set('fits', remembered(20))
  expect(memory.get('key 1')).toBeDefined()
  memory.clear()
  memory.set('all', remembered(100))
  expect(memory.get('all')).toBeDefined()
})

test('Memory keeps what is used, within its limits, whatever is forgotten in between', () => {
  const key = fc.nat(12).map(String)
  const step = fc.oneof(
    fc.tuple(fc.constant('set' as const), key, fc.integer({ min: 1, max: 40 })),
    fc.tuple(fc.constantFrom('get' as const, 'forget' as const), key, fc.constant(0)),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, isCounted) => {
      const maxEntries = isCounted ? 4 : Number.POSITIVE_INFINITY
      const memory = new Memory({ maxEntries, maxBytes: 100, revalidateMs: 0 })
      // The longest unused first; what has been forgotten may take places, but no more than what is kept.
      let kept: [string, number][] = []
      for (const [what, k, bytes] of steps) {
        const known = kept.find(([other]) => other === k)
        if (what === 'get') expect(memory.get(k)?.bytes).toBe(known?.[1])
        if (what === 'set') memory.set(k, { bytes } as Remembered)
        if (what === 'forget') memory.forget(k)
        if (what !== 'get' || known !== undefined) kept = kept.filter(([other]) => other !== k)
        if (what === 'get' && known !== undefined) kept.push(known)
        if (what === 'set') kept.push([k, bytes])
        while (kept.length > maxEntries || kept.reduce((sum, [, size]) => sum + size, 0) > 100) kept.shift()
      }
      for (const [k, bytes] of kept) expect(memory.get(k)?.bytes).toBe(bytes)
    }),
  )
})

test("a backend's view of the bytes is not changed by what is read later", () => {
  const raw: Backend = { name: 'raw', fileExtension: 'bin', encode: v => v as Uint8Array, decode: bytes => bytes }
  const bucket = newBucket<number, Uint8Array>({ backend: raw, memory: { revalidate: 'never' } })
  for (let i = 0; i < 5; i++) bucket.set(i, Buffer.alloc(50, i))
  for (let i = 0; i < 5; i++) bucket.get(i)
  for (let i = 0; i < 5; i++) expect(Buffer.from(bucket.get(i)!)).toEqual(Buffer.alloc(50, i))
})

test('keys have the same name in memory exactly if they are the same, however they were come by', () => {
  const { keys } = newStore('/nowhere')
  const looks = ['a', '1', '"a"', '\0"a"', '\0', '', '\0{"a":1}', '{"a":1}', '\u{1f600}', 'a\nb']
  const all: unknown[] = [...looks, 1, null, undefined, true, { a: 1 }, ['a'], new Map([['a', 1]])]
  const names = all.map(key => keys.slot(key).name)
  expect(new Set(names).size).toBe(all.length)
  const fromRecords = all.map(key => keys.slotOf({ key: keys.slot(key).text, identity: undefined }).name)
  expect(fromRecords).toEqual(names)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), key => {
      expect(keys.slotOf({ key: keys.slot(key).text, identity: undefined }).name).toBe(keys.slot(key).name)
    }),
  )
})

test.each(['evict', 'clear', 'expire', 'cull'] as const)(
  '%s() leaves nothing in memory of what it removes, nor do those who read meanwhile',
  async what => {
    vi.useRealTimers()
    const bucket = newBucket<number, number>({ memory: { revalidate: 'never' } })
    const { promises } = bucket
    const later = new Date(Date.now() + 2e9)
    const keys = Array.from({ length: 50 }, (_, i) => i)
    const fill = (): void => {
      for (const key of keys) bucket.set(key, 1, { tag: 't', expire: 1e9 })
      for (const key of keys) bucket.get(key)
      if (what === 'cull') bucket.reset('maxEntries', 1)
    }
    const left = (): number[] => keys.filter(key => bucket.get(key) !== undefined)
    const stored = (): number[] => keys.filter(key => bucket.has(key))
    fill()
    const act = { evict: ['t'], clear: [], expire: [later], cull: [] }[what] as [never]
    bucket[what](...act)
    expect(left()).toEqual(stored())
    fill()
    let busy = true
    const acting = promises[what](...act).finally(() => {
      busy = false
    })
    while (busy) {
      await Promise.all(keys.map(key => promises.get(key)))
      await new Promise(setImmediate)
    }
    await acting
    expect(left()).toEqual(stored())
  },
)

test('a clock that was set back does not make what memory has good for longer', () => {
  const clock = vi.spyOn(Date, 'now')
  onTestFinished(() => clock.mockRestore())
  const bucket = newBucket({ memory: { revalidate: 50 } })
  bucket.set('a', 1)
  bucket.get('a')
  new Bucket(bucket.path).set('a', 2)
  const now = Date.now()
  clock.mockImplementation(() => now - 3_600_000)
  expect(bucket.get('a')).toBe(2)
})
