// Transactions over two keys beside readers, writers of one key, other transactions and `check`, from every state that a
// transaction may leave behind; then with a crash of either at any request. The simplest schedules come first, up to a bound for
// each scenario; BUCKETCACHE_EXPLORE (1) widens it.

import { describe, expect, test } from 'vitest'
import type { Request } from '../../lib/io/requests.ts'
import { explore } from '../sim/explore.ts'
import { mishandled, perform } from '../sim/plants.ts'
import { transactions } from '../sim/scenarios.ts'
import { besideNames, decides, isIntent, transactionNames, transactionStateNames } from '../sim/transactions.ts'
import type { Plant } from '../sim/world.ts'
import { exploreAll, pairsOf } from './all.ts'

/** All of these with each other, and with all that is no transaction. */
function together(names: readonly string[]): string[][] {
  return [...pairsOf(names), ...names.flatMap(name => besideNames.map(other => [name, other]))]
}

const some = ['transact', 'delete and count', 'sync', 'fix']

describe.each(transactionStateNames)('a transaction, from the state: %s', state => {
  test('is one operation on all its keys, whatever is beside it', () => {
    const names = state === 'nothing' || state === 'both stored' ? transactionNames : some
    exploreAll(
      state,
      together(names).map(actions => transactions({ actions, state })),
      15,
    )
  })
})

describe('a transaction whose process dies at any request', () => {
  const dying = ['transact', 'delete and count', 'sync', 'roll back']
  const others = ['get both', 'set a', 'delete b', 'large a', 'erase a', 'compact a', 'transact back', 'fix']

  test.each(['nothing', 'both stored', 'dead after its decision'])(
    'has happened as a whole or not at all: %s',
    state => {
      const pairs = dying.flatMap(name => others.map(other => [name, other]))
      exploreAll(
        `${state}, one crash`,
        pairs.map(actions => transactions({ actions, state, crashes: 1 })),
        60,
      )
    },
  )

  test('has done so for each of two who come after it', () => {
    exploreAll(
      'two survivors',
      [
        ['transact', 'get both', 'set b'],
        ['transact', 'set a', 'set b'],
        ['delete and count', 'get both back', 'transact back'],
      ].map(actions => transactions({ actions, state: 'both stored', crashes: 1, preemptions: 2 })),
      300,
    )
  })
})

describe('a transaction in the thread of others', () => {
  test('is one operation on all its keys', () => {
    exploreAll(
      'one thread',
      together(some).map(actions => transactions({ actions, state: 'both stored', layout: 'one thread' })),
      15,
    )
  })
})

describe('a planted fault in transactions', () => {
  /** The decision is written down when everything has been carried out. */
  const decidesLate = mishandled(() => {
    let late: Request | undefined
    return request => {
      if (decides(request)) {
        late = request
        return perform()
      }
      if (late === undefined || request.op !== 'unlink' || !isIntent(request.path)) return undefined
      return perform(late, request)
    }
  })
  /** Nobody looks whether the transaction that has sealed a key had decided. */
  const noIntent = mishandled(() => request => {
    return request.op === 'load' && isIntent(request.path) ? perform() : undefined
  })

  test.each<[string, Plant, Parameters<typeof transactions>[0]]>([
    ['decided at the end', decidesLate, { actions: ['transact', 'get both'], state: 'nothing' }],
    ['decided at the end, and killed', decidesLate, { actions: ['transact', 'set b'], state: 'nothing', crashes: 1 }],
    ['readers pass over a decision', noIntent, { actions: ['transact', 'get both'], state: 'both stored' }],
    ['rolled back although decided', noIntent, { actions: ['transact', 'set b'], state: 'both stored', crashes: 1 }],
  ])('is found: %s', (name, plant, options) => {
    const report = explore(transactions({ ...options, plant }))
    expect(report.failure).toBeDefined()
    console.log(`${name}: found by schedule ${report.schedules}`)
    expect(explore(transactions(options), { atMost: 2000 }).failure).toBeUndefined()
  })
})
