import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCarefully, parseJSON } from '../../lib/backends/json-parse.ts'
import { difference } from './same.ts'
import { plainArbitrary } from './values.ts'

const escapes = fc.constantFrom(
  '\\',
  '"',
  '\n',
  '\u0000',
  '\ud800',
  'a\\',
  'a"',
  'a\n',
  '\\\\',
  '~',
  '~0',
  '~~1\n',
  '__proto__',
  '1',
)
const escaped = fc.letrec(tie => ({
  part: fc.oneof(
    { depthSize: 'small' },
    escapes,
    fc.array(tie('part')),
    fc.dictionary(escapes, tie('part'), { noNullPrototype: true }),
  ),
})).part

describe.each([
  ['parseJSON()', parseJSON],
  ['parseCarefully()', parseCarefully],
])('%s', (_, parse) => {
  test('is not led astray by what was parsed before', () => {
    const kept = [parse('{"a":0,"\\\\":0}'), parse('{"b":0,"c\\\\":0}')]
    expect(Object.keys(parse('{"a":0,"\\n":0}') as object)).toEqual(['a', '\n'])
    expect(Object.keys(parse('{"a":0,"\\"":0}') as object)).toEqual(['a', '"'])
    expect(Object.keys(parse('{"b":0,"c\\u0000":0}') as object)).toEqual(['b', 'c\0'])
    expect(kept).toEqual([
      { a: 0, '\\': 0 },
      { b: 0, 'c\\': 0 },
    ])
  })

  test('is the inverse of JSON.stringify', () => {
    fc.assert(
      fc.property(fc.oneof(escaped, plainArbitrary), fc.constantFrom(undefined, 2), (value, space) => {
        expect(difference(value, parse(JSON.stringify(value, null, space)))).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })

  test('gives a reviver the true keys and finished values', () => {
    const seen: unknown[] = []
    const text = '{"a\\n":{"\\"":[1]},"b\\t":2,"":"\\":"}'
    const value = parse(text, (key, part) => {
      seen.push([key, part])
      return part === 2 ? undefined : part
    })
    const inner = { '"': [1] }
    const whole = { 'a\n': inner, '': '":' }
    expect(value).toEqual(whole)
    expect(seen).toEqual([
      ['0', 1],
      ['"', [1]],
      ['a\n', inner],
      ['b\t', 2],
      ['', '":'],
      ['', whole],
    ])
  })

  test('takes the last of equal keys, in the place of the first', () => {
    expect(Object.entries(parse('{"a\\n":1,"b":2,"a\\u000a":3}') as object)).toEqual([
      ['a\n', 3],
      ['b', 2],
    ])
  })

  test.each(['', '{"a\\n":1', '{"\\x":1}', '{"a\\":1}', '"\\":1', '{"a\\n":1}}', '["\\"":1]', '{"\\\n":1}'])(
    'throws a SyntaxError for %j',
    text => {
      expect(() => parse(text)).toThrow(SyntaxError)
    },
  )
})
