// The packages that node:fs is helped by, loaded when they are first needed: loading them takes as long as all of our own
// code, and a process that reads from a cache needs neither.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export function lockfile(): typeof import('proper-lockfile') {
  return require('proper-lockfile') as typeof import('proper-lockfile')
}

export function atomicWriter(): typeof import('write-file-atomic') {
  return require('write-file-atomic') as typeof import('write-file-atomic')
}
