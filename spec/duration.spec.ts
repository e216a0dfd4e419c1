import { expect, test } from 'vitest'
import { type Duration, toMilliseconds } from '../lib/duration.ts'

test.each<[Duration, number]>([
  [0, 0],
  [-0, 0],
  [1.5, 1.5],
  [Infinity, Infinity],
  [{ hours: 0 }, 0],
  [{ weeks: 1 }, 7 * 24 * 3_600_000],
  [{ days: 1 }, 24 * 3_600_000],
  [{ hours: 1, minutes: 30 }, 5_400_000],
  [{ hours: 1, minutes: -5 }, 55 * 60_000],
  [{ seconds: 1, milliseconds: 2, microseconds: 3000 }, 1005],
  [{ microseconds: 1_000_001 }, 1000.001],
  [{ minutes: undefined, seconds: 2 } as unknown as Duration, 2000],
])('toMilliseconds(%j) is %d', (duration, expected) => {
  expect(Object.is(toMilliseconds(duration, 'lifetime'), expected)).toBe(true)
})

test.each([NaN, '5', null, undefined, [1], true, 5n, { hour: 1 }, { hours: '1' }, { hours: NaN }, { hours: null }])(
  'toMilliseconds() rejects %o as no duration, naming what it is for',
  duration => {
    expect(() => toMilliseconds(duration as never, 'lifetime')).toThrow(TypeError)
    expect(() => toMilliseconds(duration as never, 'lifetime')).toThrow(/lifetime/)
  },
)

test.each([
  [{}, 'an object without'],
  [{ hours: undefined }, 'an object without'],
  [new Map([['hours', 1]]), 'a Map without'],
  [new Set(), 'a Set without'],
  [/1/, 'a RegExp without'],
  [new Number(5), 'a Number without'],
  [Object.create({ hours: 1 }), 'an object without'],
  [[], 'an Array'],
])('toMilliseconds() does not take %o for no time at all', (duration, got) => {
  expect(() => toMilliseconds(duration as never, 'expire')).toThrow(TypeError)
  expect(() => toMilliseconds(duration as never, 'expire')).toThrow(`got ${got}`)
})

test('toMilliseconds() tells that a Date is no duration, and what to give instead', () => {
  expect(() => toMilliseconds(new Date() as never, 'expire')).toThrow(
    new TypeError(
      'Expected expire to be a duration, got a Date: durations count from now, give the milliseconds until then',
    ),
  )
})

test('toMilliseconds() says which parts there are when one is unknown', () => {
  expect(() => toMilliseconds({ hour: 1 } as never, 'timeout')).toThrow(/weeks, days, hours, .* got "hour"/)
})

test.each<Duration>([-1, -Infinity, { hours: 1, minutes: -61 }])('toMilliseconds(%j) is out of range', duration => {
  expect(() => toMilliseconds(duration, 'timeout')).toThrow(RangeError)
  expect(() => toMilliseconds(duration, 'timeout')).toThrow(/timeout/)
})

test('toMilliseconds() does not take Infinity less Infinity for a length of time', () => {
  expect(() => toMilliseconds({ hours: Infinity, minutes: -Infinity }, 'timeout')).toThrow(TypeError)
})
