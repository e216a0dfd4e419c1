// Operations that share a thread, by the promise interface, with one that blocks it, and of two buckets on one folder; and power cuts.

import { describe, expect, test } from 'vitest'
import { explore } from '../sim/explore.ts'
import { mishandled, perform } from '../sim/plants.ts'
import { entries } from '../sim/scenarios.ts'
import { stateNames } from '../sim/states.ts'
import { exploreAll, pairsOf } from './all.ts'

const actions = ['set', 'add', 'delete', 'bury', 'incr', 'large', 'getOrSet', 'get', 'compact', 'reclaim', 'discard']

const writing = ['set', 'add', 'delete', 'incr', 'large', 'getOrSet', 'compact']

describe('two operations in one thread', () => {
  test.each(['one thread', 'one thread, two buckets'] as const)('are as if one came after the other: %s', layout => {
    exploreAll(
      layout,
      stateNames.flatMap(state => pairsOf(actions).map(pair => entries({ actions: pair, state, layout }))),
      15,
    )
  })

  test('are so where both have the log open from before', () => {
    const states = ['live', 'tombstoned', 'several records', 'void tail']
    exploreAll(
      'one thread, hot',
      states.flatMap(state =>
        pairsOf(actions).map(pair => entries({ actions: pair, state, layout: 'one thread', hot: 'hot' })),
      ),
      15,
    )
  })

  test('are so, or fail with DeadlockError, if one of them blocks it', () => {
    const pairs = actions.flatMap(a => actions.map(b => [a, b]))
    exploreAll(
      'one thread, a blocking',
      stateNames.flatMap(state =>
        pairs.map(pair => entries({ actions: pair, state, layout: 'one thread, a blocking' })),
      ),
      15,
    )
  })
})

describe('three operations in one thread', () => {
  const threes = [
    ['set', 'delete', 'large'],
    ['incr', 'set', 'compact'],
    ['add', 'set', 'reclaim'],
    ['touch', 'large', 'delete'],
    ['getOrSet', 'set', 'large'],
    ['discard', 'set', 'incr'],
    ['bury', 'set', 'incr'],
    ['large', 'bury', 'set'],
  ]

  test('are as if they came one after another, with at most 2 interruptions', () => {
    exploreAll(
      'threes in one thread, 2 interruptions',
      ['live', 'tombstoned', 'several records'].flatMap(state =>
        threes.map(actions => entries({ actions, state, layout: 'one thread', preemptions: 2 })),
      ),
      600,
    )
  })
})

describe('a power cut at any request', () => {
  // Also not where one has written to a file that the other has made, and not brought the name of to the medium yet.
  test('takes nothing that was acknowledged', () => {
    exploreAll(
      'power',
      stateNames.flatMap(state =>
        pairsOf(writing).map(pair => entries({ actions: pair, state, power: true, preemptions: 2 })),
      ),
      150,
    )
  })

  test('takes something if files are not synced: that is found', () => {
    const plant = mishandled(() => request => (request.op === 'sync' ? perform() : undefined))
    expect(explore(entries({ actions: ['set'], state: 'live', power: true, plant })).failure).toBeDefined()
  })

  test('takes something if folders are not: that is found', () => {
    const plant = mishandled(() => request => (request.op === 'syncFolder' ? perform() : undefined))
    expect(explore(entries({ actions: ['set'], state: 'missing', power: true, plant })).failure).toBeDefined()
  })

  test('is survived while others erase the folder of an entry', () => {
    exploreAll(
      'erased beside',
      ['set', 'add', 'incr', 'reclaim', 'large'].flatMap(action =>
        ['missing', 'live', 'tombstoned'].map(state => entries({ actions: [action, 'erase'], state, power: true })),
      ),
      150,
    )
  })
})
