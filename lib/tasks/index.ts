/**
 * The entry point `bucketcache/tasks`: functions whose results are kept, whatever they depend on.
 *
 * A task's *policy* computes a key from its inputs, its source, files, the environment, the run; a *result cache* formats
 * the result; a *storage* keeps it. Each can be exchanged without the others.
 *
 * @example Coming from Prefect: cache policies, flows, transactions' isolation
 * const policy = INPUTS.minus('verbose').plus(TASK_SOURCE).configure({ isolationLevel: 'SERIALIZABLE' })
 * const load = task(async function load(day: string, verbose: boolean) { … }, { policy, lifetime: { days: 1 }, retries: 3 })
 * const nightly = flow(async function nightly(day: string) { await load(day, true) })
 *
 * @example Coming from Flyte: metadata, the local cache, the resolver
 * const t1 = task(async function t1(n: number, debug: boolean) { … }, {
 *   cache: true, cacheVersion: '1.0', cacheSerialize: true, cacheIgnoreInputVars: ['debug'],
 * })
 * await new DefaultTaskResolver().loaderArgs(t1)   // ['task-module', './flows.js', 'task-name', 't1']
 * new LocalTaskCache().clear()
 *
 * @example Coming from labtech: a lab over tasks, storages, caches of one's own
 * const lab = new Lab({ storage: 'results', maxWorkers: 4 })
 * const scores = await lab.run(rates.map(rate => () => train(rate)))
 * await lab.cachedTasks(train)
 *
 * @example Coming from DiskCache or joblib: a function, cached
 * const area = task(function area(shape: Shape) { … }, { cache: true, cacheVersion: '1' })
 *
 * @module
 */

export type { Duration } from '../duration.ts'
export { currentTask } from './context.ts'
export { flow } from './flow.ts'
export { hashed } from './hashed.ts'
export { Lab, type LabOptions, type StoredTask } from './lab.ts'
export { LocalTaskCache } from './local-task-cache.ts'
export { FileSystemLockManager } from './locks/filesystem.ts'
export type { AcquireOptions, LockManager, Release } from './locks/lock-manager.ts'
export { MemoryLockManager } from './locks/memory.ts'
export { ENVIRONMENT } from './policies/environment.ts'
export { FILES } from './policies/files.ts'
export { INPUTS, Inputs } from './policies/inputs.ts'
export {
  CacheKeyFnPolicy,
  CachePolicy,
  CompoundCachePolicy,
  NO_CACHE,
  NONE,
  type PolicySettings,
} from './policies/policy.ts'
export { DEFAULT, FLOW_PARAMETERS, FlowParameters, RUN_ID, RunId, TASK_SOURCE, TaskSource } from './policies/run.ts'
export { DefaultTaskResolver, type TaskResolver } from './resolver.ts'
export { BaseCache } from './results/base-cache.ts'
export { JSONCache, V8Cache } from './results/formats.ts'
export { NullCache, ResultCache, type ResultMeta } from './results/result-cache.ts'
export { type RunIo, runTask } from './run.ts'
export { StorageError } from './storage/errors.ts'
export { LocalStorage } from './storage/local.ts'
export { NullStorage } from './storage/null.ts'
export { checkFilename, checkKey, Storage } from './storage/storage.ts'
export { UnstorageStorage } from './storage/unstorage.ts'
export { task } from './task.ts'
export { type TimeitEvent, timeit } from './timeit.ts'
export type { IsolationLevel, KeyRequest, Task, TaskContext, TaskMetadata } from './types.ts'
