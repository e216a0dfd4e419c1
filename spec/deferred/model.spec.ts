// A deferred bucket, and a writer beside it, against Maps.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bucket, DeferredWriteBucket } from '../../lib/index.ts'
import { newFolder } from './support.ts'

type Key = 'a' | 'b' | 'c'
type Value = number | undefined

/** What an operation makes of a value, whether that is a write, and what it gives. */
type Step = (value: Value) => { value: Value; writes: boolean; result: unknown }

interface Operation {
  readonly name: string
  /** The write does not depend on what was there. */
  readonly blind: boolean
  readonly step: Step
  readonly act: (bucket: Bucket<string, number>, key: Key) => unknown
}

const set = (n: number): Operation => ({
  name: `set ${n}`,
  blind: true,
  step: () => ({ value: n, writes: true, result: undefined }),
  act: (bucket, key) => void bucket.set(key, n),
})
const add = (n: number): Operation => ({
  name: `add ${n}`,
  blind: false,
  step: value => ({ value: value ?? n, writes: value === undefined, result: value === undefined }),
  act: (bucket, key) => bucket.add(key, n),
})
const incr = (n: number): Operation => ({
  name: `incr ${n}`,
  blind: false,
  step: (value = 0) => ({ value: value + n, writes: true, result: value + n }),
  act: (bucket, key) => bucket.incr(key, n),
})
const remove: Operation = {
  name: 'delete',
  blind: false,
  step: value => ({ value: undefined, writes: value !== undefined, result: value !== undefined }),
  act: (bucket, key) => bucket.delete(key),
}
const pop: Operation = {
  name: 'pop',
  blind: false,
  step: value => ({ value: undefined, writes: value !== undefined, result: value }),
  act: (bucket, key) => bucket.pop(key),
}
const update: Operation = {
  name: 'update',
  blind: false,
  step: value => {
    const next = value === undefined ? 1 : value > 3 ? undefined : value * 2
    return { value: next, writes: true, result: next }
  },
  act: (bucket, key) => bucket.update(key, value => (value === undefined ? 1 : value > 3 ? undefined : value * 2)),
}

/** What is in the files, each value with a number that changes with every write. */
class Files {
  readonly values = new Map<Key, { value: number; write: number }>()
  #writes = 0

  get(key: Key): Value {
    return this.values.get(key)?.value
  }
  write(key: Key, value: Value): void {
    if (value === undefined) this.values.delete(key)
    else this.values.set(key, { value, write: ++this.#writes })
  }
}

/** What is pending: the value as it is seen, and how it came about. */
interface Pending {
  readonly base: number | undefined
  value: Value
  steps: Step[]
}

class Model {
  readonly files = new Files()
  readonly pending = new Map<Key, Pending>()

  seen(key: Key): Value {
    return this.pending.has(key) ? this.pending.get(key)!.value : this.files.get(key)
  }
  defer({ step, blind }: Operation, key: Key): unknown {
    const before = this.seen(key)
    const { value, writes, result } = step(before)
    if (!writes) return result
    const known = this.pending.get(key) ?? { base: this.files.values.get(key)?.write, value, steps: [] }
    known.value = value
    known.steps = blind ? [() => ({ value, writes, result })] : [...known.steps, step]
    this.pending.set(key, known)
    return result
  }
  sync(): number {
    const { size } = this.pending
    for (const [key, { base, value, steps }] of this.pending) {
      let final = value
      if (base !== this.files.values.get(key)?.write) {
        final = this.files.get(key)
        for (const step of steps) final = step(final).value
      }
      this.files.write(key, final)
    }
    this.pending.clear()
    return size
  }
}

const key = fc.constantFrom<Key>('a', 'b', 'c')
const operation = fc.oneof(
  fc.nat(5).map(set),
  fc.nat(5).map(add),
  fc.integer({ min: 1, max: 5 }).map(incr),
  fc.constantFrom(remove, pop, update),
)
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ by: fc.constant('deferred' as const), operation, key }) },
  // Others write beside it: what was decided must be decided again.
  { weight: 3, arbitrary: fc.record({ by: fc.constant('other' as const), operation, key }) },
  { weight: 2, arbitrary: fc.record({ by: fc.constant('sync' as const) }) },
  { weight: 1, arbitrary: fc.record({ by: fc.constant('discard' as const) }) },
)

test('a deferred bucket, and what its syncs leave, is as the model says', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 25 }), commands => {
      const folder = newFolder()
      const other = new Bucket<string, number>(folder)
      const deferred = new DeferredWriteBucket<string, number>(folder)
      const model = new Model()
      for (const command of commands) {
        if (command.by === 'sync') expect(deferred.sync()).toBe(model.sync())
        else if (command.by === 'discard') {
          deferred.discard()
          model.pending.clear()
        } else if (command.by === 'deferred') {
          const { operation, key } = command
          expect(operation.act(deferred, key), operation.name).toEqual(model.defer(operation, key))
        } else {
          const { operation, key } = command
          const { value, writes, result } = operation.step(model.files.get(key))
          if (writes) model.files.write(key, value)
          expect(operation.act(other, key), operation.name).toEqual(result)
        }
        for (const one of ['a', 'b', 'c'] as const) {
          expect(deferred.get(one)).toBe(model.seen(one))
          expect(other.get(one)).toBe(model.files.get(one))
        }
        expect([...deferred.keys()].sort()).toEqual(['a', 'b', 'c'].filter(one => model.seen(one as Key) !== undefined))
        expect([...other.keys()].sort()).toEqual([...model.files.values.keys()].sort())
        expect([deferred.pending, other.size]).toEqual([model.pending.size, model.files.values.size])
      }
      expect(other.check()).toEqual([])
    }),
    { numRuns: 150 * Number(process.env['BUCKETCACHE_STRESS'] ?? 1) },
  )
})
