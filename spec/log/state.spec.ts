import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { binaryFraming } from '../../lib/log/binary.ts'
import type { Framing } from '../../lib/log/record.ts'
import { needsMore, readState } from '../../lib/log/state.ts'
import { textFraming } from '../../lib/log/text.ts'
import { build, fieldsOf, nothing, pieces, put, readWith, said } from './logs.ts'

const whole = (bytes: Buffer) => ({ bytes, start: 0, size: bytes.length })
const framings: [string, Framing][] = [
  ['binary', binaryFraming],
  ['text', textFraming],
]

describe.each(framings)('readState(), %s', (_, framing) => {
  const read = (bytes: Buffer) => said(readWith(framing, bytes, bytes.length))
  const bare = Buffer.alloc(0)
  const record = (kind: 'touch' | 'tombstone' | 'seal' | 'unseal' | 'claim', at: number, ref = -1): Buffer =>
    framing.encode(fieldsOf({ kind, ref }), bare, at)
  const hex = (text: string): string => Buffer.from(text).toString('hex')

  test('an empty log says nothing', () => {
    expect(readState(framing, whole(bare))).toMatchObject({ last: undefined, value: undefined, damaged: false })
  })

  test('says what was written last, after every piece and after every byte of a crash', () => {
    fc.assert(
      fc.property(pieces, list => {
        const { bytes, says } = build(framing, list)
        for (const [i, { length, last, value }] of says.entries()) {
          const next = says[i + 1]?.length ?? length
          // Every prefix up to the next piece's end says the same.
          const steps = next - length > 60 ? [length, length + 1, (length + next) >> 1, next - 1] : undefined
          for (const cut of steps ?? Array.from({ length: Math.max(1, next - length) }, (_, n) => length + n)) {
            expect(read(bytes.subarray(0, cut))).toEqual({ last, value })
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  test('says the same however little of the file is seen at first', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 1000 }), (list, reach) => {
        const { bytes, says } = build(framing, list)
        const { last, value } = says.at(-1)!
        expect(said(readWith(framing, bytes, reach))).toEqual({ last, value })
        expect(said(readWith(framing, bytes, 1))).toEqual({ last, value })
      }),
      { numRuns: 300 },
    )
  })

  test('what is appended behind a torn tail counts', () => {
    const old = put(framing, 'old', 0)
    const lost = put(framing, 'lost', old.length)
    for (let cut = 1; cut < lost.length; cut++) {
      const torn = Buffer.concat([old, lost.subarray(0, cut)])
      expect(read(torn)).toEqual({ last: 'put', value: hex('old') })
      const log = Buffer.concat([torn, put(framing, 'new', torn.length)])
      expect(read(log)).toEqual({ last: 'put', value: hex('new') })
      expect(readState(framing, whole(torn))).toMatchObject({ damaged: true })
      expect(readState(framing, whole(log))).toMatchObject({ damaged: false })
    }
  })

  test('void records are passed over, also many of them, and at the end', () => {
    const first = put(framing, 'mine', 0)
    const losers = Array.from({ length: 20 }, (_, i) => put(framing, `lost ${i}`, 0))
    const log = Buffer.concat([first, ...losers])
    expect(read(log)).toEqual({ last: 'put', value: hex('mine') })
    expect(read(Buffer.concat([log, record('tombstone', first.length)]))).toEqual({ last: 'put', value: hex('mine') })
    expect(read(Buffer.concat([log, record('tombstone', log.length)]))).toEqual({ last: 'tombstone', value: nothing })
  })

  test('references are followed back, and only back', () => {
    const first = put(framing, 'mine', 0)
    const at = first.length
    expect(read(Buffer.concat([first, record('touch', at, 0)]))).toEqual({ last: 'touch', value: hex('mine') })
    expect(read(Buffer.concat([first, record('seal', at, 0)]))).toEqual({ last: 'seal', value: hex('mine') })
    expect(read(Buffer.concat([first, record('unseal', at, 0)]))).toEqual({ last: 'unseal', value: hex('mine') })
    expect(read(Buffer.concat([first, record('claim', at)]))).toEqual({ last: 'claim', value: nothing })
    // To itself, to what comes behind, into the middle of something, to nowhere, to a void record.
    for (const ref of [at, at + 10, 1, at - 1, 4_000_000_000]) {
      expect(read(Buffer.concat([first, record('touch', at, ref)]))).toEqual({ last: 'touch', value: nothing })
    }
    const void_ = put(framing, 'void', 7)
    const behind = Buffer.concat([first, void_])
    expect(read(Buffer.concat([behind, record('touch', behind.length, at)]))).toEqual({ last: 'touch', value: nothing })
  })

  test('a long row of references comes to an end', () => {
    const parts = [put(framing, 'mine', 0)]
    let at = parts[0]!.length
    let before = 0
    for (let i = 0; i < 200; i++) {
      const next = record(i % 2 === 0 ? 'seal' : 'unseal', at, before)
      parts.push(next)
      before = at
      at += next.length
    }
    expect(read(Buffer.concat(parts))).toEqual({ last: 'unseal', value: hex('mine') })
  })

  test('a record that was moved to the start of another file, or into its middle, does not count', () => {
    const log = Buffer.concat([put(framing, 'one', 0), put(framing, 'two', put(framing, 'one', 0).length)])
    const second = log.subarray(put(framing, 'one', 0).length)
    expect(read(Buffer.from(second))).toEqual({ last: nothing, value: nothing })
    expect(read(Buffer.concat([Buffer.from('garbage'), log]))).toEqual({ last: nothing, value: nothing })
  })

  test('a value that is itself a log, or a piece of one, is only a value', () => {
    const inner = Buffer.concat([put(framing, 'inner', 0), put(framing, 'inner too', 300)])
    const log = put(framing, inner, 0)
    expect(read(log)).toEqual({ last: 'put', value: inner.toString('hex') })
    for (const cut of [inner.length, inner.length - 1, 1]) {
      const outer = put(framing, inner.subarray(0, cut), log.length)
      const both = Buffer.concat([log, outer])
      expect(read(both).value).toBe(inner.toString('hex', 0, cut))
      // Torn right behind the copy: what it holds stands elsewhere than it says.
      for (let end = log.length + 1; end < both.length; end += 7) {
        expect(read(both.subarray(0, end)).value).toBe(inner.toString('hex'))
      }
    }
  })

  test('bytes at the end that pretend to be the end of an older record do not bring it back', () => {
    const older = put(framing, 'older', 0)
    const newer = put(framing, 'newer', older.length)
    const log = Buffer.concat([older, newer])
    // The tail of a torn record, whose value holds the trailer that a record from offset 0 to here would have.
    const size = log.length + 100
    const lie = Buffer.alloc(100)
    lie.writeUIntLE(size, 92, 6)
    lie.write('ke', 98, 'latin1')
    expect(read(Buffer.concat([log, lie]))).toEqual({ last: 'put', value: hex('newer') })
    lie.fill(' ').write('\n', 99)
    expect(read(Buffer.concat([log, lie]))).toEqual({ last: 'put', value: hex('newer') })
  })

  test('any bytes whatever are read to an end, and no value comes of them', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(
          Buffer.from('bkc\x01'),
          Buffer.from('{"bucketcache":1,"crc":"'),
          Buffer.from('ke'),
          Buffer.from('\n'),
          put(framing, 'x', 999_999),
          put(framing, 'x', 999_999).subarray(20),
        ),
      ),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 300 }), (parts, reach) => {
        const state = readWith(framing, Buffer.concat(parts), reach)
        expect(said(state)).toEqual({ last: nothing, value: nothing })
      }),
      { numRuns: 1000 },
    )
  })

  test('a log in which any bits are flipped says something that it once said, or nothing', () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 5 }), (list, flips) => {
        const { bytes, says } = build(framing, list)
        if (bytes.length === 0) return
        for (const [at, bit] of flips) bytes[at % bytes.length]! ^= 1 << bit
        const { value } = read(bytes)
        expect([nothing, ...says.map(each => each.value)]).toContain(value)
        expect(said(readWith(framing, bytes, 50)).value).toBe(value)
      }),
      { numRuns: 500 },
    )
  })

  test('asks only for what it has not seen', () => {
    const first = put(framing, 'x'.repeat(500), 0)
    const log = Buffer.concat([first, record('touch', first.length, 0)])
    const start = first.length
    const state = readState(framing, { bytes: log.subarray(start), start, size: log.length })
    expect(needsMore(state) && state.from).toBe(0)
  })
})

test('the golden logs say what they said when they were made', () => {
  const read = (name: string, framing: Framing) =>
    readWith(framing, readFileSync(new URL(`../../fixtures/logs/v1/${name}`, import.meta.url)), 1e6)
  const text = read('worked-example.json', textFraming)
  expect(text.last!.kind).toBe('touch')
  expect(Buffer.from(said(text).value, 'hex').toString()).toBe('{"text":"hello, world"}')
  expect(read('worked-example.v8', binaryFraming).last!.kind).toBe('put')
})
