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

export class Deferral {
  readonly core: Core
  /** The store as it is with what is pending. */
  readonly view: PendingView
  /** That of the bucket itself, in which this is running or which it is: what is synced is what is pending there. */
  readonly root: Deferral
  /** The last of the asynchronous syncs, which happen one after another. */
  lastSync: Promise<unknown> = Promise.resolve()
  /** Of the bucket whose writes are deferred: its memory must hear of them. */
  behind: Core | undefined

  constructor(core: Core, outer?: Deferral) {
    this.core = core
    this.root = outer?.root ?? this
    this.view = pendingView(outer?.view ?? core.store)
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
      this.core.forget(slot)
      this.behind?.forget(slot)
    }
  }

  discard(): void {
    dropPending(this.#pending)
  }

  /** From now on nothing is written to it; what is pending can still be synced. */
  close(): void {
    this.#pending.ended = true
  }

  /** A deferral that is running in this one: what is written in it is to be pending as a whole or not at all. */
  child(): Deferral {
    const child = new Deferral(this.core, this)
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
    }
  }

  /** A child has ended, and what it has written and was not adopted is forgotten. */
  leave(child: Deferral): void {
    this.#pending.children.delete(child.#pending)
  }
}
