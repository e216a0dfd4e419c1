import { describe, expect, test } from 'vitest'
import type { Backend } from '../../lib/backends/backend.ts'
import { CBORBackend } from '../../lib/backends/cbor.ts'
import { JSONBackend } from '../../lib/backends/json.ts'
import { MessagePackBackend } from '../../lib/backends/msgpack.ts'
import { resolveBackend } from '../../lib/backends/resolve.ts'
import { V8Backend } from '../../lib/backends/v8.ts'

describe('resolveBackend()', () => {
  const own: Backend = { name: 'own', fileExtension: 'txt', encode: () => Buffer.alloc(0), decode: () => 1 }

  test('knows the backends of the package by name', () => {
    expect(resolveBackend('v8')).toBeInstanceOf(V8Backend)
    expect(resolveBackend('json')).toBeInstanceOf(JSONBackend)
    expect(resolveBackend('cbor')).toBeInstanceOf(CBORBackend)
    expect(resolveBackend('msgpack')).toBeInstanceOf(MessagePackBackend)
  })

  test('means V8Backend where nothing is said', () => {
    expect(resolveBackend(undefined)).toBeInstanceOf(V8Backend)
  })

  test('gives back any object of the right shape', () => {
    expect(resolveBackend(own)).toBe(own)
    const odd = { ...own, name: 'é'.repeat(64), fileExtension: 'A-z_0123456789ab' }
    expect(resolveBackend(odd)).toBe(odd)
  })

  test.each([
    ['JSON', /Did you mean 'json'\?$/],
    ['messagepack', /Did you mean 'msgpack'\?$/],
    ['cbor-x', /Did you mean 'cbor'\?$/],
    ['pickle', /Did you mean 'v8'\?$/],
    ['gzip', /Did you mean compressed\('v8'\)\?$/],
    ['yaml', /got 'yaml'\.$/],
    ['constructor', /'v8', 'json', 'cbor', 'msgpack', or an object/],
    [JSONBackend, /got a function\. Did you mean new JSONBackend\(\)\?/],
    [null, /got null/],
    [7, /got 7/],
    [{ ...own, name: undefined }, /name .* got undefined/],
    [{ ...own, name: '' }, /got ""/],
    [{ ...own, name: 'x'.repeat(65) }, /1 to 64 characters/],
    [{ ...own, name: 'a\nb' }, /no control characters, got "a\\nb"/],
    [{ ...own, fileExtension: '.txt' }, /fileExtension .* got ".txt"/],
    [{ ...own, fileExtension: '' }, /1 to 16/],
    [{ ...own, fileExtension: 'x'.repeat(17) }, /1 to 16/],
    [{ ...own, fileExtension: 'txt\n' }, /fileExtension/],
    [{ ...own, fileExtension: 7 }, /got number/],
    [{ ...own, encode: undefined }, /method encode\(\), got undefined/],
    [{ ...own, decode: 'x' }, /method decode\(\), got "x"/],
  ])('rejects %o, and says what was expected', (backend, message) => {
    expect(() => resolveBackend(backend as never)).toThrow(TypeError)
    expect(() => resolveBackend(backend as never)).toThrow(message)
  })
})
