// What may be done to one key, by the real generators, and what each means for a dictionary: the model against which results
// are checked.

import { ConflictError, DeadlockError } from '../../lib/errors.ts'
import type { Io } from '../../lib/io/requests.ts'
import { obtain } from '../../lib/ops/claim.ts'
import { compact } from '../../lib/ops/compact.ts'
import { eraseFolder } from '../../lib/ops/erase.ts'
import { get, getEntry, has } from '../../lib/ops/get.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'
import { pop, remove } from '../../lib/ops/remove.ts'
import { add, set } from '../../lib/ops/set.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { touch } from '../../lib/ops/touch.ts'
import { increment } from '../../lib/ops/update.ts'
import type { Store } from '../../lib/store.ts'
import type { Outcome } from './task.ts'
import type { Process } from './world.ts'

/** The key that everybody is after. */
export const key = 'k'

/** What is stored under it; undefined: nothing. A text is too long to be appended, see `largeValue`. */
export type Stored = number | string | undefined

export interface Action {
  readonly name: string
  /** Whether it may change what is stored. */
  readonly writes: boolean
  readonly run: (process: Process, store: Store) => Io<unknown>
  readonly step: (stored: Stored, outcome: Outcome) => readonly Stored[]
  /** Whether it has written, by what it returned; if not given: unless that is false or undefined. */
  readonly hasWritten?: (value: unknown) => boolean
}

/** More than the bound of the explored stores. */
export function largeValue(n: number): string {
  return `large ${n} ${'.'.repeat(400)}`
}

type Result = { readonly value: unknown }

function decodedOf(result: unknown): Stored {
  return (result as Result | undefined)?.value as Stored
}

/** An action that changes nothing, and whose result says nothing about what is stored. */
function upkeep(name: string, run: Action['run']): Action {
  return { name, writes: false, run, step: (stored, { kind }) => (kind === 'threw' ? [] : [stored]) }
}

/** `to(stored)` if it returned what is `due(stored)`; a crash may have come before or after. */
function change(
  stored: Stored,
  outcome: Outcome,
  to: (stored: Stored) => Stored,
  isDue: (value: unknown) => boolean,
): readonly Stored[] {
  if (outcome.kind === 'crashed') return [to(stored)]
  return outcome.kind === 'returned' && isDue(outcome.value) ? [to(stored)] : []
}

/** An action that removes what is stored, and returns whether there was anything. */
function removing(name: string, run: Action['run']): Action {
  const step: Action['step'] = (stored, outcome) =>
    change(
      stored,
      outcome,
      () => undefined,
      value => value === (stored !== undefined),
    )
  return { name, writes: true, run, step }
}

/** The actions, for the task with this number: each writes values of its own. */
export const actions: Readonly<Record<string, (n: number) => Action>> = {
  set: n => ({
    name: 'set',
    writes: true,
    run: (process, store) => set(store, process.slot(key), encode(store, 20 + n), plainTerms),
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        () => 20 + n,
        value => typeof value === 'string',
      ),
  }),
  large: n => ({
    name: 'large',
    writes: true,
    run: (process, store) => set(store, process.slot(key), encode(store, largeValue(n)), plainTerms),
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        () => largeValue(n),
        value => typeof value === 'string',
      ),
  }),
  add: n => ({
    name: 'add',
    writes: true,
    run: (process, store) => add(store, process.slot(key), encode(store, 30 + n), plainTerms),
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        was => was ?? 30 + n,
        value => value === (stored === undefined),
      ),
  }),
  delete: () => removing('delete', (process, store) => remove(store, process.slot(key))),
  // As where many deleted files wait already.
  bury: () =>
    removing('bury', (process, store) =>
      remove({ ...store, bounds: { ...store.bounds, garbage: 0 } }, process.slot(key)),
    ),
  pop: () => ({
    name: 'pop',
    writes: true,
    run: (process, store) => pop(store, process.slot(key)),
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        () => undefined,
        value => decodedOf(value) === stored,
      ),
  }),
  touch: () => ({
    name: 'touch',
    writes: false,
    run: (process, store) => touch(store, process.slot(key), null),
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        was => was,
        value => value === (stored !== undefined),
      ),
  }),
  expire: () => ({
    name: 'expire',
    writes: true,
    run: (process, store) => touch(store, process.slot(key), 0),
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        () => undefined,
        value => value === (stored !== undefined),
      ),
  }),
  incr: () => ({
    name: 'incr',
    writes: true,
    run: (process, store) => increment(store, process.slot(key), 1, 0),
    step(stored, outcome) {
      // A text cannot be counted up: it is left as it is, and a TypeError says so.
      if (typeof stored === 'string') {
        return outcome.kind === 'crashed' || (outcome.kind === 'threw' && outcome.error instanceof TypeError)
          ? [stored]
          : []
      }
      const sum = (stored ?? 0) + 1
      return change(
        stored,
        outcome,
        () => sum,
        value => value === sum,
      )
    },
  }),
  get: () => ({
    name: 'get',
    writes: false,
    run: (process, store) => get(store, process.slot(key)),
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        was => was,
        value => decodedOf(value) === stored,
      ),
  }),
  has: () => ({
    name: 'has',
    writes: false,
    run: (process, store) => has(store, process.slot(key)),
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        was => was,
        value => value === (stored !== undefined),
      ),
  }),
  // Not one step but two: it finds nothing, and, having computed, it stores, whatever came meanwhile. Whether it
  // computed in vain is for `computedOnce` to tell.
  getOrSet: n => ({
    name: 'getOrSet',
    writes: true,
    run: (process, store) => computeOnce(process, store, 40 + n),
    hasWritten: value => value === 40 + n,
    step(stored, outcome) {
      if (outcome.kind === 'crashed') return [40 + n]
      // A synchronous caller, and the one who computes is in its own thread.
      if (outcome.kind === 'threw') return outcome.error instanceof DeadlockError ? [stored] : []
      if (outcome.value === 40 + n) return [40 + n]
      return stored !== undefined && outcome.value === stored ? [stored] : []
    },
  }),
  // Read, and store over that very version, or not.
  swap: n => ({
    name: 'swap',
    writes: true,
    run: (process, store) => swap(process, store, 50 + n),
    hasWritten: value => (value as { swapped: boolean }).swapped,
    step(stored, outcome) {
      if (outcome.kind === 'crashed') return [50 + n]
      if (outcome.kind === 'threw') return []
      const { from, swapped } = outcome.value as { from: Stored; swapped: boolean }
      if (!swapped) return [stored]
      return from === stored ? [50 + n] : []
    },
  }),
  compact: () => upkeep('compact', (process, store) => compact(store, process.slot(key).path)),
  reclaim: () => upkeep('reclaim', (process, store) => reclaim(store, process.slot(key).path, false)),
  discard: () => upkeep('discard', (process, store) => reclaim(store, process.slot(key).path, true)),
  erase: () => ({
    name: 'erase',
    writes: true,
    run: (process, store) => eraseFolder(store, Number.parseInt(process.slot(key).hash.slice(0, 2), 16), () => true),
    hasWritten: value => (value as { count: number }).count > 0,
    // An entry that has expired is counted, too.
    step: (stored, outcome) =>
      change(
        stored,
        outcome,
        () => undefined,
        value => {
          const { count } = value as { count: number }
          return stored === undefined ? count <= 1 : count === 1
        },
      ),
  }),
}

function encode(store: Store, value: unknown): Uint8Array {
  return store.backend.encode(value, { key: `"${key}"` })
}

/** As the promise interface does it: the value, or else the right to compute it. */
function* computeOnce(process: Process, store: Store, value: number): Io<Stored> {
  const slot = process.slot(key)
  const outcome = yield* obtain(store, slot)
  if (outcome.kind === 'value') return decodedOf(outcome.recalled)
  yield* set(store, slot, encode(store, value), plainTerms)
  store.environment.holds.delete(outcome.id)
  return value
}

function* swap(process: Process, store: Store, value: number): Io<{ from: Stored; swapped: boolean }> {
  const slot = process.slot(key)
  const entry = yield* getEntry(store, slot)
  const from = decodedOf(entry)
  try {
    yield* set(store, slot, encode(store, value), { ...plainTerms, ifVersion: entry?.version ?? '' })
    return { from, swapped: true }
  } catch (error) {
    if (error instanceof ConflictError) return { from, swapped: false }
    throw error
  }
}

/** Of several `getOrSet`, with nobody else writing and nobody dying, one computes and all get its value. */
export function computedOnce(results: readonly unknown[]): boolean {
  return results.every(result => result === results[0])
}
