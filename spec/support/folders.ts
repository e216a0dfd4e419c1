// Folders and buckets that are gone when their test ends, and the files in them.

import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Bucket, type BucketOptions } from '../../lib/index.ts'
import { entryExtension } from '../../lib/log/names.ts'

/** An empty folder. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bucketcache-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A bucket in a folder of its own. */
export function newBucket<K = any, V = any>(options?: BucketOptions): Bucket<K, V> {
  return new Bucket<K, V>(join(newFolder(), 'cache'), options)
}

/** Every file below a folder, by its path from there. */
export function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => !statSync(join(folder, name)).isDirectory())
    .sort()
}

/** The files of entries, as absolute paths. */
export function entryFiles(folder: string): string[] {
  return filesIn(folder)
    .filter(name => /^[0-9a-f]{2}[\\/]/.test(name) && entryExtension(name.slice(3)) !== undefined)
    .map(name => join(folder, name))
}

/** The one file of an entry. */
export function entryFile(folder: string): string {
  const files = entryFiles(folder)
  if (files.length !== 1) throw new Error(`Expected one entry in ${folder}, got ${files.length}`)
  return files[0]!
}

/** Paths of the files below a folder that this process has open; on Linux only. */
export function openBelow(folder: string): string[] {
  return readdirSync('/proc/self/fd')
    .map(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    .filter(path => path.startsWith(folder))
}
