// task(): a function becomes one whose results are kept. Here is the plot of a call; the files around have the scenery.
//
//   name the arguments → compute the key (stored.ts) → [lock (locking.ts)] → look it up → run it (attempts.ts) → store it
//
// The key is made before the function runs, of the arguments as they are then.

import { randomUUID } from 'node:crypto'
import { callerOf } from '../memo/caller.ts'
import { show } from '../options.ts'
import { withAnyOf } from '../waiting/abort.ts'
import { runAttempts } from './attempts.ts'
import { flowScope, labScope, taskScope } from './context.ts'
import { withoutMarks } from './hashed.ts'
import { interruptible, untilInOrder } from './interruption.ts'
import { lockManagerFor, withLock } from './locking.ts'
import { sideBySide } from './locks/chain.ts'
import { type Settings, settingsOf } from './settings.ts'
import { locate, recordedInputs, type StoredResult } from './stored.ts'
import type { AnyFunction, Arguments, Task, TaskContext, TaskMetadata } from './types.ts'

/** What only this package wants to know of a task. */
export interface TaskInternals {
  readonly settings: Settings
  /** The module that called `task()`: a path, or what else the engine calls it. */
  readonly module: string | undefined
  /** When SIGTERM has come: waits until the tasks it has interrupted have put things in order, or their time is over. */
  readonly untilInOrder: () => Promise<void>
}

// Registered, so that a task made by one copy of this package is known to another: a command that was installed globally
// runs tasks that import the package from their own node_modules.
const internals = Symbol.for('bucketcache.task')

/** Undefined for what is no task. */
export function internalsOf(value: unknown): TaskInternals | undefined {
  return typeof value === 'function' ? (value as { [internals]?: TaskInternals })[internals] : undefined
}

/**
 * Makes a task of a function (flytekit and Prefect: `@task`): called with the same arguments, it gives a promise of the same
 * result, from the cache where that has it.
 *
 * @throws TypeError for unknown or contradictory metadata: `cache: true` with neither `cacheVersion` nor `policy`;
 *   `cacheSerialize` or `cacheIgnoreInputVars` without caching; an ignored input that the function does not have; a cached task
 *   without any name. RangeError for negative numbers, and for a `lifetime` or `timeout` of 0.
 * @example
 * const train = task(
 *   async function train(rate: number, epochs: number) { … },
 *   { policy: INPUTS.plus(TASK_SOURCE).plus(FILES('data/*.csv')), retries: 2, timeout: { minutes: 10 } },
 * )
 * await train(0.1, 20)   // runs
 * await train(0.1, 20)   // the stored result
 */
export function task<F extends AnyFunction>(fn: F, metadata: TaskMetadata = {}): Task<F> {
  if (typeof fn !== 'function') throw new TypeError(`Expected a function to make a task of, got ${show(fn)}`)
  const module = callerOf(task)
  const settings = settingsOf(fn, metadata, module)
  const begin = (self: unknown, args: readonly unknown[]) => new Call(made, settings, self, args)
  const made = async function (this: unknown, ...args: Arguments<F>) {
    return begin(this, args).run(true)
  } as Task<F>
  const properties = {
    name: settings.name,
    length: fn.length,
    metadata: Object.freeze({ ...metadata }),
    original: fn,
    isCached: async (...args: Arguments<F>) => begin(undefined, args).isCached(),
    forget: async (...args: Arguments<F>) => begin(undefined, args).forget(),
    refresh: async (...args: Arguments<F>) => begin(undefined, args).run(false),
    [internals]: { settings, module, untilInOrder } satisfies TaskInternals,
  }
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(properties))) {
    Object.defineProperty(made, name, { ...property, enumerable: false, writable: false })
  }
  Object.defineProperty(made, internals, { value: properties[internals] })
  return made
}

const warned = new WeakSet<Settings>()

function warnIfDeprecated(settings: Settings): void {
  if (settings.deprecated === undefined || warned.has(settings)) return
  warned.add(settings)
  process.emitWarning(`The task ${settings.name} is deprecated: ${settings.deprecated}`, 'DeprecationWarning')
}

class Call {
  readonly #settings: Settings
  readonly #self: unknown
  readonly #args: readonly unknown[]
  readonly #inputs: Record<string, unknown>
  readonly #context: TaskContext
  readonly #labSignal = labScope.getStore()?.signal
  /** What ends the call early. */
  #signal = this.#labSignal
  /** Is told what the function is doing. */
  #track: (work: Promise<unknown>) => void = () => {}

  constructor(made: Task<AnyFunction>, settings: Settings, self: unknown, args: readonly unknown[]) {
    this.#settings = settings
    this.#self = self
    this.#args = args
    this.#inputs = settings.naming.inputs(args)
    const flow = flowScope.getStore()
    this.#context = {
      task: made,
      taskRunId: randomUUID(),
      ...(flow && { flowRunId: flow.runId, flowParameters: flow.parameters }),
      attempt: 1,
      signal: this.#labSignal ?? new AbortController().signal,
    }
  }

  async isCached(): Promise<boolean> {
    const stored = await this.#locate()
    return stored?.mode === 'on' && stored.isThere()
  }

  async forget(): Promise<boolean> {
    return (await this.#locate())?.delete() ?? false
  }

  /** @param look - Whether a stored result will do. */
  async run(look: boolean): Promise<unknown> {
    warnIfDeprecated(this.#settings)
    if (!this.#settings.isInterruptible) return this.#run(look)
    // From here on: who still waits for a lock is interrupted too.
    return interruptible((told, track) =>
      withAnyOf([told, this.#labSignal], signal => {
        this.#signal = signal
        this.#track = track
        return this.#run(look)
      }),
    )
  }

  async #run(look: boolean): Promise<unknown> {
    const stored = await this.#locate()
    if (stored === undefined) return this.#execute()
    const mayLook = look && stored.mode === 'on'
    const manager = lockManagerFor(this.#settings, stored)
    if (manager === undefined) return this.#lookOrRun(stored, mayLook)
    if (mayLook && this.#settings.policy.isolationLevel !== 'SERIALIZABLE') {
      // cacheSerialize alone is about runs: where the result is there already nobody needs to wait.
      const found = await stored.load()
      if (found) return found.value
    }
    return withLock(manager, stored.key, this.#signal, () => this.#lookOrRun(stored, mayLook))
  }

  #locate(): Promise<StoredResult | undefined> {
    return locate(this.#settings, this.#context, this.#inputs)
  }

  async #lookOrRun(stored: StoredResult, mayLook: boolean): Promise<unknown> {
    const found = mayLook ? await stored.load() : undefined
    if (found) return found.value
    const startedAt = new Date()
    const start = performance.now()
    const value = await this.#execute()
    await stored.save(value, recordedInputs(this.#settings, this.#inputs), startedAt, performance.now() - start)
    return value
  }

  async #execute(): Promise<unknown> {
    const args = this.#args.map(withoutMarks)
    const { original } = this.#context.task
    const value = await runAttempts(this.#settings, this.#signal, (attempt, own) => {
      const context: TaskContext = { ...this.#context, attempt, signal: own }
      const result: unknown = taskScope.run(context, () => sideBySide(() => original.apply(this.#self, args)))
      if (result instanceof Promise) this.#track(result)
      return result
    })
    return withoutMarks(value)
  }
}
