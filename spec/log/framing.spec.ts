import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { binaryFraming } from '../../lib/log/binary.ts'
import { type Framing, kindNames, kinds, type LogRecord, noRef, type RecordFields } from '../../lib/log/record.ts'
import { textFraming } from '../../lib/log/text.ts'
import { fieldsOf, put } from './logs.ts'

const golden = (name: string): Buffer => readFileSync(new URL(`../../fixtures/logs/v1/${name}`, import.meta.url))
const framings: [string, Framing][] = [
  ['binaryFraming', binaryFraming],
  ['textFraming', textFraming],
]

const id = fc.stringMatching(/^[0-9a-f]{16}$/)
const tags = fc.array(
  fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
)
const fields: fc.Arbitrary<RecordFields> = fc
  .record({
    kind: fc.constantFrom(...kindNames),
    id,
    time: fc.integer({ min: 0, max: 9_999_999_999_999 }),
    storedAt: fc.integer({ min: 0, max: 9_999_999_999_999 }),
    expires: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 8_640_000_000_000_000 })),
    pinned: fc.boolean(),
    place: id,
    ref: fc.oneof(fc.constant(noRef), fc.integer({ min: 0, max: 9_999_999_999 })),
    tags,
    owner: fc.string(),
    purpose: fc.string(),
    key: fc.oneof(
      fc.constant(''),
      fc.json(),
      fc.string({ unit: 'grapheme' }).map(text => JSON.stringify(text)),
      fc.constantFrom('1n', 'undefined', 'NaN', 'Map[[1,2]]', '",\\"key\\":1"', '{"key":{"key":1}}'),
    ),
    identity: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  })
  // As JSON has it.
  .map(each => ({ ...each, tags: each.tags.map(tag => JSON.parse(JSON.stringify(tag))) }))

function plain(record: LogRecord): RecordFields {
  const { kind, time, storedAt, expires, pinned, place, ref, owner, purpose, key, identity } = record
  return {
    kind,
    id: record.id,
    time,
    storedAt,
    expires,
    pinned,
    place,
    ref,
    tags: record.tags,
    owner,
    purpose,
    key,
    identity,
  }
}

describe.each(framings)('%s', (_, framing) => {
  test('decode() gives what encode() was given', () => {
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 200 }), fc.nat(9_999_999_999), (given, value, at) => {
        const bytes = Buffer.concat([Buffer.from('before'), framing.encode(given, value, at), Buffer.from('after')])
        const record = framing.decode(bytes, 6)!
        expect(record.at).toBe(at)
        expect(record.length).toBe(bytes.length - 11)
        expect(Buffer.compare(record.bytes.subarray(record.valueStart, record.valueEnd), value)).toBe(0)
        // An owner, tags … of a lone half of a pair come back as JSON has them.
        expect(plain(record)).toEqual(given)
        expect(framing.startOfLast(bytes, bytes.length - 5)).toBe(6)
      }),
      { numRuns: 300 },
    )
  })

  test('surround() and putChecksum() make the same record of a value that comes piece by piece', () => {
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 100 }), fc.nat(9_999_999_999), (given, value, at) => {
        const { head, tail } = framing.surround(given, value.length, at)
        const rest = Buffer.concat([head.subarray(framing.checksumFrom), value, tail])
        framing.putChecksum(head, crc32(rest))
        expect(Buffer.concat([head, value, tail]).toString('hex')).toBe(
          framing.encode(given, value, at).toString('hex'),
        )
      }),
      { numRuns: 100 },
    )
  })

  test('again() gives the bytes of the record at another offset', () => {
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 100 }), fc.nat(9_999_999_999), (given, value, at) => {
        const bytes = Buffer.concat([Buffer.from('before'), framing.encode(given, value, 0), Buffer.from('after')])
        const again = framing.again(framing.decode(bytes, 6)!, at)
        expect(again.toString('hex')).toBe(framing.encode(given, value, at).toString('hex'))
      }),
      { numRuns: 100 },
    )
  })

  test('again() gives what encode() gives of a record with another id, time and reference', () => {
    // Without an own time of storing: that would be another's.
    const some = fields.map(each => ({ ...each, storedAt: each.time }))
    fc.assert(
      fc.property(some, some, fc.uint8Array({ maxLength: 100 }), fc.nat(9_999_999_999), (given, other, value, at) => {
        const { id, time, ref } = other
        const again = framing.again(framing.decode(framing.encode(given, value, 7), 0)!, at, { id, time, ref })
        const expected = framing.encode({ ...given, id, time, storedAt: time, ref }, value, at)
        expect(again.toString('hex')).toBe(expected.toString('hex'))
      }),
      { numRuns: 100 },
    )
  })

  test('isOf() is true of the key alone that was written', () => {
    const keys = [
      '""',
      '"a"',
      '"key"',
      '",\\"key\\":\\"a\\""',
      '["key",1]',
      '{"a":1,"key":"a"}',
      '1',
      '1n',
      'null',
      '{"key":1}',
      '"}"',
    ]
    for (const written of keys) {
      const record = framing.decode(put(framing, 'value', 0, { key: written }), 0)!
      for (const asked of keys)
        expect([written, asked, record.isOf(asked, undefined)]).toEqual([written, asked, written === asked])
      expect(record.isOf(written, written)).toBe(false)
    }
    const own = framing.decode(put(framing, 'value', 0, { key: '"a"', identity: '\0\xff' }), 0)!
    expect(own.isOf('"a"', '\0\xff')).toBe(true)
    expect(own.isOf('"b"', '\0\xff')).toBe(true)
    expect(own.isOf('"a"', '\0')).toBe(false)
  })

  test('not a bit of a record may change', () => {
    const bytes = put(framing, '{"a":[1,2,3]}', 0, { tags: ['red'], expires: 1_700_000_100_000 })
    for (let i = 0; i < bytes.length * 8; i++) {
      const flipped = Buffer.from(bytes)
      flipped[i >> 3]! ^= 1 << (i & 7)
      expect([i, framing.decode(flipped, 0)]).toEqual([i, undefined])
    }
  })

  test('nor may a record be cut off, anywhere', () => {
    const bytes = put(framing, '{"a":[1,2,3]}', 0)
    for (let length = 0; length < bytes.length; length++) {
      expect(framing.decode(bytes.subarray(0, length), 0)).toBeUndefined()
      expect(framing.decode(bytes.subarray(length), 0) === undefined).toBe(length > 0)
    }
    expect(framing.decode(bytes, -1)).toBeUndefined()
    expect(framing.decode(bytes, Number.NEGATIVE_INFINITY)).toBeUndefined()
    expect(framing.decode(bytes, bytes.length)).toBeUndefined()
  })

  test('decode(), startOfLast() and findStart() take any bytes whatever', () => {
    const record = put(framing, 'value', 0)
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      // Nearly records: with their checksum set right after a change, so that the rest of the checks is asked.
      fc.tuple(fc.nat(record.length - 1), fc.nat(255), fc.boolean()).map(([at, byte, repair]) => {
        const changed = Buffer.from(record)
        changed[at] = byte
        if (repair) framing.putChecksum(changed, crc32(changed.subarray(framing.checksumFrom)))
        return changed
      }),
    )
    fc.assert(
      fc.property(bytes, fc.integer({ min: -10, max: 400 }), (given, at) => {
        const buffer = Buffer.from(given)
        for (const start of [0, at]) {
          const found = framing.decode(buffer, start)
          if (found === undefined) continue
          expect(found.length).toBeLessThanOrEqual(buffer.length - start)
          expect(found.valueStart).toBeLessThanOrEqual(found.valueEnd)
          expect(found.valueStart).toBeGreaterThanOrEqual(start)
          // Every field can be asked for.
          expect(plain(found)).toBeDefined()
          found.isOf('"key"', undefined)
        }
        const last = framing.startOfLast(buffer, buffer.length)
        if (last !== undefined) expect(last).toBeLessThan(buffer.length)
        expect(framing.findStart(buffer, 0)).toBeGreaterThanOrEqual(-1)
      }),
      { numRuns: 1000 },
    )
  })

  test('a newer format version, or an unknown kind, is no record', () => {
    const bytes = put(framing, 'value', 0)
    const version = framing === binaryFraming ? 3 : bytes.indexOf('1')
    const newer = Buffer.from(bytes)
    newer[version]! += 1
    expect(framing.decode(newer, 0)).toBeUndefined()
    const odd = Buffer.from(bytes)
    if (framing === binaryFraming) odd[14] = 77
    else odd.write('pat', odd.indexOf('put'))
    framing.putChecksum(odd, crc32(odd.subarray(framing.checksumFrom)))
    expect(framing.decode(odd, 0)).toBeUndefined()
  })
})

test('the kinds keep their numbers', () => {
  expect(kinds).toEqual({ put: 1, touch: 2, tombstone: 3, seal: 4, unseal: 5, claim: 6 })
})

describe('the worked example', () => {
  const text = golden('worked-example.json')
  const binary = golden('worked-example.v8')
  const first = fieldsOf({
    kind: 'put',
    id: '0123456789abcde0',
    place: '0123456789abcdef',
    tags: ['docs', 1],
    key: '"greeting"',
  })

  test('is what textFraming writes', () => {
    const records = [textFraming.encode(first, Buffer.from('{"text":"hello"}'), 0)]
    const second = fieldsOf({
      kind: 'put',
      id: '0123456789abcde1',
      time: 1_700_000_001_000,
      expires: 1_700_003_601_000,
      key: '"greeting"',
    })
    records.push(textFraming.encode(second, Buffer.from('{"text":"hello, world"}'), records[0]!.length))
    const third = fieldsOf({
      kind: 'touch',
      id: '0123456789abcde2',
      time: 1_700_000_002_000,
      expires: 1_700_000_060_000,
      pinned: true,
      ref: records[0]!.length,
    })
    records.push(textFraming.encode(third, Buffer.alloc(0), records[0]!.length + records[1]!.length))
    expect(Buffer.concat(records).toString()).toBe(text.toString())
  })

  test('is what textFraming reads', () => {
    const touch = textFraming.decode(text, textFraming.startOfLast(text, text.length)!)!
    expect(plain(touch)).toMatchObject({ kind: 'touch', ref: 292, expires: 1_700_000_060_000, pinned: true })
    const value = textFraming.decode(text, touch.ref)!
    expect(text.toString('utf8', value.valueStart, value.valueEnd)).toBe('{"text":"hello, world"}')
    expect(value.isOf('"greeting"', undefined)).toBe(true)
    expect(textFraming.decode(text, 0)!.tags).toEqual(['docs', 1])
  })

  test('is what binaryFraming writes and reads', () => {
    const record = binaryFraming.decode(binary, 0)!
    expect(plain(record)).toEqual(first)
    const value = binary.subarray(record.valueStart, record.valueEnd)
    expect(deserialize(value)).toEqual({ text: 'hello' })
    expect(binaryFraming.encode(first, value, 0).toString('hex')).toBe(binary.toString('hex'))
  })

  test('stands in FORMAT.md as it is in the files', () => {
    const page = readFileSync(new URL('../../lib/FORMAT.md', import.meta.url), 'utf8')
    const blocks = [...page.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(match => match[1]!)
    expect(blocks).toContain(text.toString())
    const dump = blocks.find(block => block.startsWith('00000000: '))!
    const hex = dump
      .split('\n')
      .map(line => line.slice(10, 58).replaceAll(' ', ''))
      .join('')
    expect(hex).toBe(binary.toString('hex'))
  })
})
