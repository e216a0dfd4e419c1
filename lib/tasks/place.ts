// When two settings name one place: two storages on one folder are one storage, and so it is with lock managers.

import { resolve } from 'node:path'
import { FileSystemLockManager } from './locks/filesystem.ts'
import { LocalStorage } from './storage/local.ts'

function folderOf(place: unknown): string | undefined {
  if (typeof place === 'string') return resolve(place)
  return place instanceof LocalStorage || place instanceof FileSystemLockManager ? place.directory : undefined
}

/** Whether both are the same object, or on the same folder. */
export function isSamePlace(a: unknown, b: unknown): boolean {
  if (a === b) return true
  const folder = folderOf(a)
  return folder !== undefined && folder === folderOf(b)
}
