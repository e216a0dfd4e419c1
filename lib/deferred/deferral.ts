// What a deferred bucket and its promise twin share: what is pending, and what becomes of it.

import type { Core } from '../core.ts'
import {
  dropPending,
  endPending,
  makePending,
  type Pending,
  type PendingEntry,
  type PendingView,
  pendingView,
} from '../ops/pending.ts'
import type { Pushed } from '../ops/sync.ts'
import type { Store } from '../store.ts'

export class Deferral {
  readonly core: Core
  /** The store as it is with what is pending. */
  readonly view: PendingView
  /** Which of the pending entries are items of queues, by the paths of their logs. */
  readonly pushed = new Map<string, Pushed>()
  /** Of the bucket whose writes are deferred: its memory must hear of them. */
  behind: Core | undefined

  constructor(core: Core, store: Store = core.store) {
    this.core = core
    this.view = pendingView(store)
  }

  get #pending(): Pending {
    return this.view.transaction
  }

  get #taken(): Map<string, PendingEntry> {
    return this.#pending.taken
  }

  /** How many entries are pending, removals too. */
  get size(): number {
    let count = 0
    for (const { slot } of this.#taken.values()) if (!slot.hidden) count++
    return count
  }

  /** All that is pending, in the order in which the keys were first written. */
  get all(): PendingEntry[] {
    return [...this.#taken.values()]
  }

  /** These have been written out; what was written over them meanwhile stays pending. */
  end(written: readonly PendingEntry[]): void {
    endPending(this.#pending, written)
    for (const { slot } of written) {
      if (!this.#taken.has(slot.path)) this.pushed.delete(slot.path)
      this.core.forget(slot)
      this.behind?.forget(slot)
    }
  }

  discard(): void {
    dropPending(this.#pending)
    this.pushed.clear()
  }

  /** From now on nothing is written to it; what is pending can still be synced. */
  close(): void {
    this.#pending.ended = true
  }

  /** A deferral that is running in this one: what is written in it is to be pending as a whole or not at all. */
  child(): Deferral {
    const child = new Deferral(this.core, this.view)
    this.#pending.children.add(child.#pending)
    return child
  }

  /** What a child has written becomes pending here. */
  adopt(child: Deferral): void {
    // What was synced in there is not among them any more.
    for (const [path, taken] of child.#taken) {
      if (!child.#pending.own.has(path)) continue
      if (this.#pending.parent !== undefined) this.#pending.own.add(path)
      makePending(this.#pending, path, taken)
      const pushed = child.pushed.get(path)
      if (pushed !== undefined) this.pushed.set(path, pushed)
    }
  }

  /** A child has ended, and what it has written and was not adopted is forgotten. */
  leave(child: Deferral): void {
    this.#pending.children.delete(child.#pending)
  }
}
