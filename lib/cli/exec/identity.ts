// What makes two runs of a command the same run: the key under which its output is stored.
//
// The key is an object of texts, so that `bucketcache ls` shows which command an entry is of. What may be secret or large
// (values of variables, contents of files) is in it as a hash only.

import { createHash, hash } from 'node:crypto'

/** As it is stored; a part that plays no role is not there at all. */
export interface Identity {
  /** The command and its arguments. */
  readonly exec: readonly string[]
  readonly cwd?: string
  /** Names with the hashes of their values, sorted by name; null: not set. */
  readonly env?: readonly (readonly [name: string, value: string | null])[]
  /** A hash of paths and contents. */
  readonly inputs?: string
  readonly key?: string
  readonly scope?: string
}

export interface IdentityParts {
  readonly words: readonly string[]
  readonly cwd: string | undefined
  readonly variables: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly inputs: string | undefined
  readonly key: string | undefined
  readonly scope: string | undefined
}

export function identify(parts: IdentityParts): Identity {
  const { words, cwd, variables, environment, inputs, key, scope } = parts
  const env = [...new Set(variables)].sort().map(name => {
    // Not what every object has.
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    return [name, value === undefined ? null : shortHash(value)] as const
  })
  return {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env.length === 0 ? {} : { env }),
    exec: words,
    ...(inputs === undefined ? {} : { inputs }),
    ...(key === undefined ? {} : { key }),
    ...(scope === undefined ? {} : { scope }),
  }
}

/** The key text of an identity: what DefaultKeyMaker gives, whose texts of JSON types are JSON with sorted fields. Here
 *  without it, for loading that takes longer than all the rest of a hit. */
export function textOf(identity: Identity): string {
  const fields = Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}

/** Enough to tell values apart that nobody chose with the purpose of fooling himself. */
function shortHash(text: string): string {
  return hash('sha256', text).slice(0, 16)
}

/** One hash for a list of files, by their paths and contents. */
export function hashOfFiles(files: readonly (readonly [path: string, digest: string])[]): string {
  const all = createHash('sha256')
  for (const [path, digest] of files) all.update(`${path}\0${digest}\0`)
  return all.digest('hex').slice(0, 32)
}
