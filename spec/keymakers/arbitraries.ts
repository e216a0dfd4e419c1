// Keys of every kind, for the property tests.

import fc from 'fast-check'

/** Strings with everything that can go wrong in them: quotes, controls, lone surrogates, pairs, names of the grammar. */
export const anyString = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit)) }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\ud83d', '\ude00', ',', ':', '}', 'n', '1') }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'length',
    'message',
    'NaN',
    'undefined',
    'Map{}',
    '12n',
    '10',
    '9',
  ),
)

const anything = fc.anything({
  key: anyString,
  values: [
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double(),
    anyString,
    fc.constantFrom(null, undefined, Number.NaN, -0),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.constantFrom(/a/, /a/g, /"\/\n/u),
  ],
  maxDepth: 3,
  withBoxedValues: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
})

const anyError = fc
  .tuple(
    fc.constantFrom(Error, TypeError, RangeError),
    anyString,
    fc.option(anything),
    fc.dictionary(anyString, anything),
  )
  .map(([Class, message, cause, fields]) => {
    const error = new Class(message, cause === null ? undefined : { cause })
    for (const [name, value] of Object.entries(fields)) {
      // Some would not be fields but replace what an Error is told by, or are none (stack).
      if (!['name', 'message', 'stack', 'cause', 'errors'].includes(name)) define(error, name, value)
    }
    return error
  })

/** A key of any kind that is accepted. */
export const anyKey: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: anything },
  { weight: 1, arbitrary: anyError },
)

const withHole: unknown[] = []
withHole[1] = 1

/** Keys out of so few that two of them are often the same. */
export const fewKeys: fc.Arbitrary<unknown> = fc.letrec(tie => ({
  key: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom<unknown>(0, -0, 1, 1n, '1', null, undefined, Number.NaN, new Date(1), Object(1), Object('1'), 'a'),
    fc.array(tie('key'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('key'), { maxKeys: 2 }),
    fc.array(fc.tuple(tie('key'), tie('key')), { maxLength: 2 }).map(entries => new Map(entries)),
    fc.array(tie('key'), { maxLength: 2 }).map(items => new Set(items)),
    fc.constantFrom<unknown>(
      withHole,
      [undefined, 1],
      Uint8Array.of(1),
      Buffer.of(1),
      Int8Array.of(1),
      Uint8Array.of(1).buffer,
    ),
    fc.constantFrom<unknown>(
      Float64Array.of(0),
      Float64Array.of(-0),
      Float64Array.of(Number.NaN),
      new Error('a'),
      new TypeError('a'),
    ),
  ),
})).key

/** The same key made in another way: fields in the reverse order, primitives in boxes, holes filled, buffers moved. */
export function remade(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'string') return Object(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Array.from(value, remade)
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [remadeInside(key), remade(item)]))
  if (value instanceof Set) return new Set([...value].map(remadeInside))
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.of(9), value]).subarray(1)
  const proto: unknown = Object.getPrototypeOf(value)
  if (proto !== null && proto !== Object.prototype) return value
  const copy = Object.create(proto === null ? Object.prototype : null)
  for (const name of Object.keys(value).reverse()) define(copy, name, remade((value as Record<string, unknown>)[name]))
  return copy
}

/** In a Map or Set a box of each would be apart from the other boxes, where the primitives are not: as they are. */
function remadeInside(value: unknown): unknown {
  return typeof value === 'object' ? remade(value) : value
}

function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}
