import Module from 'node:module'
import { pack, unpack } from 'msgpackr'
import { describe, expect, test, vi } from 'vitest'
import { MessagePackBackend } from '../../lib/backends/msgpack.ts'
import { resolveBackend } from '../../lib/backends/resolve.ts'
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

backendSuite('MessagePackBackend', {
  make: () => new MessagePackBackend(),
  keeps: [...clonedValues, ...errorValues],
  keepsLarge: largeClonedValues,
  arbitrary: clonedArbitrary,
  refuses: uncloneableValues,
})

describe('MessagePackBackend', () => {
  const backend = new MessagePackBackend()
  const roundTrip = (value: unknown): unknown => backend.decode(backend.encode(value))

  test('is called msgpack, and so are its files', () => {
    expect([backend.name, backend.fileExtension]).toEqual(['msgpack', 'msgpack'])
  })

  test('writes ordinary values so that any MessagePack reader has them', () => {
    const value = { a: [1, -2.5, 'text', null, true, new Date(5)], b: { c: Buffer.from('bytes') } }
    expect(difference(unpack(backend.encode(value)), value)).toBeUndefined()
    // As anybody would write it: a map of one entry, 'a', and 1.
    expect([...backend.encode({ a: 1 })]).toEqual([0x81, 0xa1, 0x61, 0x01])
  })

  test('reads what other MessagePack writers write', () => {
    const value = { a: [1, { b: 'text' }], date: new Date(5) }
    expect(difference(backend.decode(pack(value)), value)).toBeUndefined()
  })

  test('reads what earlier versions of the package have written', () => {
    const value = new Map<unknown, unknown>([['zero', -0]])
    value.set(value, [1n])
    const golden =
      'c1 93 91 01 95 a3 6d6170 a4 7a65726f 91 a2 2d30 91 01 91 02 92 a5 6172726179 92 a6 626967696e74 a1 31'
    expect(difference(backend.decode(Buffer.from(golden.replaceAll(' ', ''), 'hex')), value)).toBeUndefined()
    expect(Buffer.from(backend.encode(value)).toString('hex')).toBe(golden.replaceAll(' ', ''))
  })

  test('keeps an instance of a class as a plain object, and one of another realm', () => {
    class Point {
      x = 1
      toJSON(): string {
        return 'not asked for'
      }
    }
    expect(difference({ x: 1 }, roundTrip(new Point()))).toBeUndefined()
    expect(difference({ list: [{}] }, roundTrip(fromAnotherRealm('({ list: [{}] })')))).toBeUndefined()
  })

  test('does not depend on what was encoded or decoded before', () => {
    const bytes = backend.encode({ a: 1, b: [{ a: 2 }] })
    for (let i = 0; i < 100; i += 1) backend.decode(backend.encode({ [`k${i}`]: { a: i } }))
    expect(new MessagePackBackend().decode(bytes)).toEqual({ a: 1, b: [{ a: 2 }] })
  })

  test('passes options on to msgpackr', () => {
    expect(new MessagePackBackend({ useFloat32: 1 }).encode(0.5).length).toBe(5)
    const records = new MessagePackBackend({ useRecords: true, mapsAsObjects: false })
    const value = [{ a: 1 }, { a: 2 }, new Map([[1, { a: 3 }]])]
    expect(difference(records.decode(records.encode(value)), value)).toBeUndefined()
  })

  test.each(['sequential', 'structures', 'getStructures', 'saveStructures'])('rejects the option %s', option => {
    expect(() => new MessagePackBackend({ [option]: [] })).toThrow(TypeError)
    expect(() => new MessagePackBackend({ [option]: [] })).toThrow(option)
  })

  describe('without the package msgpackr', () => {
    function withoutIt(code: string, run: () => void): void {
      const load = vi.spyOn(Module as unknown as { _load(path: string): unknown }, '_load')
      load.mockImplementation(path => {
        throw Object.assign(new Error(`Cannot find module '${path}'`), { code })
      })
      try {
        run()
      } finally {
        load.mockRestore()
      }
    }

    test('says what to install', () => {
      withoutIt('MODULE_NOT_FOUND', () => {
        expect(() => new MessagePackBackend()).toThrow(TypeError)
        expect(() => resolveBackend('msgpack')).toThrow(/MessagePackBackend needs.* npm install msgpackr/)
      })
      expect(() => new MessagePackBackend()).not.toThrow()
    })

    test('does not take another failure to load for its absence', () => {
      withoutIt('ERR_DLOPEN_FAILED', () => {
        expect(() => new MessagePackBackend()).toThrow(/Cannot find module/)
      })
    })
  })
})
