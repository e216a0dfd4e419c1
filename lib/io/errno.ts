// What the filesystem's refusals mean, in one place for both hosts. A refusal that an algorithm expects is a reply; every
// other is thrown as our own error, never returned.

import { BucketCacheError, StorageIOError } from '../errors.ts'

const advice: Record<string, string> = {
  ENOSPC: 'The disk is full: free some room, or lower sizeLimit.',
  EDQUOT: 'The quota is used up: free some room, or lower sizeLimit.',
  EROFS: 'The filesystem is mounted read-only: open the bucket with readOnly, or choose another folder.',
  EACCES: 'This user may not do that there: check the owner and the permission bits of the folder.',
  EPERM: 'This user may not do that there: check the owner and the permission bits of the folder.',
  EMFILE: 'This process has too many files open: close some, or raise its limit (ulimit -n).',
  ENFILE: 'The system has too many files open.',
  ELOOP: 'A symbolic link stands where a file of the cache should be; it is not followed. Remove it.',
  ENOTDIR: 'A file stands where a folder should be.',
  EISDIR: 'A folder stands where a file should be.',
}

/** The system's name of what went wrong: `ENOENT`, … */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}

/** Our own error for a filesystem's. */
export function refused(what: string, path: string, cause: unknown): BucketCacheError {
  if (cause instanceof BucketCacheError) return cause
  const errno = errnoOf(cause)
  const hint = (errno !== undefined && advice[errno]) || 'See its cause.'
  return new StorageIOError(`Could not ${what} ${path}: ${errno ?? String(cause)}. ${hint}`, { cause, path, errno })
}

/** A write that ended early left a torn record, which no reader counts. */
export function shortWrite(path: string, written: number, length: number): StorageIOError {
  return new StorageIOError(`Could write only ${written} of ${length} bytes to ${path}: the disk is probably full.`, {
    path,
    errno: 'ENOSPC',
  })
}
