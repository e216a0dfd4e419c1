// A lab runs many calls, and looks after what they have left (labtech: Lab).

import { availableParallelism } from 'node:os'
import { show } from '../options.ts'
import { onAbort, withAnyOf } from '../waiting/abort.ts'
import { type LabScope, labScope } from './context.ts'
import { storageAt } from './defaults.ts'
import { visitAll } from './disk.ts'
import { sideBySide } from './locks/chain.ts'
import { checkFlag, checkOptions, checkText } from './options.ts'
import { ProgressBar } from './progress.ts'
import type { ResultMeta } from './results/result-cache.ts'
import type { Settings } from './settings.ts'
import { NullStorage } from './storage/null.ts'
import { Storage } from './storage/storage.ts'
import { isFresh, keyStorageOf, storageKeyPrefix, storageOf } from './stored.ts'
import { internalsOf } from './task.ts'
import type { AnyFunction, Arguments, Task } from './types.ts'

/** How a lab works. */
export interface LabOptions {
  /** Where the results of tasks are kept that have no storage of their own; a folder, or null: nowhere. */
  storage: Storage | string | null
  /** Most calls under way at once, all in this process. Default: the number of processor cores. */
  maxWorkers?: number
  /** A progress bar on stderr, where that is a terminal. Default true. */
  progress?: boolean
}

/** A stored result, without its value. */
export type StoredTask = { key: string } & ResultMeta

type Calls = readonly (() => unknown)[]
type Results<C extends Calls> = { -readonly [I in keyof C]: Awaited<ReturnType<C[I]>> }
type SettledResults<C extends Calls> = { -readonly [I in keyof C]: PromiseSettledResult<Awaited<ReturnType<C[I]>>> }

/**
 * Runs calls side by side, with one storage for the results of their tasks (labtech: Lab).
 *
 * @example
 * const lab = new Lab({ storage: 'results', maxWorkers: 4 })
 * const scores = await lab.run([0.1, 0.01, 0.001].map(rate => () => train(rate)))   // in the order of the calls
 * await lab.cachedTasks(train)                                                      // what is there, with inputs and times
 * await lab.uncache(train, ({ inputs }) => inputs.rate === 0.1)
 */
export class Lab {
  /** Where the results of tasks go that name no storage of their own. */
  readonly storage: Storage
  /** So many calls run at once. */
  readonly maxWorkers: number
  readonly #progress: boolean

  /** @throws TypeError for an unknown option, or one of the wrong kind; RangeError when `maxWorkers` is no whole number above 0. */
  constructor(options: LabOptions) {
    checkOptions(options, ['storage', 'maxWorkers', 'progress'], 'a lab')
    const { storage, maxWorkers = availableParallelism(), progress = true } = options
    if (storage !== null && !(storage instanceof Storage))
      checkText(storage, 'storage, if it is neither a Storage nor null,')
    if (typeof maxWorkers !== 'number')
      throw new TypeError(`Expected maxWorkers to be a number, got ${show(maxWorkers)}`)
    if (!(Number.isInteger(maxWorkers) || maxWorkers === Infinity) || maxWorkers < 1) {
      throw new RangeError(`Expected maxWorkers to be a whole number above 0, got ${maxWorkers}`)
    }
    checkFlag(progress, 'progress')
    this.storage = storage === null ? new NullStorage() : storageAt(storage)
    this.maxWorkers = maxWorkers
    this.#progress = progress
  }

  /**
   * Runs all calls, at most `maxWorkers` at once, and gives their results in the order of the calls. After a failure it goes on
   * with the others; what has succeeded stays in the cache. Then it rejects: with the error, or, of several, an AggregateError.
   *
   * @param options - `continueOnFailure`, default true; false: after a failure no further call is started. `signal`: aborted,
   *   no further call is started, the signals of running tasks are aborted, and it rejects at once with the signal's reason.
   * @throws TypeError when a call is no function; then none is started.
   */
  async run<const C extends Calls>(
    calls: C,
    options: { continueOnFailure?: boolean; signal?: AbortSignal } = {},
  ): Promise<Results<C>> {
    checkOptions(options, ['continueOnFailure', 'signal'], 'run()')
    const { continueOnFailure = true, signal } = options
    const settled = await this.#settle(calls, continueOnFailure, signal)
    const errors = settled.filter(result => result.status === 'rejected').map(({ reason }) => reason)
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} of ${calls.length} calls failed; see errors`)
    return settled.map(result => (result as PromiseFulfilledResult<unknown>).value) as Results<C>
  }

  /** As {@link run}, and tells of each call how it ended, as `Promise.allSettled` does. */
  async runSettled<const C extends Calls>(calls: C): Promise<SettledResults<C>> {
    return (await this.#settle(calls, true, undefined)) as SettledResults<C>
  }

  /** Whether the call would be answered from the cache in this lab. */
  async isCached<F extends AnyFunction>(task: Task<F>, ...args: Arguments<F>): Promise<boolean> {
    settingsOf(task)
    return this.#within(() => task.isCached(...args))
  }

  /** Removes the result of the call; false: there was none. */
  async forget<F extends AnyFunction>(task: Task<F>, ...args: Arguments<F>): Promise<boolean> {
    settingsOf(task)
    return this.#within(() => task.forget(...args))
  }

  /** The results of a task that are there and have not expired, in the order of their keys. */
  async cachedTasks(task: Task<any>): Promise<StoredTask[]> {
    const settings = settingsOf(task)
    return (await this.#stored(settings)).filter(meta => isFresh(settings, meta))
  }

  /** Removes the results of a task, expired ones too, or those of them that `filter` picks, and tells how many. */
  async uncache(task: Task<any>, filter: (result: StoredTask) => boolean = () => true): Promise<number> {
    const settings = settingsOf(task)
    const picked = (await this.#stored(settings)).filter(result => filter(result))
    const [storage, keyStorage] = this.#within(() => [storageOf(settings), keyStorageOf(settings)])
    for (const { key } of picked) {
      await keyStorage?.delete(key)
      await storage.delete(key)
    }
    return picked.length
  }

  async #stored(settings: Settings): Promise<StoredTask[]> {
    const storage = this.#within(() => storageOf(settings))
    const prefix = storageKeyPrefix(settings)
    const keys = (await storage.findKeys()).filter(key => key.startsWith(prefix))
    const found = await visitAll(keys, async key => ({ key, meta: await settings.resultCache.loadMeta(storage, key) }))
    // The readable part of the key may be that of a task with a similar name too.
    return found.flatMap(({ key, meta }) => (meta?.task === settings.name ? [{ key, ...meta }] : []))
  }

  /** How each call ended, in their order. Those that were not started are missing. */
  async #settle(
    calls: Calls,
    goOn: boolean,
    signal: AbortSignal | undefined,
  ): Promise<PromiseSettledResult<unknown>[]> {
    for (const call of calls) {
      if (typeof call !== 'function')
        throw new TypeError(`Expected calls to be functions, like () => task(1), got ${show(call)}`)
    }
    signal?.throwIfAborted()
    if (signal === undefined) return this.#workOff(calls, goOn, undefined, outerSignal())
    return withAnyOf([signal, outerSignal()], own => this.#workOff(calls, goOn, signal, own))
  }

  /** @param own - What the tasks listen to: the signal's twin, so that their number is no burden to it. */
  async #workOff(
    calls: Calls,
    goOn: boolean,
    signal: AbortSignal | undefined,
    own: AbortSignal | undefined,
  ): Promise<PromiseSettledResult<unknown>[]> {
    const bar = this.#progress ? new ProgressBar(calls.length, process.stderr) : undefined
    const results: PromiseSettledResult<unknown>[] = []
    let next = 0
    let hasFailed = false
    const work = async () => {
      while (next < calls.length && (goOn || !hasFailed) && !signal?.aborted) {
        const index = next++
        try {
          const value = await this.#within(calls[index]!, own)
          results[index] = { status: 'fulfilled', value }
        } catch (reason) {
          results[index] = { status: 'rejected', reason }
          hasFailed = true
        }
        bar?.tick(results[index]!.status === 'rejected')
      }
    }
    const workers = Array.from({ length: Math.min(this.maxWorkers, calls.length) }, work)
    try {
      await unlessAborted(Promise.all(workers), signal)
    } finally {
      bar?.end()
    }
    return results
  }

  #within<T>(call: () => T, signal: AbortSignal | undefined = outerSignal()): T {
    const scope: LabScope = { storage: this.storage, signal }
    return labScope.run(scope, () => sideBySide(call))
  }
}

function settingsOf(task: unknown): Settings {
  const internals = internalsOf(task)
  if (internals === undefined) throw new TypeError(`Expected a task, got ${show(task)}`)
  return internals.settings
}

/** That of the lab around this code. */
function outerSignal(): AbortSignal | undefined {
  return labScope.getStore()?.signal
}

/** Rejects with the signal's reason as soon as it is aborted. */
async function unlessAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work
    return
  }
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => reject(signal.reason))
  })
  try {
    await Promise.race([work, aborted])
  } finally {
    stop()
  }
  signal.throwIfAborted()
}
