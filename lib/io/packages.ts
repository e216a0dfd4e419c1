// The two packages that the hosts use, loaded when they are needed first: most processes that use a cache take no lock and
// make no new folder, and loading both takes longer than all of our own modules. What proper-lockfile brings (graceful-fs)
// also puts functions of its own in place of fs.close and fs.closeSync, for the whole process.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** proper-lockfile. */
export function lockfile(): typeof import('proper-lockfile') {
  return require('proper-lockfile') as typeof import('proper-lockfile')
}

/** write-file-atomic. */
export function atomicWriter(): typeof import('write-file-atomic') {
  return require('write-file-atomic') as typeof import('write-file-atomic')
}
