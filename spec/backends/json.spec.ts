import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSliceDecoder } from '../../lib/backends/backend.ts'
import { JSONBackend, type JSONBackendOptions } from '../../lib/backends/json.ts'
import { BackendLoadError, UnserializableError } from '../../lib/errors.ts'
import { difference } from './same.ts'
import { backendSuite } from './suite.ts'
import { fromAnotherRealm, largePlainValues, plainArbitrary, plainValues, Secret } from './values.ts'

const cycle: { list: unknown[] } = { list: [] }
cycle.list.push(1, { cycle })

const refuses: [string, unknown, string][] = [
  ['a function', () => 1, 'value'],
  ['a symbol', Symbol('s'), 'value'],
  ['a bigint', [1n], 'value[0]'],
  ['NaN', { mean: Number.NaN }, 'value.mean'],
  ['Infinity', [0, Number.POSITIVE_INFINITY], 'value[1]'],
  ['-Infinity', Number.NEGATIVE_INFINITY, 'value'],
  ['undefined in an array', { a: [1, undefined] }, 'value.a[1]'],
  ['a missing element', { a: Object.assign([], { length: 2 }) }, 'value.a[0]'],
  ['a function in an object', { options: { callback() {} } }, 'value.options.callback'],
  ['a symbol under an odd key', { 'a b': Symbol('s') }, 'value["a b"]'],
  ['a Map', { seen: new Map([[1, 2]]) }, 'value.seen'],
  ['a Set', [[new Set()]], 'value[0][0]'],
  ['a RegExp', { pattern: /a/ }, 'value.pattern'],
  ['an Error', { error: new Error('x') }, 'value.error'],
  ['an Error with fields', { error: Object.assign(new Error('x'), { code: 1 }) }, 'value.error'],
  ['a Buffer', { bytes: Buffer.from('a') }, 'value.bytes'],
  ['a typed array', { bytes: Uint8Array.of(1) }, 'value.bytes'],
  ['an ArrayBuffer', [new ArrayBuffer(1)], 'value[0]'],
  ['a boxed number', [Object(1)], 'value[0]'],
  ['a Promise', { later: Promise.resolve() }, 'value.later'],
  ['Headers', { headers: new Headers() }, 'value.headers'],
  ['an instance with nothing but private state', [new Secret()], 'value[0]'],
  ['an invalid Date', { at: new Date(Number.NaN) }, 'value.at'],
  ['a RegExp match', { match: /b/.exec('abc') }, 'value.match'],
  ['what a toJSON() gives, no less', { model: { toJSON: () => ({ tags: new Set() }) } }, 'value.model.tags'],
  ['an object inside of itself', cycle, 'value.list[1].cycle'],
]

backendSuite('JSONBackend', {
  make: () => new JSONBackend(),
  keeps: plainValues,
  keepsLarge: largePlainValues,
  arbitrary: plainArbitrary,
  refuses,
  emptyIsUndefined: true,
})
backendSuite('JSONBackend with indentation and a reviver', {
  make: () => new JSONBackend({ space: 2, reviver: (_key, value) => value }),
  keeps: plainValues,
  keepsLarge: [],
  arbitrary: plainArbitrary,
  refuses,
  emptyIsUndefined: true,
})

describe('JSONBackend', () => {
  const backend = new JSONBackend()
  const textOf = (value: unknown, options?: JSONBackendOptions): string =>
    Buffer.from(new JSONBackend(options).encode(value)).toString()

  test('is called json, and so are its files', () => {
    expect([backend.name, backend.fileExtension]).toEqual(['json', 'json'])
  })

  test('writes one line of what JSON.stringify writes', () => {
    fc.assert(
      fc.property(plainArbitrary, value => {
        expect(textOf(value)).toBe(JSON.stringify(value))
        expect(textOf(value)).not.toContain('\n')
      }),
      { numRuns: 200 },
    )
  })

  test('writes what is usual in JSON as usual', () => {
    class Point {
      x = 1
    }
    const value = {
      date: new Date(0),
      link: new URL('http://example.org/'),
      left: undefined,
      point: new Point(),
      zero: -0,
      [Symbol('s')]: 1,
    }
    expect(textOf({ '': undefined, match: undefined, date: new URL('http://a/') })).toBe('{"date":"http://a/"}')
    const text = '{"date":"1970-01-01T00:00:00.000Z","link":"http://example.org/","point":{"x":1},"zero":0}'
    expect(textOf(value)).toBe(text)
    expect(textOf(fromAnotherRealm('({ list: [1, { nothing: {} }] })'))).toBe('{"list":[1,{"nothing":{}}]}')
  })

  test('writes an object twice that is met twice', () => {
    const shared = { a: 1 }
    expect(textOf([shared, { shared }, new URL('http://example.org/')])).toBe(
      '[{"a":1},{"shared":{"a":1}},"http://example.org/"]',
    )
  })

  test('calls a toJSON() once, with its key', () => {
    const calls: string[] = []
    const value = {
      inner: {
        toJSON(key: string) {
          calls.push(key)
          return [key]
        },
      },
    }
    expect(textOf(value)).toBe('{"inner":["inner"]}')
    expect(calls).toEqual(['inner'])
  })

  test('lets through what a toJSON() throws', () => {
    const mine = new TypeError('mine')
    const toJSON = (): never => {
      throw mine
    }
    expect(() => backend.encode({ a: { toJSON } })).toThrow(mine)
  })

  test('does not take a property that many objects refer to for a cycle, however many ways lead there', () => {
    let value: unknown = 'bottom'
    for (let i = 0; i < 10; i += 1) value = [value, value]
    expect(difference(backend.decode(backend.encode(value)), JSON.parse(JSON.stringify(value)))).toBeUndefined()
  })

  test('refuses a large object inside of itself at once', () => {
    const value: { many: number[][]; self?: unknown } = { many: Array.from({ length: 20_000 }, (_, i) => [i]) }
    value.self = { deep: value }
    expect(() => backend.encode(value)).toThrow(/value\.self\.deep: it is an object that it is inside of/)
  })

  test('indents with `space`', () => {
    expect(textOf({ a: [1] }, { space: 2 })).toBe('{\n  "a": [\n    1\n  ]\n}')
    expect(textOf({ a: 1 }, { space: '\t' })).toBe('{\n\t"a": 1\n}')
    expect(() => new JSONBackend({ space: 2 }).encode({ a: new Map() })).toThrow(UnserializableError)
  })

  test('leaves what a replacer and a reviver make to them', () => {
    const mapped = new JSONBackend({
      replacer: (_key, value) => (value instanceof Map ? { $map: [...value] } : value),
      reviver: (_key, value) => (value?.$map ? new Map(value.$map) : value),
    })
    const value = { map: new Map([['a', new Map([['b', 1]])]]) }
    expect(difference(mapped.decode(mapped.encode(value)), value)).toBeUndefined()
    expect(textOf({ a: Number.NaN, b: new Set() }, { replacer: (_key, value) => value })).toBe('{"a":null,"b":{}}')
    expect(textOf({ a: 1, b: 2 }, { replacer: ['b'] })).toBe('{"b":2}')
    expect(textOf({ a: 1 }, { replacer: null, space: 1 })).toBe('{\n "a": 1\n}')
  })

  test('gives the caller what a replacer throws', () => {
    const mine = new TypeError('mine')
    const replacer = (): never => {
      throw mine
    }
    expect(() => new JSONBackend({ replacer }).encode(1)).toThrow(mine)
  })

  test('refuses a value of which a replacer leaves nothing, and cycles that it leaves', () => {
    const nothing = new JSONBackend({ replacer: () => undefined })
    expect(() => nothing.encode({ a: 1 })).toThrow(UnserializableError)
    expect(nothing.decode(nothing.encode(undefined))).toBeUndefined()
    const same = new JSONBackend({ replacer: (_key, value) => value })
    expect(() => same.encode(cycle)).toThrow(UnserializableError)
    expect(() => same.encode(1n)).toThrow(UnserializableError)
  })

  test.each([new Error('mine'), new SyntaxError('mine'), new RangeError('mine'), 'mine'])(
    'gives the caller what a reviver throws: %s',
    mine => {
      const reviver = (): never => {
        throw mine
      }
      const throwing = new JSONBackend({ reviver })
      let caught: unknown
      try {
        throwing.decode(Buffer.from('{"a":1}'))
      } catch (error) {
        caught = error
      }
      expect(caught).toBe(mine)
      expect(() => throwing.decode(Buffer.from('{"a":1'))).toThrow(BackendLoadError)
    },
  )

  test('keeps `__proto__` as a key, without touching a prototype', () => {
    const found = backend.decode(Buffer.from('{"__proto__":{"polluted":true}}')) as object
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  test('decodes a slice as it decodes a piece', () => {
    expect(isSliceDecoder(backend)).toBe(true)
    fc.assert(
      fc.property(fc.json(), fc.nat(9), fc.nat(9), (text, before, after) => {
        const bytes = Buffer.from(text)
        const buffer = Buffer.concat([Buffer.alloc(before, '['), bytes, Buffer.alloc(after, ']')])
        const end = before + bytes.length
        const found = backend.decodeSlice(buffer, before, end)
        expect(difference(found, backend.decode(buffer.subarray(before, end)))).toBeUndefined()
      }),
      { numRuns: 200 },
    )
    expect(() => backend.decodeSlice(Buffer.from('1{2'), 1, 2)).toThrow(BackendLoadError)
    expect(backend.decodeSlice(Buffer.from('12'), 1, 1)).toBeUndefined()
  })

  test('says what is not JSON with the cause', () => {
    expect(() => backend.decode(Buffer.from('{'))).toThrow(
      expect.objectContaining({ code: 'ERR_BACKEND_LOAD', cause: expect.any(SyntaxError) }),
    )
  })

  test.each([
    [{ replacer: 1 }, /replacer, got 1/],
    [{ reviver: [] }, /reviver/],
    [{ space: true }, /space, got true/],
    [{ indent: 2 }, /got indent/],
  ])('rejects the options %j', (options, message) => {
    expect(() => new JSONBackend(options as never)).toThrow(TypeError)
    expect(() => new JSONBackend(options as never)).toThrow(message)
  })
})
