// The public names of `bucketcache`, nothing else.

export type { Backend, EntryContext } from './backends/backend.ts'
export { CBORBackend } from './backends/cbor.ts'
export { compressed } from './backends/compressed.ts'
export { encrypted } from './backends/encrypted.ts'
export { JSONBackend } from './backends/json.ts'
export { MessagePackBackend } from './backends/msgpack.ts'
export { V8Backend } from './backends/v8.ts'
export { Bucket } from './bucket.ts'
export type { Events } from './channels.ts'
export { DeferredWriteBucket } from './deferred/bucket.ts'
export type { AsyncDeferredWriteBucket } from './deferred/promises.ts'
export { deferredWrite } from './deferred/write.ts'
export type { Duration } from './duration.ts'
export type { Entry, ListFilter } from './entry.ts'
export {
  BackendLoadError,
  BucketCacheError,
  ConflictError,
  DeadlockError,
  type ErrorCode,
  FormatError,
  KeyNotFoundError,
  MutatedArgumentsError,
  ReadOnlyError,
  StorageIOError,
  TimeoutError,
  UnserializableError,
} from './errors.ts'
export { DefaultKeyMaker } from './keymakers/default.ts'
export type { KeyMaker } from './keymakers/keymaker.ts'
export { cacheState } from './keymakers/state.ts'
export { StreamingKeyMaker } from './keymakers/streaming.ts'
export type { Tag } from './log/record.ts'
export type { LongWork } from './long-work.ts'
export type { CachedCallInfo, CachedDecorator, Memoized, MemoizeOptions } from './memo/types.ts'
export type { Problem } from './ops/check.ts'
export type { BackendName, BucketOptions, MemoryOptions, SetOptions } from './options.ts'
export type { AsyncBucket } from './promises.ts'
export type { QueueOptions } from './queue-options.ts'
export type { EvictionPolicy } from './settings.ts'
