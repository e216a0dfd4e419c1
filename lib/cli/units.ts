// Lengths of time, sizes and dates as people type and read them.

import { UsageError } from './errors.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const week = 7 * day

const timeUnits: Readonly<Record<string, number>> = { ms: 1, s: second, m: minute, h: hour, d: day, w: week }
const partOfDuration = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g
const wholeDuration = /^\d+(\.\d+)?(ms|s|m|h|d|w)( ?\d+(\.\d+)?(ms|s|m|h|d|w))*$/

/**
 * `90s`, `10m`, `1h30m`, `2d`, `1.5h`: milliseconds. A number without a unit is refused: elsewhere in this package it would be
 * milliseconds, in most shells seconds.
 */
export function readDuration(text: string, what: string): number {
  if (wholeDuration.test(text)) {
    return [...text.matchAll(partOfDuration)].reduce((sum, [, n, unit]) => sum + Number(n) * timeUnits[unit!]!, 0)
  }
  const hint = /^\d+(\.\d+)?$/.test(text) ? `, did you mean "${text}s"?` : ''
  throw new UsageError(`Expected ${what} to be a duration such as 90s, 10m, 1h30m or 2d, got "${text}"${hint}`)
}

/** As `readDuration`, and not nothing: a lifetime of no time keeps nothing. */
export function readLifetime(text: string, what: string): number {
  const ms = readDuration(text, what)
  if (ms > 0) return ms
  throw new UsageError(`Expected ${what} to be longer than nothing, got "${text}"`)
}

/** `1h 30m`: the two largest units, for people. */
export function showDuration(ms: number): string {
  if (ms < second) return `${Math.round(ms)}ms`
  if (ms < minute) return `${Math.floor(ms / second)}s`
  const units = Object.entries(timeUnits).reverse()
  const first = units.findIndex(([, length]) => ms >= length)
  const [name, length] = units[first]!
  const rest = units[first + 1]!
  const over = Math.floor((ms % length) / rest[1])
  return `${Math.floor(ms / length)}${name}${over === 0 ? '' : ` ${over}${rest[0]}`}`
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** `500`, `10k`, `1.5M`, `2GiB`: bytes; the units are powers of 1024. */
export function readSize(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text)
  if (match === null) throw new UsageError(`Expected ${what} to be a size such as 500, 10k, 1.5M or 2G, got "${text}"`)
  return Math.round(Number(match[1]) * sizeUnits[match[2]!.toLowerCase()]!)
}

/** `1.2 MiB`, for people. */
export function showSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 2 ** (10 * power)
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${'KMGT'[power - 1]}iB`
}

/** A whole number that is not negative. */
export function readCount(text: string, what: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(count)) return count
  throw new UsageError(`Expected ${what} to be a whole number, got "${text}"`)
}

/** A date as ISO 8601 has it: `2030-01-31`, `2030-01-31T12:00Z`. */
export function readDate(text: string, what: string): Date {
  const date = /^\d{4}-\d{2}/.test(text) ? new Date(text) : new Date(Number.NaN)
  if (!Number.isNaN(date.getTime())) return date
  throw new UsageError(`Expected ${what} to be a date such as 2030-01-31 or 2030-01-31T12:00Z, got "${text}"`)
}
