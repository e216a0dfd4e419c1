// What stands where a cache is to be: looked at before anything is opened, for opening makes what is not there.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf, refused } from '../io/errno.ts'
import { isOurs, settingsName } from '../log/names.ts'

export type Standing =
  | 'cache'
  | 'nothing'
  /** A folder that may become one: empty, or another process is making it one at this moment. */
  | 'room'
  /** A file, or a folder of somebody else. */
  | 'other'

/** @throws StorageIOError if that may not be looked at. */
export function whatIsAt(folder: string): Standing {
  try {
    if (statSync(join(folder, settingsName), { throwIfNoEntry: false }) !== undefined) return 'cache'
    return readdirSync(folder).every(isOurs) ? 'room' : 'other'
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return 'nothing'
    if (errno === 'ENOTDIR') return existsSync(folder) ? 'other' : 'nothing'
    throw refused('look into', folder, error)
  }
}

/** What is said of a place that holds something else. */
export function expectedFolder(folder: string): string {
  return `Expected a cache folder, or one that is new or empty, got ${folder}`
}
