// Keys and their texts. GOLDEN: the texts are hashed into the names of files that people already have, so a text here is
// never edited. New kinds of keys are added below. No two of these are the same key, except under `sameKeys`.

import { cacheState } from '../../lib/keymakers/state.ts'

class Point {
  x = 1
  y = 2
  #secret = 3
  secret() {
    return this.#secret
  }
}
class Empty {}
class WithState {
  #hidden = 'state'
  other = 1;
  [cacheState]() {
    return { hidden: this.#hidden }
  }
  toJSON() {
    return 'not asked'
  }
}
class WithJSON {
  toJSON() {
    return ['json']
  }
}
class StateIsSelf {
  a = 'self';
  [cacheState]() {
    return this
  }
  toJSON() {
    return 'not asked'
  }
}
class JSONIsSelf {
  a = 'this'
  toJSON() {
    return this
  }
}
class RegistryWithState extends Map<string, number> {
  version = 7;
  [cacheState]() {
    return ['registry', this.version, [...this]]
  }
}
class NotFound extends Error {
  override name = 'NotFound'
  code = 404
}

const bytes = Uint8Array.of(0, 1, 254, 255)
const sparse: unknown[] = [1]
sparse[2] = 3

/** What it is, the key, its text. */
export const examples: readonly (readonly [string, unknown, string])[] = [
  ['undefined', undefined, 'undefined'],
  ['null', null, 'null'],
  ['true', true, 'true'],
  ['false', false, 'false'],

  ['zero', 0, '0'],
  ['an integer', 1, '1'],
  ['a negative number', -1.5, '-1.5'],
  ['a large number', 1e21, '1e+21'],
  ['a small number', 1e-7, '1e-7'],
  ['the largest number', Number.MAX_VALUE, '1.7976931348623157e+308'],
  ['NaN', Number.NaN, 'NaN'],
  ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
  ['minus Infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
  ['the bigint zero', 0n, '0n'],
  ['a bigint', 2n ** 64n, '18446744073709551616n'],
  ['a negative bigint', -12n, '-12n'],

  ['the empty string', '', '""'],
  ['a string', 'user:1', '"user:1"'],
  ['a string of a digit', '1', '"1"'],
  ['a string that says undefined', 'undefined', '"undefined"'],
  ['a string that is the text of another key', '{"a":1}', '"{\\"a\\":1}"'],
  ['control characters', '\0\b\t\n\f\r\x1f\x7f"\\/', '"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\\"\\\\/"'],
  ['letters beyond ASCII', 'é\u2028😀', '"é\u2028😀"'],
  ['lone surrogates', '\ud800 \udc00', '"\\ud800 \\udc00"'],
  ['another normal form of é', 'e\u0301', '"e\u0301"'],

  ['the empty array', [], '[]'],
  ['an array', [1, '1', null], '[1,"1",null]'],
  ['an array in an array', [[]], '[[]]'],
  ['an array that ends with undefined', [1, undefined], '[1,undefined]'],
  ['a sparse array', sparse, '[1,undefined,3]'],

  ['the empty object', {}, '{}'],
  ['an object', { b: [1, 'x'], a: { c: true } }, '{"a":{"c":true},"b":[1,"x"]}'],
  ['an undefined field', { a: undefined }, '{"a":undefined}'],
  [
    'names in the order of code units',
    { z: 1, é: 2, '\uffff': 3, '😀': 4, B: 5, '10': 6, '9': 7 },
    '{"10":6,"9":7,"B":5,"z":1,"é":2,"😀":4,"\uffff":3}',
  ],
  ['a field called __proto__', JSON.parse('{"__proto__":{"polluted":1}}'), '{"__proto__":{"polluted":1}}'],
  [
    'more than twenty names',
    Object.fromEntries(Array.from('zyxwvutsrqponmlkjihgfedcba', name => [name, 0])),
    `{${Array.from('abcdefghijklmnopqrstuvwxyz', name => `"${name}":0`).join(',')}}`,
  ],

  ['a Date', new Date(0), 'Date("1970-01-01T00:00:00.000Z")'],
  ['a Date of early days', new Date(-8.64e15), 'Date("-271821-04-20T00:00:00.000Z")'],
  ['the invalid Date', new Date(Number.NaN), 'Date(NaN)'],
  ['the string of a Date', '1970-01-01T00:00:00.000Z', '"1970-01-01T00:00:00.000Z"'],
  ['a RegExp', /a\/b\n"/gi, 'RegExp("a\\\\/b\\\\n\\"","gi")'],
  ['the empty RegExp', /(?:)/, 'RegExp("(?:)","")'],

  ['the empty Map', new Map(), 'Map{}'],
  [
    'a Map',
    new Map<unknown, unknown>([
      ['a', 12n],
      [{ b: 1 }, new Map()],
    ]),
    'Map{"a":12n,{"b":1}:Map{}}',
  ],
  [
    'a Map in another order',
    new Map<unknown, unknown>([
      [{ b: 1 }, new Map()],
      ['a', 12n],
    ]),
    'Map{{"b":1}:Map{},"a":12n}',
  ],
  ['the empty Set', new Set(), 'Set[]'],
  ['a Set', new Set([1, '1', [1]]), 'Set[1,"1",[1]]'],
  ['a Set in another order', new Set(['1', 1, [1]]), 'Set["1",1,[1]]'],
  [
    'a Set of twice the same string',
    new Set<unknown>([new URL('http://a/'), 'http://a/']),
    'Set["http://a/","http://a/"]',
  ],
  ['a Set of twice null', new Set<unknown>([null, { toJSON: () => null }]), 'Set[null,null]'],
  [
    'a Map of twice the same key',
    new Map<unknown, unknown>([
      [1, 'a'],
      [Object(1), 'b'],
    ]),
    'Map{1:"a",1:"b"}',
  ],

  ['an Error', new Error('no'), 'Error{"message":"no","name":"Error"}'],
  ['another kind of Error', new TypeError('no'), 'Error{"message":"no","name":"TypeError"}'],
  [
    'an Error with a cause',
    new Error('no', { cause: new RangeError('why') }),
    'Error{"cause":Error{"message":"why","name":"RangeError"},"message":"no","name":"Error"}',
  ],
  [
    'an Error with the cause undefined',
    new Error('no', { cause: undefined }),
    'Error{"cause":undefined,"message":"no","name":"Error"}',
  ],
  ['an Error with fields', new NotFound('gone'), 'Error{"code":404,"message":"gone","name":"NotFound"}'],
  [
    'an AggregateError',
    new AggregateError([new Error('a'), 1], 'both'),
    'Error{"errors":[Error{"message":"a","name":"Error"},1],"message":"both","name":"AggregateError"}',
  ],
  ['a DOMException', new DOMException('stop', 'AbortError'), 'Error{"message":"stop","name":"AbortError"}'],

  ['no bytes', new Uint8Array(), 'Uint8Array("")'],
  ['bytes', bytes, 'Uint8Array("AAH+/w==")'],
  ['clamped bytes', new Uint8ClampedArray(bytes), 'Uint8ClampedArray("AAH+/w==")'],
  ['signed bytes', new Int8Array(bytes), 'Int8Array("AAH+/w==")'],
  ['an ArrayBuffer', bytes.buffer, 'ArrayBuffer("AAH+/w==")'],
  ['a DataView', new DataView(bytes.buffer, 1, 2), 'DataView("Af4=")'],
  ['int16', Int16Array.of(1, -2), 'Int16Array("AQD+/w==")'],
  ['uint16', Uint16Array.of(1, 65534), 'Uint16Array("AQD+/w==")'],
  ['int32', Int32Array.of(1, -2), 'Int32Array("AQAAAP7///8=")'],
  ['uint32', Uint32Array.of(1), 'Uint32Array("AQAAAA==")'],
  ['int64', BigInt64Array.of(-2n), 'BigInt64Array("/v////////8=")'],
  ['uint64', BigUint64Array.of(1n), 'BigUint64Array("AQAAAAAAAAA=")'],
  ['float32', Float32Array.of(1.5, Number.NaN), 'Float32Array("AADAPwAAwH8=")'],
  ['float64', Float64Array.of(-0.5, Number.NaN), 'Float64Array("AAAAAAAA4L8AAAAAAAD4fw==")'],
  ['float64 zero', Float64Array.of(0), 'Float64Array("AAAAAAAAAAA=")'],
  ['float64 minus zero', Float64Array.of(-0), 'Float64Array("AAAAAAAAAIA=")'],

  ['an instance', new Point(), '{"x":1,"y":2}'],
  ['[cacheState]()', new WithState(), '{"hidden":"state"}'],
  ['toJSON()', new WithJSON(), '["json"]'],
  ['[cacheState]() that returns this', new StateIsSelf(), '{"a":"self"}'],
  ['toJSON() that returns this', new JSONIsSelf(), '{"a":"this"}'],
  ['[cacheState]() of a subclass of Map', new RegistryWithState([['a', 1]]), '["registry",7,[["a",1]]]'],
  ['a URL', new URL('https://example.org/a?b#c'), '"https://example.org/a?b#c"'],
  ['an instance without fields, in an array', [new Empty()], '[{}]'],
]

/** Pairs that are one key although they are not made alike. */
export const sameKeys: readonly (readonly [string, unknown, unknown])[] = [
  ['0 and -0', 0, -0],
  ['objects whose fields have another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
  ['integer-like names in another order', { 1: 'a', 10: 'b', x: 'c' }, { x: 'c', 10: 'b', 1: 'a' }],
  ['an instance and the object of its fields', new Point(), { y: 2, x: 1 }],
  ['an instance without fields and {}', new Empty(), {}],
  ['an object without a prototype and a plain one', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ['an object whose prototype has fields and a plain one', Object.create({ inherited: 1 }), {}],
  [
    'a getter and a value',
    {
      get a() {
        return 1
      },
    },
    { a: 1 },
  ],
  ['a hole and undefined', withHole(), [undefined, 1]],
  ['a Buffer and its bytes', Buffer.from('abc'), Uint8Array.of(97, 98, 99)],
  ['a part of a larger buffer and its bytes', Buffer.from('xabcx').subarray(1, 4), Uint8Array.of(97, 98, 99)],
  ['a SharedArrayBuffer and an ArrayBuffer', new SharedArrayBuffer(2), new ArrayBuffer(2)],
  ['NaNs of other bits', new Float64Array(BigUint64Array.of(0xfff8000000000001n).buffer), Float64Array.of(Number.NaN)],
  ['a boxed string and the string', Object('a'), 'a'],
  ['a boxed number and the number', Object(-0), 0],
  ['a boxed boolean and the boolean', Object(false), false],
  ['a boxed bigint and the bigint', Object(1n), 1n],
  ['a URL and its string', new URL('http://a'), 'http://a/'],
  ['a RegExp that has been used and a fresh one', usedRegExp(), /a/g],
  ['a hidden property under a symbol and none', Object.defineProperty({ a: 1 }, Symbol('s'), { value: 2 }), { a: 1 }],
  ['a hidden property and none', Object.defineProperty({ a: 1 }, 'hidden', { value: 2 }), { a: 1 }],
  ['a hidden property of an array and none', Object.defineProperty([1], 'hidden', { value: 2 }), [1]],
  ['Errors of two places', new Error('a'), elsewhere()],
  ['the same object twice and two objects alike', twice({ a: 1 }), [{ a: 1 }, { a: 1 }]],
]

function withHole(): unknown[] {
  const array: unknown[] = []
  array[1] = 1
  return array
}

function usedRegExp(): RegExp {
  const used = /a/g
  used.exec('aa')
  return used
}

function elsewhere(): Error {
  return new Error('a')
}

function twice(value: object): object[] {
  return [value, value]
}
