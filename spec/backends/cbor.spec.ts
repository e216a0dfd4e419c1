import { addExtension, decode as decodeElsewhere, Encoder, Tag } from 'cbor-x'
import { describe, expect, test } from 'vitest'
import { CBORBackend } from '../../lib/backends/cbor.ts'
import { BackendLoadError } from '../../lib/errors.ts'
import { difference } from './same.ts'
import { backendSuite } from './suite.ts'
import {
  clonedArbitrary,
  clonedValues,
  errorValues,
  fromAnotherRealm,
  largeClonedValues,
  uncloneableValues,
} from './values.ts'

backendSuite('CBORBackend', {
  make: () => new CBORBackend(),
  keeps: [...clonedValues, ...errorValues],
  keepsLarge: largeClonedValues,
  arbitrary: clonedArbitrary,
  refuses: uncloneableValues,
})

describe('CBORBackend', () => {
  const backend = new CBORBackend()
  const roundTrip = (value: unknown): unknown => backend.decode(backend.encode(value))

  test('is called cbor, and so are its files', () => {
    expect([backend.name, backend.fileExtension]).toEqual(['cbor', 'cbor'])
  })

  test('writes ordinary values so that any CBOR reader has them', () => {
    const value = { a: [1, -2.5, 'text', null, undefined, true, 2n ** 70n], b: { c: Buffer.from('bytes') } }
    expect(difference(decodeElsewhere(backend.encode(value)), value)).toBeUndefined()
    const types = [new Map([[1, 2]]), new Set([1]), new Date(5), /a/g, Uint16Array.of(1, 2)]
    expect(difference(decodeElsewhere(backend.encode(types)), types)).toBeUndefined()
  })

  test('reads what other CBOR writers write', () => {
    const value = { a: [1, { b: 'text' }], date: new Date(5) }
    for (const options of [{}, { useRecords: false }, { structuredClone: true }])
      expect(difference(backend.decode(new Encoder(options).encode(value)), value)).toBeUndefined()
  })

  test('writes everything else as a table under a tag', () => {
    const value: unknown[] = [-0]
    value.push(value)
    const tag = decodeElsewhere(backend.encode(value))
    expect(tag).toBeInstanceOf(Tag)
    expect([tag.tag, tag.value]).toEqual([25187, [[1], ['array', ['-0'], [1]]]])
  })

  test('reads what earlier versions of the package have written', () => {
    const value: Record<string, unknown> = {
      text: '\ud800',
      zero: -0,
      list: Object.assign(['a'], { length: 3 }),
      map: new Map([[1n, new Set([/a/g])]]),
      date: new Date(5),
      error: Object.assign(new RangeError('no', { cause: 1 }), { stack: 'here', code: 2 }),
      view: Uint16Array.of(1, 2),
      box: Object('b'),
    }
    value['self'] = value
    const golden = Buffer.from(GOLDEN, 'base64')
    expect(difference(backend.decode(golden), value)).toBeUndefined()
    expect(Buffer.from(backend.encode(value)).toString('base64')).toBe(GOLDEN)
  })

  test('keeps an instance of a class as a plain object, and one of another realm', () => {
    class Point {
      x = 1;
      *[Symbol.iterator](): Generator<number> {
        yield this.x
      }
    }
    expect(difference({ x: 1 }, roundTrip(new Point()))).toBeUndefined()
    expect(difference({ list: [{}] }, roundTrip(fromAnotherRealm('({ list: [{}] })')))).toBeUndefined()
  })

  test('is not changed by the extensions that others register', () => {
    class Money {
      amount = 1
    }
    addExtension({
      Class: Money,
      tag: 43_311,
      encode: (money, encode) => encode(money.amount),
      decode: () => new Money(),
    })
    expect(difference({ amount: 1 }, roundTrip(new Money()))).toBeUndefined()
  })

  test('does not depend on what was encoded or decoded before', () => {
    const bytes = backend.encode({ a: 1, b: [{ a: 2 }] })
    for (let i = 0; i < 100; i += 1) backend.decode(backend.encode({ [`k${i}`]: { a: i } }))
    expect(new CBORBackend().decode(bytes)).toEqual({ a: 1, b: [{ a: 2 }] })
    expect(Buffer.compare(new CBORBackend().encode({ a: 1, b: [{ a: 2 }] }), bytes)).toBe(0)
  })

  test('passes options on to cbor-x', () => {
    const short = new CBORBackend({ keyMap: { description: 1 } })
    const value = { description: 'text' }
    expect(short.encode(value).length).toBeLessThan(backend.encode(value).length)
    expect(difference(short.decode(short.encode(value)), value)).toBeUndefined()
    expect(new CBORBackend({ useFloat32: 1 }).encode(0.5).length).toBe(5)
    const copied = new CBORBackend({ copyBuffers: false })
    const bytes = copied.encode([Uint8Array.of(1, 2)])
    expect((copied.decode(bytes) as Uint8Array[])[0]!.buffer.byteLength).toBe(2)
    const untracked = new CBORBackend({ structuredClone: false })
    expect(difference(untracked.decode(untracked.encode([value, value])), [value, value])).toBeUndefined()
  })

  test.each(['sequential', 'structures', 'getStructures', 'saveStructures'])('rejects the option %s', option => {
    expect(() => new CBORBackend({ [option]: [] })).toThrow(TypeError)
    expect(() => new CBORBackend({ [option]: [] })).toThrow(option)
  })

  test('rejects options that are none', () => {
    expect(() => new CBORBackend('v8' as never)).toThrow(TypeError)
  })

  test('tells the cause of what it cannot read', () => {
    expect(() => backend.decode(Buffer.of(0xff, 0xff))).toThrow(BackendLoadError)
    expect(() => backend.decode(Buffer.of(0x82, 1))).toThrow(expect.objectContaining({ cause: expect.any(Error) }))
  })
})

const GOLDEN = [
  '2WJjioEBk2ZvYmplY3RkdGV4dIJldXRmMTZCANhkemVyb4FiLTBkbGlzdIECY21hcIEDZGRhdGWBBGVlcnJvcoEFZHZpZXeBBmNib3iBB2RzZW',
  'xmgQGEZnNwYXJzZQNhMGFhg2NtYXCCZmJpZ2ludGExgQiCZGRhdGUFimVlcnJvcmpSYW5nZUVycm9yZ21lc3NhZ2Vibm9lc3RhY2tkaGVyZWVj',
  'YXVzZQFkY29kZQKDZHZpZXdrVWludDE2QXJyYXlEAQACAIJlYm94ZWRhYoJjc2V0gQmDZnJlZ2V4cGFhYWc=',
].join('')
