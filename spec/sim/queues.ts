// Scenarios about one queue: producers and consumers at both ends. The steps are the requests to its items and to its bounds.

import { V8Backend } from '../../lib/backends/v8.ts'
import type { Io } from '../../lib/io/requests.ts'
import { queueName } from '../../lib/log/names.ts'
import { compact } from '../../lib/ops/compact.ts'
import { boundsSlot, peek, pull, push, type Queue } from '../../lib/ops/queue.ts'
import { reclaimAll } from '../../lib/ops/reclaim.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import type { Disk } from './disk.ts'
import { checkLeftovers, entryPath, smallBounds } from './entries.ts'
import { addTasks, Journal, type Part } from './journal.ts'
import { Beginnings, type Preparation } from './prepare.ts'
import type { Scenario } from './schedule.ts'
import { checking } from './transactions.ts'
import { folder, type Plant, type World, type WorldOptions } from './world.ts'

export interface QueueOptions {
  readonly actions: readonly string[]
  /** See `queueStateNames`. */
  readonly state: string
  readonly layout: 'processes' | 'one thread'
  readonly crashes: number
  readonly preemptions: number
  readonly plant?: Plant | undefined
}

/** The items, the first one first. */
type Items = readonly number[]

const front: Queue = { prefix: undefined, side: 'front' }
const back: Queue = { prefix: undefined, side: 'back' }

function pushing(name: string, queue: Queue, item: number): Part<Items> {
  return {
    name: `${name} ${item}`,
    run: ({ store }) => push(store, queue, item, plainTerms),
    step: (items, { kind }) => (kind === 'threw' ? [] : [queue.side === 'back' ? [...items, item] : [item, ...items]]),
  }
}

function* valueAt(io: Io<{ value: unknown } | undefined>): Io<unknown> {
  return (yield* io)?.value
}

function pulling(name: string, queue: Queue): Part<Items> {
  return {
    name,
    run: ({ store }) => valueAt(pull(store, queue)),
    step(items, outcome) {
      if (outcome.kind === 'threw') return []
      const item = queue.side === 'front' ? items[0] : items.at(-1)
      const rest = queue.side === 'front' ? items.slice(1) : items.slice(0, -1)
      return outcome.kind === 'crashed' || outcome.value === item ? [rest] : []
    },
  }
}

function peeking(): Part<Items> {
  return {
    name: 'peek',
    run: ({ store }) => valueAt(peek(store, front)),
    step: (items, { kind, ...rest }) =>
      kind === 'crashed' || (kind === 'returned' && (rest as { value: unknown }).value === items[0]) ? [items] : [],
  }
}

function upkeep(name: string, run: Part<Items>['run']): Part<Items> {
  return { name, run, step: (items, { kind }) => (kind === 'threw' ? [] : [items]) }
}

/** What each does, operation by operation; `n`: its number. */
const actions: Readonly<Record<string, (n: number) => Part<Items>[]>> = {
  push: n => [pushing('push', back, 10 + n)],
  'push two': n => [pushing('push', back, 20 + 2 * n), pushing('push', back, 21 + 2 * n)],
  'push to the front': n => [pushing('push to the front', front, 30 + n)],
  pull: () => [pulling('pull', front)],
  'pull two': () => [pulling('pull', front), pulling('pull', front)],
  'pull from the back': () => [pulling('pull from the back', back)],
  'push and pull': n => [pushing('push', back, 40 + n), pulling('pull', front)],
  peek: () => [peeking()],
  compact: () => [upkeep('compact', ({ store }) => compact(store, boundsSlot(store, front).path))],
}

export const queueActionNames: readonly string[] = Object.keys(actions)

const builders: Readonly<Record<string, (it: Preparation) => void>> = {
  'never used': () => {},
  'two items'(it) {
    for (const item of [1, 2]) it.run(({ store }) => push(store, back, item, plainTerms))
  },
  /** Its last item was pulled, and the file is there. */
  drained(it) {
    it.run(({ store }) => push(store, back, 1, plainTerms))
    it.run(({ store }) => pull(store, front))
  },
  'drained, and nothing of it left'(it) {
    for (const item of [1, 2]) it.run(({ store }) => push(store, back, item, plainTerms))
    for (let n = 0; n < 2; n++) it.run(({ store }) => pull(store, front))
    it.run(({ store }) => reclaimAll(store))
  },
  /** An item that nobody was told of. */
  'pushed by the dead'(it) {
    it.run(({ store }) => push(store, back, 1, plainTerms))
    it.killed(({ store }) => push(store, back, 2, plainTerms), it.appendsTo(`${folder}/${queueName('v8', undefined)}`))
  },
  /** As `with holes`, by consumers who know nothing of each other, and so have all told what they passed. */
  'with holes at both ends'(it) {
    for (const item of [1, 2, 3, 4]) it.run(({ store }) => push(store, back, item, plainTerms))
    for (const side of [front, front, back]) it.run(process => pull(process.newStore(), side))
  },
  /** One item in the middle is left. */
  'with holes'(it) {
    for (const item of [1, 2, 3]) it.run(({ store }) => push(store, back, item, plainTerms))
    it.run(({ store }) => pull(store, front))
    it.run(({ store }) => pull(store, back))
  },
}

interface Prepared {
  readonly disk: Disk
  readonly clock: number
  /** What may be in it: the item of one who died may have been pushed, or not. */
  readonly items: Items
  readonly unsaid: Items
}

const beginnings = new Beginnings<Prepared>(builders, (preparation, name) => {
  preparation.settle()
  const disk = preparation.world.disk.clone()
  const items: number[] = []
  for (;;) {
    const pulled = preparation.run(process => pull(process.newStore(), front))
    if (pulled === undefined) break
    items.push(pulled.value as number)
  }
  return { disk, clock: preparation.world.clock, items, unsaid: name === 'pushed by the dead' ? [2] : [] }
})

/** The names of what there may be at first. */
export const queueStateNames = beginnings.names

const inQueues = new RegExp(`^${folder}/queues(/|$)`)

export function queueScenario(name: string, options: QueueOptions): Scenario {
  const world: WorldOptions = {
    backend: new V8Backend(),
    bounds: smallBounds,
    durable: false,
    sees: path => entryPath.test(path) || inQueues.test(path),
    branches: 'in sequence',
    shortestTick: 1000,
    keeps: true,
    plant: options.plant,
  }
  const start = beginnings.of(options.state, world)
  const acting = options.actions.map((action, n) => {
    const make = actions[action]
    if (make === undefined) throw new RangeError(`Expected one of ${queueActionNames.join(', ')}, got ${action}`)
    return make(n)
  })
  return {
    name,
    world,
    disk: start.disk,
    clock: start.clock,
    crashes: options.crashes,
    preemptions: options.preemptions,
    longest: 150,
    begin: it => begin(it, acting, options.layout, start),
    check: it => checkQueue(it, start),
  }
}

const journals = new WeakMap<World, Journal<Items>>()

function begin(
  world: World,
  acting: readonly (readonly Part<Items>[])[],
  layout: QueueOptions['layout'],
  { unsaid }: Prepared,
): void {
  const journal = new Journal<Items>(world.interner)
  journals.set(world, journal)
  for (const [i, item] of unsaid.entries()) {
    const { name, step } = pushing('push', back, item)
    // Begun, and never ended.
    journal.note(i, name, step, never()).next()
  }
  addTasks(world, journal, acting, layout, unsaid.length)
}

function* never(): Io<void> {
  yield { op: 'sleep', ms: 0, own: false, path: '' }
}

/** What is wrong now that everybody has ended. */
function checkQueue(world: World, start: Prepared): string | undefined {
  const tasks = world.tasks.slice()
  const nobodyDied = tasks.every(task => task.outcome?.kind !== 'crashed') && start.unsaid.length === 0
  const probe = world.process('probe')
  const journal = journals.get(world)!
  const problems = nobodyDied ? world.run(probe, () => checking(probe.newStore(), false)) : []
  if (problems.length > 0) return `check finds ${problems}`
  for (let n = 20; ; n++) {
    const { name, run, step } = pulling('then pull', front)
    const item = world.run(probe, () => journal.note(n, name, step, run(probe)))
    if (item === undefined) break
  }
  return (
    journal.verdict(start.items, items => items.join()) ??
    checkLeftovers(world, tasks, nobodyDied ? start.disk : undefined)
  )
}
