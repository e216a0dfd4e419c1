import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeOrder, encodeOrder, noTotals, type OrderRecord, RunningTotals } from '../../lib/indexes/order.ts'
import { decodeHint, encodeHint, type Hint } from '../../lib/log/hint.ts'
import { decodeIntent, encodeIntent, type Intention } from '../../lib/log/intent.ts'
import { decodeFrame, encodeFrame, readFrames } from '../../lib/log/sidecar.ts'

const golden = (name: string): Buffer => readFileSync(new URL(`../../fixtures/logs/v1/${name}`, import.meta.url))
const id = fc.stringMatching(/^[0-9a-f]{16}$/)
const hash = fc.stringMatching(/^[0-9a-f]{64}$/)
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,16}$/)
const number = fc.double({ noNaN: true })
const kind = fc.integer({ min: 1, max: 255 })
const body = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  // Ends as the next frame begins.
  fc.constantFrom('b', 'bk', 'bks', 'bks\x01', 'xbks\x01\x01bks').map(text => new Uint8Array(Buffer.from(text))),
)

describe('frames', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(kind, id, body)), list => {
        const bytes = Buffer.concat(list.map(([kind, id, body]) => encodeFrame(kind, id, body)))
        const { frames, settled } = readFrames(bytes)
        expect(settled).toBe(bytes.length)
        expect(frames.map(({ frame }) => [frame.kind, frame.id, new Uint8Array(frame.body)])).toEqual(list)
        let at = 0
        for (const each of frames) {
          expect(each.at).toBe(at)
          at += each.frame.length
        }
        expect(at).toBe(bytes.length)
      }),
    )
  })

  test('that are whole are found around those that are torn, wherever these end', () => {
    fc.assert(
      fc.property(
        fc.tuple(kind, id, body),
        fc.tuple(kind, id, body),
        fc.array(fc.tuple(kind, id, body), { maxLength: 3 }),
        (first, torn, rest) => {
          const before = encodeFrame(...first)
          const whole = encodeFrame(...torn)
          const after = rest.map(each => encodeFrame(...each))
          for (let cut = 0; cut < whole.length; cut++) {
            const bytes = Buffer.concat([before, whole.subarray(0, cut), ...after])
            const { frames, settled } = readFrames(bytes)
            expect([cut, frames.map(({ frame }) => frame.id)]).toEqual([cut, [first[1], ...rest.map(each => each[1])]])
            // What may still be on its way is read again.
            expect(settled).toBe(rest.length === 0 ? before.length : bytes.length)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('are not taken for the end of one that was torn, even if they begin as that would have ended', () => {
    // Its last bytes are the first of the next: what a head begins with, and one or two of the checksum.
    for (let taken = 1; taken <= 2; taken++) {
      let next = encodeFrame(1, '0'.repeat(16))
      for (let i = 0; next[3 + taken] !== 0x65; i++) next = encodeFrame(1, i.toString(16).padStart(16, '0'))
      const torn = encodeFrame(2, 'f'.repeat(16), Buffer.from('body'), next.subarray(0, 3 + taken))
      const bytes = Buffer.concat([torn.subarray(0, -4 - taken), next])
      expect(decodeFrame(bytes, 0)?.id).toBe('f'.repeat(16))
      expect(readFrames(bytes).frames.map(({ frame }) => frame.id)).toEqual([decodeFrame(next, 0)!.id])
    }
  })

  test('not a bit of one may change', () => {
    const bytes = encodeFrame(3, '0123456789abcdef', Buffer.from('the body'))
    for (let i = 0; i < bytes.length * 8; i++) {
      const flipped = Buffer.from(bytes)
      flipped[i >> 3]! ^= 1 << (i & 7)
      expect([i, decodeFrame(flipped, 0)]).toEqual([i, undefined])
    }
  })

  test('any bytes whatever are read to an end', () => {
    const parts = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 50 }),
        fc.constantFrom(Buffer.from('bks\x01'), encodeFrame(1, '0'.repeat(16), Buffer.from('x')).subarray(0, 20)),
      ),
    )
    fc.assert(
      fc.property(parts, list => {
        const { frames, settled } = readFrames(Buffer.concat(list))
        expect(frames).toEqual([])
        expect(settled).toBe(0)
      }),
      { numRuns: 500 },
    )
  })
})

const totals = fc.record({
  counts: fc.uniqueArray(fc.tuple(name, fc.nat()), { selector: ([key]) => key }).map(pairs => new Map(pairs)),
  volume: fc.integer(),
  records: fc.integer(),
})
const record: fc.Arbitrary<OrderRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    id,
    time: number,
    bytes: number,
    hash,
    extension: name,
    backend: fc.string({ minLength: 1, unit: 'grapheme-ascii' }).filter(text => !text.includes('\0')),
    origin: fc.option(fc.record({ segment: fc.integer({ min: 1, max: 2 ** 40 }), index: fc.nat(2 ** 31) }), {
      nil: undefined,
    }),
  }),
  fc.record({ kind: fc.constant('remove' as const), id, bytes: number, place: id, backend: fc.string() }),
  fc.record({
    kind: fc.constant('adjust' as const),
    id,
    bytes: number,
    records: number,
    count: number,
    backend: fc.string(),
  }),
  fc.record({ kind: fc.constant('base' as const), id, totals }),
  fc.record({ kind: fc.constant('end' as const), id }),
)

describe('records of the order log', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(record, given => {
        expect(decodeOrder(decodeFrame(encodeOrder(given), 0)!)).toEqual(given)
      }),
    )
  })

  test('that this version does not know are no records, whatever is in them', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.uint8Array({ maxLength: 100 }), (kind, body) => {
        const decoded = decodeOrder({ kind, id: '0'.repeat(16), body: Buffer.from(body), length: 0 })
        if (kind > 5 || kind === 0) expect(decoded).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })

  test('add up', () => {
    const sum = new RunningTotals(noTotals)
    const add = { kind: 'add', id: '1', time: 1, bytes: 100, hash: '', extension: 'v8', backend: 'v8' } as const
    sum.fold(add, 90)
    sum.fold({ ...add, backend: 'json' }, 90)
    sum.fold({ kind: 'remove', id: '2', bytes: 30, place: '1', backend: 'v8' }, 40)
    expect([...sum.counts]).toEqual([
      ['v8', 0],
      ['json', 1],
    ])
    expect(sum.volume).toBe(90 + 100 + 90 + 100 + 40 - 30)
    expect(sum.records).toBe(3)
    sum.fold({ kind: 'adjust', id: '3', bytes: -5, records: -2, count: 7, backend: 'v8' }, 50)
    expect([sum.counts.get('v8'), sum.volume, sum.records]).toEqual([7, 435, 2])
    sum.fold({ kind: 'base', id: '4', totals: { counts: new Map([['cbor', 3]]), volume: 10, records: 4 } }, 60)
    expect([[...sum.counts], sum.volume, sum.records]).toEqual([[['cbor', 3]], 70, 4])
  })

  test('the golden segments say what they said when they were made', () => {
    const first = readFrames(golden('order-00000001.log')).frames.map(({ frame }) => decodeOrder(frame))
    expect(first).toEqual([
      {
        kind: 'add',
        id: '00000000000000a1',
        time: 1_700_000_000_000,
        bytes: 124,
        hash: 'ab'.repeat(32),
        extension: 'v8',
        backend: 'v8',
        origin: undefined,
      },
      {
        kind: 'add',
        id: '00000000000000a2',
        time: 1_700_000_000_001,
        bytes: 814,
        hash: 'cd'.repeat(32),
        extension: 'json',
        backend: 'json',
        origin: { segment: 3, index: 17 },
      },
      { kind: 'adjust', id: '00000000000000a3', bytes: 1000, records: -2, count: 1, backend: 'v8' },
      { kind: 'remove', id: '00000000000000a4', bytes: 124, place: '00000000000000a1', backend: 'v8' },
      { kind: 'end', id: '00000000000000a5' },
      {
        kind: 'add',
        id: '00000000000000a6',
        time: 1_700_000_000_000,
        bytes: 1,
        hash: 'ab'.repeat(32),
        extension: 'v8',
        backend: 'v8',
        origin: undefined,
      },
    ])
    const [base] = readFrames(golden('order-00000002.log')).frames
    const counts = new Map([
      ['v8', 1],
      ['json', 1],
    ])
    expect(decodeOrder(base!.frame)).toEqual({
      kind: 'base',
      id: '00000000000000b1',
      totals: { counts, volume: 2173, records: 1 },
    })
    for (const file of ['order-00000001.log', 'order-00000002.log']) {
      const bytes = golden(file)
      const again = readFrames(bytes).frames.map(({ frame }) => encodeOrder(decodeOrder(frame)!))
      expect(Buffer.concat(again).toString('hex')).toBe(bytes.toString('hex'))
    }
  })
})

describe('hints', () => {
  const hint: fc.Arbitrary<Hint> = fc.record({
    time: number,
    hash,
    extension: name,
    backend: fc.string({ minLength: 1 }).filter(text => !text.includes('\0')),
  })

  test('come back as they were written, and nothing else is one', () => {
    fc.assert(
      fc.property(id, hint, (id, given) => {
        expect(decodeHint(decodeFrame(encodeHint(id, given), 0)!)).toEqual(given)
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 255 }), fc.uint8Array(), (kind, body) => {
        expect(decodeHint({ kind, id: '', body: Buffer.from(body), length: 0 })).toBeUndefined()
      }),
    )
    expect(decodeHint({ kind: 1, id: '', body: Buffer.alloc(40), length: 0 })).toBeUndefined()
    expect(decodeHint(decodeFrame(golden('hints.log'), 0)!)).toEqual({
      time: 1_700_000_000_000,
      hash: 'ab'.repeat(32),
      extension: 'v8',
      backend: 'v8',
    })
  })
})

describe('intents', () => {
  const intention: fc.Arbitrary<Intention> = fc.record({
    path: fc.stringMatching(/^[0-9a-f]{2}\/[0-9a-f]{62}\.v8$/),
    seal: id,
    record: fc.option(
      fc.uint8Array({ minLength: 1, maxLength: 100 }).map(bytes => Buffer.from(bytes)),
      { nil: undefined },
    ),
  })

  test('come back as they were written, whole or not at all', () => {
    fc.assert(
      fc.property(id, fc.array(intention, { maxLength: 4 }), fc.nat(), (id, given, cut) => {
        const bytes = encodeIntent(id, given)
        expect(decodeIntent(bytes)).toEqual(given)
        expect(decodeIntent(bytes.subarray(0, cut % bytes.length))).toBeUndefined()
      }),
    )
  })

  test('one that has lost a key is none', () => {
    const keys = ['a', 'b', 'c'].map(path => ({ path, seal: '0'.repeat(16), record: undefined }))
    const bytes = encodeIntent('1'.repeat(16), keys)
    const frames = readFrames(bytes).frames
    const without = Buffer.concat([bytes.subarray(0, frames[1]!.at), bytes.subarray(frames[2]!.at)])
    expect(decodeIntent(without)).toBeUndefined()
    expect(decodeIntent(Buffer.alloc(0))).toBeUndefined()
  })

  test('the golden one says what it said when it was made', () => {
    const path = `ab/${'cd'.repeat(31)}.v8`
    expect(decodeIntent(golden('00000000000000d1.intent'))).toEqual([
      { path, seal: '00000000000000e1', record: golden('worked-example.v8') },
      { path, seal: '00000000000000e2', record: undefined },
    ])
  })
})
