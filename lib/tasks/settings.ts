// A task's metadata, checked and with its defaults. Everything that is wrong with them is told where the task is defined.

import { resolve } from 'node:path'
import { type Duration, toMilliseconds } from '../duration.ts'
import { show } from '../options.ts'
import { moduleName } from './naming.ts'
import { checkFlag, checkOptions, checkText, checkTexts } from './options.ts'
import { type Naming, namingOf } from './params.ts'
import { INPUTS } from './policies/inputs.ts'
import { CachePolicy } from './policies/policy.ts'
import { V8Cache } from './results/formats.ts'
import { ResultCache } from './results/result-cache.ts'
import { Storage } from './storage/storage.ts'
import type { AnyFunction, TaskMetadata } from './types.ts'

/** How a task is run and cached. */
export interface Settings {
  readonly name: string
  readonly naming: Naming
  readonly isCached: boolean
  readonly cacheVersion: string | undefined
  readonly isSerialized: boolean
  readonly ignored: readonly string[]
  readonly policy: CachePolicy
  readonly resultCache: ResultCache
  readonly storage: Storage | string | undefined
  /** Infinity: for ever. */
  readonly lifetimeMs: number
  readonly retries: number
  /** The wait before the first retry, the second …; the last one repeats. Not empty. */
  readonly retryDelaysMs: readonly number[]
  readonly retryIf: (error: unknown, attempt: number) => boolean
  /** Infinity: none. */
  readonly timeoutMs: number
  readonly isInterruptible: boolean
  readonly deprecated: string | undefined
}

const known: { readonly [N in keyof Required<TaskMetadata>]: true } = {
  name: true,
  params: true,
  cache: true,
  cacheVersion: true,
  cacheSerialize: true,
  cacheIgnoreInputVars: true,
  policy: true,
  resultCache: true,
  storage: true,
  lifetime: true,
  retries: true,
  retryDelay: true,
  retryIf: true,
  timeout: true,
  interruptible: true,
  deprecated: true,
}

/** @throws TypeError, RangeError as `task()` says. */
export function settingsOf(fn: AnyFunction, metadata: TaskMetadata, module: string | undefined): Settings {
  checkOptions(metadata, Object.keys(known), 'a task')
  const {
    name,
    params,
    cacheVersion,
    cacheIgnoreInputVars: ignored = [],
    policy,
    resultCache,
    storage,
    deprecated,
  } = metadata
  if (name !== undefined) checkText(name, 'name')
  if (params !== undefined) checkTexts(params, 'params')
  if (cacheVersion !== undefined) checkText(cacheVersion, 'cacheVersion')
  if (deprecated !== undefined) checkText(deprecated, 'deprecated')
  checkTexts(ignored, 'cacheIgnoreInputVars')
  for (const flag of ['cache', 'cacheSerialize', 'interruptible'] as const)
    if (metadata[flag] !== undefined) checkFlag(metadata[flag], flag)
  checkInstance(policy, CachePolicy, 'policy')
  checkInstance(resultCache, ResultCache, 'resultCache')
  if (storage !== undefined && !(storage instanceof Storage)) checkText(storage, 'storage, if it is no Storage,')
  if (metadata.retryIf !== undefined && typeof metadata.retryIf !== 'function') {
    throw new TypeError(`Expected retryIf to be a function, got ${show(metadata.retryIf)}`)
  }

  const naming = namingOf(fn, params)
  const isCached = metadata.cache ?? policy !== undefined
  if (isCached) {
    if (policy === undefined && cacheVersion === undefined) {
      throw new TypeError('Expected a task with cache: true to have a cacheVersion or a policy, got neither')
    }
    if (name === undefined && fn.name === '') {
      throw new TypeError(
        'Expected a cached task to have a name, or a function with one, got neither: give it { name }',
      )
    }
  } else if (metadata.cacheSerialize || ignored.length > 0) {
    const which = metadata.cacheSerialize ? 'cacheSerialize' : 'cacheIgnoreInputVars'
    throw new TypeError(
      `Expected ${which} only for a cached task, got one without caching: add cache: true or a policy`,
    )
  }
  for (const input of ignored) {
    if (!naming.more && !naming.known?.includes(input)) {
      const names = naming.known?.join(', ') ?? 'unknown: give them as params'
      throw new TypeError(
        `Expected cacheIgnoreInputVars to be names of inputs (${names}), got ${JSON.stringify(input)}`,
      )
    }
  }
  return {
    name: name ?? `${moduleName(module ?? '')}:${fn.name || 'anonymous'}`,
    naming,
    isCached,
    cacheVersion,
    isSerialized: metadata.cacheSerialize ?? false,
    ignored: [...ignored],
    policy: policy ?? INPUTS,
    resultCache: resultCache ?? new V8Cache(),
    // Relative to where the program is now, and not where it goes later.
    storage: typeof storage === 'string' ? resolve(storage) : storage,
    lifetimeMs: positive(metadata.lifetime, 'lifetime'),
    retries: wholeNumber(metadata.retries ?? 0, 'retries'),
    retryDelaysMs: delays(metadata.retryDelay ?? 0),
    retryIf: metadata.retryIf ?? (() => true),
    timeoutMs: positive(metadata.timeout, 'timeout'),
    isInterruptible: metadata.interruptible ?? false,
    deprecated,
  }
}

function checkInstance(value: unknown, type: abstract new (...args: any[]) => unknown, what: string): void {
  if (value !== undefined && !(value instanceof type))
    throw new TypeError(`Expected ${what} to be a ${type.name}, got ${show(value)}`)
}

/** Infinity where there is none. */
function positive(duration: Duration | undefined, what: string): number {
  if (duration === undefined) return Infinity
  const ms = toMilliseconds(duration, what)
  if (ms === 0) throw new RangeError(`Expected ${what} to be longer than 0 ms`)
  return ms
}

function wholeNumber(value: unknown, what: string): number {
  if (typeof value !== 'number') throw new TypeError(`Expected ${what} to be a number, got ${show(value)}`)
  if (!(Number.isInteger(value) || value === Infinity) || value < 0) {
    throw new RangeError(`Expected ${what} to be a whole number that is not negative, got ${value}`)
  }
  return value
}

function delays(delay: Duration | Duration[]): number[] {
  const list = Array.isArray(delay) ? delay : [delay]
  if (list.length === 0)
    throw new TypeError('Expected retryDelay to be a duration or a list of some, got an empty list')
  return list.map(one => toMilliseconds(one, 'retryDelay'))
}
