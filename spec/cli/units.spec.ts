import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../lib/cli/errors.ts'
import {
  readCount,
  readDate,
  readDuration,
  readLifetime,
  readSize,
  showDuration,
  showSize,
} from '../../lib/cli/units.ts'

describe('durations', () => {
  test.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1m500ms', 60_500],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(readDuration(text, 'it')).toBe(ms)
  })

  test.each(['', '60', 's', '1x', '-1s', '1h,30m', ' 1h', '1h ', '1 hour', 'Infinity', '1e3s'])('%j is none', text => {
    expect(() => readDuration(text, '--lifetime')).toThrow(
      /^Expected --lifetime to be a duration such as 90s, 10m, 1h30m/,
    )
  })

  test('a number without a unit is not guessed at, but the guess is told', () => {
    expect(() => readDuration('60', '--lifetime')).toThrow('got "60", did you mean "60s"?')
  })

  test('a lifetime is longer than nothing', () => {
    expect(() => readLifetime('0s', '--lifetime')).toThrow(UsageError)
    expect(readLifetime('1ms', '--lifetime')).toBe(1)
  })

  test.each([
    [0, '0ms'],
    [999, '999ms'],
    [1000, '1s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [61_000, '1m 1s'],
    [5_400_000, '1h 30m'],
    [86_400_000, '1d'],
    [90_000_000, '1d 1h'],
    [700_000_000, '1w 1d'],
  ])('%d ms are shown as %s', (ms, text) => {
    expect(showDuration(ms)).toBe(text)
  })

  test('what is shown is read as at most that much, and no less than half of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 12 }), ms => {
        const read = readDuration(showDuration(ms), 'it')
        expect(read).toBeLessThanOrEqual(ms)
        expect(read).toBeGreaterThanOrEqual(ms * 0.5)
      }),
    )
  })
})

describe('sizes', () => {
  test.each([
    ['500', 500],
    ['10k', 10_240],
    ['10K', 10_240],
    ['10kb', 10_240],
    ['1.5M', 1_572_864],
    ['2GiB', 2 ** 31],
    ['1.0 KiB', 1024],
    ['1T', 2 ** 40],
    ['7B', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(readSize(text, 'it')).toBe(bytes)
  })

  test.each(['', '-1', '1x', 'k', 'NaN'])('%j is none', text => {
    expect(() => readSize(text, '--size-limit')).toThrow(UsageError)
  })

  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [10_240, '10 KiB'],
    [1_572_864, '1.5 MiB'],
    [2 ** 40, '1.0 TiB'],
    [2 ** 53, '8192 TiB'],
  ])('%d bytes are shown as %s', (bytes, text) => {
    expect(showSize(bytes)).toBe(text)
  })
})

test('counts are whole', () => {
  expect(readCount('12', 'it')).toBe(12)
  for (const text of ['', '-1', '1.5', '1e3', '9'.repeat(16)]) expect(() => readCount(text, 'it')).toThrow(UsageError)
})

test('dates are those of ISO 8601', () => {
  expect(readDate('2030-01-31', 'it')).toEqual(new Date('2030-01-31'))
  expect(readDate('2030-01-31T12:00Z', 'it')).toEqual(new Date('2030-01-31T12:00Z'))
  for (const text of ['', 'tomorrow', '31.1.2030', '1', '2030-13-01'])
    expect(() => readDate(text, 'it')).toThrow(UsageError)
})
