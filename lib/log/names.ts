// File names are a format too: they are made and recognized here. Whatever is not recognized is not ours,
// and no operation removes it.
//
//   <2 hex>/<62 hex>.<extension>   an entry's log; the digits are SHA-256 of backend name, a zero byte, and key bytes
//   order/<8 digits>.log           a segment of the order log
//   order/merged.log               what is left of its first segments
//   queues/<62 hex>.log            a queue's bounds; the digits are SHA-256 of backend and prefix
//   tags/<62 hex>.log              hints for one tag; the digits are SHA-256 of backend and tag
//   tags/index                     there is an index of tags
//   expiry/<13 digits>.<m|h|d>.log hints for one minute, hour or day, by its start in seconds
//   transactions/<16 hex>.intent   what a transaction has decided
//   transactions/turn.log          whose turn it is to have a transaction
//   usage.log                      which entries were read, under the policies that look at that
//   statistics.log                 hits and misses
//   recipes/<62 hex>.log           who is in a lock, and the like; the digits are SHA-256 of kind and name
//   deques/<62 hex>/               a folder of this format, with the items of one deque; the digits are SHA-256 of its name
//   indexes/<62 hex>/              the same, of an index
//   tmp/<16 hex>.tmp               a file on its way to its place
//   tmp/<16 hex>.<tags|expiry>.<name of the log>   hints that somebody is looking after
//   bucketcache.json               the folder's settings, with its format
//   CACHEDIR.TAG  .gitignore       tell backup programs and git to pass the folder over
//   change.lock  order/merge.lock  folders of proper-lockfile

import { hash } from 'node:crypto'

/** Format of the folder: raised when an older version of this package must not touch it any more. */
export const folderFormat = 1

export const settingsName = 'bucketcache.json'
export const cacheTagName = 'CACHEDIR.TAG'
export const ignoreName = '.gitignore'
export const orderFolder = 'order'
export const queueFolder = 'queues'
export const recipeFolder = 'recipes'
export const temporaryFolder = 'tmp'
export const transactionFolder = 'transactions'
export const turnName = `${transactionFolder}/turn.log`
/** proper-lockfile adds `.lock`. */
export const changeLockName = 'change'
export const orderLockName = 'order/merge'

/** Files right in the folder, or on their way there (write-file-atomic adds digits), and folders. */
const oursPattern =
  /^(?:[0-9a-f]{2}|order|tags|expiry|queues|recipes|deques|indexes|transactions|tmp|usage\.log|statistics\.log|change\.lock|(?:bucketcache\.json|CACHEDIR\.TAG|\.gitignore)(?:\.\d+)?)$/

/** Whether `name`, right in the folder, is of this package. */
export function isOurs(name: string): boolean {
  return oursPattern.test(name)
}

/** `hex` is the SHA-256 of the key, 64 digits. */
export function entryName(hex: string, extension: string): string {
  return `${hex.slice(0, 2)}/${hex.slice(2)}.${extension}`
}

/** Whether the log with this name is an entry's. */
export function isEntryLog(name: string): boolean {
  return name[2] === '/'
}

/** The 256 folders of entries. */
export const entryFolders: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

const entryFilePattern = /^[0-9a-f]{62}\.([A-Za-z0-9_-]{1,16})$/

/** The extension of an entry's file, or undefined if `name` (without its folder) is not one of ours. */
export function entryExtension(name: string): string | undefined {
  return entryFilePattern.exec(name)?.[1]
}

export function segmentName(number: number): string {
  return `${orderFolder}/${String(number).padStart(8, '0')}.log`
}

/** Not a segment: nobody appends to it, it is only replaced. */
export const mergedName = `${orderFolder}/merged.log`

/** The segment's number, or undefined if `name` (without its folder) is none. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^([0-9]{8,15})\.log$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export function queueName(backend: string, prefix: string | undefined): string {
  const name = prefix === undefined ? backend : `${backend}\0${distinct(prefix)}`
  return `${queueFolder}/${hash('sha256', name).slice(0, 62)}.log`
}

/** The log of a lock, or another recipe. */
export function recipeName(kind: string, name: string): string {
  return `${recipeFolder}/${hash('sha256', `${kind}\0${distinct(name)}`).slice(0, 62)}.log`
}

/** The folder of a deque or index. */
export function collectionName(kind: 'deques' | 'indexes', name: string): string {
  return `${kind}/${hash('sha256', distinct(name)).slice(0, 62)}`
}

/** Names with half of a surrogate pair in them, which are all the same in UTF-8, are told apart by their escapes. */
function distinct(name: string): string {
  return /\p{Surrogate}/u.test(name) ? `\0${JSON.stringify(name)}` : name
}

/** Whether the log is about the folder, and so one for the buckets of all backends. */
export function isFolderLog(name: string): boolean {
  return name === turnName || name === statisticsName || /^recipes\/[0-9a-f]{62}\.log$/.test(name)
}

export function intentName(id: string): string {
  return `${transactionFolder}/${id}.intent`
}

/** The transaction's id, or undefined if `name` (without its folder) is no intent. */
export function intentId(name: string): string | undefined {
  return /^([0-9a-f]{16})\.intent$/.exec(name)?.[1]
}

export const usageName = 'usage.log'
export const statisticsName = 'statistics.log'
export const tagFolder = 'tags'
export const expiryFolder = 'expiry'
/** While this file is there, there is an index of tags; the logs alone do not make one. */
export const tagIndexName = `${tagFolder}/index`

export function tagName(backend: string, tag: string | number): string {
  return `${tagFolder}/${hash('sha256', `${backend}\0${JSON.stringify(tag)}`).slice(0, 62)}.log`
}

export function isTagLog(name: string): boolean {
  return /^[0-9a-f]{62}\.log$/.test(name)
}

/** A stretch of time whose hints are in one log. */
export interface TimeSlot {
  readonly width: 'm' | 'h' | 'd'
  /** Milliseconds since the epoch. */
  readonly start: number
}

export const slotWidths = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export function slotName({ width, start }: TimeSlot): string {
  return `${expiryFolder}/${String(start / 1000).padStart(13, '0')}.${width}.log`
}

/** undefined: `name` (without its folder) is no slot's. */
export function slotOfName(name: string): TimeSlot | undefined {
  const match = /^([0-9]{13})\.([mhd])\.log$/.exec(name)
  return match === null ? undefined : { width: match[2] as TimeSlot['width'], start: Number(match[1]) * 1000 }
}

/** Where the hints of the log `name` are while somebody looks after them. */
export function takenHintsName(name: string, id: string): string {
  return `${temporaryFolder}/${id}.${name.replace('/', '.')}`
}

/** The log whose hints are in a file of `tmp/`; undefined: none are. */
export function logOfTakenHints(name: string): string | undefined {
  const match = /^[0-9a-f]{16}\.(tags|expiry)\.([0-9a-z.]+\.log)$/.exec(name)
  return match === null ? undefined : `${match[1]}/${match[2]}`
}

export function temporaryName(id: string): string {
  return `${temporaryFolder}/${id}.tmp`
}

/** What a process left behind that died while it put a small file in place (write-file-atomic adds a number). */
export function isLeftBehind(name: string): boolean {
  return /^(bucketcache\.json|CACHEDIR\.TAG|\.gitignore|index)\.[0-9]+$/.test(name)
}

export function isTemporary(name: string): boolean {
  return /^[0-9a-f]{16}\.tmp$/.test(name)
}
