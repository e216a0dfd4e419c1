// What a deferred bucket and its promise twin share: what is pending, and what becomes of it.

import type { Core } from '../core.ts'
import { pendingAfter, pendingView } from '../ops/pending.ts'
import type { Pushed } from '../ops/sync.ts'
import type { Taken } from '../ops/transaction.ts'
import type { Store } from '../store.ts'

export class Deferral {
  readonly core: Core
  /** The store as it is with what is pending. */
  readonly view: Store
  /** Which of the pending entries are items of queues, by the paths of their logs. */
  readonly pushed = new Map<string, Pushed>()
  /** Of the bucket whose writes are deferred: its memory must hear of them. */
  behind: Core | undefined

  constructor(core: Core) {
    this.core = core
    this.view = pendingView(core.store)
  }

  get #taken(): Map<string, Taken> {
    return this.view.transaction!.taken
  }

  /** How many entries are pending, removals too. */
  get size(): number {
    let count = 0
    for (const { slot } of this.#taken.values()) if (!slot.hidden) count++
    return count
  }

  /** All that is pending, in the order in which the keys were first written. */
  get all(): Taken[] {
    return [...this.#taken.values()]
  }

  /** These have been written out; what was written over them meanwhile stays pending. */
  end(written: readonly Taken[]): void {
    for (const one of written) {
      const { slot } = one
      const now = this.#taken.get(slot.path)
      if (now === one) {
        this.#taken.delete(slot.path)
        this.pushed.delete(slot.path)
      } else if (now !== undefined) this.#taken.set(slot.path, pendingAfter(one, now))
      this.core.forget(slot)
      this.behind?.forget(slot)
    }
  }

  discard(): void {
    this.#taken.clear()
    this.pushed.clear()
  }

  /** A deferral that begins with what is pending in this one, for what is to be pending as a whole or not at all. */
  child(): Deferral {
    const child = new Deferral(this.core)
    for (const [path, taken] of this.#taken) child.#taken.set(path, taken)
    for (const [path, pushed] of this.pushed) child.pushed.set(path, pushed)
    return child
  }

  /** What a child has written becomes pending here. `begun`: what it began with. */
  adopt(child: Deferral, begun: readonly Taken[]): void {
    const before = new Set(begun)
    for (const [path, taken] of child.#taken) if (!before.has(taken)) this.#taken.set(path, taken)
    for (const [path, pushed] of child.pushed) this.pushed.set(path, pushed)
  }
}
