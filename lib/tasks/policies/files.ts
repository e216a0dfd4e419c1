// A key made of files that the task reads and that are none of its arguments.

import { resolve } from 'node:path'
import { digest } from '../digest.ts'
import { perform, visitAll } from '../disk.ts'
import { checkOptions, checkText, checkTexts } from '../options.ts'
import { hashOfFile } from './contents.ts'
import { CachePolicy } from './policy.ts'

class Files extends CachePolicy {
  readonly patterns: readonly string[]
  readonly cwd: string | undefined

  constructor(patterns: readonly string[], cwd: string | undefined) {
    super()
    this.patterns = patterns
    this.cwd = cwd
  }

  async computeKey(): Promise<string> {
    const cwd = resolve(this.cwd ?? '.')
    // Loaded when it is needed: it takes longer than everything else of this package.
    const { default: glob } = await import('fast-glob')
    // Paths as fast-glob gives them: relative to the folder, with slashes on every system.
    const paths = (await perform('list', cwd, () => glob([...this.patterns], { cwd }))).sort()
    const hashes = await visitAll(paths, path => hashOfFile(resolve(cwd, path)))
    // One that was removed meanwhile is not there any more.
    const files = paths.map((path, index) => [path, hashes[index]]).filter(([, hash]) => hash !== undefined)
    return digest(['files', files])
  }
}

/**
 * The contents and relative paths of the files that match. Times do not count, so a fresh checkout has the same key. That
 * nothing matches is a key of its own.
 *
 * @param patterns - As fast-glob takes them: `src/**`, `!src/generated/**`; with slashes on every system.
 * @param options - `cwd`: the folder that paths and patterns are relative to; default: the working directory at the time.
 * @throws TypeError for patterns that are no texts, or none. Its key: StorageIOError when a file that matches cannot be read.
 * @example
 * const train = task(async function train() { … }, { policy: FILES(['data/*.csv', 'train.py']).plus(TASK_SOURCE) })
 */
export function FILES(patterns: string | string[], options: { cwd?: string } = {}): CachePolicy {
  const list = typeof patterns === 'string' ? [patterns] : patterns
  checkTexts(list, 'the patterns of files')
  if (list.length === 0) throw new TypeError('Expected at least one pattern of files, got none')
  for (const pattern of list) checkText(pattern, 'a pattern of files')
  checkOptions(options, ['cwd'], 'FILES')
  if (options.cwd !== undefined) checkText(options.cwd, 'cwd')
  return new Files([...list], options.cwd)
}
