import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type OwnerParts, readOwner, writeOwner } from '../../lib/io/owner.ts'

describe('owners', () => {
  const word = fc
    .string({ minLength: 1 })
    .map(text => text.replace(/\s/g, '_'))
    .filter(text => text !== '')
  const owner: fc.Arbitrary<OwnerParts> = fc.record({
    host: word,
    boot: word,
    namespace: word,
    pid: fc.nat(),
    thread: fc.nat(),
    started: fc.nat(),
  })

  test('come back as they were written', () => {
    fc.assert(
      fc.property(owner, parts => {
        expect(readOwner(writeOwner(parts))).toEqual(parts)
      }),
    )
  })

  test.each([
    '',
    'a',
    'a b c 1 2',
    'a b c 1 2 3 4',
    'a b c x 2 3',
    'a b c 1 2 x',
    'a b c 1.5 2 3',
    'a b c 1 2 Infinity',
  ])('%j names nobody', text => {
    expect(readOwner(text)).toBeUndefined()
  })
})
