import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { UnserializableError } from '../../../lib/errors.ts'
import { hashed } from '../../../lib/tasks/hashed.ts'
import { INPUTS, Inputs } from '../../../lib/tasks/policies/inputs.ts'

const key = (inputs: Record<string, unknown>) => INPUTS.computeKey({ inputs })

test('the key is pinned, so that it is the same in every process and every version of Node', () => {
  const text = '["inputs",{"list":[1.5,null,true],"n":1,"text":"ä","when":Date("1970-01-01T00:00:00.000Z")}]'
  const inputs = { n: 1, text: 'ä', when: new Date(0), list: [1.5, null, true] }
  expect(key(inputs)).toBe(createHash('sha256').update(text).digest('hex'))
})

test('without inputs there is a key, with no word of inputs there is none', () => {
  expect(key({})).toMatch(/^[0-9a-f]{64}$/)
  expect(INPUTS.computeKey({})).toBeUndefined()
})

test('the order of fields does not count, at any depth', () => {
  expect(key({ a: { x: 1, y: [{ p: 1, q: 2 }] }, b: 2 })).toBe(key({ b: 2, a: { y: [{ q: 2, p: 1 }], x: 1 } }))
})

test('what looks alike counts apart', () => {
  const values = [
    1,
    '1',
    1n,
    true,
    null,
    [],
    [1],
    {},
    /a/,
    /b/,
    /a/g,
    new Error('a'),
    new Error('b'),
    new URL('a:b'),
    new URL('a:c'),
  ]
  const more = [
    new Map([[1, 2]]),
    new Set([1]),
    new Date(1),
    new Date(NaN),
    new Uint8Array([1]),
    new Float64Array([1]),
    NaN,
    Infinity,
  ]
  const keys = [...values, ...more].map(a => key({ a }))
  expect(new Set(keys).size).toBe(keys.length)
})

test('exclude leaves inputs out', () => {
  const inputs = { a: 1, b: () => {} }
  expect(new Inputs(['b']).computeKey({ inputs })).toBe(key({ a: 1 }))
  expect(INPUTS.minus('b').minus('a').exclude).toEqual(['a', 'b'])
  expect(INPUTS.exclude).toEqual([])
})

test('a mark counts as its hash', () => {
  expect(key({ a: { b: hashed([1, 2], 'v1') } })).toBe(key({ a: { b: hashed('other', 'v1') } }))
  expect(key({ a: hashed(1, 'v1') })).not.toBe(key({ a: hashed(1, 'v2') }))
})

test.each([
  ['a function', () => {}],
  ['a symbol', Symbol('s')],
  ['a cycle', Object.assign([], { 0: null }).fill(null as never)],
  [
    'a throwing getter',
    {
      get x() {
        throw new Error('not now')
      },
    },
  ],
])('an input that cannot be hashed (%s) gives an error that names it and says how to leave it out', (what, bad) => {
  if (what === 'a cycle') (bad as unknown[])[0] = bad
  const compute = () => key({ fine: 1, client: { deep: bad } })
  expect(compute).toThrow(UnserializableError)
  expect(compute).toThrow(/"client".*\.minus\("client"\)/)
})

test.each(['a', [1], null])('exclude of %o is a TypeError', exclude => {
  expect(() => new Inputs(exclude as never)).toThrow(TypeError)
})
