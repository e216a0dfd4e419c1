// One queue with producers and consumers at both ends, from every state that it may be in; then with a crash of either at any
// request. The simplest schedules come first, up to a bound for each scenario; BUCKETCACHE_EXPLORE (1) widens it.

import { describe, test } from 'vitest'
import { queueActionNames, queueStateNames } from '../sim/queues.ts'
import { queues } from '../sim/scenarios.ts'
import { exploreAll, pairsOf } from './all.ts'

const pairs = pairsOf(queueActionNames)

describe.each(queueStateNames)('a queue that is: %s', state => {
  test('gives each item once, in order, to whoever pulls', () => {
    exploreAll(
      state,
      pairs.map(actions => queues({ actions, state })),
      60,
    )
  })

  test('does so although a producer or consumer dies at any request', () => {
    exploreAll(
      `${state}, one crash`,
      pairs.map(actions => queues({ actions, state, crashes: 1 })),
      30,
    )
  })
})

describe('a queue with three at it', () => {
  const threes = [
    ['push', 'push', 'pull'],
    ['push', 'pull', 'pull'],
    ['push two', 'push and pull', 'pull'],
    ['push and pull', 'push and pull', 'push and pull'],
    ['push to the front', 'push', 'pull from the back'],
    ['push and pull', 'pull two', 'push two'],
    ['push', 'pull two', 'compact'],
    // Where an empty queue began anew, these gave a later item first.
    ['pull', 'pull', 'push two'],
    ['peek', 'pull', 'push two'],
    ['pull from the back', 'pull', 'push two'],
    ['push to the front', 'pull', 'push'],
  ]

  test('gives each item once, in order, with at most 2 interruptions', () => {
    exploreAll(
      'threes, 2 interruptions',
      ['two items', 'drained', 'with holes', 'with holes at both ends'].flatMap(state =>
        threes.map(actions => queues({ actions, state, preemptions: 2 })),
      ),
      120,
    )
  })
})

describe('producers and consumers in one thread', () => {
  test('are as if they came one after another', () => {
    exploreAll(
      'one thread',
      ['two items', 'drained'].flatMap(state => pairs.map(actions => queues({ actions, state, layout: 'one thread' }))),
      40,
    )
  })
})
