import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BackendLoadError } from '../../lib/errors.ts'
import { DefaultKeyMaker } from '../../lib/keymakers/default.ts'
import { anyKey } from './arbitraries.ts'
import { examples } from './examples.ts'
import { sameKey } from './same-key.ts'

const keyMaker = new DefaultKeyMaker()
const ordered = new DefaultKeyMaker({ sortKeys: false })

describe('readKey()', () => {
  test.each(examples)('reads back %s', (_, value, text) => {
    expect(keyMaker.keyText(keyMaker.readKey(text))).toBe(text)
    const textInOrder = ordered.keyText(value)
    expect(ordered.keyText(ordered.readKey(textInOrder))).toBe(textInOrder)
  })

  test('is the inverse of keyText()', () => {
    fc.assert(
      fc.property(anyKey, fc.boolean(), (key, sortKeys) => {
        const maker = new DefaultKeyMaker({ sortKeys })
        const text = maker.keyText(key)
        const again = maker.readKey(text)
        expect(maker.keyText(again)).toBe(text)
        expect(sameKey(again, key)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('gives values of the types that were written', () => {
    const key = [
      undefined,
      -0,
      1n,
      new Date(0),
      /a/gi,
      new Map([[{ a: 1 }, 'b']]),
      new Set([1]),
      Float32Array.of(1.5),
      new ArrayBuffer(2),
    ]
    expect(keyMaker.readKey(keyMaker.keyText(key))).toStrictEqual([undefined, 0, ...key.slice(2)])
    const error = keyMaker.readKey(keyMaker.keyText(Object.assign(new TypeError('no', { cause: 1 }), { code: 'E' })))
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('TypeError: no')
    expect({ ...(error as Error) }).toEqual({ code: 'E' })
  })

  test.each([
    ...[
      '',
      ' ',
      '1 ',
      ' 1',
      '[1, 2]',
      '1.0',
      '-0',
      '01',
      '+1',
      '0x1',
      '1e5',
      '1_000',
      '.5',
      '--1',
      '00n',
      '-0n',
      '1.5n',
      '1n2',
      'n',
      '-',
    ],
    ...['nul', 'nulll', 'True', 'Undefined', '-NaN', '+Infinity', 'Infinityn', '1,2', 'undefined1'],
    ...['"', '"a', 'a"', "'a'", '"\n"', '"\\x"', '"\\u00e9"', '"\\/"', '"\ud800"', '"\\uD800"', '"a"b"', '"\\"'],
    ...['[', ']', '[1', '[,]', '[1,]', '[,1]', '[1}', '[1 ]', '[[]', '[]]'],
    ...['{', '{"a"}', '{"a":}', '{"a":1,}', '{a:1}', '{1:1}', '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1]'],
    ...[
      'Date',
      'Date()',
      'Date("")',
      'Date("x")',
      'Date(0)',
      'Date("1970-01-01")',
      'Date(NaN',
      'Date(NaN,"")',
      'date(NaN)',
      'Date("1970-01-01T00:00:00.000Z"',
    ],
    ...[
      'RegExp("(","")',
      'RegExp("a","gg")',
      'RegExp("a","ig")',
      'RegExp("/","")',
      'RegExp("a")',
      'RegExp("","")',
      'RegExp(NaN)',
      '/a/',
    ],
    ...['Map', 'Map[]', 'Map{1}', 'Map{1:}', 'Map{1:2,}', 'Set{}', 'Set[1', 'Set(1)', 'Map {}', 'WeakMap{}'],
    ...[
      'Error',
      'Error{}',
      'Error{"message":"a"}',
      'Error{"name":"Error"}',
      'Error{"name":"Error","message":"a"}',
      'TypeError{"message":"a","name":"TypeError"}',
    ],
    ...['Error{"message":"a","name":"Error","stack":"at"}', 'Error{"message":"a","name":"Error","name":"Error"}'],
    ...[
      'Uint8Array',
      'Uint8Array()',
      'Uint8Array(NaN)',
      'Uint8Array("A")',
      'Uint8Array("AA")',
      'Uint8Array("AB==")',
      'Uint8Array("A-==")',
      'Uint8Array("AA==" )',
    ],
    ...[
      'Uint16Array("AA==")',
      'Float64Array("AAAAAAAA+P8=")',
      'Buffer("")',
      'SharedArrayBuffer("")',
      '__proto__("")',
      'constructor("")',
      'toString("")',
    ],
  ])('refuses %j', text => {
    expect(() => keyMaker.readKey(text)).toThrow(BackendLoadError)
  })

  test('refuses whatever keyText() does not give', () => {
    // Texts one edit away from good ones: each is refused, or is the text of another key.
    const edited = fc.tuple(
      fc.constantFrom(...examples.map(([, , text]) => text)),
      fc.nat(),
      fc.constantFrom('', '"', '1', 'n', ',', '}', '\\', ' ', 'é'),
    )
    fc.assert(
      fc.property(edited, fc.boolean(), ([text, at, character], replace) => {
        const place = at % (text.length + 1)
        const changed = text.slice(0, place) + character + text.slice(place + (replace || character === '' ? 1 : 0))
        let key: unknown
        try {
          key = keyMaker.readKey(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(BackendLoadError)
          return
        }
        expect(keyMaker.keyText(key)).toBe(changed)
      }),
      { numRuns: 2000 },
    )
  })

  test('refuses deep nesting without running out of stack', () => {
    for (const open of ['[', '{"a":', 'Set[', 'Map{1:', 'Map{', 'Error{"cause":']) {
      expect(() => keyMaker.readKey(open.repeat(100_000))).toThrow('expected at most 1000 levels')
    }
  })

  test('says what was expected, and where', () => {
    expect(() => keyMaker.readKey('{"a":[1,}')).toThrow(
      'Cannot read a key from "{\\"a\\":[1,}": expected a value at character 8.',
    )
    expect(() => keyMaker.readKey(`[${'1,'.repeat(1000)}`)).toThrow(',1…": expected a value at character 2001.')
    expect(() => keyMaker.readKey('Decimal("1")')).toThrow('expected a known name in place of Decimal')
  })

  test('reads a text of one order of fields only with a key maker of that order', () => {
    expect(ordered.readKey('{"b":1,"a":2}')).toEqual({ a: 2, b: 1 })
    expect(() => keyMaker.readKey('{"b":1,"a":2}')).toThrow(BackendLoadError)
  })
})
