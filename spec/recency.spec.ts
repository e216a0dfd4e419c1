import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Recency } from '../lib/recency.ts'

/** The same with a list of pairs, the longest unused first. */
class Model {
  pairs: [number, number][] = []
  take(key: number): [number, number] | undefined {
    const found = this.pairs.find(pair => pair[0] === key)
    this.pairs = this.pairs.filter(pair => pair !== found)
    return found
  }
}

test('is a Map that knows which of its entries was used longest ago', () => {
  const key = fc.nat(8)
  const step = fc.oneof(
    fc.tuple(fc.constant('set' as const), key, fc.nat()),
    fc.tuple(fc.constant('demote' as const), key, fc.nat()),
    fc.tuple(fc.constantFrom('use' as const, 'peek' as const, 'delete' as const), key, fc.constant(0)),
    fc.tuple(fc.constant('clear' as const), key, fc.constant(0)),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const recency = new Recency<number, number>()
      const model = new Model()
      for (const [what, k, value] of steps) {
        if (what === 'clear') {
          recency.clear()
          model.pairs = []
        } else if (what === 'peek') {
          expect(recency.peek(k)).toBe(model.pairs.find(pair => pair[0] === k)?.[1])
        } else {
          const found = model.take(k)
          expect(what === 'set' || what === 'demote' ? recency[what](k, value) : recency[what](k)).toBe(found?.[1])
          if (what === 'set') model.pairs.push([k, value])
          if (what === 'use' && found !== undefined) model.pairs.push(found)
          if (what === 'demote' && found !== undefined) model.pairs.unshift([k, value])
        }
        expect([recency.size, recency.oldest]).toEqual([model.pairs.length, model.pairs[0]?.[0]])
      }
      // Links in both directions, to the last.
      while (recency.size > 0) {
        expect(recency.oldest).toBe(model.pairs[0]![0])
        expect(recency.delete(recency.oldest!)).toBe(model.pairs.shift()![1])
      }
      expect(recency.oldest).toBeUndefined()
    }),
  )
})
