// Where results are kept (labtech: Storage): a key holds some files. Names are checked by rules that do not depend on the
// system below, so what one storage takes, every storage takes.

import type { Readable, Writable } from 'node:stream'
import { show } from '../../options.ts'
import { StorageError } from './errors.ts'

/**
 * To make one's own, extend this class and give it the four abstract methods (labtech: Storage). Keys are not empty and have
 * none of `. / \ NUL`; file names are one path segment; anything else is a StorageError, and nothing is touched:
 * {@link checkKey} and {@link checkFilename} do that.
 */
export abstract class Storage {
  // By key: what of it is being replaced by this process.
  readonly #turns = new Map<string, Promise<void>>()

  /** All keys, sorted by code unit. */
  abstract findKeys(): Promise<string[]>
  /** Whether the key holds any file. */
  abstract exists(key: string): Promise<boolean>
  /** Removes a key with its files. That it is not there is no error. */
  abstract delete(key: string): Promise<void>
  /** A stream of what a file holds. Rejects when there is none (ours with StorageError). */
  abstract fileHandle(key: string, filename: string, mode?: 'r'): Promise<Readable>
  /** A stream into a file. What is written becomes visible when the stream finishes, whole; of a stream that is destroyed, nothing. */
  abstract fileHandle(key: string, filename: string, mode: 'w'): Promise<Writable>

  /**
   * Gives a key new files in place of all that it has: those that `write` writes to the storage it receives.
   *
   * A storage that can exchange all files of a key at once should override this, as LocalStorage does. Here calls of one
   * process take turns, and the old files that have no successor stay until the key is deleted.
   */
  async replace(key: string, write: (staged: Storage) => Promise<void>): Promise<void> {
    const before = this.#turns.get(key)
    const turn = (async () => {
      // How the one before ended is for its own caller.
      await before?.catch(() => {})
      await write(this)
    })()
    this.#turns.set(key, turn)
    try {
      await turn
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
  }
}

/** @throws StorageError when `key` is none. */
export function checkKey(key: string): void {
  if (typeof key !== 'string') throw new TypeError(`Expected a storage key to be a text, got ${show(key)}`)
  if (!isKey(key)) {
    throw new StorageError(
      `Cannot take ${show(key)} for a storage key: it must not be empty, nor have any of . / \\ NUL`,
    )
  }
}

/** Whether a name that was found is a key. */
export function isKey(name: string): boolean {
  return name !== '' && !/[./\\\0]/.test(name)
}

/** @throws StorageError when `filename` is none. */
export function checkFilename(filename: string): void {
  if (typeof filename !== 'string') throw new TypeError(`Expected a file name to be a text, got ${show(filename)}`)
  if (filename === '' || filename === '.' || filename === '..' || /[/\\\0]/.test(filename)) {
    throw new StorageError(`Cannot take ${JSON.stringify(filename)} for a file name: it must be one path segment`)
  }
}

/** @throws TypeError when `mode` is neither of the two. */
export function checkMode(mode: unknown): asserts mode is 'r' | 'w' {
  if (mode !== 'r' && mode !== 'w') throw new TypeError(`Expected the mode to be 'r' or 'w', got ${show(mode)}`)
}

/** The error for a file that is not there. */
export function noSuchFile(key: string, filename: string, options?: ErrorOptions & { path?: string }): StorageError {
  return new StorageError(`There is no file ${JSON.stringify(filename)} under the key ${show(key)}`, options)
}
