// All pairs of operations on one key, from every state a log may be in, under every schedule; then with a crash of either at any
// request; then threes, with a bound on interruptions. Scenarios with more schedules than a bound are cut short, and said to be;
// BUCKETCACHE_EXPLORE (1) widens it.

import { describe, expect, test } from 'vitest'
import type { FileStamp, Io, Request } from '../../lib/io/requests.ts'
import type { Framing, LogRecord } from '../../lib/log/record.ts'
import { explore } from '../sim/explore.ts'
import { mishandled } from '../sim/plants.ts'
import { entries } from '../sim/scenarios.ts'
import { stateNames } from '../sim/states.ts'
import type { Plant } from '../sim/world.ts'
import { exploreAll, pairsOf } from './all.ts'

const writers = ['set', 'add', 'delete', 'bury', 'pop', 'touch', 'incr', 'large', 'erase']
const all = [...writers, 'get', 'compact', 'reclaim']
const pairs = pairsOf(all)

describe.each(stateNames)('two operations on a key that is %s', state => {
  test('are as if one came after the other', () => {
    exploreAll(
      state,
      pairs.map(actions => entries({ actions, state })),
      400,
    )
  })

  test('are so although either dies at any request', () => {
    exploreAll(
      `${state}, one crash`,
      pairs.map(actions => entries({ actions, state, crashes: 1 })),
      400,
    )
  })
})

const threes = [
  ['set', 'delete', 'compact'],
  ['set', 'large', 'get'],
  ['add', 'add', 'pop'],
  ['incr', 'incr', 'incr'],
  ['delete', 'reclaim', 'set'],
  ['bury', 'set', 'bury'],
  ['bury', 'incr', 'reclaim'],
  ['touch', 'compact', 'pop'],
  ['large', 'large', 'delete'],
  ['erase', 'add', 'get'],
  ['incr', 'compact', 'incr'],
  ['incr', 'large', 'incr'],
]

describe('three operations', () => {
  test.each([0, 1])('are as if they came one after another, with at most 2 interruptions and %i crashes', crashes => {
    exploreAll(
      `threes, ${crashes} crashes, 2 interruptions`,
      ['missing', 'live', 'tombstoned'].flatMap(state =>
        threes.map(actions => entries({ actions, state, crashes, preemptions: 2 })),
      ),
      600,
    )
  })
})

describe('a key whose log all of them keep open', () => {
  const states = ['live', 'tombstoned', 'several records', 'large', 'torn tail', 'void tail', 'sealed by the dead']

  test.each([
    ['hot', 0],
    ['hot', 1],
    ['watched', 0],
  ] as const)('is as any other: %s, with %i crashes', (hot, crashes) => {
    exploreAll(
      `${hot}, ${crashes} crashes`,
      states.flatMap(state => pairs.map(actions => entries({ actions, state, crashes, hot }))),
      60,
    )
  })

  test.each([0, 1])('is as any other to three, with at most 2 interruptions and %i crashes', crashes => {
    exploreAll(
      `hot threes, ${crashes} crashes, 2 interruptions`,
      threes.map(actions => entries({ actions, state: 'several records', crashes, preemptions: 2, hot: 'hot' })),
      400,
    )
  })
})

describe('a text log', () => {
  test('behaves as a binary one', () => {
    exploreAll(
      'json',
      pairs.map(actions => entries({ actions, state: 'several records', backend: 'json' })),
      400,
    )
  })
})

/** As if nothing stood in a file that has no name any more. */
function* nameless(request: Request): Io<FileStamp> {
  const stamp = (yield request) as FileStamp
  return stamp.nlink > 0 ? stamp : { ...stamp, size: 0 }
}

describe('a planted fault', () => {
  /** Every record is taken to stand where it says. */
  const noVoidRule: Plant = {
    store(store) {
      const decode: Framing['decode'] = (bytes, start) => {
        const record = store.framing.decode(bytes, start)
        return record && (Object.create(record, { at: { value: start } }) as LogRecord)
      }
      return { ...store, framing: { ...store.framing, decode } }
    },
  }
  /** Whoever holds a seal is taken to be dead. */
  const nobodyLives: Plant = { alive: () => false }

  /** What was appended to a file that has no name any more is taken for lost: but others may have read it first. */
  const nothingTakenAlong = mishandled(() => request => (request.op === 'stampOf' ? nameless(request) : undefined))

  test.each<[string, Plant, string[], string, 'hot' | 'watched' | '']>([
    ['the void rule left out', noVoidRule, ['add', 'add'], 'missing', ''],
    ['takeover without a look at whether the owner lives', nobodyLives, ['compact', 'set'], 'several records', ''],
    [
      'a replaced file taken for one that nobody has read',
      nothingTakenAlong,
      ['compact', 'incr'],
      'several records',
      'hot',
    ],
  ])('is found: %s', (name, plant, actions, state, hot) => {
    const scenario = entries({ actions, state, plant, hot })
    const report = explore(scenario)
    expect(report.failure).toBeDefined()
    console.log(`${name}: found by schedule ${report.schedules}`)
    // Without the fault the same scenario is sound.
    expect(explore(entries({ actions, state, hot })).failure).toBeUndefined()
  })
})
