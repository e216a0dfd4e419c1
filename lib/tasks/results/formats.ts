// The formats that come with the package: a backend of buckets, whose bytes stand in one file.

import type { Backend } from '../../backends/backend.ts'
import { JSONBackend } from '../../backends/json.ts'
import { V8Backend } from '../../backends/v8.ts'
import type { Storage } from '../storage/storage.ts'
import { readWhole, writeWhole } from '../storage/whole.ts'
import { BaseCache } from './base-cache.ts'

abstract class BackendCache extends BaseCache {
  readonly #backend: Backend

  constructor(backend: Backend) {
    super()
    this.#backend = backend
  }
  get #filename(): string {
    return `data.${this.#backend.fileExtension}`
  }
  /** @throws UnserializableError that names the path to what the format cannot hold. */
  async saveResult(storage: Storage, key: string, result: unknown): Promise<void> {
    await writeWhole(storage, key, this.#filename, this.#backend.encode(result))
  }
  async loadResult(storage: Storage, key: string): Promise<unknown> {
    return this.#backend.decode(await readWhole(storage, key, this.#filename))
  }
}

/** Values as structured clone has them: Map, Set, Date, Error, bigint, typed arrays, cycles (labtech: PickleCache). */
export class V8Cache extends BackendCache {
  static override readonly KEY_PREFIX: string = 'v8__'
  constructor() {
    super(new V8Backend())
  }
}

/** Values as JSON text that people and other programs can read. What JSON would change silently is refused. */
export class JSONCache extends BackendCache {
  static override readonly KEY_PREFIX: string = 'json__'
  constructor() {
    super(new JSONBackend({ space: 2 }))
  }
}
