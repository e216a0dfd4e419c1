// A module with what it imports, as JavaScript: for processes and threads that are to use what the package does not export.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { afterAll } from 'vitest'

/** Path of what was made of the module, which is there until the specs of the file have run. `name`: its path in the repository. */
export async function builtModule(name: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'bucketcache-built-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const input = fileURLToPath(new URL(`../../${name}`, import.meta.url))
  const bundle = await rolldown({ input, platform: 'node', external: ['cbor-x', 'msgpackr'] })
  await bundle.write({ dir, format: 'esm', entryFileNames: 'built.mjs' })
  await bundle.close()
  return join(dir, 'built.mjs')
}
