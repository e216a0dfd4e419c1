// SQLite, as a cache would be made of it: one table, prepared statements, write-ahead log, JSON text.

import { join } from 'node:path'
import { load, type Peer, type PeerStore } from './peer.ts'

interface Database {
  exec(sql: string): unknown
  prepare(sql: string): { run(...values: string[]): unknown; get(...values: string[]): unknown }
  close(): void
}

function storeIn(database: Database): PeerStore {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  database.exec('CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID')
  const set = database.prepare('INSERT INTO entries VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
  const get = database.prepare('SELECT value FROM entries WHERE key = ?')
  const remove = database.prepare('DELETE FROM entries WHERE key = ?')
  return {
    set: (key, value) => set.run(key, JSON.stringify(value)),
    get(key) {
      const row = get.get(key) as { value: string } | undefined
      return row === undefined ? undefined : JSON.parse(row.value)
    },
    delete: key => remove.run(key),
    close: () => database.close(),
  }
}

export const betterSqlite: Peer = {
  name: 'better-sqlite3',
  says: 'bare statements in WAL mode: no expiry, no tags',
  async open(folder) {
    const { default: Database } = await load<{ default: new (path: string) => Database }>('better-sqlite3')
    return storeIn(new Database(join(folder, 'cache.db')))
  },
}

/** Only in Node 22.5 and newer. */
export const nodeSqlite: Peer = {
  name: 'node:sqlite',
  says: 'bare statements in WAL mode: no expiry, no tags',
  async open(folder) {
    const { DatabaseSync } = await load<{ DatabaseSync: new (path: string) => Database }>('node:sqlite')
    return storeIn(new DatabaseSync(join(folder, 'cache.db')))
  },
}
