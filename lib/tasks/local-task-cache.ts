// The results of tasks as Flyte's local execution keeps them, for use by hand (flytekit: LocalTaskCache). Underneath is a
// Bucket, so many processes may use it at once, and nothing that was acknowledged is lost.

import { join } from 'node:path'
import { Bucket } from '../bucket.ts'
import { show } from '../options.ts'
import { defaultDirectory } from './defaults.ts'
import { digest } from './digest.ts'
import { withoutMarks } from './hashed.ts'
import { checkText, checkTexts } from './options.ts'

type Inputs = Record<string, unknown>

/**
 * Results by task name, cache version and inputs.
 *
 * @example
 * const cache = new LocalTaskCache()
 * if (!cache.has('train', '1.0', inputs, ['verbose'])) cache.set('train', '1.0', inputs, ['verbose'], train(inputs))
 * cache.get('train', '1.0', inputs, ['verbose'])
 */
export class LocalTaskCache {
  readonly #bucket: Bucket<readonly string[], unknown>

  /** @param directory - Default: a folder of its own in the one that tasks keep their results in. */
  constructor(directory?: string) {
    if (directory !== undefined) checkText(directory, 'the directory of a LocalTaskCache')
    // A key of a storage has no dot, so this is none.
    this.#bucket = new Bucket(directory ?? join(defaultDirectory(), '.local-task-cache'))
  }

  /**
   * @param ignore - Inputs that do not count.
   * @throws TypeError for arguments of the wrong kind. UnserializableError for an input that cannot be in a key.
   */
  get<T = unknown>(taskName: string, cacheVersion: string, inputs: Inputs, ignore: string[] = []): T | undefined {
    return this.#bucket.get(keyOf(taskName, cacheVersion, inputs, ignore)) as T | undefined
  }

  /** Whether there is a result; also one that is undefined. */
  has(taskName: string, cacheVersion: string, inputs: Inputs, ignore: string[] = []): boolean {
    return this.#bucket.has(keyOf(taskName, cacheVersion, inputs, ignore))
  }

  /** A value, or part of one, that is marked by `hashed()` is stored without the mark.
   *  @throws UnserializableError for a value that structured clone does not keep. */
  set(taskName: string, cacheVersion: string, inputs: Inputs, ignore: string[], value: unknown): void {
    this.#bucket.set(keyOf(taskName, cacheVersion, inputs, ignore), withoutMarks(value))
  }

  /** Removes all results. */
  clear(): void {
    this.#bucket.clear()
  }

  /** Lets go of the folder, where a test wants to remove it. */
  close(): void {
    this.#bucket.close()
  }
}

/** Readable by those who look into the folder; the inputs may be large, and stand as their hash. */
function keyOf(taskName: string, cacheVersion: string, inputs: Inputs, ignore: string[]): readonly string[] {
  checkText(taskName, 'the name of a task')
  if (typeof cacheVersion !== 'string')
    throw new TypeError(`Expected the cache version to be a text, got ${show(cacheVersion)}`)
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    throw new TypeError(`Expected inputs by name, got ${show(inputs)}`)
  }
  checkTexts(ignore, 'the inputs to ignore')
  const counted = Object.entries(inputs).filter(([name]) => !ignore.includes(name))
  return [taskName, cacheVersion, digest(['inputs', Object.fromEntries(counted)])]
}
