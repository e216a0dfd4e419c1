import { expect, test } from 'vitest'
import { difference } from './same.ts'

// The suite is worth as much as what it compares with.
test.each<[string, unknown, unknown]>([
  ['0 and -0', 0, -0],
  ['1 and 1n', 1, 1n],
  ['undefined and nothing', { a: undefined }, {}],
  ['an element that is undefined and one that is missing', [undefined], new Array(1)],
  ['{} and []', {}, []],
  ['a Buffer and a Uint8Array', Buffer.of(1), Uint8Array.of(1)],
  ['the order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }],
  ['the order of a Map', new Map([[1, 1], [2, 2]]), new Map([[2, 2], [1, 1]])], // biome-ignore format: pairs
  ['Dates', new Date(1), new Date(2)],
  ['the flags of a RegExp', /a/g, /a/],
  ['the class of an Error', new Error('a'), new TypeError('a')],
  ['a shared object and two equal ones', ((a: object) => [a, a])({}), [{}, {}]],
  ['two equal objects and a shared one', [{}, {}], ((a: object) => [a, a])({})],
  ['a property of an array', Object.assign([1], { a: 1 }), [1]],
])('difference() tells apart %s', (_, a, b) => {
  expect(difference(a, b)).toMatch(/^value/)
  expect(difference(a, a)).toBeUndefined()
})
