// The runs of one memoized function, and what becomes of their results.
//
// A result is stored if the key is still what it was before the run, and if no `forget` or `refresh` came in between. A run
// that holds a claim gives it back, unless its result, by being stored, has made it void.

import { topics } from '../channels.ts'
import type { Core } from '../core.ts'
import { MutatedArgumentsError } from '../errors.ts'
import type { Slot } from '../keys.ts'
import { release } from '../ops/claim.ts'
import { encodeValue } from '../ops/live.ts'
import { set } from '../ops/set.ts'
import type { Terms } from '../ops/terms.ts'
import { isThenable } from '../thenable.ts'
import type { Flight } from './flights.ts'
import { titleOf } from './layout.ts'
import { writeNote } from './note.ts'
import type { MemoSettings } from './options.ts'
import type { Shelf } from './shelf.ts'
import type { AnyFunction } from './types.ts'

/** A call that runs the function. */
export interface Run {
  readonly self: unknown
  readonly args: readonly unknown[]
  readonly slot: Slot
  /** Id of the claim that it holds; '': none. */
  claim: string
  startedAt: number
  /** undefined: it may be stored whatever else runs. */
  flight: Flight | undefined
}

export class Runs {
  /** Declared so; of others only a run tells. */
  readonly isAsync: boolean
  readonly #fn: AnyFunction
  readonly #settings: MemoSettings
  readonly #shelf: Shelf
  readonly #core: Core
  readonly #slotOf: (self: unknown, args: readonly unknown[]) => Slot

  constructor(
    shelf: Shelf,
    fn: AnyFunction,
    settings: MemoSettings,
    slotOf: (self: unknown, args: readonly unknown[]) => Slot,
  ) {
    this.#fn = fn
    this.isAsync = Object.prototype.toString.call(fn) === '[object AsyncFunction]'
    this.#settings = settings
    this.#shelf = shelf
    this.#core = shelf.core
    this.#slotOf = slotOf
  }

  begin(self: unknown, args: readonly unknown[], slot: Slot, claim = ''): Run {
    return { self, args, slot, claim, startedAt: performance.now(), flight: undefined }
  }

  /** Runs the function now; a promise that it gives is stored when it is fulfilled. */
  run(run: Run): unknown {
    let stored = false
    let later = false
    try {
      const result: unknown = this.#fn.apply(run.self, run.args as unknown[])
      later = isThenable(result)
      if (later) return this.fly(run, this.storeLater(run, result as PromiseLike<unknown>))
      this.#checkUnchanged(run)
      if (this.#isStored(run)) {
        const { slot } = run
        const bytes = this.#encode(result, slot)
        const terms = this.#terms(run, false)
        stored = this.#shelf.write('wrap', '', slot, store => set(store, slot, bytes, terms)) !== ''
      }
      return result
    } finally {
      if (run.claim !== '' && !later) this.#letGo(run, stored)
    }
  }

  /** The promise that all who ask for the same meanwhile get too. */
  fly(run: Run, promise: Promise<unknown>): Promise<unknown> {
    if (this.#settings.singleFlight === false) return promise
    run.flight = { promise }
    this.#shelf.flights.begin(run.slot.path, run.flight)
    return promise
  }

  /** Stores what the promise comes to. */
  async storeLater(run: Run, result: PromiseLike<unknown>): Promise<unknown> {
    let stored = false
    try {
      const value = await result
      this.#checkUnchanged(run)
      if (this.#isStored(run)) {
        const { slot } = run
        const bytes = this.#encode(value, slot)
        const terms = this.#terms(run, !this.isAsync)
        stored = (await this.#shelf.writeLater('wrap', '', slot, store => set(store, slot, bytes, terms))) !== ''
      }
      return value
    } finally {
      if (run.claim !== '') await this.#letGoLater(run, stored)
      this.#shelf.flights.end(run.slot.path, run.flight)
    }
  }

  #isStored({ slot, flight }: Run): boolean {
    if (this.#settings.expireMs === 0 || this.#core.settings.readOnly) return false
    return flight === undefined || this.#shelf.flights.get(slot.path) === flight
  }

  #encode(value: unknown, slot: Slot): Uint8Array {
    return encodeValue(this.#core.store, slot, value)
  }

  #terms(run: Run, promise: boolean): Terms {
    const { expireMs, staleMs, beta, tags } = this.#settings
    const lifetimeMs = expireMs === undefined ? this.#core.settings.lifetimeMs : (expireMs ?? Number.POSITIVE_INFINITY)
    const outlives = staleMs > 0 && lifetimeMs !== Number.POSITIVE_INFINITY
    const fresh = outlives ? Math.ceil(this.#core.store.environment.now() + lifetimeMs) : undefined
    const took = beta > 0 ? performance.now() - run.startedAt : undefined
    const purpose = writeNote({ promise, took, fresh })
    return { expireMs: outlives ? lifetimeMs + staleMs : expireMs, tags, ifVersion: undefined, purpose }
  }

  /** A result is stored under what the function was called with, so that must still be what it was. */
  #checkUnchanged({ self, args, slot }: Run): void {
    let now: Slot | undefined
    let cause: unknown
    try {
      now = this.#slotOf(self, args)
    } catch (error) {
      cause = error
    }
    if (now !== undefined && now.text === slot.text && now.identity === slot.identity) return
    const what = this.#settings.method ? 'the arguments or the state of the instance' : 'the arguments'
    throw new MutatedArgumentsError(
      `Cannot store the result of ${titleOf(this.#fn)}: ${what} changed while it ran, and nobody would find it. Nothing was ` +
        'stored: let it change a copy, or leave what changes out of the key with the option ignore.',
      cause === undefined ? undefined : { cause },
    )
  }

  /** A value that was stored has made the claim void already. */
  #letGo({ claim, slot }: Run, stored: boolean): void {
    try {
      if (!stored) this.#shelf.write('wrap', undefined, slot, store => release(store, slot, claim))
    } catch (error) {
      this.#tellClaimLost(error)
    } finally {
      this.#core.store.environment.holds.delete(claim)
    }
  }

  async #letGoLater({ claim, slot }: Run, stored: boolean): Promise<void> {
    try {
      if (!stored) await this.#shelf.writeLater('wrap', undefined, slot, store => release(store, slot, claim))
    } catch (error) {
      this.#tellClaimLost(error)
    } finally {
      this.#core.store.environment.holds.delete(claim)
    }
  }

  /** What the function gave or threw matters more to the caller. */
  #tellClaimLost(error: unknown): void {
    if (topics.error.active) topics.error.publish({ folder: this.#core.path, operation: 'wrap', error })
  }
}
