// Every scenario has a name that says all about it, so that a replay is one line of text:
//
//   delete + set from live; 1 crashes
//   delete + set + compact from torn tail; 3 preemptions; one thread; json
//   order: store + merge + list from an ended segment; early
//   queue: push + pull two from drained; 1 crashes
//   transaction: transact + get both from both stored; 1 crashes

import { type EntryOptions, entryScenario } from './entries.ts'
import { type OrderOptions, orderScenario } from './orders.ts'
import { type QueueOptions, queueScenario } from './queues.ts'
import type { Scenario } from './schedule.ts'
import { type TransactionOptions, transactionScenario } from './transactions.ts'
import type { Plant } from './world.ts'

type Common = Pick<EntryOptions, 'actions' | 'state' | 'crashes' | 'preemptions' | 'plant'>

const common: Omit<Common, 'actions' | 'state'> = {
  crashes: 0,
  preemptions: Number.POSITIVE_INFINITY,
  plant: undefined,
}
const plainEntry = { layout: 'processes', backend: 'v8', hot: '', power: false } as const
const plainOrder = { layout: 'processes', tails: 'cold', keeps: true } as const

/** Some actions on one key. */
export function entries(options: Partial<EntryOptions> & Pick<EntryOptions, 'actions' | 'state'>): Scenario {
  const full: EntryOptions = { ...common, ...plainEntry, ...options }
  const words = [full.layout, full.backend, full.hot, full.power ? 'power' : '']
  return entryScenario(nameOf(full, words, ['processes', 'v8', '']), full)
}

/** Some actions on the order log. */
export function orders(options: Partial<OrderOptions> & Pick<OrderOptions, 'actions' | 'state'>): Scenario {
  const full: OrderOptions = { ...common, ...plainOrder, ...options }
  const words = [full.layout, full.tails, full.keeps ? '' : 'nothing kept']
  return orderScenario(`order: ${nameOf(full, words, ['processes', 'cold', ''])}`, full)
}

/** Transactions, and what is beside them. */
export function transactions(
  options: Partial<TransactionOptions> & Pick<TransactionOptions, 'actions' | 'state'>,
): Scenario {
  const full: TransactionOptions = { ...common, layout: 'processes', ...options }
  return transactionScenario(`transaction: ${nameOf(full, [full.layout], ['processes'])}`, full)
}

/** Producers and consumers of one queue. */
export function queues(options: Partial<QueueOptions> & Pick<QueueOptions, 'actions' | 'state'>): Scenario {
  const full: QueueOptions = { ...common, layout: 'processes', ...options }
  return queueScenario(`queue: ${nameOf(full, [full.layout], ['processes'])}`, full)
}

function nameOf(
  { actions, state, crashes, preemptions }: Common,
  words: readonly string[],
  plain: readonly string[],
): string {
  const parts = [`${actions.join(' + ')} from ${state}`]
  if (crashes > 0) parts.push(`${crashes} crashes`)
  if (preemptions !== Number.POSITIVE_INFINITY) parts.push(`${preemptions} preemptions`)
  return [...parts, ...words.filter(word => !plain.includes(word))].join('; ')
}

/** The scenario of this name; `plant` is not in it. */
export function scenarioOf(name: string, plant?: Plant): Scenario {
  const [what = '', ...parts] = name.replace(/^(order|transaction|queue): /, '').split('; ')
  const [acting = '', state = ''] = what.split(' from ')
  const counted = (unit: string): number | undefined => {
    const part = parts.find(one => one.endsWith(` ${unit}`))
    return part === undefined ? undefined : Number.parseInt(part, 10)
  }
  const given: Common = {
    actions: acting.split(' + '),
    state,
    crashes: counted('crashes') ?? common.crashes,
    preemptions: counted('preemptions') ?? common.preemptions,
    plant,
  }
  const has = <W extends string>(words: readonly W[]): W | undefined => words.find(word => parts.includes(word))
  const made = name.startsWith('transaction: ')
    ? transactions({ ...given, layout: has(['one thread']) ?? 'processes' })
    : name.startsWith('queue: ')
      ? queues({ ...given, layout: has(['one thread']) ?? 'processes' })
      : name.startsWith('order: ')
        ? orders({
            ...given,
            layout: has(['one thread']) ?? 'processes',
            tails: has(['current', 'early']) ?? 'cold',
            keeps: !parts.includes('nothing kept'),
          })
        : entries({
            ...given,
            layout: has(['one thread', 'one thread, a blocking', 'one thread, two buckets']) ?? 'processes',
            backend: has(['json']) ?? 'v8',
            hot: has(['hot', 'watched']) ?? '',
            power: parts.includes('power'),
          })
  if (made.name !== name) throw new RangeError(`Expected the name of a scenario, got ${name} (${made.name}?)`)
  return made
}
