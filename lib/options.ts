// What a constructor is given, checked: every wrong option is told before anything is touched. The caller's object is not
// written to, and not kept.

import type { Backend, BackendName } from './backends/backend.ts'
import { resolveBackend } from './backends/resolve.ts'
import { type Duration, durationParts, toMilliseconds } from './duration.ts'
import { DefaultKeyMaker } from './keymakers/default.ts'
import type { KeyMaker } from './keymakers/keymaker.ts'
import { shortened } from './keymakers/path.ts'
import { isTag } from './log/extras.ts'
import type { Tag } from './log/record.ts'
import { plainTerms, type Terms } from './ops/terms.ts'
import type { UpdateTerms } from './ops/update.ts'
import {
  type EvictionPolicy,
  evictionPolicies,
  type FolderSettings,
  isFolderSetting,
  validSetting,
} from './settings.ts'
import { didYouMean } from './suggest.ts'

export type { BackendName }

/** How decoded values are kept in memory. */
export interface MemoryOptions {
  /** Most values kept; default 10,000. */
  maxEntries?: number
  /** Most bytes of their encoded forms; default 64 MiB. */
  maxBytes?: number
  /** Whether the file is looked at before a value from memory is given: 'always' (default), so that another process's write
   *  is seen; 'never'; or at most once in so long. */
  revalidate?: 'always' | 'never' | Duration
}

/** Options of a bucket. Stored in the folder, and so the same for every process: sizeLimit, maxEntries, evictionPolicy,
 *  cullLimit, statistics, tagIndex. All others belong to the instance. */
export interface BucketOptions {
  /** How values become bytes; default 'v8'. */
  backend?: Backend | BackendName
  /** How keys are told apart; default `new DefaultKeyMaker()`. */
  keyMaker?: KeyMaker
  /** How long entries live, from when they are stored; null (default): for ever. */
  lifetime?: Duration | null
  /** Parts of the lifetime, in place of `lifetime`: `{ hours: 1, minutes: 30 }`. */
  weeks?: number
  /** Part of the lifetime, 24 hours each. */
  days?: number
  /** Part of the lifetime, 60 minutes each. */
  hours?: number
  /** Part of the lifetime, 60 seconds each. */
  minutes?: number
  /** Part of the lifetime, 1000 milliseconds each. */
  seconds?: number
  /** Part of the lifetime, as bare numbers are. */
  milliseconds?: number
  /** Part of the lifetime, a thousandth of a millisecond each. */
  microseconds?: number
  /** Keep decoded values in memory; default false. What `get` gives is the object that is kept, the same for everybody: who
   *  changes it changes what the others get. Change a copy (`structuredClone(value)`), or do without memory. */
  memory?: boolean | MemoryOptions
  /** 'process' (default): what was acknowledged survives the death of any process. 'power': also of the machine. */
  durability?: 'process' | 'power'
  /** Bytes that the folder may take; default 2 ** 30; Infinity: no limit. The lengths of files count, not the blocks that a
   *  filesystem allots. */
  sizeLimit?: number
  /** Which entries go when there are too many; default 'least-recently-stored'. */
  evictionPolicy?: EvictionPolicy
  /** Most entries removed on the back of one write; default 10; 0: only by `cull()`. */
  cullLimit?: number
  /** Count hits and misses; default false. */
  statistics?: boolean
  /** Keep an index of tags, so that `evict` need not look at every entry; default false. */
  tagIndex?: boolean
  /** Longest wait for another process; default 60,000 ms; then TimeoutError. */
  timeout?: Duration
  /** Permission bits of files; default 0o600. Folders may be entered by those who may read. */
  mode?: number
  /** Most entries kept; default Infinity. */
  maxEntries?: number
  /** Never write anything, not even a folder: writing methods throw ReadOnlyError. */
  readOnly?: boolean
  /** What a failing disk does: 'throw' (default) StorageIOError; 'degrade': reads miss, writes are dropped, and each time
   *  there is an event on the channel `bucketcache:error`. */
  onError?: 'throw' | 'degrade'
  /** 'network': a lock file is taken around each change, for there is no atomic append. */
  filesystem?: 'local' | 'network'
}

/** Terms under which a value is stored. */
export interface SetOptions {
  /** How long the entry lives: over the bucket's lifetime; null: for ever; 0: not at all. */
  expire?: Duration | null
  /** One label, or several. 1 and '1' are different tags. */
  tag?: Tag | readonly Tag[]
  /** Write only if the entry still has that version, else ConflictError; '': only if it is missing. */
  ifVersion?: string
}

/** Options, checked and with their defaults. */
export interface Settings {
  readonly backend: Backend
  readonly keyMaker: KeyMaker
  lifetimeMs: number
  readonly memory: { maxEntries: number; maxBytes: number; revalidateMs: number } | undefined
  durable: boolean
  timeoutMs: number
  mode: number
  readOnly: boolean
  degrade: boolean
  network: boolean
  /** Those that are to be written into the folder. */
  readonly folder: Partial<FolderSettings>
}

const names: readonly (keyof BucketOptions)[] = [
  'backend',
  'keyMaker',
  'lifetime',
  ...(Object.keys(durationParts) as (keyof typeof durationParts)[]),
  'memory',
  'durability',
  'sizeLimit',
  'evictionPolicy',
  'cullLimit',
  'statistics',
  'tagIndex',
  'timeout',
  'mode',
  'maxEntries',
  'readOnly',
  'onError',
  'filesystem',
]

/** What other caches call our options. */
const otherNames: Record<string, string> = {
  ttl: 'lifetime',
  maxAge: 'lifetime',
  expire: 'lifetime',
  serializer: 'backend',
  max: 'maxEntries',
  size_limit: 'sizeLimit',
  maxSize: 'sizeLimit',
  directory: 'the first argument',
}

/** Throws a TypeError for the first name in `options` that is not known. */
export function checkNames(options: object, known: readonly string[], of: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`Expected the options of ${of} to be an object, got ${show(options)}`)
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const other = otherNames[name]
    const hint = other !== undefined && known.includes(other) ? `, did you mean "${other}"?` : didYouMean(name, known)
    throw new TypeError(`Expected an option of ${of}, got "${shortened(name)}"${hint}`)
  }
}

function oneOf<T extends string>(name: string, value: unknown, values: readonly T[], fallback: T): T {
  if (value === undefined) return fallback
  if (!values.includes(value as T)) {
    throw new TypeError(`Expected ${name} to be ${values.map(v => `'${v}'`).join(' or ')}, got ${show(value)}`)
  }
  return value as T
}

export function boolean(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw new TypeError(`Expected ${name} to be true or false, got ${show(value)}`)
  return value
}

/** Before anything is touched: else the engine would tell, by its own words, half-way. */
export function checkFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new TypeError(`Expected ${what} to be a function, got ${show(value)}`)
}

export function show(value: unknown): string {
  if (typeof value === 'string') return shortened(JSON.stringify(value))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

/** The options of a bucket, checked. */
export function resolveOptions(options: BucketOptions): Settings {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`Expected options to be an object, got ${show(options)}`)
  checkNames(options, names, 'Bucket')
  return {
    backend: resolveBackend(options.backend),
    keyMaker: resolveKeyMaker(options.keyMaker),
    lifetimeMs: resolveLifetime(options),
    memory: resolveMemory(options.memory),
    durable: oneOf('durability', options.durability, ['process', 'power'], 'process') === 'power',
    timeoutMs: options.timeout === undefined ? 60_000 : toMilliseconds(options.timeout, 'timeout'),
    mode: resolveMode(options.mode),
    readOnly: boolean('readOnly', options.readOnly, false),
    degrade: oneOf('onError', options.onError, ['throw', 'degrade'], 'throw') === 'degrade',
    network: oneOf('filesystem', options.filesystem, ['local', 'network'], 'local') === 'network',
    folder: resolveFolderSettings(options),
  }
}

/** The lifetime in milliseconds; Infinity: none. */
export function lifetimeToMs(lifetime: Duration | null | undefined): number {
  if (lifetime === null || lifetime === undefined) return Number.POSITIVE_INFINITY
  const ms = toMilliseconds(lifetime, 'lifetime')
  if (ms === 0) throw new RangeError('Expected lifetime to be more than 0 ms; null means that entries do not expire')
  return ms
}

function resolveLifetime(options: BucketOptions): number {
  const parts = Object.entries(options).filter(
    ([name, value]) => Object.hasOwn(durationParts, name) && value !== undefined,
  )
  if (parts.length === 0) return lifetimeToMs(options.lifetime)
  if (options.lifetime !== undefined) {
    throw new TypeError(`Expected either lifetime or its parts, got lifetime and "${parts[0]![0]}"`)
  }
  return lifetimeToMs(Object.fromEntries(parts) as Duration)
}

function resolveKeyMaker(keyMaker: unknown): KeyMaker {
  if (keyMaker === undefined) return new DefaultKeyMaker()
  if (
    typeof keyMaker !== 'object' ||
    keyMaker === null ||
    typeof (keyMaker as Partial<KeyMaker>).makeKey !== 'function'
  ) {
    throw new TypeError(`Expected keyMaker to be an object with a method makeKey, got ${show(keyMaker)}`)
  }
  return keyMaker as KeyMaker
}

function resolveMode(mode: unknown): number {
  if (mode === undefined) return 0o600
  if (typeof mode !== 'number') throw new TypeError(`Expected mode to be a number, got ${show(mode)}`)
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw new RangeError(`Expected mode to be permission bits like 0o600, got ${show(mode)}`)
  }
  if ((mode & 0o600) !== 0o600)
    throw new RangeError(`Expected mode to let the owner read and write, got 0o${mode.toString(8)}`)
  return mode
}

function resolveMemory(memory: unknown): Settings['memory'] {
  if (memory === undefined || memory === false) return undefined
  if (memory !== true && (typeof memory !== 'object' || memory === null)) {
    throw new TypeError(`Expected memory to be true, false or an object, got ${show(memory)}`)
  }
  const options: MemoryOptions = memory === true ? {} : memory
  checkNames(options, ['maxEntries', 'maxBytes', 'revalidate'], 'memory')
  const { maxEntries = 10_000, maxBytes = 64 * 2 ** 20, revalidate = 'always' } = options
  for (const [name, value] of Object.entries({ maxEntries, maxBytes })) {
    if (typeof value !== 'number') throw new TypeError(`Expected memory.${name} to be a number, got ${show(value)}`)
    if (!(value > 0)) throw new RangeError(`Expected memory.${name} to be a positive number, got ${show(value)}`)
  }
  const revalidateMs =
    revalidate === 'always'
      ? 0
      : revalidate === 'never'
        ? Number.POSITIVE_INFINITY
        : toMilliseconds(revalidate, 'memory.revalidate')
  return { maxEntries, maxBytes, revalidateMs }
}

function resolveFolderSettings(options: BucketOptions): Partial<FolderSettings> {
  const folder: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (isFolderSetting(name) && value !== undefined) folder[name] = checkSetting(name, value)
  }
  return folder as Partial<FolderSettings>
}

/** The value of a setting; TypeError or RangeError if it cannot be one. */
export function checkSetting<N extends keyof FolderSettings>(name: N, value: unknown): FolderSettings[N] {
  const valid = validSetting(name, value)
  if (valid !== undefined) return valid
  if (name === 'evictionPolicy') {
    throw new TypeError(`Expected evictionPolicy to be one of ${evictionPolicies.join(', ')}, got ${show(value)}`)
  }
  if (name === 'statistics' || name === 'tagIndex')
    throw new TypeError(`Expected ${name} to be true or false, got ${show(value)}`)
  if (typeof value !== 'number') throw new TypeError(`Expected ${name} to be a number, got ${show(value)}`)
  throw new RangeError(
    `Expected ${name} to be a ${name === 'cullLimit' ? 'whole ' : ''}number that is not negative, got ${show(value)}`,
  )
}

const setNames = ['expire', 'tag', 'ifVersion']

/** The terms that `set` is given; `more`: names of options that the caller's caller knows what to do with. */
export function resolveTerms(options: SetOptions | undefined, more: readonly string[] = []): Terms & UpdateTerms {
  if (options === undefined) return plainTerms
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`Expected options to be an object, got ${show(options)}`)
  checkNames(options, more.length === 0 ? setNames : [...setNames, ...more], 'set')
  const { expire, tag, ifVersion } = options
  if (ifVersion !== undefined && typeof ifVersion !== 'string') {
    throw new TypeError(`Expected ifVersion to be a version, as getEntry gives it, or '', got ${show(ifVersion)}`)
  }
  return { expireMs: resolveExpire(expire), tags: resolveTags(tag), ifVersion }
}

/** Terms for `update`: tags that are not named are kept. */
export function resolveUpdateTerms(options: SetOptions | undefined): UpdateTerms {
  const terms = resolveTerms(options)
  return options?.tag === undefined ? { ...terms, tags: undefined } : terms
}

export function resolveExpire(expire: Duration | null | undefined): number | null | undefined {
  return expire === undefined || expire === null ? expire : toMilliseconds(expire, 'expire')
}

function resolveTags(tag: Tag | readonly Tag[] | undefined): readonly Tag[] {
  if (tag === undefined) return []
  const tags = Array.isArray(tag) ? (tag as readonly Tag[]) : [tag as Tag]
  return [...new Set(tags.map(checkTag))]
}

export function checkTag(tag: unknown): Tag {
  if (!isTag(tag)) throw new TypeError(`Expected a tag to be a string or a finite number, got ${show(tag)}`)
  return tag
}

/** An entry for `setMany`. */
export function checkPair<K, V>(pair: readonly [K, V]): readonly [K, V] {
  if (!Array.isArray(pair)) throw new TypeError(`Expected entries to be arrays of key and value, got ${show(pair)}`)
  return pair
}

/** Milliseconds since the epoch. */
export function checkDate(date: unknown): number {
  if (!(date instanceof Date) || Number.isNaN(date.getTime()))
    throw new TypeError(`Expected a valid Date, got ${show(date)}`)
  return date.getTime()
}
