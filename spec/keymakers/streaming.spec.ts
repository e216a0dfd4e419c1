import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UnserializableError } from '../../lib/errors.ts'
import { DefaultKeyMaker } from '../../lib/keymakers/default.ts'
import { StreamingKeyMaker } from '../../lib/keymakers/streaming.ts'
import { anyKey, anyString } from './arbitraries.ts'
import { examples } from './examples.ts'

const bytesOf = (chunks: Iterable<string | Uint8Array>) =>
  Buffer.concat(Array.from(chunks, chunk => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)))

describe('makeKey()', () => {
  test.each(examples)('gives the bytes of the golden text of %s', (_, value, text) => {
    for (const chunkSize of [1, 2, 3, 4, 5, 7, 16, 65_536]) {
      expect(bytesOf(new StreamingKeyMaker({ chunkSize }).makeKey(value)).toString()).toBe(text)
    }
  })

  test('gives the bytes of a DefaultKeyMaker in chunks of at most chunkSize bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyKey, fc.array(anyString)),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        (key, chunkSize, sortKeys) => {
          const chunks = [...new StreamingKeyMaker({ chunkSize, sortKeys }).makeKey(key)]
          const whole = bytesOf(new DefaultKeyMaker({ sortKeys }).makeKey(key))
          expect(bytesOf(chunks).equals(whole)).toBe(true)
          // A character is never divided, and takes up to four bytes.
          for (const chunk of chunks) expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(Math.max(chunkSize, 4))
          // Full as can be: none is shorter than a third, but the last, or one next to a pair.
          for (const chunk of chunks.slice(0, -1))
            expect(Buffer.byteLength(chunk)).toBeGreaterThanOrEqual(Math.floor(chunkSize / 3) - 1)
        },
      ),
      { numRuns: 500 },
    )
  })

  test.each<[string, () => unknown]>([
    ['a long string', () => 'x'.repeat(1_000_000)],
    ['a long string that takes three bytes a character', () => '€'.repeat(300_000)],
    ['a long string of surrogate pairs, at every offset', () => ['😀'.repeat(100_000), `x${'😀'.repeat(100_000)}`]],
    ['a long string of lone surrogates', () => '\ude00\ud83d'.repeat(50_000)],
    ['a long field name', () => ({ ['x'.repeat(300_000)]: 1 })],
    ['many bytes', () => Uint8Array.from({ length: 1_000_001 }, (_, index) => index * 7)],
    [
      'many floats, NaN among them',
      () => Float64Array.from({ length: 50_000 }, (_, index) => index % 3 && index / (index % 5)),
    ],
    ['a long array', () => Array.from({ length: 100_000 }, (_, index) => index)],
    ['a long Map', () => new Map(Array.from({ length: 20_000 }, (_, index) => [index, [`${index}`]]))],
    ['a long bigint', () => 10n ** 20_000n],
  ])('gives %s as a DefaultKeyMaker does', (_, make) => {
    const key = make()
    const text = new DefaultKeyMaker().keyText(key)
    for (const chunkSize of [1000, 65_536]) {
      const chunks = [...new StreamingKeyMaker({ chunkSize }).makeKey(key)]
      expect(chunks.join('') === text).toBe(true)
      expect(Math.max(...chunks.map(chunk => Buffer.byteLength(chunk)))).toBeLessThanOrEqual(chunkSize)
    }
    expect(new DefaultKeyMaker().keyText(new DefaultKeyMaker().readKey(text)) === text).toBe(true)
  })

  test('has 64 KiB in a chunk unless it is told otherwise', () => {
    const chunks = [...new StreamingKeyMaker().makeKey(new Uint8Array(200_000))]
    expect(chunks.map(chunk => chunk.length).slice(0, -1)).toEqual([65_536, 65_536, 65_536, 65_536])
  })

  test('goes no further into the key than the chunk that is asked for', () => {
    let reads = 0
    const part = {
      get part() {
        reads++
        return 'x'.repeat(100)
      },
    }
    const key = Array.from({ length: 1000 }, () => part)
    const chunks = new StreamingKeyMaker({ chunkSize: 1000 }).makeKey(key)[Symbol.iterator]()
    for (let count = 1; count <= 20; count++) {
      chunks.next()
      expect(reads).toBeLessThanOrEqual(count * 10)
    }
  })

  test('refuses at once what the first chunk shows, and what comes later when it is reached', () => {
    const keyMaker = new StreamingKeyMaker({ chunkSize: 100 })
    expect(() => keyMaker.makeKey({ callback: () => {} })).toThrow(UnserializableError)
    const chunks = keyMaker.makeKey({ a: 'x'.repeat(1000), b: () => {} })
    expect(() => [...chunks]).toThrow(' at key.b: ')
    expect(() => keyMaker.makeKey(['abc'.match(/b/)])).toThrow(/ at key\[0\]: it has a field of its own/)
    expect(() => keyMaker.makeKey({ [Symbol('s')]: 1 })).toThrow(/ at key: it has a field under a symbol/)
  })
})

describe('keyText() and readKey()', () => {
  test('are those of a DefaultKeyMaker', () => {
    const keyMaker = new StreamingKeyMaker({ sortKeys: false, chunkSize: 3 })
    expect(keyMaker.keyText({ b: 1n, a: 2 })).toBe('{"b":1n,"a":2}')
    expect(keyMaker.readKey('{"b":1n,"a":2}')).toEqual({ b: 1n, a: 2 })
  })
})

describe('the options', () => {
  test('are refused where they are not known or not of their type', () => {
    expect(() => new StreamingKeyMaker({ size: 1 } as object)).toThrow(TypeError)
    expect(() => new StreamingKeyMaker({ sortKeys: 'no' as never })).toThrow(TypeError)
    expect(() => new StreamingKeyMaker({ chunkSize: '1' as never })).toThrow('Expected chunkSize to be a number, got 1')
    for (const chunkSize of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new StreamingKeyMaker({ chunkSize })).toThrow(RangeError)
    }
    expect(new StreamingKeyMaker({ chunkSize: undefined }).chunkSize).toBe(65_536)
  })
})
