import { describe, expect, test } from 'vitest'
import {
  entryExtension,
  entryFolders,
  entryName,
  intentId,
  intentName,
  isOurs,
  isTagLog,
  isTemporary,
  logOfTakenHints,
  mergedName,
  queueName,
  segmentName,
  segmentNumber,
  slotName,
  slotOfName,
  tagName,
  takenHintsName,
  temporaryName,
} from '../../lib/log/names.ts'

const hex = '0123456789abcdef'.repeat(4)
const id = '00ff00ff00ff00ff'
/** Without its folder. */
const base = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

describe('names are recognized that were made here', () => {
  test('entries', () => {
    const name = entryName(hex, 'v8')
    expect(name).toBe(`01/${hex.slice(2)}.v8`)
    expect(entryFolders).toContain('01')
    expect(entryFolders).toHaveLength(256)
    expect(entryExtension(base(name))).toBe('v8')
    expect(entryExtension(base(entryName(hex, 'json_gz-1')))).toBe('json_gz-1')
  })

  test('segments of the order log', () => {
    for (const number of [1, 99_999_999, 100_000_000, 12_345_678_901]) {
      expect(segmentNumber(base(segmentName(number)))).toBe(number)
    }
  })

  test('slots of time, intents, hints that were taken, temporary files', () => {
    const slot = { width: 'h', start: 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000) } as const
    expect(slotOfName(base(slotName(slot)))).toEqual(slot)
    expect(slotOfName(base(slotName({ width: 'd', start: 8_640_000_000_000_000 })))).toEqual({
      width: 'd',
      start: 8_640_000_000_000_000,
    })
    expect(intentId(base(intentName(id)))).toBe(id)
    expect(isTemporary(base(temporaryName(id)))).toBe(true)
    for (const log of [slotName(slot), tagName('v8', 'red')]) {
      expect(logOfTakenHints(base(takenHintsName(log, id)))).toBe(log)
    }
    expect(isTagLog(base(tagName('v8', 'red')))).toBe(true)
  })

  test('a tag, a prefix or a backend of any name stays in its folder, and has a log of its own', () => {
    const odd = ['', '..', '../../etc/passwd', 'a/b', 'a\\b', '\0', '.', 'red', 'RED', 1, '1', 1.5, 'x'.repeat(1000)]
    const tags = odd.map(tag => tagName('v8', tag))
    expect(new Set(tags).size).toBe(odd.length)
    for (const name of tags) expect(name).toMatch(/^tags\/[0-9a-f]{62}\.log$/)
    const prefixes = odd.filter(each => typeof each === 'string')
    const queues = [
      ...prefixes.map(prefix => queueName('v8', prefix)),
      queueName('v8', undefined),
      queueName('json', ''),
    ]
    expect(new Set(queues).size).toBe(queues.length)
    for (const name of queues) expect(name).toMatch(/^queues\/[0-9a-f]{62}\.log$/)
    expect(tagName('v8', 'red')).not.toBe(tagName('json', 'red'))
  })
})

describe('impostors are not recognized', () => {
  const rest = hex.slice(2)

  test.each([
    rest,
    `${rest}.`,
    `${rest}.v8.bak`,
    `${rest}.v8~`,
    `.${rest}.v8`,
    `${rest}.v 8`,
    `${rest}.${'x'.repeat(17)}`,
    `${rest}..v8`,
    `${rest}./v8`,
    `${rest}\n.v8`,
    `${rest}.v8\n`,
    `${rest.toUpperCase()}.v8`,
    `${rest.slice(1)}.v8`,
    `${rest}0.v8`,
    `${rest.slice(1)}g.v8`,
    `${rest.slice(1)}é.v8`,
    '.gitignore',
    'notes.txt',
    '',
  ])('as an entry: %j', name => {
    expect(entryExtension(name)).toBeUndefined()
  })

  test.each([
    '1.log',
    '0000001.log',
    '00000001.txt',
    '00000001.log.bak',
    'a0000001.log',
    '-0000001.log',
    '00000001.log\n',
    base(mergedName),
    'merge.lock',
    '1234567890123456.log',
  ])('as a segment: %j', name => {
    expect(segmentNumber(name)).toBeUndefined()
  })

  test.each([
    'index',
    `${rest}.txt`,
    `${rest}`,
    `${rest}.log.1`,
    `${rest.slice(1)}.log`,
    `${rest}\n.log`,
    `${rest}.log\n`,
  ])('as the log of a tag: %j', name => {
    expect(isTagLog(name)).toBe(false)
  })

  test.each([
    '1700000000.m.log',
    '0001700000000.s.log',
    '0001700000000.log',
    '0001700000000.m.log~',
    '0001700000000.m.log\n',
  ])('as a slot: %j', name => {
    expect(slotOfName(name)).toBeUndefined()
  })

  test.each([
    'turn.log',
    `${id}.intent.123`,
    `${id.toUpperCase()}.intent`,
    `${id}0.intent`,
    `${id}.intents`,
    `${id}.intent\n`,
  ])('as an intent: %j', name => {
    expect(intentId(name)).toBeUndefined()
  })

  test.each(['mine.tmp', `${id}.tmp.bak`, `${id}0.tmp`, `${id.slice(1)}.tmp`, `${id}.tmp\n`, `${id}.tags.x.log`])(
    'as a temporary file: %j',
    name => {
      expect(isTemporary(name)).toBe(false)
    },
  )

  test.each([
    `${id}.tmp`,
    `${id}.queues.x.log`,
    `${id}.tags.../x.log`,
    `${id}.tags.a/b.log`,
    `x${id}.tags.a.log`,
    `${id}.tags.log`,
  ])('as hints that were taken: %j', name => {
    expect(logOfTakenHints(name)).toBeUndefined()
  })

  test('in the folder itself', () => {
    for (const name of [
      'ab',
      'order',
      'tmp',
      'tags',
      'expiry',
      'queues',
      'transactions',
      'bucketcache.json',
      'CACHEDIR.TAG',
      '.gitignore',
      'CACHEDIR.TAG.3719284',
      'usage.log',
      'statistics.log',
      'change.lock',
    ])
      expect([name, isOurs(name)]).toEqual([name, true])
    for (const name of [
      'AB',
      'abc',
      'g0',
      'order.bak',
      '.git',
      'package.json',
      'bucketcache.json.bak',
      '.gitignore.old',
      'src',
      ' ',
      'ab\n',
    ])
      expect([name, isOurs(name)]).toEqual([name, false])
  })
})
