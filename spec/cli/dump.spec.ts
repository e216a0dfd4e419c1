import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dump, undump } from '../../lib/cli/dump.ts'
import { linesOf } from '../../lib/cli/lines.ts'
import type { OpenBucket } from '../../lib/cli/open.ts'
import type { Row } from '../../lib/cli/walk.ts'
import { DefaultKeyMaker } from '../../lib/index.ts'
import { difference } from '../backends/same.ts'
import { clonedValues } from '../backends/values.ts'
import { anyKey } from '../keymakers/arbitraries.ts'

const keyMaker = new DefaultKeyMaker()
const bucket = { backend: { name: 'v8' } } as unknown as OpenBucket
const row: Row = {
  bucket,
  key: 'k',
  keyText: '"k"',
  value: undefined,
  size: 0,
  expires: Number.POSITIVE_INFINITY,
  storedAt: 0,
  tags: [],
  version: '',
  purpose: '',
}

async function lineOf(changes: Partial<Row>, value: unknown): Promise<string> {
  for await (const line of dump({ ...row, ...changes }, undefined, value, () => [] as never)) return line
  throw new Error('Expected a line')
}

describe('dump() and undump()', () => {
  test.each(clonedValues)('keep %s', async (_, value) => {
    const line = await lineOf({}, value)
    expect(line).not.toContain('\n')
    // V8 gives bytes back as views on what they were read from, so they are compared as they come.
    expect(difference(undump(line).value, value)).toBeUndefined()
  })

  test('keep any key', async () => {
    await fc.assert(
      fc.asyncProperty(anyKey, async key => {
        const keyText = keyMaker.keyText(key)
        const { key: kept } = undump(await lineOf({ key: keyMaker.readKey(keyText), keyText }, 1))
        expect(keyMaker.keyText(kept)).toBe(keyText)
      }),
    )
  })

  test('keep tags, expiry, queue and purpose', async () => {
    const expires = Date.parse('2030-01-31T12:00:00.001Z')
    const line = await lineOf({ tags: [1, '1', 'ä'], expires, purpose: 'call promise' }, 1)
    expect(undump(line)).toMatchObject({ tags: [1, '1', 'ä'], expires, purpose: 'call promise', queue: undefined })
    for await (const item of dump({ ...row, purpose: 'item' }, { prefix: 'jobs', number: 1 }, 1, () => [] as never))
      expect(undump(item)).toMatchObject({ queue: { prefix: 'jobs' }, purpose: '' })
    for await (const item of dump({ ...row, purpose: 'item' }, { prefix: undefined, number: 1 }, 1, () => [] as never))
      expect(undump(item)).toMatchObject({ queue: { prefix: undefined } })
  })

  test('a value of JSON is readable', async () => {
    expect(JSON.parse(await lineOf({}, { a: [1] }))).toEqual({
      key: 'k',
      value: { a: [1] },
      tags: [],
      expiresAt: null,
      storedAt: '1970-01-01T00:00:00.000Z',
      backend: 'v8',
    })
  })

  test('the least that a line needs is a key and a value', () => {
    expect(undump('{"key":1,"value":null}')).toEqual({
      key: 1,
      value: null,
      isBytes: false,
      continues: false,
      tags: [],
      expires: Number.POSITIVE_INFINITY,
      queue: undefined,
      purpose: '',
    })
  })

  test.each([
    ['', 'JSON'],
    ['[]', 'Expected a JSON object'],
    ['null', 'Expected a JSON object'],
    ['{"value":1}', 'Expected a key'],
    ['{"key":1}', 'Expected a value'],
    ['{"key":1,"v8":"!"}', 'Expected v8 to be'],
    ['{"keyText":"oops(","value":1}', 'Cannot read a key'],
    ['{"key":1,"value":1,"tags":"t"}', 'Expected tags'],
    ['{"key":1,"value":1,"tags":[null]}', 'Expected tags'],
    ['{"key":1,"value":1,"expiresAt":"soon"}', 'Expected expiresAt'],
    ['{"key":1,"value":1,"queue":7}', 'Expected queue'],
    ['{"key":1,"value":1,"purpose":7}', 'Expected purpose'],
    ['{"key":1,"bytes":"AA==","continues":1}', 'Expected continues'],
  ])('undump() refuses %s', (line, message) => {
    expect(() => undump(line)).toThrow(message)
  })
})

describe('linesOf()', () => {
  test('finds lines, however their bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }).map(text => text.replaceAll('\n', '\u2028'))),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (lines, step, ends) => {
          const text = lines.join('\n') + (ends && lines.length > 0 ? '\n' : '')
          const bytes = Buffer.from(text)
          const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
            bytes.subarray(i * step, (i + 1) * step),
          )
          const found: string[] = []
          for await (const line of linesOf(
            (async function* () {
              yield* pieces
            })(),
          ))
            found.push(line)
          const wanted = ends || lines.at(-1) !== '' ? lines : lines.slice(0, -1)
          expect(found).toEqual(bytes.length === 0 ? [] : wanted)
        },
      ),
    )
  })
})
