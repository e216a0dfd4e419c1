// A folder of the test's own, and what is in its entry files.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bucketcache-deferred-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The entry files, with their sizes. */
export function entryFiles(folder: string): Record<string, number> {
  const files: Record<string, number> = {}
  for (const name of readdirSync(folder).filter(name => /^[0-9a-f]{2}$/.test(name))) {
    for (const file of readdirSync(join(folder, name))) {
      files[`${name}/${file}`] = statSync(join(folder, name, file)).size
    }
  }
  return files
}
