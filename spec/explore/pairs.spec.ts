// All pairs of operations on one key, from every state a log may be in, under every schedule; then with a crash of either at any
// request; then threes, with a bound on interruptions. Scenarios with more schedules than a bound are cut short, and said to be;
// BUCKETCACHE_EXPLORE (1) widens it.

import { describe, expect, test } from 'vitest'
import type { Framing, LogRecord } from '../../lib/log/record.ts'
import { explore } from '../sim/explore.ts'
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

describe('three operations', () => {
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
  ]

  test.each([0, 1])('are as if they came one after another, with at most 2 interruptions and %i crashes', crashes => {
    exploreAll(
      `threes, ${crashes} crashes, 2 interruptions`,
      ['missing', 'live', 'tombstoned'].flatMap(state =>
        threes.map(actions => entries({ actions, state, crashes, preemptions: 2 })),
      ),
      1000,
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

  test.each<[string, Plant, string[], string]>([
    ['the void rule left out', noVoidRule, ['add', 'add'], 'missing'],
    ['takeover without a look at whether the owner lives', nobodyLives, ['compact', 'set'], 'several records'],
  ])('is found: %s', (name, plant, actions, state) => {
    const scenario = entries({ actions, state, plant })
    const report = explore(scenario)
    expect(report.failure).toBeDefined()
    console.log(`${name}: found by schedule ${report.schedules}`)
    // Without the fault the same scenario is sound.
    expect(explore(entries({ actions, state })).failure).toBeUndefined()
  })
})
