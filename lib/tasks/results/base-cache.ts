// All that result caches have in common: the record beside the value, and that the two belong together.

import { FormatError, StorageIOError } from '../../errors.ts'
import type { Storage } from '../storage/storage.ts'
import { readWhole, writeWhole } from '../storage/whole.ts'
import { metadataName, readMetadata, writeMetadata } from './metadata.ts'
import { ResultCache, type ResultMeta } from './result-cache.ts'
import { CheckingView, NotingView } from './views.ts'

/**
 * To be extended by a format of one's own: say how a value is written, and how it is read (labtech: BaseCache).
 *
 * @example
 * class CSVCache extends BaseCache {
 *   static override readonly KEY_PREFIX = 'csv__'
 *   async saveResult(storage: Storage, key: string, table: Table) {
 *     await pipeline(table.toCSV(), await storage.fileHandle(key, 'data.csv', 'w'))
 *   }
 *   async loadResult(storage: Storage, key: string) {
 *     return Table.fromCSV(await storage.fileHandle(key, 'data.csv'))
 *   }
 * }
 */
export abstract class BaseCache extends ResultCache {
  /** Writes the value into files of `key`, and resolves when their streams have been ended. `metadata.json` is taken. */
  abstract saveResult(storage: Storage, key: string, result: unknown): Promise<void>
  /** Reads it again. Whatever it throws means that the result is damaged and has to be computed anew. */
  abstract loadResult(storage: Storage, key: string): Promise<unknown>

  async save(storage: Storage, key: string, result: unknown, meta: ResultMeta): Promise<void> {
    await storage.replace(key, async staged => {
      const view = new NotingView(staged, key)
      await this.saveResult(view, key, result)
      await view.settle()
      await writeWhole(staged, key, metadataName, writeMetadata(key, meta, view.files))
    })
  }

  async load(storage: Storage, key: string): Promise<{ value: unknown; meta: ResultMeta } | undefined> {
    let tried: string | undefined
    for (;;) {
      const text = await readRecord(storage, key)
      // Tried again only if another writer came between the reading of record and value.
      if (text === undefined || text === tried) return undefined
      const record = readMetadata(key, text)
      if (record === undefined) return undefined
      const view = new CheckingView(storage, key, record.files)
      try {
        const value = await this.loadResult(view, key)
        if (!view.isDamaged) return { value, meta: record.meta }
      } catch (error) {
        if (isRefusal(error)) throw error
      }
      tried = text
    }
  }

  override async loadMeta(storage: Storage, key: string): Promise<ResultMeta | undefined> {
    const text = await readRecord(storage, key)
    return text === undefined ? undefined : readMetadata(key, text)?.meta
  }
}

async function readRecord(storage: Storage, key: string): Promise<string | undefined> {
  // Storages say in different ways that a file is not there. This one all of them understand.
  if (!(await storage.exists(key))) return undefined
  try {
    return (await readWhole(storage, key, metadataName)).toString('utf8')
  } catch (error) {
    if (isRefusal(error)) throw error
    return undefined
  }
}

/** Not damage, which a new result would mend, but something that its user must know. */
function isRefusal(error: unknown): boolean {
  return error instanceof StorageIOError || error instanceof FormatError
}
