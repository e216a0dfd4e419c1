// Results in a folder of this machine (labtech: LocalStorage): a folder for each key, in it its files.
//
//   DIRECTORY/.gitignore            keeps the folder out of version control
//   DIRECTORY/<key>/<file name>     whole files, never half-written ones
//   DIRECTORY/.tmp/<token>/…        what is being written; a crash leaves it there, and the next day's first writer removes it
//   DIRECTORY/.locks/               the locks of policies and tasks (FileSystemLockManager)
//
// Keys have no dots, so none of them is called like one of the others. A file is written under .tmp and renamed when it is
// complete; `replace` does the same with the whole folder of a key, so all files of a key come from one writer.
// Symbolic links below DIRECTORY are not followed: a key could lead anywhere.

import { randomBytes } from 'node:crypto'
import { constants, type Dirent, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { errnoOf, refused } from '../../io/errno.ts'
import { perform, visitAll } from '../disk.ts'
import { checkFlag, checkOptions, checkText } from '../options.ts'
import { StorageError } from './errors.ts'
import { folderMode, ignoring, linkRefused, refuseLink, StagedKey, stagedFile, sweep } from './staging.ts'
import { checkFilename, checkKey, checkMode, isKey, noSuchFile, Storage } from './storage.ts'

/** What systems say when a folder with files cannot be renamed over. */
const folderInTheWay = ['ENOTEMPTY', 'EEXIST', 'EPERM']

/**
 * Keeps results in a folder, which it creates (labtech: LocalStorage).
 *
 * @example
 * const storage = new LocalStorage('results')
 * const lab = new Lab({ storage })
 */
export class LocalStorage extends Storage {
  /** Absolute. */
  readonly directory: string
  #swept = false

  /**
   * @param options - `withGitignore`: put a .gitignore into the folder that ignores all of it, unless there is one; default true.
   * @throws TypeError for an unknown option. StorageIOError when the folder cannot be created.
   */
  constructor(directory: string, options: { withGitignore?: boolean } = {}) {
    super()
    checkText(directory, 'the directory of a LocalStorage')
    checkOptions(options, ['withGitignore'], 'a LocalStorage')
    const { withGitignore = true } = options
    checkFlag(withGitignore, 'withGitignore')
    this.directory = resolve(directory)
    try {
      mkdirSync(this.directory, { recursive: true, mode: folderMode })
      const gitignore = join(this.directory, '.gitignore')
      if (withGitignore && !existsSync(gitignore)) writeFileSync(gitignore, '*\n')
    } catch (error) {
      throw refused('create the storage folder', this.directory, error)
    }
  }

  async findKeys(): Promise<string[]> {
    const entries = (await this.#list(this.directory)).filter(entry => entry.isDirectory() && isKey(entry.name))
    const keys = await visitAll(entries, async ({ name }) => ((await this.exists(name)) ? [name] : []))
    return keys.flat().sort()
  }

  async exists(key: string): Promise<boolean> {
    const folder = await this.#folderOf(key)
    return folder !== undefined && (await this.#list(folder)).length > 0
  }

  async delete(key: string): Promise<void> {
    const folder = await this.#folderOf(key)
    if (folder === undefined) return
    // Out of sight at once, so that no reader finds half of it.
    const aside = await this.#stagingFolder()
    await perform('delete', folder, async () => {
      await rename(folder, join(aside, 'old')).catch(ignoring('ENOENT'))
      await rm(aside, { recursive: true, force: true })
    })
  }

  fileHandle(key: string, filename: string, mode?: 'r'): Promise<Readable>
  fileHandle(key: string, filename: string, mode: 'w'): Promise<Writable>
  async fileHandle(key: string, filename: string, mode: 'r' | 'w' = 'r'): Promise<Readable | Writable> {
    checkFilename(filename)
    checkMode(mode)
    const folder = await this.#folderOf(key)
    if (mode === 'r') return this.#readable(folder, key, filename)
    await refuseLink(join(this.directory, key, filename))
    return stagedFile(await this.#stagingFolder(), complete => this.#moveInto(key, filename, complete))
  }

  /** The new files appear together; until then the key has its old ones, and for a moment in between none. */
  override async replace(key: string, write: (staged: Storage) => Promise<void>): Promise<void> {
    await this.#folderOf(key)
    const staging = await this.#stagingFolder()
    try {
      const fresh = join(staging, 'new')
      await mkdir(fresh, { mode: folderMode })
      await write(new StagedKey(this, key, fresh, staging))
      await perform('store', join(this.directory, key), () => this.#exchange(key, fresh, staging))
    } finally {
      await rm(staging, { recursive: true, force: true })
    }
  }

  /** The folder of a key; undefined when there is none. */
  async #folderOf(key: string): Promise<string | undefined> {
    checkKey(key)
    const folder = join(this.directory, key)
    try {
      const stats = await lstat(folder)
      if (stats.isDirectory()) return folder
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined
      throw refused('look for', folder, error)
    }
    throw new StorageError(`Cannot use ${folder}: it is no folder, and a link is not followed. Remove it.`, {
      path: folder,
    })
  }

  async #readable(folder: string | undefined, key: string, filename: string): Promise<Readable> {
    const path = join(this.directory, key, filename)
    if (folder === undefined) throw noSuchFile(key, filename, { path })
    try {
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
      return file.createReadStream()
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'ENOENT') throw noSuchFile(key, filename, { path, cause: error })
      if (errno === 'ELOOP') throw linkRefused(path)
      throw refused('open', path, error)
    }
  }

  async #moveInto(key: string, filename: string, complete: string): Promise<void> {
    const folder = join(this.directory, key)
    const path = join(folder, filename)
    await perform('store', path, async () => {
      // Between making the folder and moving into it somebody may delete the key.
      for (let attempt = 0; attempt < 100; attempt += 1) {
        await mkdir(folder, { mode: folderMode }).catch(ignoring('EEXIST'))
        if ((await this.#folderOf(key)) === undefined) continue
        try {
          return await rename(complete, path)
        } catch (error) {
          if (errnoOf(error) !== 'ENOENT') throw error
        }
      }
      throw new StorageError(`Could not store ${path}: its key was deleted again and again`, { path })
    })
  }

  /** Puts the folder in the place of the key's. One with files cannot be renamed over, so the old one goes aside first. */
  async #exchange(key: string, fresh: string, aside: string): Promise<void> {
    const folder = join(this.directory, key)
    for (let attempt = 0; attempt < 100; attempt += 1) {
      try {
        return await rename(fresh, folder)
      } catch (error) {
        // A link in its place is refused, with a better error than this one.
        await this.#folderOf(key)
        if (!folderInTheWay.includes(errnoOf(error) ?? '')) throw error
      }
      await rename(folder, join(aside, `old-${attempt}`)).catch(ignoring('ENOENT'))
    }
    throw new StorageError(`Could not store ${folder}: others wrote it again and again`, { path: folder })
  }

  /** A folder of one's own under .tmp. */
  async #stagingFolder(): Promise<string> {
    const all = join(this.directory, '.tmp')
    const own = join(all, randomBytes(12).toString('hex'))
    await perform('create', own, async () => {
      await refuseLink(all)
      await mkdir(own, { recursive: true, mode: folderMode })
    })
    if (!this.#swept) {
      this.#swept = true
      await sweep(all)
    }
    return own
  }

  async #list(folder: string): Promise<Dirent[]> {
    const read = () => readdir(folder, { withFileTypes: true }).catch(ignoring('ENOENT'))
    return (await perform('list', folder, read)) ?? []
  }
}
