import { serialize } from 'node:v8'
import { describe, expect, test } from 'vitest'
import { V8Backend } from '../../lib/backends/v8.ts'
import { BackendLoadError, UnserializableError } from '../../lib/errors.ts'
import { difference } from './same.ts'
import { backendSuite } from './suite.ts'
import { clonedArbitrary, clonedValues, fromAnotherRealm, largeClonedValues, uncloneableValues } from './values.ts'

backendSuite('V8Backend', {
  make: () => new V8Backend(),
  keeps: [...clonedValues, ['text in UTF-16', '\udc00\ud800']],
  keepsLarge: largeClonedValues,
  arbitrary: clonedArbitrary,
  refuses: [...uncloneableValues, ['a Proxy', { model: new Proxy({ a: 1 }, {}) }, 'value.model']],
})

describe('V8Backend', () => {
  const backend = new V8Backend()
  const roundTrip = (value: unknown): any => backend.decode(backend.encode(value))

  test('is called v8, and so are its files', () => {
    expect([backend.name, backend.fileExtension]).toEqual(['v8', 'v8'])
  })

  test('writes what v8.serialize writes', () => {
    const value = { a: [1, new Map([['b', 2n]])] }
    expect(Buffer.compare(backend.encode(value), serialize(value))).toBe(0)
  })

  test('keeps class, message, stack and cause of an Error, as structuredClone does', () => {
    const error = new TypeError('no', { cause: { code: 1 } })
    const found = roundTrip({ error }).error
    expect(found).toBeInstanceOf(TypeError)
    expect([found.message, found.stack, found.cause]).toEqual([error.message, error.stack, error.cause])
  })

  test('keeps an instance of a class as a plain object, as structuredClone does', () => {
    class Point {
      x = 1
      y = [2]
    }
    expect(difference({ x: 1, y: [2] }, roundTrip(new Point()))).toBeUndefined()
  })

  test('keeps objects of another realm', () => {
    const value = fromAnotherRealm('({ list: [1, new Map([[{}, new Date(5)]])], nothing: {} })')
    const expected = { list: [1, new Map([[{}, new Date(5)]])], nothing: {} }
    expect(difference(expected, roundTrip(value))).toBeUndefined()
  })

  test('refuses more than 1,000 levels wherever they are, and only then', () => {
    // Met first at the end of the chain when going breadth first, but V8 goes down the chain.
    const links: { next?: unknown }[] = [{}]
    for (let i = 0; i < 1500; i += 1) links.unshift({ next: links[0] })
    expect(() => backend.encode(links)).toThrow(
      /^V8Backend cannot keep value\[0\]\.next.*: it is nested more than 1000 /,
    )
    expect(difference(links.slice(600), roundTrip(links.slice(600)))).toBeUndefined()
    expect(difference(links.reverse(), roundTrip(links))).toBeUndefined()
  })

  test('says that it is V8 that cannot, where it cannot say why', () => {
    const { port1 } = new MessageChannel()
    port1.close()
    expect(() => backend.encode({ port1 })).toThrow(UnserializableError)
  })

  test('reads nothing of a newer version of the format', () => {
    const bytes = Buffer.from(backend.encode('a'))
    bytes[1] = 0xfe
    expect(() => backend.decode(bytes)).toThrow(BackendLoadError)
  })
})
