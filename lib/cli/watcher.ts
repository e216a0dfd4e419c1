// Tells which entries' files change, in all of the folders that entries are spread over, as they come and go.
//
// One watch a folder rather than a recursive one: those are made of the same on Linux, and miss what happens while they are.

import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { entryExtension, entryFolders } from '../log/names.ts'

/** Changes are gathered for so long, in milliseconds: a write is several of them. */
const gatherMs = 20
const isEntryFolder = new Set(entryFolders)

export class EntryWatcher {
  readonly #root: string
  readonly #changed: (paths: readonly string[]) => void
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #gathered = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  /** `changed`: paths of entries' files, relative to the folder; they may be gone. */
  constructor(root: string, changed: (paths: readonly string[]) => void) {
    this.#root = root
    this.#changed = changed
    this.#watch('', name => {
      if (name !== null && isEntryFolder.has(name)) this.#enter(name, true)
    })
    for (const name of namesIn(root)) if (isEntryFolder.has(name)) this.#enter(name, false)
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  /** A folder that is new, or gone, or new again: then all in it is news. */
  #enter(folder: string, isNews: boolean): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
    this.#watch(folder, name => {
      if (name !== null) this.#gather(`${folder}/${name}`)
    })
    if (isNews) for (const name of namesIn(join(this.#root, folder))) this.#gather(`${folder}/${name}`)
  }

  #watch(folder: string, tell: (name: string | null) => void): void {
    try {
      const watcher = watch(join(this.#root, folder), (_, name) => tell(name))
      // Removed while it was watched: its parent tells when it comes again.
      watcher.on('error', () => watcher.close())
      this.#watchers.set(folder, watcher)
    } catch (error) {
      if (folder === '' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }

  #gather(path: string): void {
    if (entryExtension(path.slice(3)) === undefined) return
    this.#gathered.add(path)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      const paths = [...this.#gathered]
      this.#gathered.clear()
      this.#changed(paths)
    }, gatherMs)
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
