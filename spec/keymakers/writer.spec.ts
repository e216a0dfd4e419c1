import { expect, test } from 'vitest'
import { UnserializableError } from '../../lib/errors.ts'
import { TextWriter, textOf } from '../../lib/keymakers/writer.ts'

test('textOf() refuses a text longer than its limit, and says what to do', () => {
  const key = new Uint8Array(300_000)
  const { length } = textOf(key, true)
  expect(textOf(key, true, length)).toHaveLength(length)
  expect(() => textOf(key, true, length - 1)).toThrow(UnserializableError)
  expect(() => textOf(key, true, 1000)).toThrow(/StreamingKeyMaker/)
})

test('TextWriter never holds more than what was asked for and one piece', () => {
  const part = [new Uint8Array(500_000), 'x'.repeat(500_000), '\u0000'.repeat(100_000)]
  const writer = new TextWriter(true)
  for (let isWhole = writer.begin([part, part], 1000); !isWhole; isWhole = writer.resume(1000)) {
    // The longest piece is one of control characters: six characters for each.
    expect(writer.text.length).toBeLessThanOrEqual(1000 + 6 * 2 ** 15)
    writer.text = ''
  }
})
