// Names on the medium. What a file holds is brought there with the file; that it has a name, with the folder it is in.
//
// Goal: with `durability: 'power'`, what is acknowledged is found again, too.
// Steps: 1 sync the folder of each file. 2 And the one above, which knows of them: a folder came with the first file in it.
// Why by every writer: who has made the file, or put another in its place, may not have come to that yet.
// Crash: a file may be without a name after a power cut; nobody was told of it yet.

import { StorageIOError } from '../errors.ts'
import { ask, type Io } from '../io/requests.ts'
import type { Store } from '../store.ts'

/** Brings the names of files to the medium, where the store is to be durable. */
export function* syncNames({ folder: root, settings }: Store, paths: readonly string[]): Io<void> {
  if (!settings.durable || paths.length === 0) return
  const folders = new Set(paths.map(path => path.slice(0, path.lastIndexOf('/'))))
  for (const path of folders.add(root)) yield* syncFolder(path)
}

/** Brings the names in a folder to the medium. One that is gone has none: somebody has erased what was in it, and then it. */
export function* syncFolder(path: string): Io<void> {
  try {
    yield* ask<'syncFolder'>({ op: 'syncFolder', path })
  } catch (error) {
    if (!(error instanceof StorageIOError) || error.errno !== 'ENOENT') throw error
  }
}
