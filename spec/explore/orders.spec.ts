// The order log under every schedule of two operations, from every state it may be in, with processes that have read none, some or
// all of it, and that keep its last segment open; then with a crash of either at any request. Bounded as in pairs.spec.ts.

import { describe, expect, test } from 'vitest'
import type { Io, Request, SharedAppend } from '../../lib/io/requests.ts'
import { mergedName } from '../../lib/log/names.ts'
import { explore } from '../sim/explore.ts'
import { type OrderOptions, orderActionNames, orderStateNames } from '../sim/orders.ts'
import { mishandled, perform } from '../sim/plants.ts'
import { orders } from '../sim/scenarios.ts'
import type { Plant } from '../sim/world.ts'
import { exploreAll, pairsOf } from './all.ts'

const pairs = pairsOf(orderActionNames)

/** How far the processes may have read it. */
function tailsIn(state: string): OrderOptions['tails'][] {
  return state === 'nothing' ? ['cold', 'current'] : ['cold', 'current', 'early']
}

describe.each(orderStateNames)('the order log with %s, and two operations', state => {
  const scenarios = (options: Partial<OrderOptions>) =>
    tailsIn(state).flatMap(tails => pairs.map(actions => orders({ actions, state, tails, ...options })))

  test('counts and shows what is stored', () => {
    exploreAll(state, scenarios({}), 65)
  })

  test('does so although either dies at any request', () => {
    exploreAll(`${state}, one crash`, scenarios({ crashes: 1 }), 65)
  })
})

describe('the order log, and three operations', () => {
  const threes = [
    ['store', 'store', 'merge'],
    ['store two', 'delete', 'count'],
    ['store two', 'merge', 'list'],
    ['merge', 'merge', 'store'],
  ]

  test.each([0, 1])('counts and shows what is stored, with %i crashes', crashes => {
    exploreAll(
      `three, ${crashes} crashes`,
      ['one segment', 'an ended segment', 'a torn base', 'a merger killed while unlinking'].flatMap(state =>
        threes.map(actions => orders({ actions, state, tails: 'current', crashes })),
      ),
      100,
    )
  })
})

describe('the operations of one thread on the order log', () => {
  test('are as if one came after the other', () => {
    const states = ['nothing', 'an ended segment', 'a merged file', 'a merger killed while unlinking']
    exploreAll(
      'one thread',
      states.flatMap(state => pairs.map(actions => orders({ actions, state, layout: 'one thread' }))),
      65,
    )
  })
})

describe('a planted fault in the order log', () => {
  /** What somebody else has appended since is not looked at, not even a segment's end. */
  const noVoidRule = mishandled(() => request => (request.op === 'appendShared' ? withoutOthers(request) : undefined))

  function* withoutOthers(request: Request & { op: 'appendShared' }): Io<SharedAppend> {
    const reply = (yield request) as SharedAppend
    return { ...reply, size: reply.expected + reply.bytes.length }
  }

  /** Segments are unlinked before the file into which they were merged has its name. */
  const unlinksFirst = mishandled(() => {
    let late: Request | undefined
    return request => {
      if (request.op === 'rename' && request.to.endsWith(mergedName)) {
        late = request
        return perform()
      }
      if (request.op !== 'unlock' || late === undefined) return undefined
      return perform(late, request)
    }
  })

  test.each<[string, Plant, Parameters<typeof orders>[0]]>([
    ['a frame behind the end counts', noVoidRule, { actions: ['store', 'merge'], state: 'one segment' }],
    ['unlinked before renamed', unlinksFirst, { actions: ['merge', 'list'], state: 'a second segment' }],
    [
      'unlinked before renamed, and killed',
      unlinksFirst,
      { actions: ['merge'], state: 'a second segment', crashes: 1 },
    ],
  ])('is found: %s', (name, plant, options) => {
    const report = explore(orders({ ...options, plant }))
    expect(report.failure).toBeDefined()
    console.log(`${name}: found by schedule ${report.schedules}`)
    expect(explore(orders(options), { atMost: 2000 }).failure).toBeUndefined()
  })
})
