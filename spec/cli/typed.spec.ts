import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quote, readTag, readTyped, showTag, showText } from '../../lib/cli/typed.ts'

describe('readTyped()', () => {
  test.each<[string, unknown]>([
    ['greeting', 'greeting'],
    ['user:1', 'user:1'],
    ['', ''],
    ['42', 42],
    ['-1.5', -1.5],
    ['true', true],
    ['null', null],
    ['"42"', '42'],
    ['[1, 2]', [1, 2]],
    ['{"a": 1}', { a: 1 }],
    ['{a: 1}', '{a: 1}'],
    ['undefined', 'undefined'],
    ['NaN', 'NaN'],
  ])('%j is %j', (text, value) => {
    expect(readTyped(text)).toEqual(value)
  })

  test.each(['007', '1.0', '1e3', '-0', '12345678901234567890', '0x10', ' 1'])(
    '%j is text: as a number it would lose something',
    text => {
      expect(readTyped(text)).toBe(text)
    },
  )
})

describe('tags', () => {
  test('are numbers and text; whatever else JSON has is text', () => {
    expect(['1', '"1"', 'a', 'true', '[1]', 'null'].map(readTag)).toEqual([1, '1', 'a', 'true', '[1]', 'null'])
  })

  test('are shown as they are typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true })), tag => {
        // -0 is 0, as a key and as a tag that is written as JSON.
        const wanted = Object.is(tag, -0) ? 0 : tag
        expect(readTag(showTag(tag))).toBe(wanted)
      }),
    )
  })
})

describe('showText()', () => {
  test('shows plain what can be typed plain', () => {
    expect(['a', 'user:1', 'x y', 'ä', '007'].map(showText)).toEqual(['a', 'user:1', 'x y', 'ä', '007'])
  })

  test('quotes what would be read as something else, or be taken for an option', () => {
    expect(['', '1', 'true', '"', '-x', ' a', 'a '].map(showText)).toEqual([
      '""',
      '"1"',
      '"true"',
      '"',
      '"-x"',
      '" a"',
      '"a "',
    ])
  })

  test('lets nothing through that a terminal would act upon', () => {
    expect(showText('\u001b[31mred')).toBe('"\\u001b[31mred"')
    expect(showText('a\u202eb\u0085\u007f\n')).toBe('"a\\u202eb\\u0085\\u007f\\n"')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const shown = showText(text)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
        expect(readTyped(shown)).toBe(text)
      }),
    )
  })
})

test('quote() writes JSON of any value', () => {
  expect(quote({ a: '\u200b', b: '\u{e0001}' })).toBe('{"a":"\\u200b","b":"\\udb40\\udc01"}')
})
