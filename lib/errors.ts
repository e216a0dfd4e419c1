// Every operational failure is one of these, with a `code` that stays the same within a major version; messages may
// change. Misuse (a wrong option, an impossible argument) is a TypeError or RangeError without a code, thrown before
// anything is touched. A miss is `undefined`, never an error.

/** The codes, one for each class below. */
export type ErrorCode =
  | 'ERR_KEY_NOT_FOUND'
  | 'ERR_BACKEND_LOAD'
  | 'ERR_TIMEOUT'
  | 'ERR_DEADLOCK'
  | 'ERR_MUTATED_ARGUMENTS'
  | 'ERR_CONFLICT'
  | 'ERR_READ_ONLY'
  | 'ERR_UNSERIALIZABLE'
  | 'ERR_FORMAT'
  | 'ERR_IO'
  | 'ERR_STORAGE'

/** What all errors of this package have in common: `error instanceof BucketCacheError`, and a stable `code`. */
export class BucketCacheError extends Error {
  /** What happened, for programs: stays the same within a major version. */
  readonly code: ErrorCode
  /** The file or folder concerned, where there is one. */
  readonly path: string | undefined

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { path?: string | undefined }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.path = options?.path
  }
}

/** `ERR_KEY_NOT_FOUND`: the key is not stored (or has expired), and the method promises a value. */
export class KeyNotFoundError extends BucketCacheError {
  /** The key that was asked for. */
  readonly key: unknown
  constructor(message: string, options?: ErrorOptions & { key?: unknown }) {
    super('ERR_KEY_NOT_FOUND', message, options)
    this.key = options?.key
  }
}

/** `ERR_BACKEND_LOAD`: a backend was given bytes that are not its own. A bucket treats the key as missing. */
export class BackendLoadError extends BucketCacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_BACKEND_LOAD', message, options)
  }
}

/** `ERR_TIMEOUT`: waited longer than `timeout` for others, and nothing was changed: it may be tried again. Or a task ran for longer than
 *  it may. */
export class TimeoutError extends BucketCacheError {
  constructor(message: string, options?: ErrorOptions & { path?: string | undefined; code?: 'ERR_DEADLOCK' }) {
    super(options?.code ?? 'ERR_TIMEOUT', message, options)
  }
}

/** `ERR_DEADLOCK`: the call would wait for itself. A synchronous one, for an asynchronous operation or transaction of its own thread: at
 *  once. One that wants a lock which those have who wait for it: after a moment, in case they let go. */
export class DeadlockError extends TimeoutError {
  constructor(message: string, options?: ErrorOptions & { path?: string | undefined }) {
    super(message, { ...options, code: 'ERR_DEADLOCK' })
  }
}

/** `ERR_MUTATED_ARGUMENTS`: a memoized function changed its own arguments, so its result cannot be stored under them. */
export class MutatedArgumentsError extends BucketCacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_MUTATED_ARGUMENTS', message, options)
  }
}

/** `ERR_CONFLICT`: `ifVersion` did not match: somebody else has written the key. Read it again, then decide. */
export class ConflictError extends BucketCacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CONFLICT', message, options)
  }
}

/** `ERR_READ_ONLY`: a writing method of a bucket that was opened with `readOnly`. */
export class ReadOnlyError extends BucketCacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_READ_ONLY', message, options)
  }
}

/** `ERR_UNSERIALIZABLE`: a value or key cannot be stored as it is; the message says which part of it. Nothing was stored. */
export class UnserializableError extends BucketCacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_UNSERIALIZABLE', message, options)
  }
}

/** `ERR_FORMAT`: the folder was written by a newer format of this package. It was left as it is. */
export class FormatError extends BucketCacheError {
  constructor(message: string, options?: ErrorOptions & { path?: string | undefined }) {
    super('ERR_FORMAT', message, options)
  }
}

/** `ERR_IO`: the filesystem refused; `cause` is its error, `path` the file. The previous value is still readable. */
export class StorageIOError extends BucketCacheError {
  /** The system's name for what happened: `ENOSPC`, `EACCES`, … */
  readonly errno: string | undefined
  constructor(message: string, options?: ErrorOptions & { path?: string | undefined; errno?: string | undefined }) {
    super('ERR_IO', message, options)
    this.errno = options?.errno
  }
}
