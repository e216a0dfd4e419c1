import { BucketCacheError } from '../../errors.ts'

/** `ERR_STORAGE`: a key or file name that a storage does not take (nothing was touched), or a file that it does not have. */
export class StorageError extends BucketCacheError {
  constructor(message: string, options?: ErrorOptions & { path?: string | undefined }) {
    super('ERR_STORAGE', message, options)
  }
}
