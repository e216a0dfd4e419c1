// The calls of one memoized function: looked up, else run, and stored.
//
// Goal: a call gives what the function gives, from the cache where it can; of identical calls at once, one runs.
// Steps of a call: 1 the key, of name, `this` and arguments. 2 Look up; a hit is the answer, though it may be time to compute
//   it anew (`ahead.ts`). 3 A miss joins the run of the same key, if there is one in this process; with `singleFlight: true` it
//   claims the key among processes (`ops/claim.ts`), or waits for who has. 4 Run. 5 The key again: is it still the same? Store.
// Crash: a run that dies leaves nothing but, perhaps, a dead claim, which the next caller passes over.
//
// Look-ups are synchronous, for asynchronous functions too: a hit reads one small file, and to do that at once takes less of
// the thread's time than to have it done elsewhere and to take up the result. What can take long never blocks an asynchronous
// function: writes, and waiting for other processes.

import { topics } from '../channels.ts'
import type { Core } from '../core.ts'
import type { Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import { type ClaimOutcome, claim, obtain } from '../ops/claim.ts'
import { fromMemory, getThroughMemory, type Recalled, recall } from '../ops/get.ts'
import { expiryOf } from '../ops/live.ts'
import { mayRemember } from '../ops/pending.ts'
import { remove } from '../ops/remove.ts'
import { isDue } from './ahead.ts'
import type { Layout } from './layout.ts'
import { type Note, readNote } from './note.ts'
import type { MemoSettings } from './options.ts'
import { type Run, Runs } from './runs.ts'
import type { Shelf } from './shelf.ts'
import { classOf, stateOf } from './state.ts'
import type { AnyFunction, CachedCallInfo } from './types.ts'

export interface MemoParts {
  readonly fn: AnyFunction
  readonly name: string
  readonly settings: MemoSettings
  readonly layout: Layout
  /** The name of its class belongs to the function's own. */
  readonly ofClass: boolean
  /** Instances for which the function is only run. */
  readonly written: WeakSet<object> | undefined
}

type Outcome = Exclude<ClaimOutcome, { kind: 'wait' }>
const alone: Outcome = { kind: 'claimed', id: '' }
const waiting: ClaimOutcome = { kind: 'wait', own: false }

/** The instance whose key is being made. What its toJSON() asks of its own memoized members is not looked up: the key of that
 *  would ask toJSON() again. */
let described: unknown

export class Memo {
  readonly fn: AnyFunction
  readonly callbacks: ((info: CachedCallInfo) => void)[] = []
  readonly #name: string
  readonly #settings: MemoSettings
  readonly #layout: Layout
  readonly #ofClass: boolean
  readonly #written: WeakSet<object> | undefined
  readonly #shelf: Shelf
  readonly #core: Core
  readonly #runs: Runs

  constructor(shelf: Shelf, { fn, name, settings, layout, ofClass, written }: MemoParts) {
    this.fn = fn
    this.#name = name
    this.#settings = settings
    this.#layout = layout
    this.#ofClass = ofClass || settings.method
    this.#written = written
    this.#shelf = shelf
    this.#core = shelf.core
    this.#runs = new Runs(shelf, fn, settings, (self, args) => this.#slot(self, args))
  }

  /** Declared so; of others only a run tells. */
  get isAsync(): boolean {
    return this.#runs.isAsync
  }

  /** The key of a call's result. */
  key(self: unknown, args: readonly unknown[]): unknown[] {
    const kept = this.#layout.keyed(args)
    const key: unknown[] = this.#ofClass ? [this.#name, classOf(self), kept] : [this.#name, kept]
    if (this.#settings.method) key.push(stateOf(self))
    if (this.#settings.typed) key.push(kept.map(typeOf))
    return key
  }

  call(self: unknown, args: readonly unknown[]): unknown {
    if (this.#isBare(self)) return this.fn.apply(self, args as unknown[])
    const slot = this.#slot(self, args)
    if (this.#layout.skipsLookUp(args)) return this.#runs.run(this.#runs.begin(self, args, slot))
    const recalled = this.#lookUp(slot)
    return recalled === undefined ? this.#compute(self, args, slot) : this.#answer(recalled, self, args, slot)
  }

  /** Runs the function, and stores the result over what there is. */
  refresh(self: unknown, args: readonly unknown[]): unknown {
    if (this.#isBare(self)) return this.fn.apply(self, args as unknown[])
    return this.#runs.run(this.#runs.begin(self, args, this.#slot(self, args)))
  }

  forget(self: unknown, args: readonly unknown[]): boolean {
    const slot = this.#slot(self, args)
    this.#shelf.flights.abandon(slot.path)
    return this.#shelf.write('forget', false, slot, store => remove(store, slot))
  }

  /** Whether the function is to be run as if it were not memoized. */
  #isBare(self: unknown): boolean {
    if (described !== undefined && described === self) return true
    return this.#written?.has(self as object) === true
  }

  #slot(self: unknown, args: readonly unknown[]): Slot {
    const { keys } = this.#core.store
    if (!this.#settings.method) return keys.slot(this.key(self, args))
    const before = described
    described = self
    try {
      return keys.slot(this.key(self, args))
    } finally {
      described = before
    }
  }

  #lookUp(slot: Slot): Recalled | undefined {
    const { active: store, memory } = this.#core
    if (memory === undefined || !mayRemember(store, slot)) return this.#recall(recall(store, slot))
    return fromMemory(store, memory, slot) ?? this.#recall(getThroughMemory(store, memory, slot))
  }

  #recall(io: Io<Recalled | undefined>): Recalled | undefined {
    return this.#core.attempt('wrap', undefined, () => this.#core.sync(io))
  }

  /** The answer to a call whose result is stored. */
  #answer(recalled: Recalled, self: unknown, args: readonly unknown[], slot: Slot): unknown {
    const note = readNote(recalled.purpose)
    const { staleMs, beta } = this.#settings
    const looksAhead = staleMs > 0 || beta > 0 || note.fresh !== undefined
    if (looksAhead && this.#isShared && isDue(this.#freshFor(recalled, note), note.took, beta)) {
      return this.#renew(recalled, note, self, args, slot)
    }
    return this.#serve(recalled, note, self, args)
  }

  #serve(recalled: Recalled, note: Note, self: unknown, args: readonly unknown[]): unknown {
    if (this.callbacks.length > 0) this.#tellHit(recalled, self, args)
    return this.isAsync || note.promise ? Promise.resolve(recalled.value) : recalled.value
  }

  /** How many milliseconds more a result is fresh. */
  #freshFor(recalled: Recalled, note: Note): number {
    const { lifetimeMs } = this.#core.settings
    let until = Math.min(expiryOf(recalled, lifetimeMs), note.fresh ?? Number.POSITIVE_INFINITY)
    // What is kept past the bucket's lifetime is pinned, but the lifetime may have been shortened since.
    if (note.fresh !== undefined && this.#settings.expireMs === undefined)
      until = Math.min(until, recalled.time + lifetimeMs)
    return until - this.#core.store.environment.now()
  }

  /** It is time to compute a result anew: one caller does, the others are given the old one. */
  #renew(recalled: Recalled, note: Note, self: unknown, args: readonly unknown[], slot: Slot): unknown {
    const { version } = recalled
    if (this.isAsync || note.promise) {
      const { renewing } = this.#shelf.flights
      if (!renewing.has(slot.path)) {
        renewing.add(slot.path)
        void this.#renewLater(version, self, args, slot).finally(() => renewing.delete(slot.path))
      }
      return this.#serve(recalled, note, self, args)
    }
    const outcome = this.#core.attempt('wrap', waiting, () =>
      this.#core.sync(claim(this.#core.standing, slot, version)),
    )
    if (outcome.kind === 'claimed') return this.#runs.run(this.#runs.begin(self, args, slot, outcome.id))
    if (outcome.kind === 'wait') return this.#serve(recalled, note, self, args)
    // Another process was faster, and memory does not know.
    this.#core.forget(slot)
    return this.#serve(outcome.recalled, readNote(outcome.recalled.purpose), self, args)
  }

  /** In the background, so a failure is nobody's to see: the old result goes on being served, and the next caller tries. */
  async #renewLater(version: string, self: unknown, args: readonly unknown[], slot: Slot): Promise<void> {
    const core = this.#core
    try {
      const outcome = await core.attemptAsync('wrap', waiting, () => core.async(claim(core.standing, slot, version)))
      if (outcome.kind === 'claimed') await this.#runs.run(this.#runs.begin(self, args, slot, outcome.id))
      else core.forget(slot)
    } catch (error) {
      if (topics.error.active) topics.error.publish({ folder: core.path, operation: 'wrap', error })
    }
  }

  /** The answer to a call whose result is not stored. */
  #compute(self: unknown, args: readonly unknown[], slot: Slot): unknown {
    const { singleFlight, expireMs } = this.#settings
    if (singleFlight !== false) {
      const flight = this.#shelf.flights.get(slot.path)
      if (flight !== undefined) return flight.promise
    }
    const run = this.#runs.begin(self, args, slot)
    // What is never stored, nobody can wait for.
    if (singleFlight !== true || expireMs === 0 || !this.#isShared) return this.#runs.run(run)
    if (this.isAsync) return this.#runs.fly(run, this.#obtainAndRun(run))
    const core = this.#core
    const outcome = core.attempt('wrap', alone, () => core.sync(obtain(core.standing, slot)))
    if (outcome.kind === 'value') return this.#serve(outcome.recalled, readNote(outcome.recalled.purpose), self, args)
    run.claim = outcome.id
    return this.#runs.run(run)
  }

  async #obtainAndRun(run: Run): Promise<unknown> {
    const core = this.#core
    const { self, args, slot } = run
    try {
      const outcome = await core.attemptAsync('wrap', alone, () => core.async(obtain(core.standing, slot)))
      if (outcome.kind === 'value') {
        if (this.callbacks.length > 0) this.#tellHit(outcome.recalled, self, args)
        return outcome.recalled.value
      }
      run.claim = outcome.id
      run.startedAt = performance.now()
      return await this.#runs.storeLater(run, this.fn.apply(self, args as unknown[]))
    } finally {
      this.#shelf.flights.end(slot.path, run.flight)
    }
  }

  /** Others can write and read what this function stores. */
  get #isShared(): boolean {
    const { transaction } = this.#core.active
    return !this.#core.settings.readOnly && (transaction === undefined || transaction.deferred)
  }

  #tellHit(recalled: Recalled, self: unknown, args: readonly unknown[]): void {
    const expires = expiryOf(recalled, this.#core.settings.lifetimeMs)
    for (const callback of this.callbacks) {
      callback.call(self, {
        args: [...args],
        params: this.#layout.named(args),
        returnValue: recalled.value,
        expiresAt: expires === Number.POSITIVE_INFINITY ? undefined : new Date(expires),
      })
    }
  }
}

function typeOf(value: unknown): string {
  return typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value
}
