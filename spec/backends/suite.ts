// What holds for every backend, whatever its bytes look like. A backend's own spec calls `backendSuite` and adds what is
// special about it.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Backend, isSliceDecoder } from '../../lib/backends/backend.ts'
import { resolveBackend } from '../../lib/backends/resolve.ts'
import { BackendLoadError, type BucketCacheError, UnserializableError } from '../../lib/errors.ts'
import { difference } from './same.ts'

export interface BackendFacts {
  make: () => Backend
  /** Values that come back as they were, with a word for each. */
  keeps: readonly (readonly [string, unknown])[]
  /** The same, but so large that to have them in every test would take long. */
  keepsLarge: readonly (readonly [string, unknown])[]
  /** The same, endlessly. */
  arbitrary: fc.Arbitrary<unknown>
  /** What is refused: a word, the value, where the offending part is. */
  refuses: readonly (readonly [string, unknown, string])[]
  /** Whether zero bytes are a value. */
  emptyIsUndefined?: boolean
}

const context = { key: 'a key' }

export function backendSuite(label: string, facts: BackendFacts): void {
  const backend = facts.make()
  const roundTrip = (value: unknown): unknown => backend.decode(backend.encode(value, context), context)
  const samples = facts.keeps.map(([, value]) => Buffer.from(backend.encode(value, context)))

  /** Decodes bytes that may be anything: a value, whichever it is, or BackendLoadError. */
  const tryDecode = (bytes: Uint8Array): void => {
    const before = Object.getOwnPropertyNames(Object.prototype).length
    try {
      backend.decode(Buffer.from(bytes), context)
    } catch (error) {
      expect(error).toBeInstanceOf(BackendLoadError)
      expect((error as BackendLoadError).code).toBe('ERR_BACKEND_LOAD')
    }
    expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before)
  }

  describe(label, () => {
    test('is a valid backend', () => {
      expect(resolveBackend(backend)).toBe(backend)
    })

    test.each([...facts.keeps, ...facts.keepsLarge])('keeps %s', (_, value) => {
      expect(difference(value, roundTrip(value))).toBeUndefined()
    })

    test('keeps whatever is made of such parts', () => {
      fc.assert(
        fc.property(facts.arbitrary, value => {
          expect(difference(value, roundTrip(value))).toBeUndefined()
        }),
        { numRuns: 250 },
      )
    })

    test('does not change what it encodes', () => {
      for (const [, value] of facts.keeps) {
        const [one, other] = [backend.encode(value, context), backend.encode(value, context)]
        expect(difference(backend.decode(one, context), backend.decode(other, context))).toBeUndefined()
      }
    })

    test.each(facts.refuses)('refuses %s, and says where it is', (_, value, path) => {
      let caught: unknown
      try {
        backend.encode(value, context)
      } catch (error) {
        caught = error
      }
      expect(caught).toBeInstanceOf(UnserializableError)
      const { message, code } = caught as BucketCacheError
      expect(code).toBe('ERR_UNSERIALIZABLE')
      expect(message).toContain(` ${path}: it is `)
    })

    test('lets through what a getter throws', () => {
      const mine = new RangeError('mine')
      const value = {
        deep: [
          {
            get bad(): never {
              throw mine
            },
          },
        ],
      }
      expect(() => backend.encode(value, context)).toThrow(mine)
    })

    test('keeps or refuses what is nested 100,000 deep, but survives it', () => {
      for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ inner })]) {
        let value: unknown = 'bottom'
        for (let i = 0; i < 100_000; i += 1) value = wrap(value)
        let bytes: Uint8Array
        try {
          bytes = backend.encode(value, context)
        } catch (error) {
          expect(error).toBeInstanceOf(UnserializableError)
          expect((error as Error).message.length).toBeLessThan(1000)
          continue
        }
        let found = backend.decode(bytes, context)
        let depth = 0
        for (; typeof found === 'object'; depth += 1) found = Object.values(found as object)[0]
        expect([found, depth]).toEqual(['bottom', 100_000])
      }
    })

    test('reads back everything that it accepts, however deep', () => {
      for (const depth of [99, 100, 101, 500, 999, 1000]) {
        let value: unknown = depth
        for (let i = 0; i < depth; i += 1) value = i % 2 ? [value] : { value }
        expect(difference(value, roundTrip(value))).toBeUndefined()
      }
    })

    test('gives bytes that no later call writes to', () => {
      const results = facts.keeps.map(([, value]) => backend.encode(value, context))
      const copies = results.map(bytes => Buffer.from(bytes))
      for (let round = 0; round < 50; round += 1) for (const [, value] of facts.keeps) backend.encode(value, context)
      results.forEach((bytes, i) => {
        expect(Buffer.compare(bytes, copies[i]!)).toBe(0)
      })
    })

    test('gives bytes that do not keep the memory of larger ones', () => {
      backend.encode('long '.repeat(500_000), context)
      expect(backend.encode('short', context).buffer.byteLength).toBeLessThan(100_000)
    })

    test('gives values that no later call writes to', () => {
      const values = samples.map(bytes => backend.decode(Buffer.from(bytes), context))
      for (const bytes of samples) backend.decode(Buffer.from(bytes), context)
      for (const [, value] of facts.keeps) backend.encode(value, context)
      facts.keeps.forEach(([, value], i) => {
        expect(difference(value, values[i])).toBeUndefined()
      })
    })

    test('decodes any Uint8Array, wherever it lies in memory', () => {
      facts.keeps.forEach(([, value], i) => {
        for (const offset of [0, 1, 3, 4]) {
          const around = new Uint8Array(offset + samples[i]!.length + 5).fill(0xa5)
          around.set(samples[i]!, offset)
          const bytes = around.subarray(offset, offset + samples[i]!.length)
          expect(difference(value, backend.decode(bytes, context))).toBeUndefined()
        }
      })
    })

    test('gives views a buffer of their own, of exactly their length', () => {
      for (const bytes of samples) {
        const around = Buffer.concat([Buffer.alloc(16, 0xa5), bytes, Buffer.alloc(16, 0xa5)])
        const value = backend.decode(around.subarray(16, 16 + bytes.length), context)
        for (const view of viewsIn(value)) {
          expect([view.byteOffset, view.buffer.byteLength]).toEqual([0, view.byteLength])
          expect(view.buffer).not.toBe(around.buffer)
        }
      }
    })

    test('keeps nothing of a buffer of which it is given a slice', () => {
      if (!isSliceDecoder(backend)) return
      facts.keeps.forEach(([, value], i) => {
        const around = Buffer.concat([Buffer.alloc(3, 0xa5), samples[i]!, Buffer.alloc(5, 0xa5)])
        const found = backend.decodeSlice(around, 3, 3 + samples[i]!.length)
        around.fill(0)
        expect(difference(value, found)).toBeUndefined()
      })
    })

    test(`takes no bytes for ${facts.emptyIsUndefined ? 'undefined' : 'none of its own'}`, () => {
      if (facts.emptyIsUndefined) expect(backend.decode(new Uint8Array(0), context)).toBeUndefined()
      else expect(() => backend.decode(new Uint8Array(0), context)).toThrow(BackendLoadError)
    })

    test('reads bytes that are cut off anywhere as a value or not at all', () => {
      for (const bytes of samples)
        for (let end = 0; end < Math.min(bytes.length, 400); end += 1) tryDecode(bytes.subarray(0, end))
    })

    test('reads damaged bytes as a value or not at all', () => {
      const damage = fc.record({
        sample: fc.constantFrom(...samples.filter(bytes => bytes.length > 0)),
        changes: fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 }),
        cut: fc.nat(20),
        added: fc.uint8Array({ maxLength: 4 }),
      })
      fc.assert(
        fc.property(damage, ({ sample, changes, cut, added }) => {
          const bytes = Buffer.concat([sample.subarray(0, Math.max(0, sample.length - cut)), added])
          for (const { at, byte } of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
          tryDecode(bytes)
        }),
        { numRuns: 1500 },
      )
    })

    test('reads any bytes whatever as a value or not at all', () => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), tryDecode), { numRuns: 1500 })
    })
  })
}

/** All views in a value, at any depth. */
function viewsIn(whole: unknown): Set<ArrayBufferView> {
  const views = new Set<ArrayBufferView>()
  const seen = new Set<unknown>()
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return
    seen.add(part)
    if (ArrayBuffer.isView(part)) views.add(part)
    else if (part instanceof Map) for (const pair of part) pair.forEach(visit)
    else if (part instanceof Set) part.forEach(visit)
    else Object.values(part).forEach(visit)
  }
  visit(whole)
  return views
}
