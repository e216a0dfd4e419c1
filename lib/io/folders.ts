// Making a folder, and those above it that are missing.
//
// Not by the `recursive` of node:fs: that says ENOENT where a filesystem is read-only, and where no folder can be made at all,
// as below /proc, it never returns.

import fs from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from './errno.ts'

/** Makes a folder, be it there or not. @throws the system's error. */
export function makeFolderSync(path: string, mode: number): void {
  if (tryToMakeSync(path, mode)) return
  makeFolderSync(dirname(path), mode)
  if (!tryToMakeSync(path, mode)) throw vanished(path)
}

/** As `makeFolderSync`. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  if (await tryToMake(path, mode)) return
  await makeFolder(dirname(path), mode)
  if (!(await tryToMake(path, mode))) throw vanished(path)
}

function tryToMakeSync(path: string, mode: number): boolean {
  try {
    fs.mkdirSync(path, { mode })
    return true
  } catch (error) {
    return isThere(path, error)
  }
}

function tryToMake(path: string, mode: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    fs.mkdir(path, { mode }, error => {
      try {
        resolve(error === null || isThere(path, error))
      } catch {
        reject(error)
      }
    })
  })
}

/** Whether the folder is there; false: the one above it is missing. Who finds a file in its place is told when he makes one in it. */
function isThere(path: string, error: unknown): boolean {
  const errno = errnoOf(error)
  if (errno === 'EEXIST') return true
  if (errno !== 'ENOENT' || dirname(path) === path) throw error
  return false
}

/** The folder above was made a moment ago, and is gone: somebody removes what is empty, or no folder can be made there. */
function vanished(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, mkdir '${path}'`), { code: 'ENOENT', path })
}
