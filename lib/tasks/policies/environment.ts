// A key made of what a task runs in (flytekit: what the tag of an ImageSpec is for).

import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { errnoOf, refused } from '../../io/errno.ts'
import { digest } from '../digest.ts'
import { checkFlag, checkOptions, checkTexts } from '../options.ts'
import { hashOfFile } from './contents.ts'
import { CachePolicy } from './policy.ts'

/** What the package managers of Node call the file that says which version of what is installed. */
const lockfileNames = [
  'bun.lock',
  'bun.lockb',
  'deno.lock',
  'npm-shrinkwrap.json',
  'package-lock.json',
  'pnpm-lock.yaml',
  'yarn.lock',
]

class Environment extends CachePolicy {
  readonly node: boolean
  readonly lockfile: boolean
  readonly env: readonly string[]

  constructor(node: boolean, lockfile: boolean, env: string[]) {
    super()
    this.node = node
    this.lockfile = lockfile
    this.env = [...new Set(env)].sort()
  }

  async computeKey(): Promise<string> {
    const node = this.node ? process.version : null
    const lockfile = this.lockfile ? await nearestLockfiles() : null
    // An unset variable is undefined, which is not the empty text.
    const env = this.env.map(name => [name, process.env[name]])
    return digest(['environment', { node, lockfile, env }])
  }
}

/** Names and contents of the lock files in the nearest folder upwards that has any. */
async function nearestLockfiles(): Promise<[string, string | undefined][]> {
  for (let folder = resolve('.'); ; folder = dirname(folder)) {
    const names = (await list(folder)).filter(name => lockfileNames.includes(name)).sort()
    if (names.length > 0) return Promise.all(names.map(async name => [name, await hashOfFile(join(folder, name))]))
    if (dirname(folder) === folder) return []
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    // A folder above may be closed to this user, and hold nothing of this project then.
    if (['ENOENT', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return []
    throw refused('list', folder, error)
  }
}

/**
 * What the task runs in. That there is no lock file is a value of its own, and an unset variable is not an empty one.
 *
 * @param spec - `node`: the version of Node, default true; `lockfile`: the nearest lock file upwards from the working
 *   directory, default true; `env`: names of environment variables, default none.
 * @throws TypeError for an unknown field, or one of the wrong kind.
 * @example
 * const build = task(async function build(target: string) { … }, { policy: INPUTS.plus(ENVIRONMENT({ env: ['NODE_ENV'] })) })
 */
export function ENVIRONMENT(spec: { node?: boolean; lockfile?: boolean; env?: string[] } = {}): CachePolicy {
  checkOptions(spec, ['node', 'lockfile', 'env'], 'ENVIRONMENT')
  const { node = true, lockfile = true, env = [] } = spec
  for (const [name, value] of Object.entries({ node, lockfile })) {
    checkFlag(value, name)
  }
  checkTexts(env, 'env')
  return new Environment(node, lockfile, env)
}
