import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkLinearizable, type Operation } from './linearizability.ts'

/** A register: `w 1` writes, `r 1` has read; the times of call and return. */
function history(...lines: [action: string, called: number, returned: number][]): Operation[] {
  return lines.map(([action, called, returned]) => {
    const [kind, value = ''] = action.split(' ')
    const step = (state: string): string => (kind === 'w' ? value : state === value ? state : 'impossible')
    return { called, returned, step, text: action }
  })
}
const never = Number.POSITIVE_INFINITY
const verdict = (...lines: Parameters<typeof history>) => checkLinearizable(history(...lines), '0')

describe('checkLinearizable()', () => {
  test('accepts what one after another gives', () => {
    expect(verdict()).toEqual({ linearizable: true })
    expect(verdict(['w 1', 0, 1], ['r 1', 2, 3], ['w 2', 4, 5], ['r 2', 6, 7])).toEqual({ linearizable: true })
  })

  test('accepts either order of what overlaps', () => {
    for (const first of ['r 0', 'r 1'])
      expect(verdict(['w 1', 0, 10], [first, 1, 2], ['r 1', 11, 12]).linearizable).toBe(true)
    expect(verdict(['w 1', 0, 10], ['w 2', 0, 10], ['r 1', 11, 12]).linearizable).toBe(true)
    expect(verdict(['w 1', 0, 10], ['w 2', 0, 10], ['r 2', 11, 12]).linearizable).toBe(true)
  })

  test('rejects a lost write, and tells where it got stuck', () => {
    expect(verdict(['w 1', 0, 1], ['r 0', 2, 3])).toEqual({
      linearizable: false,
      explained: 1,
      state: '1',
      stuck: ['r 0'],
    })
  })

  test('rejects a stale read: the new value was seen, then the old', () => {
    expect(verdict(['w 1', 0, 10], ['r 1', 1, 2], ['r 0', 3, 4]).linearizable).toBe(false)
  })

  test('rejects a value that was never written, and one that came back', () => {
    expect(verdict(['r 7', 0, 1]).linearizable).toBe(false)
    expect(verdict(['w 1', 0, 1], ['w 2', 2, 3], ['r 1', 4, 5]).linearizable).toBe(false)
    expect(verdict(['w 1', 0, 5], ['w 2', 0, 5], ['r 1', 6, 7], ['r 2', 8, 9]).linearizable).toBe(false)
  })

  test('what never returned may have happened, at any later time, or never', () => {
    expect(verdict(['w 1', 0, never], ['r 0', 2, 3]).linearizable).toBe(true)
    expect(verdict(['w 1', 0, never], ['r 0', 2, 3], ['r 1', 4, 5], ['r 1', 6, 7]).linearizable).toBe(true)
    expect(verdict(['w 1', 0, never], ['r 1', 2, 3], ['r 0', 4, 5]).linearizable).toBe(false)
    expect(verdict(['w 1', 5, never], ['r 1', 2, 3]).linearizable).toBe(false)
  })

  test('agrees with trying all orders', () => {
    const operation = fc.record({
      action: fc.constantFrom('w 1', 'w 2', 'r 0', 'r 1', 'r 2'),
      called: fc.integer({ min: 0, max: 12 }),
      lasted: fc.option(fc.integer({ min: 0, max: 6 }), { nil: never }),
    })
    let wrong = 0
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), drawn => {
        const operations = history(
          ...drawn.map(({ action, called, lasted }): [string, number, number] => [action, called, called + lasted]),
        )
        const expected = byBrute(operations, '0')
        if (!expected) wrong++
        expect(checkLinearizable(operations, '0').linearizable).toBe(expected)
      }),
      { numRuns: 2000 },
    )
    expect(wrong).toBeGreaterThan(200)
  })

  test('judges thousands of operations that overlap in a moment, and finds the one that is wrong', () => {
    const lines: [string, number, number][] = []
    for (let i = 0; i < 5000; i++) {
      lines.push([`w ${i}`, i * 10, i * 10 + 14])
      lines.push([`r ${i}`, i * 10 + 5, i * 10 + 12])
    }
    expect(verdict(...lines).linearizable).toBe(true)
    lines[4001] = ['r 1990', 20_005, 20_012]
    expect(verdict(...lines)).toMatchObject({ linearizable: false })
  })
})

/** Any order that respects real time, with or without each of those that never returned. */
function byBrute(operations: readonly Operation[], initial: string): boolean {
  const search = (left: readonly Operation[], state: string): boolean => {
    if (left.every(({ returned }) => returned === never)) return true
    return left.some(operation => {
      const others = left.filter(other => other !== operation)
      if (others.some(({ returned }) => returned < operation.called)) return false
      const next = operation.step(state)
      return next !== 'impossible' && search(others, next)
    })
  }
  return search(operations, initial)
}
