// The caches on npm that keep values in files.

import { join } from 'node:path'
import { load, type Peer } from './peer.ts'

interface Cacache {
  put(folder: string, key: string, data: string): Promise<unknown>
  get(folder: string, key: string, options: { memoize: false }): Promise<{ data: Buffer }>
  rm: { entry(folder: string, key: string): Promise<unknown> }
}

export const cacache: Peer = {
  name: 'cacache',
  says: "npm's own cache, not memoizing",
  async open(folder) {
    const { default: store } = await load<{ default: Cacache }>('cacache')
    return {
      set: (key, value) => store.put(folder, key, JSON.stringify(value)),
      get: async key => {
        try {
          return JSON.parse((await store.get(folder, key, { memoize: false })).data.toString())
        } catch (error) {
          if ((error as { code?: string }).code === 'ENOENT') return undefined
          throw error
        }
      },
      delete: key => store.rm.entry(folder, key),
    }
  },
}

interface FileSystemCache {
  set(key: string, value: unknown): Promise<unknown>
  get(key: string): Promise<unknown>
  remove(key: string): Promise<void>
}

export const fileSystemCache: Peer = {
  name: 'file-system-cache',
  says: 'what Storybook uses',
  async open(folder) {
    const { Cache } = await load<{ Cache: new (options: object) => FileSystemCache }>('file-system-cache')
    const store = new Cache({ basePath: folder })
    return {
      set: (key, value) => store.set(key, value),
      get: key => store.get(key),
      delete: key => store.remove(key),
    }
  },
}

interface Storage {
  setItem(key: string, value: unknown): Promise<void>
  getItem(key: string): Promise<unknown>
  removeItem(key: string): Promise<void>
}

export const unstorage: Peer = {
  name: 'unstorage fs',
  says: 'the fs driver; keys URL-encoded, since it cuts them at : and ?',
  async open(folder) {
    const { createStorage } = await load<{ createStorage: (options: object) => Storage }>('unstorage')
    const { default: driver } = await load<{ default: (options: object) => object }>('unstorage/drivers/fs')
    const store = createStorage({ driver: driver({ base: folder }) })
    return {
      set: (key, value) => store.setItem(encodeURIComponent(key), value),
      get: key => store.getItem(encodeURIComponent(key)),
      delete: key => store.removeItem(encodeURIComponent(key)),
    }
  },
}

interface Keyv {
  set(key: string, value: unknown): Promise<unknown>
  get(key: string): Promise<unknown>
  delete(key: string): Promise<unknown>
}

export const keyvFile: Peer = {
  name: 'keyv-file',
  says: 'under Keyv, with separatedFile',
  async open(folder) {
    const { Keyv } = await load<{ Keyv: new (options: object) => Keyv }>('keyv')
    const { KeyvFile } = await load<{ KeyvFile: new (options: object) => object }>('keyv-file')
    return new Keyv({ store: new KeyvFile({ filename: join(folder, 'values'), separatedFile: true }) })
  },
}

interface FlatCache {
  set(key: string, value: unknown): void
  get(key: string): unknown
  delete(key: string): void
  save(force?: boolean): void
}

export const flatCache: Peer = {
  name: 'flat-cache',
  says: 'all values in memory; each change writes the one file anew',
  async open(folder) {
    const { FlatCache } = await load<{ FlatCache: new (options: object) => FlatCache }>('flat-cache')
    const store = new FlatCache({ cacheDir: folder, cacheId: 'values' })
    return {
      set(key, value) {
        store.set(key, value)
        store.save()
      },
      get: key => store.get(key),
      delete(key) {
        store.delete(key)
        store.save()
      },
      fill(entries) {
        for (const [key, value] of entries) store.set(key, value)
        store.save()
      },
    }
  },
}
