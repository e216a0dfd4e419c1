// The files whose contents are part of a command's key.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { resolve } from 'node:path'
import { errnoOf, refused } from '../../io/errno.ts'
import { hashOfFiles } from './identity.ts'

export interface Inputs {
  readonly hash: string
  readonly count: number
}

/** What a path has that stands for many. */
const magic = /[*?[\]{}()!+@\\]/

/** Contents and relative paths of the files that match; times do not count. That nothing matches is a hash of its own.
 *  @throws StorageIOError when a file cannot be read. */
export async function readInputs(patterns: readonly string[], cwd: string): Promise<Inputs> {
  const paths = patterns.some(pattern => magic.test(pattern)) ? await glob(patterns, cwd) : patterns
  const files: [string, string][] = []
  for (const path of [...new Set(paths)].sort()) {
    const digest = hashOfFile(resolve(cwd, path))
    if (digest !== undefined) files.push([path, digest])
  }
  return { hash: hashOfFiles(files), count: files.length }
}

async function glob(patterns: readonly string[], cwd: string): Promise<string[]> {
  // Loading it takes longer than most commands' inputs do: paths without magic do without.
  const { default: fastGlob } = await import('fast-glob')
  try {
    return fastGlob.globSync([...patterns], { cwd, dot: true })
  } catch (error) {
    throw refused('list', cwd, error)
  }
}

const pieceLength = 2 ** 20

/** In bounded memory; undefined: there is no such file. */
function hashOfFile(path: string): string | undefined {
  let file: number
  try {
    file = fs.openSync(path, 'r')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined
    throw refused('read', path, error)
  }
  try {
    const { size, mode } = fs.fstatSync(file)
    if ((mode & fs.constants.S_IFMT) === fs.constants.S_IFDIR) return undefined
    const hash = createHash('sha256')
    const piece = Buffer.allocUnsafe(Math.min(pieceLength, size + 1))
    for (let n = fs.readSync(file, piece); n > 0; n = fs.readSync(file, piece)) hash.update(piece.subarray(0, n))
    return hash.digest('hex')
  } catch (error) {
    throw refused('read', path, error)
  } finally {
    fs.closeSync(file)
  }
}
