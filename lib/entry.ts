// Entries as people get them.

import type { Core } from './core.ts'
import { KeyNotFoundError } from './errors.ts'
import type { Slot } from './keys.ts'
import type { Tag } from './log/record.ts'
import type { Details } from './ops/get.ts'
import type { Listed } from './ops/list.ts'
import { boolean, checkNames, checkTag, show } from './options.ts'

/** Everything known about one stored value. */
export interface Entry<K = unknown, V = unknown> {
  /** As it was given to `set`, or read back from the file. */
  key: K
  /** Decoded. */
  value: V
  /** undefined: it does not expire. */
  expiresAt: Date | undefined
  /** When the value was written. */
  storedAt: Date
  /** The first of `tags`. */
  tag: Tag | undefined
  /** All tags, in the order in which they were given. */
  tags: readonly Tag[]
  /** Bytes of the encoded value. */
  size: number
  /** Changes with every write of the value, also in another process: see `ifVersion`. */
  version: string
}

export function makeEntry<K, V>(key: K, value: V, details: Details): Entry<K, V> {
  return { key, value, ...makeInfo(details) }
}

/** An entry that iteration found; undefined: its key is of no kind that can be shown. */
export function listedKey<K>(core: Core, listed: Listed): { key: K } | undefined {
  try {
    return { key: core.store.keys.read(listed.keyText) as K }
  } catch {
    return undefined
  }
}

export function makeInfo({ expires, storedAt, tags, size, version }: Details): Omit<Entry, 'key' | 'value'> {
  return {
    expiresAt: expires === Number.POSITIVE_INFINITY ? undefined : new Date(expires),
    storedAt: new Date(storedAt),
    tag: tags[0],
    // The records of several entries may share one array.
    tags: [...tags],
    size,
    version,
  }
}

/** What `list` shows: only what passes all that is asked for. */
export interface ListFilter {
  /** With this among its tags. */
  tag?: Tag
  /** Keys that are strings and begin so. */
  prefix?: string
  /** Also those that have expired and were not removed yet; default false. */
  expired?: boolean
  /** Whose encoded value takes more bytes. */
  largerThan?: number
}

const filterNames: readonly string[] = ['tag', 'prefix', 'expired', 'largerThan']

/** @throws TypeError for what nothing could pass. */
export function checkFilter(filter: ListFilter): ListFilter {
  checkNames(filter, filterNames, 'list')
  const { tag, prefix, expired, largerThan } = filter
  if (tag !== undefined) checkTag(tag)
  if (prefix !== undefined && typeof prefix !== 'string')
    throw new TypeError(`Expected prefix to be a string, got ${show(prefix)}`)
  if (largerThan !== undefined && (typeof largerThan !== 'number' || Number.isNaN(largerThan)))
    throw new TypeError(`Expected largerThan to be a number of bytes, got ${show(largerThan)}`)
  boolean('expired', expired, false)
  return filter
}

export function passes(filter: ListFilter, key: unknown, details: Details): boolean {
  const { tag, prefix, largerThan } = filter
  if (tag !== undefined && !details.tags.includes(tag)) return false
  if (prefix !== undefined && !(typeof key === 'string' && key.startsWith(prefix))) return false
  return largerThan === undefined || details.size > largerThan
}

/** Numbers before strings before the rest; numbers by value, strings by code unit, the rest by their key text. */
export function compareKeys(a: { key: unknown; text: string }, b: { key: unknown; text: string }): number {
  const rank = (key: unknown): number => (typeof key === 'number' ? 0 : typeof key === 'string' ? 1 : 2)
  const difference = rank(a.key) - rank(b.key)
  if (difference !== 0) return difference
  if (typeof a.key === 'number' && typeof b.key === 'number')
    return a.key - b.key || Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key))
  const [x, y] = typeof a.key === 'string' ? [a.key, b.key as string] : [a.text, b.text]
  return x < y ? -1 : x > y ? 1 : 0
}

/** The error of those who will not take a missing key. */
export function notFound(key: unknown, slot: Slot, path: string): KeyNotFoundError {
  return new KeyNotFoundError(
    `Expected the key ${slot.shown} to be stored in ${path}, and it is not, or has expired.`,
    {
      key,
    },
  )
}
