// A policy says what a result depends on: from a run of a task it computes a key, and runs with equal keys share a result
// (Prefect: cache policies). Policies never change: what looks like a change gives another one.
//
// Sums are flat: (a + b) + c, a + (b + c) and CompoundCachePolicy([a, b, c]) are the same. The sum of nothing is NO_CACHE.
// A policy also carries where its keys are kept and how runs are kept apart; those settings never take part in a key.

import { show } from '../../options.ts'
import { digest } from '../digest.ts'
import { withoutMarks } from '../hashed.ts'
import type { LockManager } from '../locks/lock-manager.ts'
import { checkOptions, checkText } from '../options.ts'
import { isSamePlace } from '../place.ts'
import { Storage } from '../storage/storage.ts'
import type { IsolationLevel, KeyRequest, TaskContext } from '../types.ts'

/** What {@link CachePolicy.configure} takes; what is absent stays as it is. */
export interface PolicySettings {
  /** Where results go: a storage, or the directory of a LocalStorage. */
  keyStorage?: Storage | string | undefined
  /** What SERIALIZABLE takes its locks from. */
  lockManager?: LockManager | undefined
  /** Whether identical calls run one at a time. */
  isolationLevel?: IsolationLevel | undefined
}

type Key = string | undefined

/**
 * What a result depends on. To make one's own, extend this class and give it `computeKey`, or use
 * {@link CachePolicy.fromCacheKeyFn} (Prefect: CachePolicy).
 *
 * @example
 * const policy = INPUTS.plus(TASK_SOURCE).plus(FILES('data/*.csv')).minus('verbose')
 * const train = task(async function train(rate: number, verbose: boolean) { … }, { policy })
 */
export abstract class CachePolicy {
  /** Where the record of a key is kept, apart from the result; with the result where it is undefined (Prefect: key_storage). */
  readonly keyStorage: Storage | string | undefined = undefined
  /** Whose locks `SERIALIZABLE` takes. */
  readonly lockManager: LockManager | undefined = undefined
  /** Undefined is READ_COMMITTED. */
  readonly isolationLevel: IsolationLevel | undefined = undefined

  /**
   * The key of a run; undefined: do not cache. The same in every process. Whatever is thrown fails the run of the task: a key
   * is never silently weakened.
   */
  abstract computeKey(request: KeyRequest): Key | Promise<Key>

  /**
   * A copy with these settings; what is absent stays as it is. `SERIALIZABLE` without a lock manager takes a
   * FileSystemLockManager beside a LocalStorage, and locks within the process for any other storage; a call waits for the
   * lock as long as the run that has it takes.
   * @throws TypeError for an unknown setting or one of the wrong kind.
   */
  configure(options: PolicySettings): this {
    checkOptions(options, ['keyStorage', 'lockManager', 'isolationLevel'], 'configure()')
    const { keyStorage, lockManager, isolationLevel } = options
    if (keyStorage !== undefined && !(keyStorage instanceof Storage))
      checkText(keyStorage, 'keyStorage, if it is no Storage,')
    if (lockManager !== undefined && typeof lockManager?.acquire !== 'function') {
      throw new TypeError(`Expected lockManager to have a method acquire, got ${show(lockManager)}`)
    }
    if (isolationLevel !== undefined && isolationLevel !== 'READ_COMMITTED' && isolationLevel !== 'SERIALIZABLE') {
      throw new TypeError(`Expected isolationLevel to be READ_COMMITTED or SERIALIZABLE, got ${show(isolationLevel)}`)
    }
    return withSettings(this, {
      keyStorage: keyStorage ?? this.keyStorage,
      lockManager: lockManager ?? this.lockManager,
      isolationLevel: isolationLevel ?? this.isolationLevel,
    })
  }

  /**
   * The sum: its key changes when one of the two does. NO_CACHE adds nothing.
   * @throws TypeError when the two have different storages, lock managers or isolation levels, or `other` is no policy.
   */
  plus(other: CachePolicy): CachePolicy {
    if (isNothing(other)) return this
    if (isNothing(this) && other instanceof CachePolicy) return other
    return new CompoundCachePolicy([this, other])
  }

  /**
   * A copy that does not see this input, with the same settings.
   * @throws TypeError when `input` is no text.
   */
  minus(input: string): CachePolicy {
    checkText(input, 'the input to leave out')
    const compute = (request: KeyRequest) => this.computeKey({ ...request, ...leftOut(request.inputs, input) })
    return derive(this, { computeKey: compute, unseenInputs: [...this.unseenInputs, input] })
  }

  /** What was taken out with `minus`, here or in a part: such inputs are not recorded with a result either. */
  get unseenInputs(): readonly string[] {
    return []
  }

  /** One policy that stands for this and `other` in a sum, where there is one. */
  protected merge(_other: CachePolicy): CachePolicy | undefined {
    return undefined
  }

  /** The list, with those that can stand for several in their place. */
  protected static merged(policies: CachePolicy[]): CachePolicy[] {
    const found: CachePolicy[] = []
    for (const policy of policies) {
      const at = found.findIndex(earlier => earlier.merge(policy) !== undefined)
      if (at < 0) found.push(policy)
      else found[at] = found[at]!.merge(policy)!
    }
    return found
  }

  /**
   * A policy whose key is what `fn` returns (Prefect: `cache_key_fn`). undefined: do not cache.
   * @example
   * CachePolicy.fromCacheKeyFn((context, inputs) => `${inputs.day}`)
   */
  static fromCacheKeyFn(
    fn: (context: TaskContext | undefined, inputs: Record<string, unknown>) => string | undefined,
  ): CacheKeyFnPolicy {
    return new CacheKeyFnPolicy(fn)
  }
}

function leftOut(inputs: Record<string, unknown> | undefined, input: string): { inputs?: Record<string, unknown> } {
  if (inputs === undefined) return {}
  const { [input]: _, ...rest } = inputs
  return { inputs: rest }
}

/** A copy of the policy with other fields. It asks the original for keys, unless it is given a way to compute them: so a
 *  subclass may keep private fields, which no copy has. */
function derive<P extends CachePolicy>(original: P, fields: Record<string, unknown>): P {
  const copy: P = Object.create(Object.getPrototypeOf(original), Object.getOwnPropertyDescriptors(original))
  const all = { computeKey: (request: KeyRequest) => original.computeKey(request), ...fields }
  for (const [name, value] of Object.entries(all)) Object.defineProperty(copy, name, { value, configurable: true })
  return copy
}

function withSettings<P extends CachePolicy>(policy: P, settings: PolicySettings): P {
  return derive(policy, { ...settings })
}

/** NO_CACHE, or another sum of nothing. */
function isNothing(policy: CachePolicy): boolean {
  return policy instanceof CompoundCachePolicy && policy.policies.length === 0
}

/**
 * A sum. Its key is a hash of the keys of its parts, whose order does not count; parts without a key are left out, and
 * without any key there is none (Prefect: CompoundCachePolicy).
 */
export class CompoundCachePolicy extends CachePolicy {
  /** The parts: no sums among them, and at most one Inputs. */
  readonly policies: readonly CachePolicy[]
  override readonly keyStorage: Storage | string | undefined
  override readonly lockManager: LockManager | undefined
  override readonly isolationLevel: IsolationLevel | undefined

  /** @throws TypeError when a part is no policy, or two have different settings. */
  constructor(policies: CachePolicy[]) {
    super()
    if (!Array.isArray(policies)) throw new TypeError(`Expected a list of policies, got ${show(policies)}`)
    for (const policy of policies) {
      if (!(policy instanceof CachePolicy)) throw new TypeError(`Expected a CachePolicy, got ${show(policy)}`)
    }
    this.keyStorage = common(policies, 'keyStorage', isSamePlace)
    this.lockManager = common(policies, 'lockManager', isSamePlace)
    this.isolationLevel = common(policies, 'isolationLevel', Object.is)
    // The settings are the sum's now. Left on the parts they would meet again, and could contradict, when it is taken apart.
    const parts = policies.flatMap(policy => (policy instanceof CompoundCachePolicy ? policy.policies : [bare(policy)]))
    this.policies = CachePolicy.merged(parts)
  }

  /** Waits for promises only where a part gives one. */
  computeKey(request: KeyRequest): Key | Promise<Key> {
    const keys: (Key | Promise<Key>)[] = []
    try {
      for (const policy of this.policies) keys.push(policy.computeKey(request))
    } catch (error) {
      // The promises of earlier parts are of no interest any more, however they end.
      void Promise.allSettled(keys)
      throw error
    }
    return keys.some(isPromise) ? Promise.all(keys).then(sumOf) : sumOf(keys as Key[])
  }

  override minus(input: string): CachePolicy {
    checkText(input, 'the input to leave out')
    const { keyStorage, lockManager, isolationLevel } = this
    const rest = new CompoundCachePolicy(this.policies.map(policy => policy.minus(input)))
    return withSettings(rest, { keyStorage, lockManager, isolationLevel })
  }

  override get unseenInputs(): readonly string[] {
    return this.policies.flatMap(policy => policy.unseenInputs)
  }
}

function isPromise(key: Key | Promise<Key>): key is Promise<Key> {
  return typeof key === 'object'
}

function sumOf(keys: Key[]): Key {
  const found = keys.filter(key => key !== undefined).sort()
  return found.length === 0 ? undefined : digest(['sum', found])
}

function bare(policy: CachePolicy): CachePolicy {
  const { keyStorage, lockManager, isolationLevel } = policy
  if (keyStorage === undefined && lockManager === undefined && isolationLevel === undefined) return policy
  return withSettings(policy, { keyStorage: undefined, lockManager: undefined, isolationLevel: undefined })
}

function common<N extends keyof PolicySettings>(
  policies: CachePolicy[],
  name: N,
  isSame: (a: unknown, b: unknown) => boolean,
): CachePolicy[N] {
  const [first, ...others] = policies.map(policy => policy[name]).filter(setting => setting !== undefined)
  if (others.some(other => !isSame(first, other))) {
    throw new TypeError(
      `Expected policies of one sum to have the same ${name}, got different ones; use configure() on the sum instead`,
    )
  }
  return first as CachePolicy[N]
}

/** What {@link CachePolicy.fromCacheKeyFn} gives. */
export class CacheKeyFnPolicy extends CachePolicy {
  readonly #fn: (context: TaskContext | undefined, inputs: Record<string, unknown>) => string | undefined

  /** @throws TypeError when `fn` is no function. */
  constructor(fn: (context: TaskContext | undefined, inputs: Record<string, unknown>) => string | undefined) {
    super()
    if (typeof fn !== 'function') throw new TypeError(`Expected a function that gives a key, got ${show(fn)}`)
    this.#fn = fn
  }

  /** @throws TypeError when the function gives neither a text nor undefined. */
  computeKey({ context, inputs = {} }: KeyRequest): string | undefined {
    // The function is shown what the task's function is shown.
    const plain = Object.entries(inputs).map(([name, value]) => [name, withoutMarks(value)])
    const key: unknown = this.#fn(context, Object.fromEntries(plain))
    if (key === undefined || key === null) return undefined
    if (typeof key !== 'string')
      throw new TypeError(`Expected the key function to give a text or undefined, got ${show(key)}`)
    return key
  }
}

/** Never cache; in a sum it adds nothing (Prefect: NO_CACHE). */
export const NO_CACHE: CachePolicy = new CompoundCachePolicy([])

/** {@link NO_CACHE} by its other name (Prefect: NONE). */
export const NONE: CachePolicy = NO_CACHE
