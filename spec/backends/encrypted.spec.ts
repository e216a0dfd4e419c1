import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Backend } from '../../lib/backends/backend.ts'
import { compressed } from '../../lib/backends/compressed.ts'
import { type EncryptedOptions, encrypted } from '../../lib/backends/encrypted.ts'
import { JSONBackend } from '../../lib/backends/json.ts'
import { resolveBackend } from '../../lib/backends/resolve.ts'
import { V8Backend } from '../../lib/backends/v8.ts'
import type { Wrapper } from '../../lib/backends/wrapper.ts'
import { BackendLoadError } from '../../lib/errors.ts'
import { backendSuite } from './suite.ts'
import { clonedArbitrary, clonedValues, plainArbitrary, plainValues, uncloneableValues } from './values.ts'

const key = Uint8Array.from({ length: 32 }, (_, i) => i)

backendSuite('encrypted(V8Backend)', {
  make: () => encrypted(new V8Backend(), { key }),
  keeps: clonedValues,
  keepsLarge: [],
  arbitrary: clonedArbitrary,
  refuses: uncloneableValues,
})
backendSuite('encrypted(compressed(JSONBackend))', {
  make: () => encrypted(compressed(new JSONBackend(), { threshold: 100 }), { key }),
  keeps: plainValues,
  keepsLarge: [],
  arbitrary: plainArbitrary,
  refuses: [['a Map', { a: new Map() }, 'value.a']],
})
backendSuite('compressed(encrypted(JSONBackend))', {
  make: () => compressed(encrypted(new JSONBackend(), { key }), { threshold: 0 }),
  keeps: plainValues,
  keepsLarge: [],
  arbitrary: plainArbitrary,
  refuses: [['a Map', { a: new Map() }, 'value.a']],
})

describe('encrypted()', () => {
  const value = { secret: 'text that nobody is to read' }
  const here = { key: '"here"' }
  const backend = encrypted('json', { key })
  const bytes = Buffer.from(backend.encode(value, here))
  const isMiss = (decode: () => unknown): void => {
    expect(decode).toThrow(BackendLoadError)
  }

  test('is named after the inner backend and the cipher, with its file extension', () => {
    expect([backend.name, backend.fileExtension]).toEqual(['json+aes-256-gcm', 'json'])
    const nested = encrypted(compressed('v8', { algorithm: 'brotli' }), { key })
    expect([nested.name, nested.fileExtension]).toEqual(['v8+brotli+aes-256-gcm', 'v8'])
    expect(resolveBackend(nested)).toBe(nested)
  })

  test('hides the value', () => {
    expect(bytes.toString('latin1')).not.toMatch(/secret|text|nobody/)
    expect(bytes.length).toBe(29 + JSON.stringify(value).length)
  })

  test('reads what earlier versions of the package have written', () => {
    const golden = Buffer.from(GOLDEN, 'base64')
    expect(backend.decode(golden, here)).toEqual(value)
    const plain = Buffer.from('Ah2iBEuirKgPQhEkcf2crOFb1krHQ5CDSRbDcJgpHRXw+YK8jBpoL8IrC1KX0w==', 'base64')
    expect(backend.decode(plain, here)).toEqual(Buffer.from('bytes of a stream'))
  })

  test('encrypts the same value differently each time', () => {
    const ivs = Array.from({ length: 1000 }, () => Buffer.from(backend.encode(1).subarray(1, 13)).toString('hex'))
    expect(new Set(ivs).size).toBe(1000)
  })

  test('notices any change of any byte', () => {
    for (let at = 0; at < bytes.length; at += 1)
      for (const change of [1, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes)
        damaged[at]! ^= change
        isMiss(() => backend.decode(damaged, here))
      }
  })

  test('notices bytes that are cut off or added anywhere', () => {
    for (let end = 0; end < bytes.length; end += 1) {
      isMiss(() => backend.decode(bytes.subarray(0, end), here))
      isMiss(() => backend.decode(bytes.subarray(bytes.length - end), here))
      isMiss(() => backend.decode(Buffer.concat([bytes.subarray(0, end), Buffer.of(0), bytes.subarray(end)]), here))
    }
  })

  test('reads a value under no other key of the bucket', () => {
    expect(backend.decode(bytes, { key: '"here"' })).toEqual(value)
    for (const other of ['"there"', '"here', '', '"here"\0', '"HERE"'])
      isMiss(() => backend.decode(bytes, { key: other }))
    isMiss(() => backend.decode(bytes))
    isMiss(() => backend.decode(backend.encode(value), { key: '' }))
    expect(backend.decode(backend.encode(value))).toEqual(value)
  })

  test('tells keys apart that UTF-8 does not', () => {
    const keys = ['a\ud800', 'a\ud801', 'a\ufffd']
    for (const one of keys)
      for (const other of keys) {
        const moved = backend.encode(value, { key: one })
        if (one === other) expect(backend.decode(moved, { key: other })).toEqual(value)
        else isMiss(() => backend.decode(moved, { key: other }))
      }
  })

  test('keeps bytes that nobody has encoded in a form of its own, which cannot be changed for the other', () => {
    const wrapper = backend as Wrapper
    for (const [made, other] of [
      [wrapper.encodeBytes(Buffer.from('{}'), here), 1],
      [wrapper.encode({}, here), 2],
    ] as const) {
      expect(made[0]).toBe(3 - other)
      expect(wrapper.decode(made, here)).toEqual(other === 1 ? Buffer.from('{}') : {})
      isMiss(() => wrapper.decode(made, { key: '"there"' }))
      const changed = Buffer.from(made)
      changed[0] = other
      isMiss(() => wrapper.decode(changed, here))
    }
  })

  test('gives bytes to a backend that it does not know, which may be about to hide them', () => {
    const upper: Backend = {
      name: 'upper',
      fileExtension: 'txt',
      encode: value => Buffer.from(String(value).toUpperCase()),
      decode: given => Buffer.from(given).toString(),
    }
    for (const wrapper of [encrypted(upper, { key }), compressed(encrypted(upper, { key }))])
      expect(wrapper.decode((wrapper as Wrapper).encodeBytes(Buffer.from('abc'), here), here)).toBe('ABC')
  })

  test('reads nothing with another secret', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), other => {
        const stranger = encrypted('json', { key: other })
        if (Buffer.compare(other, key) !== 0) isMiss(() => stranger.decode(bytes, here))
      }),
      { numRuns: 100 },
    )
  })

  test('reads nothing of another inner backend, though the secret is the same', () => {
    isMiss(() => encrypted('v8', { key }).decode(bytes, here))
    isMiss(() => encrypted(compressed('json'), { key }).decode(bytes, here))
  })

  test('has copied the secret, and does not show it', () => {
    const mine = Uint8Array.from(key)
    const own = encrypted('json', { key: mine })
    mine.fill(0)
    expect(own.decode(bytes, here)).toEqual(value)
    expect(inspect(own, { depth: 5, showHidden: true })).not.toMatch(/1, 2, 3|01 02 03/)
  })

  test('lets through what the inner backend throws', () => {
    const mine = new Error('mine')
    const reviver = (): never => {
      throw mine
    }
    const throwing = encrypted(new JSONBackend({ reviver }), { key })
    expect(() => throwing.decode(throwing.encode(1))).toThrow(mine)
  })

  test.each<[string, unknown, typeof TypeError | typeof RangeError, RegExp]>([
    ['a pass phrase', { key: 'secret' }, TypeError, /got string; scryptSync/],
    ['no secret', {}, TypeError, /got undefined/],
    ['no options', undefined, TypeError, /got undefined/],
    ['a short secret', { key: key.subarray(0, 16) }, RangeError, /32 bytes, got 16/],
    ['a long secret', { key: new Uint8Array(33) }, RangeError, /32 bytes, got 33/],
    ['another option', { key, algorithm: 'aes-128-gcm' }, TypeError, /got algorithm/],
  ])('rejects %s', (_, options, type, message) => {
    const make = (): Backend => encrypted('v8', options as EncryptedOptions)
    expect(make).toThrow(type)
    expect(make).toThrow(message)
  })
})

const GOLDEN = 'Aaf/zPIR/Iz7Kl1YmYgK7LVcUWvCQyJ0hzgN1/ijgSmaMsE6oUul4CXGSmF1H348kyZ6l0NFc/KEpg+GfAKlW+l4u013'
