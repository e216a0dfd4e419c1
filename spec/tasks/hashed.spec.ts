import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { digest } from '../../lib/tasks/digest.ts'
import { HashedValue, hashed, withoutMarks } from '../../lib/tasks/hashed.ts'

const table = () => ({ rows: [1, 2, 3] })

test('a mark counts in a key as its hash alone, at any depth', () => {
  expect(digest([hashed(1, 'h')])).toBe(digest([hashed(table(), 'h')]))
  expect(digest([{ a: [hashed(1, 'h')] }])).toBe(digest([{ a: [hashed(() => {}, 'h')] }]))
  expect(digest([hashed(1, 'h')])).not.toBe(digest([hashed(1, 'i')]))
  expect(digest([hashed('h', 'h')])).not.toBe(digest(['h']))
  expect(digest([hashed(1, 'h')])).not.toBe(digest([{ hash: 'h' }]))
})

test('a mark within a class instance counts too', () => {
  class Model {
    data: unknown
    constructor(data: unknown) {
      this.data = data
    }
  }
  expect(digest([new Model(hashed(1, 'h'))])).toBe(digest([new Model(hashed(2, 'h'))]))
})

test('marking again replaces the hash', () => {
  const once = hashed(table(), 'a')
  const twice = hashed(once, 'b')
  expect(digest(twice)).toBe(digest(hashed(0 as unknown, 'b')))
  expect(digest(once)).toBe(digest(hashed(0 as unknown, 'a')))
  expect(withoutMarks(twice)).toEqual(table())
})

test('a hash that is no string is a TypeError', () => {
  expect(() => hashed(1, 2 as never)).toThrow(TypeError)
})

test('withoutMarks() gives back what was marked', () => {
  const value = table()
  expect(withoutMarks(hashed(value, 'h'))).toBe(value)
  expect(withoutMarks(hashed(5, 'h'))).toBe(5)
  expect(withoutMarks(hashed(undefined, 'h'))).toBe(undefined)
})

test('withoutMarks() takes marks out of arrays, objects, Maps and Sets, and leaves the rest as it is', () => {
  const value = table()
  const untouched = { deep: [new Date(0)] }
  const proto = Object.assign(Object.create(null), { x: hashed(1, 'h'), [Symbol.for('s')]: 2 })
  const input = {
    list: [hashed(value, 'h'), 2, untouched],
    map: new Map<unknown, unknown>([
      ['k', hashed(3, 'h')],
      [hashed('key', 'h'), 4],
    ]),
    set: new Set([hashed(5, 'h')]),
    nested: hashed({ inner: hashed(6, 'i') }, 'h'),
    proto,
    untouched,
  }
  const plain = withoutMarks(input) as typeof input
  expect(plain).toEqual({
    list: [value, 2, untouched],
    map: new Map<unknown, unknown>([
      ['k', 3],
      ['key', 4],
    ]),
    set: new Set([5]),
    nested: { inner: 6 },
    proto: Object.assign(Object.create(null), { x: 1, [Symbol.for('s')]: 2 }),
    untouched,
  })
  expect(plain.list[0]).toBe(value)
  expect(plain.untouched).toBe(untouched)
  expect(input.list[0]).toBeInstanceOf(HashedValue)
})

test('withoutMarks() takes marks out of instances of classes, of which it makes copies', () => {
  class Base {
    readonly base = 'b'
  }
  class Model extends Base {
    table: unknown
    readonly other: object
    constructor(marked: unknown, other: object) {
      super()
      this.table = marked
      this.other = other
      Object.defineProperty(this, 'hidden', { value: 1 })
      Object.defineProperty(this, 'computed', { enumerable: true, get: () => expect.unreachable() })
    }
    rows(): unknown {
      return (this.table as ReturnType<typeof table>).rows
    }
  }
  const other = new Date(0)
  const model = new Model(hashed(table(), 'h'), other)
  const [plain] = withoutMarks([model]) as [Model]
  expect(plain).toBeInstanceOf(Model)
  expect(plain.rows()).toEqual([1, 2, 3])
  expect(plain.other).toBe(other)
  expect(Reflect.ownKeys(plain)).toEqual(Reflect.ownKeys(model))
  expect(model.table).toBeInstanceOf(HashedValue)
  const unmarked = new Model(1, other)
  expect(withoutMarks(unmarked)).toBe(unmarked)
  const foreign = withoutMarks(runInNewContext('({ mark })', { mark: hashed(1, 'h') }))
  expect({ ...(foreign as object) }).toEqual({ mark: 1 })
  const inner = new Model(1, unmarked)
  const holder = withoutMarks(new Model(hashed(1, 'h'), inner)) as Model
  expect(holder.other).toBe(inner)
})

test('a mark in an instance that cannot be copied as a whole is a TypeError that says what to do', () => {
  class Secret {
    readonly data: unknown
    readonly #own = 1
    constructor(data: unknown) {
      this.data = data
    }
    own(): number {
      return this.#own
    }
  }
  class Derived extends Secret {}
  class Failure extends Error {
    readonly data: unknown
    constructor(data: unknown) {
      super('no')
      this.data = data
    }
  }
  for (const [instance, why] of [
    [new Secret(hashed(1, 'h')), /private fields \(Secret\)/],
    [new Derived(hashed(1, 'h')), /private fields \(Secret\)/],
    [new Failure(hashed(1, 'h')), /built in \(Error\)/],
  ] as const) {
    expect(() => withoutMarks({ instance })).toThrow(TypeError)
    expect(() => withoutMarks({ instance })).toThrow(why)
    expect(() => withoutMarks({ instance })).toThrow(/Mark the whole object/)
  }
  const whole = new Secret(1)
  expect(withoutMarks([hashed(whole, 'h'), whole])).toEqual([whole, whole])
  expect((withoutMarks([hashed(whole, 'h')]) as [Secret])[0].own()).toBe(1)
})

test('withoutMarks() leaves views, Proxies and boxed values alone', () => {
  hashed(1, 'h')
  const proxy = new Proxy(new (class Proxied {})(), {
    ownKeys: () => expect.unreachable(),
  })
  for (const value of [Buffer.from('abc'), Object('abc'), proxy, new Date(0), /a/])
    expect(withoutMarks(value)).toBe(value)
})

test('withoutMarks() follows cycles, from wherever the mark stands', () => {
  const a: Record<string, unknown> = { name: 'a' }
  const b: Record<string, unknown> = { name: 'b', a }
  a['b'] = b
  a['mark'] = hashed(1, 'h')
  const plain = withoutMarks(a) as typeof a
  expect(plain['mark']).toBe(1)
  expect((plain['b'] as typeof b)['a']).toBe(plain)
  expect((plain['b'] as typeof b)['name']).toBe('b')
})

test('withoutMarks() gives what has no marks back as the same object', () => {
  hashed(1, 'h')
  const cyclic: unknown[] = [new Map([[1, [2]]]), { a: 1 }]
  cyclic.push(cyclic)
  expect(withoutMarks(cyclic)).toBe(cyclic)
})

test('withoutMarks() takes long chains', () => {
  let chain: unknown = hashed(1, 'h')
  for (let depth = 0; depth < 100_000; depth += 1) chain = { next: chain }
  let at = withoutMarks(chain)
  while (typeof at === 'object') at = (at as { next: unknown }).next
  expect(at).toBe(1)
})
