// Who is compared.

import { cacache, fileSystemCache, flatCache, keyvFile, unstorage } from './files.ts'
import { bucketcache, bucketcachePromises } from './ours.ts'
import type { Peer } from './peer.ts'
import { betterSqlite, nodeSqlite } from './sqlite.ts'

export const peers: readonly Peer[] = [
  bucketcache,
  bucketcachePromises,
  betterSqlite,
  nodeSqlite,
  cacache,
  fileSystemCache,
  unstorage,
  keyvFile,
  flatCache,
]

/** Not a module: see disk_cache.py. */
export const diskCache = { name: 'diskcache', says: 'Python, SQLite: what DiskCache is' } as const
