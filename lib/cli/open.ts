// Opening a folder from outside: nobody says which backend its entries were stored with, so the folder is asked.

import type { Backend } from '../backends/backend.ts'
import { compressed } from '../backends/compressed.ts'
import { resolveBackend } from '../backends/resolve.ts'
import { Bucket } from '../bucket.ts'
import type { Core } from '../core.ts'
import { BackendLoadError, UnserializableError } from '../errors.ts'
import { type Presence, presentBackends } from '../ops/backends.ts'
import type { BucketOptions } from '../options.ts'
import { didYouMean } from '../suggest.ts'
import { asText, one } from './arguments.ts'
import type { Call } from './command.ts'
import { NoAnswer, UsageError } from './errors.ts'
import { cacheFolder } from './folder.ts'
import { expectedFolder, whatIsAt } from './place.ts'

/** The options of every command that opens a folder. */
export const folderOptions = {
  folder: one('FOLDER', asText, 'The cache folder; default: $BUCKETCACHE_FOLDER, else the cache folder of the user', {
    short: 'f',
    choices: 'folder',
  }),
  backend: one('NAME', asText, 'Only entries of this backend; default: all that have any', {
    choices: ['v8', 'json', 'cbor', 'msgpack'],
  }),
}

type FolderCall = Pick<Call<typeof folderOptions>, 'io'> & {
  readonly options: { readonly folder: string | undefined; readonly backend: string | undefined }
}

/** A bucket whose inside can be looked at. */
export class OpenBucket extends Bucket {
  get heart(): Core {
    return this.core
  }
}

/** What the call names; it need not be there. */
export function folderOf({ options, io }: FolderCall): string {
  return cacheFolder(options.folder, io.env)
}

export interface Opening {
  /** It may be written to. */
  readonly writes?: boolean
  readonly lifetime?: number
}

/**
 * A bucket for each backend that has entries in the folder, or for the one that is named; without any, one of the v8 backend.
 * @throws NoAnswer if there is no cache.
 */
export function openAll(call: FolderCall, opening: Opening = {}): [OpenBucket, ...OpenBucket[]] {
  const folder = existing(call)
  const { backend } = call.options
  const open = (as: Backend): OpenBucket => openAs(folder, as, opening)
  const known = presences(folder)
  if (backend !== undefined) return [open(namedBackend(backend, known))]
  const [first, ...others] = known.map(presence => open(backendOf(presence)))
  return [first ?? open(resolveBackend('v8')), ...others]
}

/**
 * The one bucket that a new entry belongs into: of the backend that is named, or that the folder's entries have. A folder
 * that is not there is made.
 * @throws UsageError if that is not clear, or the folder holds something else.
 */
export function openOne(call: FolderCall, opening: Opening = { writes: true }): OpenBucket {
  const folder = folderOf(call)
  const standing = whatIsAt(folder)
  if (standing === 'other') throw new UsageError(expectedFolder(folder))
  const known = standing === 'cache' ? presences(folder) : []
  const { backend } = call.options
  if (backend !== undefined) return openAs(folder, namedBackend(backend, known), opening)
  if (known.length > 1) {
    const names = known.map(({ name, entries }) => `${name} (${entries})`).join(' and ')
    throw new UsageError(`Expected --backend, for ${folder} has entries of ${names}`)
  }
  return openAs(folder, known[0] === undefined ? resolveBackend('v8') : backendOf(known[0]), opening)
}

function existing(call: FolderCall): string {
  const folder = folderOf(call)
  const standing = whatIsAt(folder)
  if (standing === 'cache') return folder
  const isMissing = standing === 'nothing'
  throw new NoAnswer(
    isMissing ? `There is no cache at ${folder}: the folder does not exist` : `There is no cache in ${folder}`,
  )
}

/** Which backends have entries in a cache folder. */
export function presences(folder: string): Presence[] {
  const { heart } = openAs(folder, resolveBackend('v8'), {})
  return heart.sync(presentBackends(heart.store))
}

export function openAs(folder: string, backend: Backend, { writes = false, lifetime }: Opening): OpenBucket {
  const options: BucketOptions = { backend, readOnly: !writes }
  if (lifetime !== undefined) options.lifetime = lifetime
  return new OpenBucket(folder, options)
}

/** The backend of this name: one of the package, or, of those that have entries, one whose values stay closed.
 *  @throws UsageError if there is none. */
export function namedBackend(name: string, known: readonly Presence[]): Backend {
  const presence = known.find(other => other.name === name)
  const backend = presence === undefined ? packagedBackend(name) : backendOf(presence)
  if (backend !== undefined) return backend
  const names = [...packaged, ...packaged.map(inner => `${inner}+gzip`), ...known.map(other => other.name)]
  throw new UsageError(
    `Expected the backend v8, json, cbor or msgpack, or one of these with +gzip, +brotli or +zstd, got "${name}"${didYouMean(name, names)}`,
  )
}

function backendOf(presence: Presence): Backend {
  try {
    return packagedBackend(presence.name) ?? closedBackend(presence)
  } catch {
    // What this Node.js lacks (zstd, or msgpackr) keeps nobody from seeing the rest.
    return closedBackend(presence)
  }
}

const packaged: readonly string[] = ['v8', 'json', 'cbor', 'msgpack']

function packagedBackend(name: string): Backend | undefined {
  const [inner, algorithm, ...more] = name.split('+')
  if (more.length > 0 || !packaged.includes(inner!)) return undefined
  if (algorithm === undefined) return resolveBackend(inner as 'v8')
  const isKnown = algorithm === 'gzip' || algorithm === 'brotli' || algorithm === 'zstd'
  return isKnown ? compressed(resolveBackend(inner as 'v8'), { algorithm }) : undefined
}

/** For entries of a backend of somebody's own, or encrypted: keys, tags, times and sizes can be seen, and entries removed. */
function closedBackend({ name, fileExtension }: Presence): Backend {
  const backend: Backend = {
    name,
    fileExtension,
    encode() {
      throw new UnserializableError(`Expected a backend of bucketcache's own to store with, got ${name}`)
    },
    decode() {
      throw new BackendLoadError(`Values of the backend ${name} cannot be read here`)
    },
  }
  closed.add(backend)
  return backend
}

const closed = new WeakSet<Backend>()

/** Whether values of this backend stay closed here. */
export function isClosed(backend: Backend): boolean {
  return closed.has(backend)
}
