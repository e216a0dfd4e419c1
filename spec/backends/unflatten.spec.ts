import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flatten } from '../../lib/backends/flatten.ts'
import { unflatten } from '../../lib/backends/unflatten.ts'
import { difference } from './same.ts'
import { clonedArbitrary, customError } from './values.ts'

describe('unflatten()', () => {
  test('is the inverse of flatten()', () => {
    fc.assert(
      fc.property(clonedArbitrary, value => {
        expect(difference(value, unflatten(flatten(value, 'test')))).toBeUndefined()
      }),
      { numRuns: 250 },
    )
  })

  test('makes an Error of a class that it does not know, with its name', () => {
    const found = unflatten(flatten(customError, 'test')) as Error & { status: number }
    expect(Object.getPrototypeOf(found)).toBe(Error.prototype)
    expect(String(found)).toBe('HttpError: gone')
    expect([found.stack, found.status]).toEqual([customError.stack, 404])
  })

  test('gives each view a buffer of its own', () => {
    const view = new Uint16Array(Uint8Array.of(9, 9, 1, 0, 2, 0).buffer, 2, 2)
    const found = unflatten(flatten(view, 'test')) as Uint16Array
    expect([found.buffer.byteLength, found.byteOffset, ...found]).toEqual([4, 0, 1, 2])
    expect(found.buffer).not.toBe(view.buffer)
  })

  test('sets `__proto__` as a key of its own', () => {
    const found = unflatten([[1], ['object', '__proto__', [2]], ['object', 'polluted', 1]]) as object
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
    expect(Reflect.get(found, 'polluted')).toBeUndefined()
    expect(Object.keys(found)).toEqual(['__proto__'])
  })

  test.each<[string, unknown]>([
    ['no list', 'text'],
    ['null', null],
    ['a reference to nothing', [[1]]],
    ['a reference to the root', [[0]]],
    ['a reference that is no number', [['1']]],
    ['a reference between two', [[0.5], ['array']]],
    ['an empty slot', [[]]],
    ['a slot that is an object', [{}]],
    ['a slot of an unknown kind', [['0', 1]]],
    ['an entry that is no list', [1, 2]],
    ['an entry of an unknown kind', [1, ['class', 'Foo']]],
    ['an entry whose kind is inherited', [1, ['constructor', 'Foo']]],
    ['half a pair in an object', [[1], ['object', 'a']]],
    ['half a pair in a Map', [[1], ['map', 1]]],
    ['half a pair in an Error', [[1], ['error', 'Error', 'message']]],
    ['a key that is no text', [[1], ['object', 1, 1]]],
    ['a key that is an object', [[1], ['object', [1], 1]]],
    ['a length that is none', [[1], ['sparse', -1]]],
    ['a length that is text', [[1], ['sparse', '1']]],
    ['a date of text', [[1], ['date', 'now']]],
    ['a wrong RegExp', [[1], ['regexp', '(', '']]],
    ['a RegExp with wrong flags', [[1], ['regexp', 'a', 'q']]],
    ['a RegExp of an object', [[1], ['regexp', [1], '']]],
    ['an Error named by an object', [[1], ['error', [1]]]],
    ['a view of a class that is none of them', [[1], ['view', 'Function', Buffer.of(1)]]],
    ['a view of a class that everything has', [[1], ['view', 'constructor', Buffer.of(1)]]],
    ['a view without bytes', [[1], ['view', 'Uint8Array', [1]]]],
    ['half an element', [[1], ['view', 'Uint16Array', Buffer.of(1)]]],
    ['an empty box', [[1], ['boxed', null]]],
    ['a bigint that is none', [['bigint', '0x1']]],
    ['an empty bigint', [['bigint', '']]],
    ['UTF-16 that is text', [['utf16', 'a']]],
  ])('throws for %s', (_, table) => {
    expect(() => unflatten(table)).toThrow(Error)
  })
})
