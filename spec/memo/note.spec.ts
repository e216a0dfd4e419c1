import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noNote, readNote, writeNote } from '../../lib/memo/note.ts'

const amount = fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), { nil: undefined })

test('readNote() reads what writeNote() has written', () => {
  fc.assert(
    fc.property(fc.boolean(), amount, amount, (promise, took, fresh) => {
      const note = { promise, took: took && took + 0, fresh: fresh && fresh + 0 }
      expect(readNote(writeNote(note))).toEqual(note)
    }),
  )
})

test('a note that says nothing is no text', () => {
  expect(writeNote(noNote)).toBe('')
})

test.each([
  'item',
  'call',
  'call took=',
  'call took=-1 fresh=x later=5',
  'call took=NaN',
  'transaction 0123456789abcdef',
])('%j says nothing that is known', purpose => {
  expect({ ...readNote(purpose), took: undefined }).toEqual(noNote)
})
