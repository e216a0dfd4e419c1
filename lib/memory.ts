// Decoded values in memory: bounded, the least recently used first out. The file stays the truth; what is here is as old as
// its stamp says.

import type { FileStamp } from './io/requests.ts'
import { Recency } from './recency.ts'

export interface Remembered {
  readonly value: unknown
  /** Of the encoded form. */
  readonly bytes: number
  /** Of the file when the value was read from it. */
  readonly stamp: FileStamp
  /** As in the record: what expiry is computed from. */
  readonly time: number
  readonly expires: number
  readonly pinned: boolean
  /** Whether it has no expiry of its own: told apart because numbers are kept elsewhere, and looking there is what a hit costs. */
  readonly isEndless: boolean
  /** As in the record: what a memoized function has noted. */
  readonly purpose: string
  readonly version: string
  /** When the file was last looked at, in milliseconds since the epoch. */
  checkedAt: number
}

export class Memory {
  readonly revalidateMs: number
  readonly #maxEntries: number
  readonly #maxBytes: number
  /** null: forgotten. Such a key keeps its place for a while, as one of the next to go: to take a key out of a large Map and put it
   *  back takes as long as to read a file. */
  readonly #values = new Recency<string, Remembered | null>()
  /** How many are null: at most half of them. */
  #empty = 0
  #bytes = 0
  #forgotten = 0

  constructor(options: { maxEntries: number; maxBytes: number; revalidateMs: number }) {
    this.revalidateMs = options.revalidateMs
    this.#maxEntries = options.maxEntries
    this.#maxBytes = options.maxBytes
  }

  get(key: string): Remembered | undefined {
    const found = this.#values.use(key)
    if (found === null) this.#values.demote(key, null)
    return found ?? undefined
  }

  set(key: string, remembered: Remembered): void {
    if (remembered.bytes > this.#maxBytes) {
      this.delete(key)
      return
    }
    const before = this.#values.set(key, remembered)
    if (before === null) this.#empty--
    this.#bytes += remembered.bytes - (before?.bytes ?? 0)
    while (this.#values.size > this.#maxEntries || this.#bytes > this.#maxBytes) this.#dropOldest()
  }

  /** How often something was to be forgotten. What was read while this changed may be older than a write: not to be kept. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** To be called when the key is written. */
  forget(key: string): void {
    this.#forgotten++
    this.delete(key)
  }

  delete(key: string): void {
    const found = this.#values.demote(key, null)
    if (!found) return
    this.#bytes -= found.bytes
    this.#empty++
    if (this.#empty > this.#values.size / 2) this.#dropOldest()
  }

  #dropOldest(): void {
    const dropped = this.#values.delete(this.#values.oldest!)
    if (dropped === null) this.#empty--
    this.#bytes -= dropped?.bytes ?? 0
  }

  clear(): void {
    this.#forgotten++
    this.#values.clear()
    this.#bytes = 0
    this.#empty = 0
  }
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  // A file that was removed and made again may have the number of the first; its times tell, as finely as the system keeps them.
  return a.size === b.size && a.ino === b.ino && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs
}
