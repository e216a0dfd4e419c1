// What each task has done so far, operation by operation, for tasks that do several in a row.

import type { Io } from '../../lib/io/requests.ts'
import type { Interner } from './intern.ts'
import { isLinearizable, type Operation } from './linearizable.ts'
import { describe, type Outcome } from './task.ts'
import type { Process, World } from './world.ts'

/** One operation of a task that does several in a row. */
export interface Part<S> {
  readonly name: string
  readonly run: (process: Process) => Io<unknown>
  readonly step: Operation<S>['step']
}

type Noted<S> = Operation<S> & { outcome: Outcome }

export class Journal<S> {
  /** By number: the number of an operation is the same in every schedule. */
  readonly #operations = new Map<number, Noted<S>>()
  readonly #interner: Interner
  #ended = 0

  constructor(interner: Interner) {
    this.#interner = interner
  }

  /** Performs an operation, and notes what came of it; if nothing is noted, its process has died. */
  *note<T>(n: number, name: string, step: Operation<S>['step'], io: Io<T>): Io<T> {
    const operation: Noted<S> = { name, outcome: { kind: 'crashed' }, after: this.#ended, step }
    this.#operations.set(n, operation)
    try {
      const value = yield* io
      operation.outcome = { kind: 'returned', value }
      return value
    } catch (error) {
      operation.outcome = { kind: 'threw', error }
      throw error
    } finally {
      this.#ended |= 1 << n
    }
  }

  /** All that the verdict hangs on, as text. */
  get state(): string {
    const parts = [...this.#operations].map(([n, { after, outcome }]) => `${n}:${after}:${describe(outcome)}`)
    return String(this.#interner.number(parts.sort().join()))
  }

  /** What is wrong, if no order explains it; undefined: one does. */
  verdict(initial: S, textOf: (state: S) => string): string | undefined {
    // Operations know each other by their positions.
    const neverCalled: Operation<S> = { name: '', outcome: { kind: 'crashed' }, after: 0, step: () => [] }
    const operations = Array.from({ length: 31 }, (_, n) => this.#operations.get(n) ?? neverCalled)
    if (isLinearizable(operations, initial, textOf)) return undefined
    const said = [...this.#operations.values()].map(({ name, outcome }) => `${name} = ${describe(outcome)}`)
    return `no order explains ${said.join(', ')}`
  }
}

/** Puts tasks into a world, each the parts of one, and all in its journal: from the operation with number `first` on. */
export function addTasks<S>(
  world: World,
  journal: Journal<S>,
  acting: readonly (readonly Part<S>[])[],
  layout: 'processes' | 'one thread',
  first = 0,
): void {
  world.journal = journal
  const one = layout === 'one thread' ? world.process('one') : undefined
  let counted = first
  for (const [n, parts] of acting.entries()) {
    const process = one ?? world.process(`p${n}`)
    const from = counted
    counted += parts.length
    const start = function* (): Io<unknown[]> {
      const results: unknown[] = []
      for (const [i, { name, run, step }] of parts.entries())
        results.push(yield* journal.note(from + i, name, step, run(process)))
      return results
    }
    world.add({ name: parts.map(part => part.name).join(', '), process, start })
  }
}
