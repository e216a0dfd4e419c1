import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, expectTypeOf, test } from 'vitest'
import { Bucket, type KeyMaker, type Memoized, MutatedArgumentsError, UnserializableError } from '../../lib/index.ts'
import { newBucket, newFolder } from './support.ts'

test('a call is answered from the cache when its arguments were seen before', () => {
  const bucket = newBucket()
  const calls: number[] = []
  const double = bucket.wrap((n: number) => {
    calls.push(n)
    return { twice: n * 2 }
  })
  expect(double(2)).toEqual({ twice: 4 })
  expect(double(2)).toEqual({ twice: 4 })
  expect(double(3)).toEqual({ twice: 6 })
  expect(calls).toEqual([2, 3])
})

test('another bucket on the folder gives the stored result', () => {
  const folder = newFolder()
  let runs = 0
  const wrap = () => new Bucket(folder).wrap((n: number) => n + ++runs)
  expect(wrap()(1)).toBe(2)
  expect(wrap()(1)).toBe(2)
  expect(runs).toBe(1)
})

test.each([undefined, null, false, 0, '', Number.NaN])('the result %s is cached', result => {
  let runs = 0
  const give = newBucket().wrap(() => {
    runs++
    return result
  })
  expect([give(), give()]).toEqual([result, result])
  expect(runs).toBe(1)
})

test('what a function throws is not stored', () => {
  const bucket = newBucket()
  let runs = 0
  const fail = bucket.wrap(() => {
    throw new Error(`run ${++runs}`)
  })
  expect(fail).toThrow('run 1')
  expect(fail).toThrow('run 2')
  expect(bucket.size).toBe(0)
})

test('a result that cannot be stored is an UnserializableError, and nothing is stored', () => {
  const bucket = newBucket()
  const give = bucket.wrap(() => () => 1)
  expect(() => give()).toThrow(UnserializableError)
  expect(bucket.size).toBe(0)
})

test('an argument that cannot be in a key is an UnserializableError that names the path', () => {
  const call = newBucket().wrap((_: { done: () => void }) => 1)
  expect(() => call({ done() {} })).toThrow(/function \(done\) at key\[1\]\[0\]\.done/)
})

test('the memoized form keeps this, name, length and properties, and gives the original', () => {
  const bucket = newBucket()
  const scale = Object.assign(
    function scale(this: { factor: number }, n: number, _more = 1) {
      return this.factor * n
    },
    { unit: 'mm' },
  )
  const memoized = bucket.wrap(scale, { method: true })
  expect(memoized.call({ factor: 3 }, 2)).toBe(6)
  expect(memoized.call({ factor: 4 }, 2)).toBe(8)
  expect([memoized.name, memoized.length, memoized.unit]).toEqual(['scale', 1, 'mm'])
  expect(memoized.original).toBe(scale)
})

test('the memoized form has the type of the function', () => {
  const parse = newBucket().wrap((text: string, base?: number) => Number.parseInt(text, base))
  expectTypeOf(parse).parameters.toEqualTypeOf<[text: string, base?: number]>()
  expectTypeOf(parse).returns.toEqualTypeOf<number>()
  expectTypeOf(parse.refresh).returns.toEqualTypeOf<number>()
  expectTypeOf(parse.onHit(() => {})).toEqualTypeOf<Memoized<(text: string, base?: number) => number>>()
  // @ts-expect-error: a number is no text
  expect(() => parse.cacheKey(1)).not.toThrow()
})

test('arguments that are left away are those that are undefined, unless the function can tell', () => {
  const bucket = newBucket()
  const named = bucket.wrap((a: number, b = 2) => a + b)
  expect(named.cacheKey(1)).toEqual(named.cacheKey(1, undefined))
  const rest = bucket.wrap((...all: unknown[]) => all.length)
  expect([rest(1), rest(1, undefined)]).toEqual([1, 2])
  const counting = bucket.wrap(function count(_a?: unknown, _b?: unknown) {
    // biome-ignore lint/complexity/noArguments: the point
    return arguments.length
  })
  expect([counting(1), counting(1, undefined)]).toEqual([1, 2])
})

test('get() of the cacheKey is the result, also of an asynchronous function', async () => {
  const bucket = newBucket()
  const add = bucket.wrap((a: number, b: number) => a + b)
  const later = bucket.wrap(async (a: number) => a * 10)
  expect(bucket.get(add.cacheKey(1, 2))).toBeUndefined()
  add(1, 2)
  await later(4)
  expect(bucket.get(add.cacheKey(1, 2))).toBe(3)
  expect(bucket.get(later.cacheKey(4))).toBe(40)
})

test('forget() removes the result of one call', () => {
  let runs = 0
  const run = newBucket().wrap((_: number) => ++runs)
  run(1)
  run(2)
  expect(run.forget(1)).toBe(true)
  expect(run.forget(1)).toBe(false)
  expect([run(1), run(2)]).toEqual([3, 2])
})

test('refresh() runs the function and stores the result', () => {
  let runs = 0
  const run = newBucket().wrap(() => ++runs)
  expect([run(), run.refresh(), run()]).toEqual([1, 2, 2])
})

test('typed tells arguments apart that the key maker joins', () => {
  const keyMaker: KeyMaker = {
    makeKey: value => [JSON.stringify(value, (_, v) => (typeof v === 'object' ? v : String(v)))],
  }
  const bucket = newBucket({ keyMaker })
  const kind = (value: unknown) => typeof value
  const joined = bucket.wrap(kind, { name: 'joined' })
  expect([joined(3), joined('3'), joined(3n)]).toEqual(['number', 'number', 'number'])
  const typed = bucket.wrap(kind, { name: 'typed', typed: true })
  expect([typed(3), typed('3'), typed(3n)]).toEqual(['number', 'string', 'bigint'])
})

test('expire gives results a lifetime of their own, and 0 stores nothing', () => {
  const bucket = newBucket({ hours: 1 })
  const day = bucket.wrap(() => 1, { name: 'day', expire: { days: 1 } })
  const ever = bucket.wrap(() => 1, { name: 'ever', expire: null })
  const hour = bucket.wrap(() => 1, { name: 'hour' })
  const never = bucket.wrap(() => 1, { name: 'never', expire: 0 })
  const lifetime = (fn: Memoized<() => number>) => {
    fn()
    const { expiresAt, storedAt } = bucket.getEntry(fn.cacheKey()) ?? {}
    return expiresAt && storedAt && expiresAt.getTime() - storedAt.getTime()
  }
  expect(lifetime(day)).toBe(86_400_000)
  expect(lifetime(hour)).toBe(3_600_000)
  expect(lifetime(ever)).toBeUndefined()
  never()
  expect(bucket.has(ever.cacheKey())).toBe(true)
  expect(bucket.has(never.cacheKey())).toBe(false)
})

test('expire: 0 looks up what was stored otherwise', () => {
  const bucket = newBucket()
  const look = bucket.wrap(() => 'run', { expire: 0 })
  bucket.set(look.cacheKey(), 'stored')
  expect(look()).toBe('stored')
})

test('tag labels the results', () => {
  const bucket = newBucket()
  const run = bucket.wrap((n: number) => n, { tag: 'prices' })
  run(1)
  run(2)
  expect(bucket.getEntry(run.cacheKey(1))?.tags).toEqual(['prices'])
  expect(bucket.evict('prices')).toBe(2)
})

test('nocache names the parameter that skips the look-up; the result is stored, under a key without it', () => {
  let runs = 0
  const load = newBucket().wrap((_id: number, _fresh = false) => ++runs, { nocache: '_fresh' })
  expect([load(1), load(1, true), load(1), load(1, false), load(1, true)]).toEqual([1, 2, 2, 2, 3])
})

test('nocache may be a position, or lead into an options object', () => {
  let runs = 0
  const bucket = newBucket()
  const run = (_id: number, _options: { fresh?: boolean; depth?: number } = {}) => ++runs
  const byPath = bucket.wrap(run, { name: 'path', nocache: '_options.fresh' })
  expect([byPath(1, {}), byPath(1, { fresh: true }), byPath(1, { fresh: false }), byPath(1, {})]).toEqual([1, 2, 2, 2])
  const byPosition = bucket.wrap((_id: number, _fresh?: boolean) => ++runs, { name: 'position', nocache: 1 })
  expect([byPosition(1), byPosition(1, true), byPosition(1)]).toEqual([3, 4, 4])
})

test('one look-up counts once in the statistics, and a skipped one not at all', () => {
  const bucket = newBucket({ statistics: true })
  const run = bucket.wrap((n: number, _fresh = false) => n, { nocache: '_fresh' })
  run(1)
  run(1)
  run(1)
  run(2, true)
  expect(bucket.stats()).toEqual({ hits: 2, misses: 1 })
})

test('onHit() adds callbacks that are told of each answer from the cache, and returns the same function', () => {
  const bucket = newBucket({ hours: 1 })
  const told: unknown[] = []
  const join = bucket.wrap((a: string, { sep = '-', times }: { sep?: string; times: number }, ...more: string[]) =>
    [a, ...more].join(sep).repeat(times),
  )
  const same = join.onHit(info => told.push(info)).onHit(({ returnValue }) => told.push(returnValue))
  expect(same).toBe(join)
  join('a', { times: 2 }, 'b', 'c')
  expect(told).toEqual([])
  join('a', { times: 2 }, 'b', 'c')
  expect(told).toEqual([
    {
      args: ['a', { times: 2 }, 'b', 'c'],
      params: { a: 'a', sep: undefined, times: 2, more: ['b', 'c'] },
      returnValue: 'a-b-ca-b-c',
      expiresAt: bucket.getEntry(join.cacheKey('a', { times: 2 }, 'b', 'c'))?.expiresAt,
    },
    'a-b-ca-b-c',
  ])
})

test('a function that changes its arguments is a MutatedArgumentsError, and nothing is stored', () => {
  const bucket = newBucket()
  const push = bucket.wrap((list: number[]) => list.push(0))
  expect(() => push([1])).toThrow(MutatedArgumentsError)
  const spoil = bucket.wrap((box: { value: unknown }) => {
    box.value = () => {}
  })
  expect(() => spoil({ value: 1 })).toThrow(MutatedArgumentsError)
  expect(bucket.size).toBe(0)
})

test('what is left out of the key may change', () => {
  const collect = newBucket().wrap((n: number, log: number[]) => log.push(n), { ignore: ['log'] })
  expect(collect(1, [])).toBe(1)
})

test('the state of the instance may not change either, where it is part of the key', () => {
  const bucket = newBucket()
  const count = function (this: { n: number }) {
    return ++this.n
  }
  expect(() => bucket.wrap(count, { method: true }).call({ n: 1 })).toThrow(MutatedArgumentsError)
  expect(bucket.size).toBe(0)
  expect(bucket.wrap(count).call({ n: 1 })).toBe(2)
})

test('an asynchronous function that changes its arguments rejects', async () => {
  const bucket = newBucket()
  const push = bucket.wrap(async (list: number[]) => {
    await null
    return list.push(0)
  })
  await expect(push([1])).rejects.toThrow(MutatedArgumentsError)
  expect(bucket.size).toBe(0)
})

test('an asynchronous function never throws, it rejects', async () => {
  const run = newBucket().wrap(async (_: () => void) => 1)
  const promise = run(() => {})
  await expect(promise).rejects.toThrow(UnserializableError)
})

test('a function that gives promises without being async does so for a hit too, also in another bucket', async () => {
  const folder = newFolder()
  let runs = 0
  const wrap = () => new Bucket(folder).wrap((n: number) => Promise.resolve(n + ++runs))
  expect(await wrap()(1)).toBe(2)
  const hit = wrap()(1)
  expect(hit).toBeInstanceOf(Promise)
  expect(await hit).toBe(2)
})

test('a read-only bucket answers from what is stored, and runs the function otherwise', () => {
  const folder = newFolder()
  const options = { name: 'f', staleWhileRevalidate: 1000, singleFlight: true }
  let runs = 0
  const run = (n: number) => n + ++runs
  new Bucket(folder).wrap(run, options)(1)
  const readOnly = new Bucket(folder, { readOnly: true }).wrap(run, options)
  expect([readOnly(1), readOnly(2), readOnly(2)]).toEqual([2, 4, 5])
})

test.each([{}, { singleFlight: true }, { staleWhileRevalidate: 1000 }])(
  'where the disk refuses and the bucket degrades, functions simply run (%j)',
  async options => {
    const folder = newFolder()
    writeFileSync(join(folder, 'file'), '')
    const bucket = new Bucket(join(folder, 'file', 'cache'), { onError: 'degrade' })
    let runs = 0
    const run = bucket.wrap(() => ++runs, options)
    const later = bucket.wrap(async () => ++runs, options)
    expect([run(), run(), await later(), await later()]).toEqual([1, 2, 3, 4])
  },
)

test('within a transaction results are stored with it, or not at all', () => {
  const bucket = newBucket()
  let runs = 0
  const run = bucket.wrap((_: number) => ++runs, { singleFlight: true })
  expect(() =>
    bucket.transact(() => {
      expect([run(1), run(1)]).toEqual([1, 1])
      throw new Error('undone')
    }),
  ).toThrow('undone')
  expect(bucket.transact(() => run(1))).toBe(2)
  expect(run(1)).toBe(2)
})

test('values in memory are given without a look at the file, and refreshed by the function', () => {
  const bucket = newBucket({ memory: { revalidate: 'never' } })
  let runs = 0
  const run = bucket.wrap(() => ({ runs: ++runs }))
  run()
  const first = run()
  expect(run()).toBe(first)
  run.refresh()
  expect(run()).toEqual({ runs: 2 })
  expect(run.forget()).toBe(true)
  expect(run()).toEqual({ runs: 3 })
})

test.each([
  [{ nam: 'x' }, /"nam", did you mean "name"/],
  [{ ttl: 5 }, /"ttl"/],
  [{ name: '' }, /name/],
  [{ typed: 1 }, /typed/],
  [{ ignore: 'a' }, /ignore/],
  [{ ignore: [-1] }, /ignore/],
  [{ ignore: [null] }, /ignore/],
  [{ params: 'a' }, /params/],
  [{ singleFlight: 'yes' }, /singleFlight/],
  [{ beta: '1' }, /beta/],
  [{ expire: 'soon' }, /expire/],
  [{ tag: {} }, /tag/],
  [null, /options/],
])('the options %j are a TypeError', (options, message) => {
  expect(() => newBucket().wrap((_a: number) => 1, options as never)).toThrow(TypeError)
  expect(() => newBucket().wrap((_a: number) => 1, options as never)).toThrow(message)
})

test.each([{ beta: 0 }, { beta: -1 }, { beta: Number.NaN }, { staleWhileRevalidate: -1 }, { expire: -1 }])(
  'the options %j are a RangeError',
  options => {
    expect(() => newBucket().wrap(() => 1, options)).toThrow(RangeError)
  },
)

test('what is no function, a class or a generator cannot be memoized', () => {
  const bucket = newBucket()
  expect(() => bucket.wrap(5 as never)).toThrow(/got 5/)
  expect(() => bucket.wrap(class Box {} as never)).toThrow(/the class Box/)
  expect(() => bucket.wrap(function* each() {})).toThrow(/generator/)
  expect(() => bucket.wrap(async function* each() {})).toThrow(/generator/)
})
