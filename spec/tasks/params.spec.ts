import { describe, expect, test } from 'vitest'
import { hashed } from '../../lib/tasks/hashed.ts'
import { namingOf } from '../../lib/tasks/params.ts'
import type { AnyFunction } from '../../lib/tasks/types.ts'

const inputs = (fn: AnyFunction, args: unknown[], names?: string[]) => namingOf(fn, names).inputs(args)

describe('inputs()', () => {
  test('names arguments by the parameters', () => {
    expect(inputs((_a, _b = 1) => {}, [1, 2])).toEqual({ _a: 1, _b: 2 })
  })

  test('leaves out what is missing or undefined', () => {
    const fn = (_a: number, _b?: number, _c?: number) => {}
    expect(Object.keys(inputs(fn, [1]))).toEqual(['_a'])
    expect(Object.keys(inputs(fn, [1, undefined, 3]))).toEqual(['_a', '_c'])
    expect(inputs(fn, [1, null])).toEqual({ _a: 1, _b: null })
  })

  test('gathers a rest parameter into a list', () => {
    const fn = (_a: number, ..._more: unknown[]) => {}
    expect(inputs(fn, [1, 2, undefined])).toEqual({ _a: 1, _more: [2, undefined] })
    expect(inputs(fn, [1])).toEqual({ _a: 1 })
    expect(inputs((..._all) => {}, [])).toEqual({})
  })

  test('names by the fields of one destructured object, and only by those', () => {
    const fn = ({ a, b = 2 }: { a: number; b?: number; c?: number }) => a + b
    expect(inputs(fn, [{ a: 1, c: 3 }])).toEqual({ a: 1 })
    expect(inputs(fn, [{ b: 1, a: 3 }])).toEqual({ a: 3, b: 1 })
    expect(inputs(fn, [])).toEqual({})
  })

  test('takes further fields where the pattern has a rest', () => {
    const fn = ({ a, ...others }: Record<string, number>) => [a, others]
    expect(inputs(fn, [{ a: 1, c: 3 }])).toEqual({ a: 1, c: 3 })
  })

  test('does not look into what is no object, or into a mark', () => {
    const fn = ({ length }: { length: number }) => length
    expect(inputs(fn, ['text'])).toEqual({ 0: 'text' })
    const mark = hashed({ length: 1 }, 'h')
    expect(inputs(fn, [mark])).toEqual({ 0: mark })
    expect(inputs(fn, [{ length: 1 }, 'second'])).toEqual({ length: 1, 1: 'second' })
  })

  test('names by position what has no name', () => {
    expect(inputs((_a, [_b]: number[], { c: _c }: { c: number }) => {}, [1, [2], { c: 3 }, 4])).toEqual({
      _a: 1,
      1: [2],
      2: { c: 3 },
      3: 4,
    })
    expect(inputs(Math.max, [1, 2])).toEqual({ 0: 1, 1: 2 })
  })

  test('prefers names that are given', () => {
    expect(inputs(Math.max, [1, 2, 3], ['x', 'y'])).toEqual({ x: 1, y: 2, 2: 3 })
    expect(inputs((_a, ..._b) => {}, [1, 2, 3], ['x', 'more'])).toEqual({ x: 1, more: [2, 3] })
    expect(inputs(({ a, b }: Record<string, number>) => [a, b], [{ a: 1, b: 2 }], ['a'])).toEqual({ a: 1 })
    expect(inputs(({ a, b }: Record<string, number>) => [a, b], [{ a: 1, b: 2 }], ['options'])).toEqual({
      options: { a: 1, b: 2 },
    })
  })

  test('takes a field called __proto__ for a field', () => {
    const fn = ({ ...fields }: Record<string, unknown>) => fields
    const named = inputs(fn, [JSON.parse('{"__proto__":1,"a":2}')])
    expect(Object.keys(named)).toEqual(['__proto__', 'a'])
  })
})

describe('args()', () => {
  test.each<[AnyFunction, Record<string, unknown>, unknown[]]>([
    [(_a, _b) => {}, { _b: 2, _a: 1 }, [1, 2]],
    [(_a, _b) => {}, { _b: 2 }, [undefined, 2]],
    [(_a, ..._more) => {}, { _a: 1, _more: [2, 3] }, [1, 2, 3]],
    [(_a, ..._more) => {}, { _a: 1 }, [1]],
    [({ a }: { a: number }) => a, { a: 1 }, [{ a: 1 }]],
    [({ a, ...rest }: Record<string, number>) => [a, rest], { b: 1 }, [{ b: 1 }]],
    [Math.max, { 1: 'b', 0: 'a' }, ['a', 'b']],
  ])('of %s puts named inputs in their places', (fn, named, expected) => {
    expect(namingOf(fn, undefined).args(named)).toEqual(expected)
  })

  test('refuses a name that the function does not have', () => {
    expect(() => namingOf((_a, _b) => {}, undefined).args({ _c: 1 })).toThrow(/\(_a, _b\), got "_c"/)
    expect(() => namingOf(({ a }: { a: number }) => a, undefined).args({ b: 1 })).toThrow(TypeError)
    expect(() => namingOf(() => {}, undefined).args({ b: 1 })).toThrow(/none/)
  })
})
