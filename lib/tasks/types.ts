// The words that the parts of this folder share: what a task is, how it is described, and what a policy is told of a run.

import type { Duration } from '../duration.ts'
import type { CachePolicy } from './policies/policy.ts'
import type { ResultCache } from './results/result-cache.ts'
import type { Storage } from './storage/storage.ts'

/** Any function. Its parameters are kept apart by the generics that use it. */
export type AnyFunction = (...args: any[]) => any

/** One run of a task, as its function ({@link currentTask}) and its policy see it. */
export interface TaskContext {
  /** The task that runs. */
  readonly task: Task<any>
  /** One for each call. */
  readonly taskRunId: string
  /** The flow it runs in, if any. */
  readonly flowRunId?: string
  /** The arguments of that flow, under their names. */
  readonly flowParameters?: Record<string, unknown>
  /** 1 for the first; a failed one is followed by the next, as often as `retries` says. */
  readonly attempt: number
  /** Aborted by `timeout`, by the signal of the lab it runs in, and (of an interruptible task) by SIGTERM. */
  readonly signal: AbortSignal
}

/** What a policy makes a key of. */
export interface KeyRequest {
  /** The run; absent where a key is asked for outside of one. */
  context?: TaskContext
  /** The arguments of the call, under their names. */
  inputs?: Record<string, unknown>
  /** The arguments of the flow, under their names. */
  flowParameters?: Record<string, unknown>
}

/** `SERIALIZABLE`: look-up and run happen under a lock, so of identical calls one runs at a time (Prefect: IsolationLevel). */
export type IsolationLevel = 'READ_COMMITTED' | 'SERIALIZABLE'

/** How a task is cached and run (flytekit: TaskMetadata; Prefect: the arguments of `@task`). */
export interface TaskMetadata {
  /** Default: the module that calls `task()`, and the function's name. Tasks of different names never share results. */
  name?: string
  /** Input names, where the source text does not tell them (minified code, bound functions). Default: the names of the
   *  function's parameters, or of the fields of its one destructured object. */
  params?: string[]
  /** false: never cached; true: always; absent: cached when `policy` is given. Without a policy the key is made of name,
   *  `cacheVersion` and inputs; with one, of what it says and `cacheVersion`. */
  cache?: boolean
  /** Another version has other results. Needed where `cache` is true and there is no policy. */
  cacheVersion?: string
  /** Identical calls, in any process, run one at a time: the others wait and read its result. */
  cacheSerialize?: boolean
  /** Inputs that do not belong into the key; the policy does not see them either. */
  cacheIgnoreInputVars?: string[]
  /** Makes the key (Prefect: cache policies). */
  policy?: CachePolicy
  /** How results are written. Default `new V8Cache()`. */
  resultCache?: ResultCache
  /** Where results are kept: a storage, or the folder of a LocalStorage. Default: that of the lab that the task runs in, else
   *  `$BUCKETCACHE_TASKS_DIR`, else `node_modules/.cache/bucketcache-tasks` of the nearest package. */
  storage?: Storage | string
  /** How long a result is used after it was made; made shorter, it holds for results that are there already. Default: forever. */
  lifetime?: Duration
  /** How often a failed run is repeated. Default 0. */
  retries?: number
  /** The wait before each retry, and up to a quarter more, by chance; of a list that is too short the last one repeats. Default 0. */
  retryDelay?: Duration | Duration[]
  /** Whether to go on after a failure; `attempt` is the number of the failed one, from 1. Default: always. */
  retryIf?: (error: unknown, attempt: number) => boolean
  /** The longest that one attempt may take: then its signal is aborted and it has failed, whatever it still returns. */
  timeout?: Duration
  /** It may be aborted when the process is told to end (SIGTERM); whoever started the process is to run it again elsewhere. */
  interruptible?: boolean
  /** Why it should not be used any more: told as a process warning, once. */
  deprecated?: string
}

/** The parameters of F. Those of `any` are any at all, so that every task is a `Task<any>`. */
export type Arguments<F extends AnyFunction> = 0 extends 1 & F ? any[] : Parameters<F>

/** What {@link task} gives: the function, with a promise of its result. */
export type Task<F extends AnyFunction> = ((...args: Arguments<F>) => Promise<Awaited<ReturnType<F>>>) & {
  readonly name: string
  readonly metadata: Readonly<TaskMetadata>
  /** The function without the task around it. */
  readonly original: F
  /** Whether the call would be answered from the cache, by the records there. Nothing is run, and no value is read. */
  isCached(...args: Arguments<F>): Promise<boolean>
  /** Removes the result of this call; false: there was none. */
  forget(...args: Arguments<F>): Promise<boolean>
  /** Runs it, without a look into the cache, and stores the result anew. */
  refresh(...args: Arguments<F>): Promise<Awaited<ReturnType<F>>>
}
