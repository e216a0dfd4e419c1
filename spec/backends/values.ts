// Values for the suite: what JSON keeps, what structured clone keeps, what nothing keeps.

import vm from 'node:vm'
import fc from 'fast-check'

const long = 'The quick brown fox jumps over the lazy dog. '.repeat(60)

/** Kept by every backend. */
export const plainValues: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['true', true],
  ['false', false],
  ['an empty string', ''],
  ['a string', 'a string'],
  ['text of every width', 'a\u0000\u007f\u0080é€😀\u2028\ufeff\ufffd'],
  ['half a surrogate pair', 'before \ud800 after'],
  ['a long string', long],
  ['a long string of wide characters', '€'.repeat(3000)],
  ['integers', [0, 1, -1, 23, 24, -24, -25, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32, -(2 ** 31) - 1, 2 ** 53]],
  ['fractions', [0.1, -1.5, 1e300, 5e-324, Number.MAX_VALUE]],
  ['an empty array', []],
  ['an empty object', {}],
  ['an object of everything', { a: [1, 'two', null, { three: true }], b: { c: { d: {} } } }],
  ['the order of keys', { z: 1, a: 2, 10: 3, 9: 4 }],
  [
    'keys with a meaning elsewhere',
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{}},"length":1}'),
  ],
  ['methods overlaid with data', { hasOwnProperty: 1, toString: 2, valueOf: 3, toJSON: 4 }],
  ['odd keys', { '': 1, ' ': 2, 'a.b': 3, '\ud800': 4, é: 5, [long]: 6 }],
]

/** The same, too large for every test. */
export const largePlainValues: readonly (readonly [string, unknown])[] = [
  ['70,000 keys', Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))],
  ['100,000 elements', Array.from({ length: 100_000 }, (_, i) => i % 300)],
]

const shared = { name: 'shared' }
const manyShared = Array.from({ length: 70_000 }, (_, i) => ({ i }))
const cycle: { self?: unknown; list: unknown[]; map: Map<unknown, unknown>; set: Set<unknown> } = {
  list: [],
  map: new Map(),
  set: new Set(),
}
cycle.self = cycle
cycle.list.push(cycle.list, cycle)
cycle.map.set(cycle.map, cycle).set('set', cycle.set)
cycle.set.add(cycle.set).add(cycle)

/** Kept by V8Backend, CBORBackend and MessagePackBackend. */
export const clonedValues: readonly (readonly [string, unknown])[] = [
  ...plainValues,
  ['-0', -0],
  ['-0 in a list', [0, -0]],
  ['NaN and infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['bigints', [0n, 1n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, -(2n ** 64n) - 1n, 3n ** 500n, -(7n ** 300n)]],
  ['undefined in an object', { a: undefined, b: 1 }],
  ['undefined in an array', [undefined, 1, undefined]],
  ['missing elements', Object.assign([], { 3: 'here', length: 5 })],
  ['as many properties as missing elements', Object.assign(['a'], { length: 2, beside: 'b' })],
  ['an array of a billion missing elements', Object.assign([], { 1000000000: 'last' })],
  ['a RegExp match', Object.assign(['b'], { index: 1, input: 'abc', groups: undefined })],
  [
    'a Map',
    new Map<unknown, unknown>([
      ['a', 1],
      [1, 'a'],
      [{ k: 1 }, [new Map()]],
      [undefined, null],
      [Number.NaN, -0],
    ]),
  ],
  ['a Set', new Set<unknown>([1, '1', { a: 1 }, new Set([2]), undefined])],
  [
    'Dates',
    [0, 1, -1, 1.7e12, 1_700_000_000_123, -62_135_596_800_001, 8.64e15, -8.64e15, Number.NaN].map(ms => new Date(ms)),
  ],
  ['a Date far away', new Date('+143262-03-12T08:38:19.688Z')],
  ['RegExps', [/a\/b/, /^[é😀]$/giu, /(?:)/, /\ud800/]],
  ['an ArrayBuffer', Uint8Array.of(1, 2, 3).buffer],
  ['a DataView', new DataView(Uint8Array.of(1, 2, 3).buffer)],
  ['a Buffer', Buffer.from('bytes')],
  ['an empty Buffer', Buffer.alloc(0)],
  [
    'typed arrays',
    [
      Uint8Array.of(1, 2),
      Int8Array.of(-1),
      Uint8ClampedArray.of(3),
      Int16Array.of(-300),
      Uint16Array.of(60_000),
      Int32Array.of(-1e9),
      Uint32Array.of(4e9),
      Float32Array.of(0.5),
      Float64Array.of(0.1, -0),
      BigInt64Array.of(-1n),
      BigUint64Array.of(2n ** 63n),
    ],
  ],
  ['a part of a typed array', new Float64Array([1, 2, 3, 4]).subarray(1, 3)],
  ['boxed primitives', [Object(1), Object('a'), Object(true), Object(1n), Object(-0)]],
  ['objects that are met twice', [shared, { again: shared }, new Map([[shared, shared]])]],
  ['cycles', cycle],
]
class HttpError extends Error {
  override name = 'HttpError'
  status = 404
}
const halfError = new Error('x')
delete halfError.stack

/** Kept by CBORBackend and MessagePackBackend with all their properties; V8Backend keeps what structured clone keeps. */
export const errorValues: readonly (readonly [string, unknown])[] = [
  ['an Error', new Error('no')],
  ['an Error without message', new Error()],
  ['an Error of another class', [new TypeError('no'), new URIError('no')]],
  ['an Error with a cause', new Error('no', { cause: new RangeError('why', { cause: { a: [1] } }) })],
  ['an Error without stack', halfError],
  ['an Error with fields', Object.assign(new Error('no'), { code: 'ENOENT', errno: -2, 'odd key': undefined })],
  ['an AggregateError', new AggregateError([new Error('one'), 2], 'both')],
]
/** Kept, but for its class. */
export const customError = new HttpError('gone')

/** An instance says nothing about itself. */
export class Secret {
  #value = 1
  get value(): number {
    return this.#value
  }
}
/** The same, too large for every test. */
export const largeClonedValues: readonly (readonly [string, unknown])[] = [
  ...largePlainValues,
  ['70,000 objects that are met twice', [manyShared, [...manyShared]]],
  ['a large Buffer', Buffer.alloc(100_000, 'large')],
]

class Limited extends Map {
  limit = 10
}

/** Kept by none of V8Backend, CBORBackend and MessagePackBackend. */
export const uncloneableValues: readonly (readonly [string, unknown, string])[] = [
  ['a function', () => 1, 'value'],
  ['a symbol', Symbol('s'), 'value'],
  ['a function in an object', { options: { callback() {} } }, 'value.options.callback'],
  ['a class in an array', [1, [class {}]], 'value[1][0]'],
  ['a symbol under an odd key', { 'a b': Symbol('s') }, 'value["a b"]'],
  ['a function in a Map', new Map([['on', { done() {} }]]), 'value.get("on").done'],
  ['a function as key of a Map', new Map([[() => 1, 1]]), 'value.keys()[0]'],
  ['a function in a Set', new Set([1, () => 1]), 'value.values()[1]'],
  ['a function as the cause of an Error', { error: new Error('x', { cause: () => 1 }) }, 'value.error.cause'],
  ['a function beside the elements of an array', Object.assign([1], { map: () => [] }), 'value.map'],
  ['a Promise', { later: Promise.resolve(1) }, 'value.later'],
  ['a WeakMap', [new WeakMap()], 'value[0]'],
  ['a WeakRef', [new WeakRef({})], 'value[0]'],
  ['a URL', { link: new URL('http://example.org') }, 'value.link'],
  ['Headers', [new Headers({ a: 'b' })], 'value[0]'],
  ['a Blob', { file: new Blob(['a']) }, 'value.file'],
  ['an AbortSignal', { signal: new AbortController().signal }, 'value.signal'],
  ['an Event, which has one property', { event: new Event('x') }, 'value.event'],
  ['a generator', (function* () {})(), 'value'],
  ['an iterator', { entries: new Map([[1, 2]]).entries() }, 'value.entries'],
  ['a number format', new Intl.NumberFormat(), 'value'],
  ['an instance with nothing but private state', { it: new Secret() }, 'value.it'],
  ['a Map with fields', { cache: new Limited() }, 'value.cache'],
  ['a SharedArrayBuffer', [new SharedArrayBuffer(1)], 'value[0]'],
]

/** In an object of another realm, everything is of other classes than ours. */
export function fromAnotherRealm(code: string): unknown {
  return vm.runInNewContext(code)
}

const plainText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toJSON',
    'length',
    'x'.repeat(64),
    'é'.repeat(100),
    '\ud800',
    '\udfff\ud800',
  ),
)
const plainNumber = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map(x => (x === 0 ? 0 : x))

/** Made of parts that every backend keeps. */
export const plainArbitrary: fc.Arbitrary<unknown> = fc.letrec(tie => ({
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(plainText, plainNumber, fc.boolean(), fc.constant(null)),
    fc.array(tie('part')),
    fc.dictionary(plainText, tie('part'), { noNullPrototype: true }),
  ),
})).part

const clonedLeaf = fc.oneof(
  plainText,
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(/a/g, /\ud800/),
  fc.uint8Array().map(bytes => Buffer.from(bytes)),
  fc.uint8Array(),
  fc.int16Array(),
  fc.float64Array(),
  fc.bigUint64Array(),
)

/** Stands for the container around the one that it is in. */
const above = Symbol('above')

/** Made of parts that structured clone keeps; now and then an object is met several times, or inside of itself. */
export const clonedArbitrary: fc.Arbitrary<unknown> = fc
  .letrec(tie => ({
    part: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      clonedLeaf,
      fc.constant(above),
      fc.array(tie('part')),
      fc.sparseArray(tie('part')),
      fc.dictionary(plainText, tie('part'), { noNullPrototype: true }),
      fc.array(fc.tuple(tie('part'), tie('part'))).map(entries => new Map(entries)),
      fc.array(tie('part')).map(members => new Set(members)),
    ),
  }))
  .part.map(value => tangled(value, null, null))

/** A copy in which every `above` is what it stands for. */
function tangled(value: unknown, around: unknown, further: unknown): unknown {
  if (value === above) return further
  if (value instanceof Map) {
    const map = new Map()
    for (const [key, part] of value) map.set(tangled(key, map, around), tangled(part, map, around))
    return map
  }
  if (value instanceof Set) {
    const set = new Set()
    for (const part of value) set.add(tangled(part, set, around))
    return set
  }
  const isList = Array.isArray(value)
  if (!isList && (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype))
    return value
  const whole: object = isList ? Object.assign([], { length: value.length }) : {}
  for (const [key, part] of Object.entries(value as object)) {
    const property = { value: tangled(part, whole, around), enumerable: true, writable: true, configurable: true }
    Object.defineProperty(whole, key, property)
  }
  return whole
}
