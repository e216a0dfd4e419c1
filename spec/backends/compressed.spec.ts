import { randomBytes } from 'node:crypto'
import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Backend, EntryContext } from '../../lib/backends/backend.ts'
import { compressed } from '../../lib/backends/compressed.ts'
import { JSONBackend } from '../../lib/backends/json.ts'
import { V8Backend } from '../../lib/backends/v8.ts'
import { BackendLoadError } from '../../lib/errors.ts'
import { difference } from './same.ts'
import { backendSuite } from './suite.ts'
import { clonedArbitrary, clonedValues, plainArbitrary, plainValues, uncloneableValues } from './values.ts'

const hasZstd = 'zstdCompressSync' in zlib
const small = clonedValues.filter(([what]) => !what.startsWith('a long'))

backendSuite('compressed(V8Backend), everything', {
  make: () => compressed(new V8Backend(), { threshold: 0 }),
  keeps: small,
  keepsLarge: clonedValues,
  arbitrary: clonedArbitrary,
  refuses: uncloneableValues,
})
backendSuite('compressed(JSONBackend) with brotli', {
  make: () => compressed(new JSONBackend(), { algorithm: 'brotli', threshold: 100 }),
  keeps: plainValues,
  keepsLarge: [],
  arbitrary: plainArbitrary,
  refuses: [['a Map', { a: new Map() }, 'value.a']],
})
if (hasZstd)
  backendSuite('compressed(CBORBackend) with zstd', {
    make: () => compressed('cbor', { algorithm: 'zstd', threshold: 0 }),
    keeps: small,
    keepsLarge: [],
    arbitrary: clonedArbitrary,
    refuses: [],
  })

/** Bytes are its values; remembers with what it was called. */
function bytesBackend(): Backend & { contexts: (EntryContext | undefined)[] } {
  const contexts: (EntryContext | undefined)[] = []
  const pass = (bytes: unknown, context?: EntryContext): Uint8Array => {
    contexts.push(context)
    return bytes as Uint8Array
  }
  return { name: 'bytes', fileExtension: 'bin', encode: pass, decode: pass, contexts }
}

describe('compressed()', () => {
  const algorithms = ['gzip', 'brotli', ...(hasZstd ? ['zstd'] : [])] as ('gzip' | 'brotli' | 'zstd')[]
  const dull = new Uint8Array(5000)

  test.each(algorithms)('is named after the inner backend and %s, with its file extension', algorithm => {
    const backend = compressed(bytesBackend(), { algorithm })
    expect([backend.name, backend.fileExtension]).toEqual([`bytes+${algorithm}`, 'bin'])
  })

  test('reads bytes that nobody has encoded as earlier versions of the package have written them', () => {
    const golden = Buffer.from('gR+LCAAAAAAAAANLqixJLVZIojsJAGnPRT14AAAA', 'base64')
    expect(compressed('json').decode(golden)).toEqual(Buffer.from('bytes '.repeat(20)))
    expect(compressed('json').decode(Buffer.of(0x80, 0x7b))).toEqual(Buffer.from('{'))
  })

  test.each(algorithms)('makes large values smaller with %s', algorithm => {
    const backend = compressed(bytesBackend(), { algorithm })
    expect(backend.encode(dull).length).toBeLessThan(100)
    expect(difference(Uint8Array.from(backend.decode(backend.encode(dull)) as Uint8Array), dull)).toBeUndefined()
  })

  test('uses gzip, which other tools read', () => {
    expect(compressed('json').name).toBe('json+gzip')
    const text = 'text '.repeat(1000)
    const bytes = compressed('json').encode(text)
    expect(bytes[0]).toBe(1)
    expect(zlib.gunzipSync(bytes.subarray(1)).toString()).toBe(JSON.stringify(text))
  })

  test('stores values below the threshold as they are, behind a byte', () => {
    const backend = compressed(bytesBackend())
    expect([...backend.encode(Uint8Array.of(7, 8))]).toEqual([0, 7, 8])
    expect(backend.encode(dull.subarray(0, 1023)).length).toBe(1024)
    expect(backend.encode(dull.subarray(0, 1024)).length).toBeLessThan(100)
    expect(compressed(bytesBackend(), { threshold: Infinity }).encode(dull).length).toBe(5001)
  })

  test('stores what does not become smaller as it is', () => {
    const noise = randomBytes(5000)
    const bytes = compressed(bytesBackend()).encode(noise)
    expect([bytes[0], bytes.length]).toEqual([0, 5001])
  })

  test('passes the context on', () => {
    const inner = bytesBackend()
    const backend = compressed(inner)
    backend.decode(backend.encode(dull, { key: 'a' }), { key: 'b' })
    expect(inner.contexts).toEqual([{ key: 'a' }, { key: 'b' }])
  })

  test('lets through what the inner backend throws', () => {
    const mine = new Error('mine')
    const reviver = (): never => {
      throw mine
    }
    const backend = compressed(new JSONBackend({ reviver }), { threshold: 0 })
    expect(() => backend.decode(backend.encode(1))).toThrow(mine)
  })

  test.each(algorithms)('does not decompress %s that is cut off or of another kind', algorithm => {
    const backend = compressed(bytesBackend(), { algorithm })
    const bytes = Buffer.from(backend.encode(dull))
    for (let end = 1; end < bytes.length; end += 1)
      expect(() => backend.decode(bytes.subarray(0, end))).toThrow(BackendLoadError)
    // With 128 added, what is inside is bytes that nobody has encoded.
    const known = [bytes[0], 0x80, 0x80 | bytes[0]!]
    for (let marker = 1; marker < 256; marker += 1)
      if (!known.includes(marker))
        expect(() => backend.decode(Buffer.concat([Buffer.of(marker), bytes.subarray(1)]))).toThrow(BackendLoadError)
  })

  test('with gzip, notices each byte that is changed in what it has packed', () => {
    const backend = compressed(bytesBackend())
    const text = Buffer.from('some text, '.repeat(200))
    const bytes = backend.encode(text)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(bytes)
        damaged[at]! ^= change
        // The marker may become that of raw bytes, the head of gzip holds a date that does not matter.
        try {
          const found = Buffer.from(backend.decode(damaged) as Uint8Array)
          expect(at === 0 || found.equals(text)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(BackendLoadError)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('says which Node.js has zstd, where this one has not', () => {
    const make = (): Backend => compressed('v8', { algorithm: 'zstd' })
    if (hasZstd) expect(make().name).toBe('v8+zstd')
    else {
      expect(make).toThrow(TypeError)
      expect(make).toThrow(/'zstd', which is in 22\.15, 23\.8 and newer; this is v\d+/)
    }
  })

  test.each([
    [{ algorithm: 'zip' }, TypeError, /got zip/],
    [{ algorithm: 'constructor' }, TypeError, /got constructor/],
    [{ threshold: '1kb' }, TypeError, /got 1kb/],
    [{ threshold: -1 }, RangeError, /got -1/],
    [{ threshold: Number.NaN }, RangeError, /got NaN/],
    [{ level: 9 }, TypeError, /got level/],
  ])('rejects the options %j', (options, type, message) => {
    expect(() => compressed('v8', options as never)).toThrow(type)
    expect(() => compressed('v8', options as never)).toThrow(message)
  })

  test('rejects a backend that is none', () => {
    expect(() => compressed({ name: 'x' } as never)).toThrow(TypeError)
  })
})
