// Lengths of time as people give them, and the milliseconds that the rest of the package computes with.
//
// A bare number is milliseconds; an object is the sum of its parts, as with Python's `timedelta` (BucketCache: the
// parts of a lifetime). Whether zero or Infinity makes sense is for the one who asks: here they are numbers like others.

import { types } from 'node:util'
import { describe } from './keymakers/path.ts'

/** A length of time: milliseconds, or parts that are added up: `{ hours: 1, minutes: 30 }`. Not negative. */
export type Duration =
  | number
  | {
      weeks?: number
      days?: number
      hours?: number
      minutes?: number
      seconds?: number
      milliseconds?: number
      microseconds?: number
    }

/** The parts that a duration may have, and their milliseconds. Also the shortcut fields of a bucket's options. */
export const durationParts = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
  microseconds: 0.001,
} as const

/** One of them. */
export type DurationPart = keyof typeof durationParts

const isPart = (name: string): name is DurationPart => Object.hasOwn(durationParts, name)

/**
 * The milliseconds of a duration; not necessarily whole ones.
 *
 * @param what - What the duration is for, as the caller called it: the messages begin with it.
 * @throws TypeError when it is neither a number nor an object of known parts that are numbers, one at least; NaN is no number
 *   here, and a part that is undefined is none.
 * @throws RangeError when it is negative as a whole. A part may be: `{ hours: 1, minutes: -5 }` is 55 minutes.
 */
export function toMilliseconds(duration: Duration, what: string): number {
  const sum = typeof duration === 'number' ? duration : sumOfParts(duration, what)
  if (Number.isNaN(sum)) throw new TypeError(`Expected ${what} to be a number of milliseconds, got NaN`)
  if (sum < 0) throw new RangeError(`Expected ${what} not to be negative, got ${sum} ms`)
  return sum + 0 // -0 becomes 0
}

/** So many milliseconds in parts of one kind; not necessarily whole ones. */
export function toParts(ms: number, part: DurationPart): number {
  return part === 'microseconds' ? ms * 1000 : ms / durationParts[part]
}

function sumOfParts(duration: unknown, what: string): number {
  if (types.isDate(duration)) {
    throw new TypeError(
      `Expected ${what} to be a duration, got a Date: durations count from now, give the milliseconds until then`,
    )
  }
  if (typeof duration !== 'object' || duration === null || Array.isArray(duration)) {
    throw notDuration(what, typeof duration === 'object' ? describe(duration) : typeof duration)
  }
  let isGiven = false
  let sum = 0
  for (const [part, amount] of Object.entries(duration)) {
    if (!isPart(part)) {
      throw new TypeError(`Expected ${what} to have the parts ${Object.keys(durationParts).join(', ')}, got "${part}"`)
    }
    if (amount === undefined) continue
    isGiven = true
    if (typeof amount !== 'number' || Number.isNaN(amount)) {
      throw new TypeError(`Expected "${part}" of ${what} to be a number, got ${String(amount)}`)
    }
    // Dividing keeps whole milliseconds whole, where multiplying by 0.001 does not.
    sum += part === 'microseconds' ? amount / 1000 : amount * durationParts[part]
  }
  // What has no part that we can see says something else: a Map, a boxed number, a setting that was not filled in. Were it
  // nothing, a value that is stored for so long would be lost.
  if (!isGiven) throw notDuration(what, `${describe(duration)} without such a part`)
  return sum
}

function notDuration(what: string, got: string): TypeError {
  return new TypeError(`Expected ${what} to be milliseconds or an object like { hours: 1 }, got ${got}`)
}
