import { createHash, createSecretKey } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { runInNewContext, Script } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UnserializableError } from '../../lib/errors.ts'
import { DefaultKeyMaker } from '../../lib/keymakers/default.ts'
import { cacheState } from '../../lib/keymakers/state.ts'
import { anyKey, fewKeys, remade } from './arbitraries.ts'
import { examples, sameKeys } from './examples.ts'
import { sameKey } from './same-key.ts'

const keyMaker = new DefaultKeyMaker()
const keyText = (value: unknown) => keyMaker.keyText(value)

describe('keyText()', () => {
  test.each(examples)('gives the golden text of %s', (_, value, text) => {
    expect(keyText(value)).toBe(text)
  })

  test('gives no two of the golden texts twice', () => {
    expect(new Set(examples.map(([, , text]) => text)).size).toBe(examples.length)
  })

  test.each(sameKeys)('makes one key of %s', (_, one, other) => {
    expect(keyText(one)).toBe(keyText(other))
  })

  test('gives equal texts exactly where two values are the same key', () => {
    let same = 0
    fc.assert(
      fc.property(fewKeys, fewKeys, (one, other) => {
        if (sameKey(one, other)) same++
        return (keyText(one) === keyText(other)) === sameKey(one, other)
      }),
      { numRuns: 3000 },
    )
    expect(same).toBeGreaterThan(20)
  })

  test('gives one text however a value is made', () => {
    fc.assert(
      fc.property(anyKey, key => {
        expect(sameKey(remade(key), key)).toBe(true)
        expect(keyText(remade(key))).toBe(keyText(key))
      }),
      { numRuns: 300 },
    )
  })

  test('gives JSON, as JSON.stringify() does, for a key of JSON types only', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), key => {
        const text = keyText(key)
        expect(text).toBe(new DefaultKeyMaker({ sortKeys: true }).keyText(JSON.parse(JSON.stringify(key))))
        expect(new DefaultKeyMaker({ sortKeys: false }).keyText(key)).toBe(JSON.stringify(key))
        expect(JSON.stringify(JSON.parse(text))).toHaveLength(text.length)
      }),
    )
  })

  test('gives no JSON for a key that has any other type in it', () => {
    const others = examples.filter(([, , text]) => !isJSON(text)).map(([, value]) => value)
    expect(others.length).toBeGreaterThan(40)
    for (const value of others) {
      expect(isJSON(keyText([value]))).toBe(false)
      expect(isJSON(keyText({ value }))).toBe(false)
    }
  })

  test('gives one line of well-formed Unicode', () => {
    fc.assert(
      fc.property(anyKey, key => {
        const text = keyText(key)
        expect(text).not.toContain('\n')
        expect(Buffer.from(text).toString()).toBe(text)
      }),
    )
  })

  test('does not ask objects of another realm for their class', () => {
    const foreign: unknown = runInNewContext(
      '({ array: [1], map: new Map([[1, 2]]), set: new Set([1]), date: new Date(0), regexp: /a/, bytes: new Uint8Array(1),' +
        ' error: new TypeError("a"), plain: { b: 1 }, boxed: Object("s"), buffer: new ArrayBuffer(1) })',
    )
    const own = {
      ...{
        array: [1],
        map: new Map([[1, 2]]),
        set: new Set([1]),
        date: new Date(0),
        regexp: /a/,
        bytes: new Uint8Array(1),
      },
      ...{ error: new TypeError('a'), plain: { b: 1 }, boxed: Object('s'), buffer: new ArrayBuffer(1) },
    }
    expect(keyText(foreign)).toBe(keyText(own))
  })

  test('asks built-in methods, not those of a subclass', () => {
    class Liar extends Map<string, number> {
      override entries(): never {
        throw new Error('asked')
      }
      override get size(): never {
        throw new Error('asked')
      }
    }
    expect(keyText(new Liar([['a', 1]]))).toBe('Map{"a":1}')
    expect(keyText(Object.assign(Object(1), { valueOf: () => 2 }))).toBe('1')
  })

  test('reads a getter once', () => {
    let reads = 0
    const key = {
      b: 1,
      get a() {
        return ++reads
      },
    }
    expect(keyText(key)).toBe('{"a":1,"b":1}')
  })

  test('takes what [cacheState]() and toJSON() return as a key of its own, at any depth', () => {
    class Inner {
      [cacheState]() {
        return new Map([['inner', new Date(0)]])
      }
    }
    class Outer {
      toJSON() {
        return [new Inner()]
      }
    }
    expect(keyText({ outer: new Outer() })).toBe('{"outer":[Map{"inner":Date("1970-01-01T00:00:00.000Z")}]}')
    expect(keyText({ toJSON: () => undefined })).toBe('undefined')
    expect(keyText({ toJSON: 'data' })).toBe('{"toJSON":"data"}')
  })

  test('keeps the order of fields with `sortKeys: false`', () => {
    const ordered = new DefaultKeyMaker({ sortKeys: false })
    expect(ordered.keyText({ b: 1, a: { d: 1, c: 2 } })).toBe('{"b":1,"a":{"d":1,"c":2}}')
    expect(ordered.keyText(Object.assign(new Error('no', { cause: 1 }), { code: 'E' }))).toBe(
      'Error{"name":"Error","message":"no","cause":1,"code":"E"}',
    )
  })
})

describe('makeKey()', () => {
  test('gives the text in one piece', () => {
    expect([...keyMaker.makeKey({ b: 1, a: 2n })]).toEqual(['{"a":2n,"b":1}'])
  })
})

describe('the options', () => {
  test('are refused where they are not known or not of their type', () => {
    expect(() => new DefaultKeyMaker({ sortkeys: true } as object)).toThrow(TypeError)
    expect(() => new DefaultKeyMaker({ sortKeys: 1 as never })).toThrow('Expected sortKeys to be a boolean, got 1')
    expect(new DefaultKeyMaker({}).sortKeys).toBe(true)
  })
})

describe('what cannot be in a key', () => {
  function refusal(value: unknown): string {
    try {
      return `accepted as ${keyText(value)}`
    } catch (error) {
      expect(error).toBeInstanceOf(UnserializableError)
      return (error as Error).message
    }
  }

  const Extended = class extends URLSearchParams {
    field = 1
  }
  const state = Symbol('state')
  class Handle {
    [state] = 1
  }
  function* generator() {}

  test.each<[string, unknown]>([
    ['function (named)', function named() {}],
    ['function', () => {}],
    ['symbol Symbol(s)', Symbol('s')],
    ['symbol Symbol(s)', Object(Symbol('s'))],
    ['Promise', Promise.resolve(1)],
    ['WeakMap', new WeakMap()],
    ['WeakSet', new WeakSet()],
    ['WeakRef', new WeakRef({})],
    ['URLSearchParams', new URLSearchParams('a=1')],
    ['Extended', new Extended('a=1')],
    ['Headers', new Headers({ a: '1' })],
    ['FormData', new FormData()],
    ['Request', new Request('http://a/')],
    ['Response', new Response('a')],
    ['Blob', new Blob(['a'])],
    ['ReadableStream', new ReadableStream()],
    ['AbortController', new AbortController()],
    ['AbortSignal', new AbortController().signal],
    ['Event', new Event('a')],
    ['TextDecoder', new TextDecoder()],
    ['Generator', generator()],
    ['Array Iterator', [1].values()],
    ['Locale', new Intl.Locale('de')],
    ['Memory', runInNewContext('new WebAssembly.Memory({ initial: 0 })')],
    ['Script', new Script('1')],
    ['Handle', new Handle()],
    ['SecretKeyObject', createSecretKey(Buffer.of(1))],
  ])('refuses a %s, and says where it is', (name, value) => {
    expect(refusal(value)).toContain(`${name} at key: `)
    expect(refusal({ options: [1, { 'a b': value }] })).toContain(' at key.options[1]["a b"]: ')
  })

  test.each<[string, unknown, string]>([
    ['a field', { options: [0, 1, { callback: Math.max }] }, 'a function (max) at key.options[2].callback:'],
    ['an item of a Set', new Set([1, Symbol.iterator]), 'the symbol Symbol(Symbol.iterator) at key.<item 1>:'],
    ['a key of a Map', new Map([[() => {}, 1]]), 'a function at key.<key 0>:'],
    ['a value of a Map', new Map([['a b', [() => {}]]]), 'a function at key.get("a b")[0]:'],
    [
      'a value of a Map under an object',
      new Map<unknown, unknown>([
        [1, 2],
        [{}, () => {}],
      ]),
      'a function at key.<value 1>:',
    ],
    ['a cause', new Error('a', { cause: { at: () => {} } }), 'at key.cause.at:'],
    ['what toJSON() returns', { a: { toJSON: () => [() => {}] } }, 'a function at key.a.toJSON()[0]:'],
    ['what [cacheState]() returns', { [cacheState]: () => Promise.resolve() }, 'a Promise at key.[cacheState]():'],
    ['the end of a long path', { a: { ['x'.repeat(500)]: { end: () => {} } } }, 'xxx.end:'],
    [
      'a method [cacheState] that is none',
      { a: { [cacheState]: 'v1' } },
      'an object at key.a: its [cacheState] must be a method',
    ],
  ])('is named with the path to it: %s', (_, key, message) => {
    expect(refusal(key)).toContain(message)
    expect(refusal(key).length).toBeLessThan(400)
  })

  test.each<[string, () => object]>([
    ['an object', () => ({})],
    ['an array', () => []],
    ['a Map', () => new Map()],
    ['a Set', () => new Set()],
    ['an Error', () => new Error('a')],
  ])('is a cycle through %s', (_, make) => {
    const container = make()
    const inner = { container }
    if (container instanceof Map) container.set('inner', inner)
    else if (container instanceof Set) container.add(inner)
    else Object.assign(container, Array.isArray(container) ? [inner] : { inner })
    expect(refusal({ a: container })).toMatch(
      / at key\.a.*\.container: it is part of itself: the same object stands at key\.a;/,
    )
  })

  test('is a cycle of stand-ins', () => {
    const one: object = { toJSON: () => [other] }
    const other: object = { toJSON: () => one }
    expect(refusal(one)).toContain('it is part of itself: the same object stands at key;')
    const endless = (): object => ({ toJSON: endless })
    expect(refusal(endless())).toContain('nested more than 1000 deep')
  })

  test('is what is nested deeper than 1000, however deep', () => {
    const nested = (depth: number, wrap: (inside: unknown) => unknown) => {
      let value: unknown = 1
      for (let level = 0; level < depth; level++) value = wrap(value)
      return value
    }
    for (const wrap of [
      (inside: unknown) => [inside],
      (inside: unknown) => ({ inside }),
      (inside: unknown) => new Set([inside]),
      (inside: unknown) => new Map([[inside, 1]]),
      (inside: unknown) => new Error('a', { cause: inside }),
    ]) {
      const text = keyText(nested(1000, wrap))
      expect(keyText(keyMaker.readKey(text))).toBe(text)
      expect(refusal(nested(1001, wrap))).toContain('nested more than 1000 deep')
      expect(refusal(nested(100_000, wrap))).toContain('nested more than 1000 deep')
    }
  })

  test('is a built-in with a field that would not count', () => {
    class Matrix extends Float64Array {
      rows = 1
    }
    class Stack extends Array<number> {
      top = 1
    }
    expect(refusal(new Matrix(2))).toContain('a Matrix at key: it has a field of its own (rows)')
    expect(refusal(new Stack(1, 2))).toContain('a Stack at key: it has a field of its own (top)')
    expect(refusal(Object.assign(new Map(), { version: 1 }))).toContain(
      'a Map at key: it has a field of its own (version)',
    )
    expect(refusal(Object.assign(new Date(0), { zone: 1 }))).toContain('(zone)')
    expect(refusal(Object.assign(/a/, { extra: 1 }))).toContain('(extra)')
    expect(keyText(new (class extends Float64Array {})(1))).toBe('Float64Array("AAAAAAAAAAA=")')
    expect(keyText(new (class extends Array {})(3).fill(1))).toBe('[1,1,1]')
  })

  test('is a field of an array beside its elements, however many those are', () => {
    const match = 'abc'.match(/(b)/)
    expect(refusal([match])).toContain(
      'an Array at key[0]: it has a field of its own (groups), which would not count; pass [...array]',
    )
    expect(keyText([...match!])).toBe('["b","b"]')
    for (const length of [0, 1, 64, 65, 1000]) {
      const dense = new Array(length).fill(1)
      const sparse = new Array(length)
      for (const array of [dense, sparse]) {
        expect(keyText(array)).toBe(JSON.stringify(array).replaceAll('null', 'undefined'))
        for (const name of ['extra', '01', '-1', '4294967295', ' ', `${length}.0`]) {
          expect(refusal(Object.assign([...array], { [name]: 1 })), name).toContain(`of its own (${name})`)
        }
        expect(refusal(Object.assign(array, { [Symbol('s')]: 1 }))).toContain('of its own (Symbol(s))')
      }
    }
  })

  test('is a field under a symbol', () => {
    expect(refusal({ a: { [Symbol('s')]: 1 } })).toContain(
      'an object at key.a: it has a field under a symbol (Symbol(s)), which would not count',
    )
    class Point {
      x = 1;
      [state] = 2
    }
    expect(refusal(new Point())).toContain('a Point at key: it has a field under a symbol (Symbol(state))')
    expect(refusal(Object.assign(new Map(), { [state]: 1 }))).toContain('a field of its own (Symbol(state))')
    expect(keyText({ x: 1, [cacheState]: undefined })).toBe('{"x":1}')
    class Emitter extends EventEmitter {
      name = 'a'
    }
    expect(keyText(new Emitter())).toContain('"name":"a"')
  })

  test('is memory that was transferred away', () => {
    const bytes = Uint8Array.of(1)
    const { buffer } = bytes
    structuredClone(buffer, { transfer: [buffer] })
    expect(refusal([bytes])).toContain('a Uint8Array at key[0]: its memory was transferred away')
    expect(refusal([buffer])).toContain('an ArrayBuffer at key[0]: its memory was transferred away')
  })

  test('is a Proxy of a Map, whose contents it does not show', () => {
    expect(refusal(new Proxy(new Map([[1, 2]]), {}))).toContain('a Map at key: what it holds cannot be seen')
    expect(keyText(new Proxy({ a: 1 }, {}))).toBe('{"a":1}')
  })

  test('does not include classes that build on those of the platform for something else', () => {
    class Service extends EventTarget {
      name = 'a'
    }
    expect(keyText(new Service())).toBe('{"name":"a"}')
    class Mention {
      text = '{ [native code] }'
    }
    expect(keyText(new Mention())).toBe('{"text":"{ [native code] }"}')
    expect(refusal(new (class extends EventTarget {})())).toContain('cannot be seen')
    expect(keyText(createHash('md5').update('a').digest())).toBe('Uint8Array("DMF1ucDxtqgxw5niaXcmYQ==")')
  })
})

describe('hostile objects', () => {
  const boom = new Error('boom')
  const throws = (): never => {
    throw boom
  }

  test.each<[string, unknown]>([
    ['a getter', { a: Object.defineProperty({}, 'b', { get: throws, enumerable: true }) }],
    ['toJSON()', [{ toJSON: throws }]],
    ['[cacheState]()', [{ [cacheState]: throws }]],
    ['a Proxy', [new Proxy({}, { ownKeys: throws })]],
  ])('let through what %s throws', (_, key) => {
    expect(() => keyText(key)).toThrow(boom)
    // The key maker is none the worse for it.
    expect(keyText([1])).toBe('[1]')
  })

  test('cannot pollute prototypes by a key that is read back', () => {
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'
    const key = keyMaker.readKey(text)
    expect(Object.getPrototypeOf(key)).toBe(Object.prototype)
    expect(Object.hasOwn(key as object, '__proto__')).toBe(true)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(keyText(key)).toBe(text)
  })

  test('are not misled by a method that others put on a prototype', () => {
    const patched = BigInt.prototype as { toJSON?: () => string }
    patched.toJSON = () => 'patched'
    try {
      expect(keyText([1n, Object(1n)])).toBe('[1n,1n]')
    } finally {
      delete patched.toJSON
    }
  })
})

function isJSON(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
