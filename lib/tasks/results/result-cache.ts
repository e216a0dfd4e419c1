// How a result is written into a storage, and found again (labtech: Cache).

import type { Storage } from '../storage/storage.ts'

/** What is known of a stored result besides its value. */
export interface ResultMeta {
  /** The name of the task. */
  task: string
  /** The inputs by name: those that belong into the key, as they can be written. An input marked with `hashed()` is `{ hash }`. */
  inputs: Record<string, unknown>
  /** When the run began. */
  startedAt: Date
  /** Milliseconds that the run took. */
  duration: number
  /** From then on it is not used any more. Absent: never. */
  expiresAt?: Date
}

/**
 * The format of results. {@link BaseCache} has all but the format of the value itself; extend this class only to keep the
 * record of a result in another way too.
 *
 * A result's storage key is `KEY_PREFIX`, a readable name of the task, `__`, and a hash of name and policy key.
 */
export abstract class ResultCache {
  /** The beginning of its storage keys: two formats with different prefixes never meet a result of the other. */
  static readonly KEY_PREFIX: string = ''

  /** Stores a result in place of the one that the key has. Concurrent calls never mix: one of them wins, with value and record. */
  abstract save(storage: Storage, key: string, result: unknown, meta: ResultMeta): Promise<void>
  /** The result of a key; undefined when there is none, or a damaged one. Whether it has expired is for the caller to see. */
  abstract load(storage: Storage, key: string): Promise<{ value: unknown; meta: ResultMeta } | undefined>

  /** The record of a result without its value. Override it where that is cheaper. */
  async loadMeta(storage: Storage, key: string): Promise<ResultMeta | undefined> {
    return (await this.load(storage, key))?.meta
  }
}

/** Stores nothing, so everything is computed each time (labtech: NullCache). */
export class NullCache extends ResultCache {
  async save(): Promise<void> {}
  async load(): Promise<undefined> {
    return undefined
  }
}
