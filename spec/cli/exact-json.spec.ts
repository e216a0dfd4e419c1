import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isExactJSON } from '../../lib/cli/exact-json.ts'
import { difference } from '../backends/same.ts'
import { clonedValues } from '../backends/values.ts'

describe('isExactJSON()', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['text with half a pair', 'a\ud800'],
    ['numbers', [0, 1.5, -1e300]],
    ['nested', { a: [{ b: [] }, {}], c: '' }],
  ])('%s: it is', (_, value) => {
    expect(isExactJSON(value)).toBe(true)
  })

  const twice = {}
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['-0', -0],
    ['NaN', Number.NaN],
    ['a bigint', 1n],
    ['a Date', new Date(0)],
    ['bytes', Buffer.from('a')],
    ['a property that is undefined', { a: undefined }],
    ['a hole', Object.assign([], { length: 1 })],
    ['a hole and a named property', Object.assign(['a'], { length: 2, beside: 1 })],
    ['an object met twice', [twice, twice]],
    ['an object that says what stands for it', { toJSON: 1 }],
    ['an object without a prototype', Object.create(null)],
  ])('%s: it is not', (_, value) => {
    expect(isExactJSON(value)).toBe(false)
  })

  test('a cycle, and what is very deep, is not', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(isExactJSON(cycle)).toBe(false)
    let deep: unknown = []
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(isExactJSON(deep)).toBe(false)
  })

  test('what is said to be exact comes back the same', () => {
    const kept = (value: unknown): void => {
      if (!isExactJSON(value)) return
      expect(difference(JSON.parse(JSON.stringify(value)), value)).toBeUndefined()
    }
    for (const [, value] of clonedValues) kept(value)
    fc.assert(fc.property(fc.anything({ withSparseArray: true, withNullPrototype: true }), kept))
  })

  test('whatever JSON has is exact', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const parsed: unknown = JSON.parse(JSON.stringify(value))
        if (!JSON.stringify(value).includes('__proto__') && !JSON.stringify(value).includes('toJSON'))
          expect(isExactJSON(parsed)).toBe(true)
      }),
    )
  })
})
