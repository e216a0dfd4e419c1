// What a task falls back on: the folder of results, and what the environment says about caching.

import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { LocalStorage } from './storage/local.ts'
import { Storage } from './storage/storage.ts'

/** `$BUCKETCACHE_TASKS_DIR`, else `node_modules/.cache/bucketcache-tasks` of the nearest package upwards from the working directory. */
export function defaultDirectory(): string {
  const configured = process.env['BUCKETCACHE_TASKS_DIR']
  if (configured) return resolve(configured)
  return join(packageRoot(process.cwd()) ?? process.cwd(), 'node_modules', '.cache', 'bucketcache-tasks')
}

/** The nearest folder upwards that has a package.json. */
export function packageRoot(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (dirname(folder) === folder) return undefined
  }
}

// One for each folder, so that what is found out about it once (its .gitignore, its locks) is not asked again for each call.
const storages = new Map<string, LocalStorage>()

/** The storage itself, or the LocalStorage of that folder. */
export function storageAt(place: Storage | string): Storage {
  if (place instanceof Storage) return place
  const directory = resolve(place)
  const storage = storages.get(directory) ?? new LocalStorage(directory)
  storages.set(directory, storage)
  return storage
}

/** What `BUCKETCACHE_TASKS` says: `off` switches caching off, `refresh` only the look-ups. Read for each call. */
export type Switch = 'on' | 'off' | 'refresh'

/** @throws RangeError when the variable has another value: a typing error must not look like a cache that is never hit. */
export function cacheSwitch(): Switch {
  const value = process.env['BUCKETCACHE_TASKS'] ?? ''
  if (value === '' || value === 'on') return 'on'
  if (value === 'off' || value === 'refresh') return value
  throw new RangeError(
    `Expected the environment variable BUCKETCACHE_TASKS to be on, off or refresh, got ${JSON.stringify(value)}`,
  )
}
