import { expect, test } from 'vitest'
import { Novelty } from '../../lib/io/novelty.ts'

/** One that has found so many files in a row to be new. */
function used(count: number): Novelty {
  const novelty = new Novelty()
  for (let fd = 0; fd < count; fd++) {
    novelty.opened(fd)
    novelty.read(fd, 0)
  }
  return novelty
}

test('new files are expected when some in a row were new, until one is not', () => {
  expect(used(7).isExpected).toBe(false)
  const novelty = used(8)
  expect(novelty.isExpected).toBe(true)
  novelty.opened(9)
  novelty.read(9, 100)
  expect(novelty.isExpected).toBe(false)
})

test('what is opened without being made, and read, is no sign either way', () => {
  const novelty = used(8)
  novelty.read(9, 100)
  expect(novelty.isExpected).toBe(true)
  const other = used(7)
  other.read(9, 0)
  expect(other.isExpected).toBe(false)
})

test('a file that was made is not read, but the next under its number is', () => {
  const novelty = used(8)
  novelty.made(9)
  expect(novelty.isMade(9)).toBe(true)
  expect(novelty.isMade(9)).toBe(false)
  novelty.made(10)
  novelty.forget(10)
  expect(novelty.isMade(10)).toBe(false)
})

test('a file that was there already ends it, a missing folder does not, and all else is thrown', () => {
  const novelty = used(8)
  novelty.notMade(Object.assign(new Error(), { code: 'ENOENT' }))
  expect(novelty.isExpected).toBe(true)
  novelty.notMade(Object.assign(new Error(), { code: 'EEXIST' }))
  expect(novelty.isExpected).toBe(false)
  expect(() => novelty.notMade(Object.assign(new Error(), { code: 'ENOSPC' }))).toThrow()
})
