// Could these results have come from the operations one after another? Each must seem to happen at one moment between its call
// and its return; one whose process died happened at some moment, or never. (Wing and Gong's search, with the states
// that were tried remembered, as Lowe does.)

import type { Outcome } from './task.ts'

/** An operation that was called. */
export interface Operation<S> {
  readonly name: string
  readonly outcome: Outcome
  /** Which operations had returned when it was called: a bit each, by their position. */
  readonly after: number
  /** The states that it may lead to from `state` if this is what came of it; none: it cannot have come of it. */
  readonly step: (state: S, outcome: Outcome) => readonly S[]
}

/** Whether there is an order that explains everything. `textOf`: equal if two states are. */
export function isLinearizable<S>(
  operations: readonly Operation<S>[],
  initial: S,
  textOf: (state: S) => string,
): boolean {
  const tried = new Set<string>()
  const mustHappen = operations.reduce(
    (mask, { outcome }, i) => (outcome.kind === 'crashed' ? mask : mask | (1 << i)),
    0,
  )

  const search = (happened: number, state: S): boolean => {
    if ((happened & mustHappen) === mustHappen) return true
    const key = `${happened} ${textOf(state)}`
    if (tried.has(key)) return false
    tried.add(key)
    return operations.some((operation, i) => {
      if ((happened & (1 << i)) !== 0 || (operation.after & mustHappen & ~happened) !== 0) return false
      return operation.step(state, operation.outcome).some(next => search(happened | (1 << i), next))
    })
  }
  return search(0, initial)
}
