// Where callers wait for a permit.
//
// Callers of one thread queue in memory, in their order, and only the first of them looks at the log; between threads and
// processes it is who looks first.
//
// A body that runs behind a gate with one permit, and asks for it once more, would wait for itself. `run` notes in the
// asynchronous context of its body that it is behind the gate, which nothing outside the body sees. A body may also start such
// a call, not wait for it and end, so it is a deadlock only if the body is still going a little later. Of permits that were
// taken with `enter` nobody knows to which calls they belong; who waits for itself there waits until its timeout.

import { AsyncLocalStorage } from 'node:async_hooks'
import { type Bucket, coreOf } from '../bucket.ts'
import type { Core } from '../core.ts'
import { type Duration, toMilliseconds } from '../duration.ts'
import { DeadlockError, TimeoutError } from '../errors.ts'
import type { Slot } from '../keys.ts'
import { recipeName } from '../log/names.ts'
import { checkSignal } from '../long-work.ts'
import { checkNames, show } from '../options.ts'
import { forFolder, type Store } from '../store.ts'
import { withAnyOf } from '../waiting/abort.ts'
import { Line, type Turn } from '../waiting/line.ts'
import { sleep } from '../waiting/sleep.ts'
import { countHolders, givePermitBack, takePermit } from './holders.ts'

/** How to wait. */
export interface AcquireOptions {
  /** Longest wait, then TimeoutError; default: the bucket's `timeout`. 0: not at all. */
  timeout?: Duration
  /** Aborted: the wait ends, with the signal's reason. */
  signal?: AbortSignal
}

/** Gives back what was acquired; calling it again does nothing. Also for `await using`. */
export type Release = (() => Promise<void>) & AsyncDisposable

/** How long to wait before looking again, in milliseconds; doubled from the first to the last. */
const firstLookMs = 1
const lastLookMs = 50

/** Where callers of this thread queue, by the path of the log. */
const lines = new Line()
/** The gates with one permit that the present code is behind, by the path of the log, and whether it still is. */
const scopes = new AsyncLocalStorage<ReadonlyMap<string, { isInside: boolean }>>()
/** The callers that are first in their line, and sleep until they look again. */
const sleepers = new Map<string, () => void>()

export class Gate {
  readonly permits: number
  readonly #core: Core
  readonly #store: Store
  readonly #slot: Slot
  readonly #title: string

  constructor(bucket: Bucket<any, any>, kind: string, name: string, permits: number) {
    checkName(name, kind)
    this.permits = permits
    this.#core = coreOf(bucket)
    this.#store = forFolder(this.#core.store)
    this.#slot = this.#store.keys.hiddenSlot(recipeName(kind, name))
    this.#title = `${kind} ${name} in ${bucket.path}`
  }

  /** What tells this gate from others. */
  get path(): string {
    return this.#slot.path
  }

  /** Waits for a permit, and takes it. */
  async enter(options: AcquireOptions = {}): Promise<Release> {
    checkNames(options, ['timeout', 'signal'], 'acquire()')
    const core = this.#core
    core.checkWritable('acquire')
    const { timeout = core.settings.timeoutMs, signal } = options
    checkSignal(signal)
    const timeoutMs = toMilliseconds(timeout, 'timeout')
    const deadline = performance.now() + timeoutMs
    signal?.throwIfAborted()
    const late = () => this.#late(timeoutMs)
    const turn = await lines.acquire(this.path, { timeoutMs, late, signal, suspicion: this.#suspicion() })
    let id: string
    try {
      id = await this.#take(turn, timeoutMs, deadline, signal)
    } catch (error) {
      turn.pass()
      throw error
    }
    // With one permit the line moves when it is given back: nobody need look before.
    const isExclusive = this.permits === 1
    if (isExclusive) turn.keep()
    else turn.pass()
    return releasing(async () => {
      await this.#giveBack(id)
      turn.pass()
    })
  }

  /** Runs `body` with a permit. */
  async run<T>(body: () => T | Promise<T>, options?: AcquireOptions): Promise<T> {
    const release = await this.enter(options)
    const scope = { isInside: true }
    try {
      if (this.permits > 1) return await body()
      const around = [...(scopes.getStore() ?? [])].filter(([, { isInside }]) => isInside)
      return await scopes.run(new Map([...around, [this.path, scope]]), body)
    } finally {
      scope.isInside = false
      await release()
    }
  }

  /** How many permits are held, in all processes. */
  async count(): Promise<number> {
    return await this.#core.async(countHolders(this.#store, this.#slot))
  }

  async #take(turn: Turn, timeoutMs: number, deadline: number, signal: AbortSignal | undefined): Promise<string> {
    const id = this.#store.environment.newId()
    for (let ms = firstLookMs; ; ms = Math.min(2 * ms, lastLookMs)) {
      signal?.throwIfAborted()
      if (await this.#core.async(takePermit(this.#store, this.#slot, this.permits, id))) return id
      const left = deadline - performance.now()
      if (left <= 0) throw this.#late(timeoutMs)
      turn.keep()
      await this.#sleep(Math.min(ms, left), signal)
    }
  }

  /** Until a permit is given back in this thread, or the time is over. */
  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController()
    sleepers.set(this.path, () => woken.abort())
    try {
      await withAnyOf([signal, woken.signal], either => sleep(ms, either))
    } catch (error) {
      if (signal?.aborted) throw error
    } finally {
      sleepers.delete(this.path)
    }
  }

  /** Whether the caller is behind this gate, to be asked again when it has waited a little. */
  #suspicion(): (() => Error | undefined) | undefined {
    const scope = this.permits === 1 ? scopes.getStore()?.get(this.path) : undefined
    return scope?.isInside ? () => (scope.isInside ? this.#deadlock() : undefined) : undefined
  }

  #late(timeoutMs: number): TimeoutError {
    return new TimeoutError(`Waited ${timeoutMs} ms for the ${this.#title}. Try again, or raise timeout.`)
  }

  #deadlock(): DeadlockError {
    return new DeadlockError(
      `The ${this.#title} is held by the chain of calls that asks for it again, and would wait for itself. ` +
        'Let it go first, or use an rlock, or a reentrant barrier.',
    )
  }

  async #giveBack(id: string): Promise<void> {
    await this.#core.async(givePermitBack(this.#store, this.#slot, id))
    this.#core.tidy()
    sleepers.get(this.path)?.()
  }
}

/** Of several calls one acts; one that failed may be made again. */
function releasing(act: () => Promise<void>): Release {
  let released: Promise<void> | undefined
  const release = (): Promise<void> => {
    released ??= act().catch(error => {
      released = undefined
      throw error
    })
    return released
  }
  return Object.assign(release, { [Symbol.asyncDispose]: release })
}

export function checkName(name: unknown, kind: string): asserts name is string {
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`Expected the name of a ${kind} to be a string that is not empty, got ${show(name)}`)
}
