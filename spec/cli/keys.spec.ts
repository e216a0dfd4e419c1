import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../lib/cli/errors.ts'
import { readKey, showKey } from '../../lib/cli/keys.ts'
import { DefaultKeyMaker } from '../../lib/index.ts'
import { anyKey } from '../keymakers/arbitraries.ts'

const textOf = (key: unknown): string => new DefaultKeyMaker().keyText(key)
const shown = (key: unknown): string => showKey(key, textOf(key))

describe('keys', () => {
  test.each<[unknown, string]>([
    ['greeting', 'greeting'],
    ['42', '"42"'],
    [42, '42'],
    [{ b: 1, a: [true] }, '{"a":[true],"b":1}'],
    [3n, '3n'],
    ['3n', '"3n"'],
    [undefined, 'undefined'],
    ['undefined', '"undefined"'],
    [new Date(0), 'Date("1970-01-01T00:00:00.000Z")'],
    ['a\tb', '"a\\tb"'],
  ])('%o is shown as %s', (key, text) => {
    expect(shown(key)).toBe(text)
    expect(readKey(text, true)).toEqual(key)
  })

  test('what is shown is read as that key again', () => {
    fc.assert(
      fc.property(anyKey, key => {
        expect(textOf(readKey(shown(key), true))).toBe(textOf(key))
      }),
    )
  })

  test('what is shown of text and JSON is read without --as-listed too', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue({ noUnicodeString: false })), key => {
        expect(textOf(readKey(shown(key), false))).toBe(textOf(key))
      }),
    )
  })

  test.each(['-x', 'a\tb', ' a', ''])('--as-listed refuses %j, which ls would not show', text => {
    expect(() => readKey(text, true)).toThrow(
      new UsageError(`Expected KEY as ls shows it, got ${JSON.stringify(text)}`),
    )
  })
})
