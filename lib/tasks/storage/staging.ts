// Files of a LocalStorage on their way: written where no reader looks, and renamed into place when they are complete.

import { randomBytes } from 'node:crypto'
import { lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Writable } from 'node:stream'
import { errnoOf, refused } from '../../io/errno.ts'
import { StorageError } from './errors.ts'
import { checkFilename, checkMode, Storage } from './storage.ts'

/** Cached results are as private as what they were made of: for their owner only. */
export const folderMode = 0o700
const fileMode = 0o600

/** What a process left that has died is removed when it is this old, in milliseconds. No write takes so long. */
const abandonedAfterMs = 86_400_000

/** A stream into a new file of `folder`, which `move` puts into its place when it is complete. The folder goes in any case. */
export function stagedFile(folder: string, move: (complete: string) => Promise<void>): Promise<Writable> {
  return stagedStream(folder, move, () => rm(folder, { recursive: true, force: true }))
}

async function stagedStream(
  folder: string,
  move: (complete: string) => Promise<void>,
  cleanUp: () => Promise<void>,
): Promise<Writable> {
  const complete = join(folder, randomBytes(12).toString('hex'))
  try {
    const file = await open(complete, 'wx', fileMode)
    const settle = (work: Promise<void>, done: (error?: Error | null) => void) => {
      work.then(
        () => done(),
        (error: unknown) => done(refused('write', complete, error)),
      )
    }
    return new Writable({
      write: (chunk: Uint8Array, _encoding, done) => settle(file.writeFile(chunk), done),
      // What has gathered while the disk was busy goes to it in one piece.
      writev: (chunks, done) => settle(file.writeFile(Buffer.concat(chunks.map(({ chunk }) => chunk))), done),
      final: done =>
        settle(
          file.close().then(() => move(complete)),
          done,
        ),
      // Also after the end, when the file has been moved. Nothing that fails here concerns what was written.
      destroy: (error, done) => {
        Promise.allSettled([file.close(), cleanUp()]).then(() => done(error))
      },
    })
  } catch (error) {
    await cleanUp()
    throw refused('write', complete, error)
  }
}

/** What LocalStorage's `replace` lets its caller write to: files of the one key go to `fresh`, all else to the storage itself. */
export class StagedKey extends Storage {
  readonly #storage: Storage
  readonly #key: string
  readonly #fresh: string
  readonly #staging: string

  constructor(storage: Storage, key: string, fresh: string, staging: string) {
    super()
    this.#storage = storage
    this.#key = key
    this.#fresh = fresh
    this.#staging = staging
  }
  findKeys(): Promise<string[]> {
    return this.#storage.findKeys()
  }
  exists(key: string): Promise<boolean> {
    return this.#storage.exists(key)
  }
  delete(key: string): Promise<void> {
    return this.#storage.delete(key)
  }
  fileHandle(key: string, filename: string, mode?: 'r'): Promise<Readable>
  fileHandle(key: string, filename: string, mode: 'w'): Promise<Writable>
  async fileHandle(key: string, filename: string, mode: 'r' | 'w' = 'r'): Promise<Readable | Writable> {
    checkMode(mode)
    if (mode === 'r') return this.#storage.fileHandle(key, filename, mode)
    if (key !== this.#key) return this.#storage.fileHandle(key, filename, mode)
    checkFilename(filename)
    // An unfinished file stays where it is: the whole folder is removed in the end.
    const place = (complete: string) => rename(complete, join(this.#fresh, filename))
    return stagedStream(this.#staging, place, async () => {})
  }
}

/** @throws StorageError when `path` is a symbolic link. */
export async function refuseLink(path: string): Promise<void> {
  const stats = await lstat(path).catch(ignoring('ENOENT', 'ENOTDIR'))
  if (stats?.isSymbolicLink()) throw linkRefused(path)
}

export function linkRefused(path: string): StorageError {
  return new StorageError(`Cannot use ${path}: it is a link, which is not followed. Remove it.`, { path })
}

/** Removes from a folder what processes have left that are gone. Nobody waits for it to succeed. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name)
    const stats = await lstat(path).catch(() => undefined)
    if (stats && Date.now() - stats.mtimeMs > abandonedAfterMs)
      await rm(path, { recursive: true, force: true }).catch(() => {})
  }
}

/** For `catch`: these system errors are no errors here. */
export function ignoring(...errnos: string[]): (error: unknown) => undefined {
  return error => {
    if (!errnos.includes(errnoOf(error) ?? '')) throw error
    return undefined
  }
}
