import { describe, expect, test } from 'vitest'
import { FormatError } from '../../../lib/errors.ts'
import { hashed } from '../../../lib/tasks/hashed.ts'
import { readMetadata, writeMetadata } from '../../../lib/tasks/results/metadata.ts'
import type { ResultMeta } from '../../../lib/tasks/results/result-cache.ts'

const startedAt = new Date('2024-05-01T10:00:00.000Z')
const files = { 'data.v8': { size: 3, sha256: 'ab' } }
const withInputs = (inputs: Record<string, unknown>): ResultMeta => ({
  task: 'train',
  inputs,
  startedAt,
  duration: 12.5,
})
const roundTrip = (inputs: Record<string, unknown>) =>
  readMetadata('k', writeMetadata('k', withInputs(inputs), files))?.meta.inputs

test('a record can be read by people', () => {
  const meta = { ...withInputs({ rate: 0.1, since: new Date(0) }), expiresAt: new Date('2030-01-01') }
  expect(JSON.parse(writeMetadata('v8__train__0f', meta, files))).toEqual({
    format: 1,
    key: 'v8__train__0f',
    task: 'train',
    inputs: { rate: 0.1, since: { $key: 'Date("1970-01-01T00:00:00.000Z")' } },
    startedAt: '2024-05-01T10:00:00.000Z',
    duration: 12.5,
    expiresAt: '2030-01-01T00:00:00.000Z',
    files,
  })
})

test('inputs come back as they were, of every type that a key may have', () => {
  const inputs = {
    json: { a: [1, 'ä', null, true] },
    date: new Date(0),
    big: 5n,
    map: new Map([['a', new Set([1])]]),
    bytes: new Uint8Array([1, 2]),
    none: undefined,
    nan: NaN,
    nested: { when: new Date(1) },
    escaped: { $key: 'Date(1)' },
    __proto__x: 1,
  }
  expect(roundTrip(inputs)).toEqual(inputs)
})

test('an input called __proto__ is an input', () => {
  const inputs = JSON.parse('{"__proto__":{"a":1}}')
  expect(Object.entries(roundTrip(inputs) ?? {})).toEqual([['__proto__', { a: 1 }]])
})

test('a marked input is written as its hash', () => {
  expect(roundTrip({ table: hashed({ rows: [1] }, 'v1') })).toEqual({ table: { hash: 'v1' } })
})

test('an input that cannot be in a key is left out', () => {
  expect(roundTrip({ a: 1, client: () => {} })).toEqual({ a: 1 })
})

describe('readMetadata()', () => {
  const record = JSON.parse(writeMetadata('k', withInputs({ a: 1 }), files))
  const read = (changes: object) => readMetadata('k', JSON.stringify({ ...record, ...changes }))

  test('reads what was written', () => {
    expect(read({})).toEqual({ meta: withInputs({ a: 1 }), files })
    expect(read({ added: 'later' })).toEqual({ meta: withInputs({ a: 1 }), files })
  })

  test.each([
    { format: undefined },
    { format: '1' },
    { format: 0 },
    { key: 'l' },
    { task: 1 },
    { inputs: null },
    { inputs: [] },
    { startedAt: 'then' },
    { startedAt: 5 },
    { duration: '5' },
    { expiresAt: 'never' },
    { files: undefined },
    { files: [] },
    { files: { a: null } },
    { files: { a: { size: '1', sha256: 'x' } } },
  ])('takes a record with %o for damaged', changes => {
    expect(read(changes)).toBeUndefined()
  })

  test.each(['', '[]', 'null', '1', '{', 'text'])('takes %j for damaged', text => {
    expect(readMetadata('k', text)).toBeUndefined()
  })

  test('refuses a newer format', () => {
    expect(() => read({ format: 2 })).toThrow(FormatError)
  })

  test('gives an input that it cannot read as the text that it is', () => {
    expect(read({ inputs: { a: { $key: 'Novel(1)' } } })?.meta.inputs).toEqual({ a: 'Novel(1)' })
  })
})
