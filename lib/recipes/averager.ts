// Running averages.

import type { Bucket } from '../bucket.ts'
import { type SetOptions, show } from '../options.ts'

/** What is stored under the key. */
interface Sum {
  readonly total: number
  readonly count: number
}

/**
 * The average of all numbers that were added under a key, in whatever process. DiskCache: Averager.
 * @example
 * const latency = new Averager(bucket, 'latency')
 * await latency.add(12.5)
 * await latency.get()   // → 12.5
 */
export class Averager {
  readonly #bucket: Bucket<any, any>
  readonly #key: unknown
  readonly #options: SetOptions

  /** @param options - Expiry and tags that the entry gets with every number. */
  constructor(bucket: Bucket<any, any>, key: unknown, options: Pick<SetOptions, 'expire' | 'tag'> = {}) {
    this.#bucket = bucket
    this.#key = key
    this.#options = options
  }

  /**
   * Adds a number. The average with it; under `onError: 'degrade'`, where it could not be stored, the number itself.
   * @throws TypeError if it is no finite number, or something else is stored under the key, which stays.
   */
  async add(value: number): Promise<number> {
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new TypeError(`Expected a finite number, got ${show(value)}`)
    const change = (current: unknown): Sum => {
      const { total, count } = current === undefined ? { total: 0, count: 0 } : this.#checked(current)
      return { total: total + value, count: count + 1 }
    }
    const sum = (await this.#bucket.promises.update(this.#key, change, this.#options)) as Sum | undefined
    return sum === undefined ? value : average(sum)
  }

  /** The average; undefined: there are no numbers. */
  async get(): Promise<number | undefined> {
    const found = await this.#bucket.promises.getEntry(this.#key)
    return found && average(this.#checked(found.value))
  }

  /** The average, and begins anew. */
  async pop(): Promise<number | undefined> {
    let sum: Sum | undefined
    await this.#bucket.promises.update(this.#key, current => {
      sum = current === undefined ? undefined : this.#checked(current)
      return undefined
    })
    return sum && average(sum)
  }

  #checked(value: unknown): Sum {
    if (typeof value === 'object' && value !== null && 'total' in value && 'count' in value) {
      const { total, count } = value
      if (typeof total === 'number' && typeof count === 'number') return { total, count }
    }
    throw new TypeError(`Expected the sum of an Averager under the key, got ${show(value)}. It is unchanged.`)
  }
}

function average({ total, count }: Sum): number {
  return total / count
}
