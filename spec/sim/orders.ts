// Scenarios about the order log: several keys, of which each task stores or deletes its own, beside counting, iteration and
// merging. The steps are the requests to the files of the order log; those to the entries happen along with the one before.

import { V8Backend } from '../../lib/backends/v8.ts'
import type { Totals } from '../../lib/indexes/order.ts'
import type { OrderTail } from '../../lib/indexes/order-tail.ts'
import type { Io } from '../../lib/io/requests.ts'
import { mergedName, orderFolder, segmentName } from '../../lib/log/names.ts'
import { get } from '../../lib/ops/get.ts'
import { Listing } from '../../lib/ops/list.ts'
import { mergeOrder } from '../../lib/ops/merge.ts'
import { catchUp, listSegments, readOrder } from '../../lib/ops/order.ts'
import { remove } from '../../lib/ops/remove.ts'
import type { Bounds, Store } from '../../lib/store.ts'
import type { Disk } from './disk.ts'
import { isLinearizable, type Operation } from './linearizable.ts'
import { Beginnings, is, type Preparation, setting } from './prepare.ts'
import type { Scenario } from './schedule.ts'
import { describe, type Outcome, type Task } from './task.ts'
import { folder, type Plant, type Process, type World, type WorldOptions } from './world.ts'

/** Three adds, or a base and two, are a segment. */
const orderBounds: Bounds = {
  largeValue: 1 << 14,
  compaction: 1 << 14,
  hotCompaction: 1 << 14,
  segment: 200,
  garbage: 256,
  pauseMs: 200,
  quiet: 0,
}

export interface OrderOptions {
  readonly actions: readonly string[]
  /** See `orderStateNames`. */
  readonly state: string
  /** How far the processes have read the order log: not at all; all of it; its first entry. Those who have read any keep the
   *  file open that they read last, as if they had written to it; see `keeps`. */
  readonly tails: 'cold' | 'current' | 'early'
  /** Files are kept open between operations. */
  readonly keeps: boolean
  readonly layout: 'processes' | 'one thread'
  readonly crashes: number
  readonly preemptions: number
  readonly plant?: Plant | undefined
}

/** The number of entries. */
type Count = number

interface OrderAction {
  readonly name: string
  readonly run: (process: Process, n: number) => Io<unknown>
  /** So many operations in a row, all with this step; 1 by default. */
  readonly parts?: number
  readonly step: (count: Count, outcome: Outcome) => readonly Count[]
}

const unchanged: OrderAction['step'] = (count, { kind }) => (kind === 'threw' ? [] : [count])

const actions: Readonly<Record<string, OrderAction>> = {
  store: {
    name: 'store',
    run: (process, n) => setting(process, `new ${n}`, n),
    step: (count, { kind }) => (kind === 'threw' ? [] : [count + 1]),
  },
  'store two': {
    name: 'store two',
    *run(process, n) {
      yield* setting(process, `new ${n}`, n)
      yield* setting(process, `newer ${n}`, n)
    },
    parts: 2,
    step: (count, { kind }) => (kind === 'threw' ? [] : [count + 1]),
  },
  delete: {
    name: 'delete',
    run: (process, n) => remove(process.store, process.slot(`old ${n}`)),
    step(count, outcome) {
      if (outcome.kind === 'threw') return []
      return outcome.kind === 'returned' && outcome.value === false ? [count] : [count - 1]
    },
  },
  count: {
    name: 'count',
    *run(process) {
      return countOf(process.store, (yield* catchUp(process.store)).counts)
    },
    step: (count, outcome) => (outcome.kind === 'returned' && outcome.value !== count ? [] : [count]),
  },
  merge: { name: 'merge', run: process => mergeOrder(process.store), step: unchanged },
  list: { name: 'list', run: process => listKeys(process.store), step: unchanged },
}

function countOf(store: Store, counts: ReadonlyMap<string, number>): number {
  return counts.get(store.backend.name) ?? 0
}

/** Keys in insertion order, without the quotes. */
export function* listKeys(store: Store): Io<string[]> {
  const listing = new Listing(store, { values: false })
  const keys: string[] = []
  for (;;) {
    const page = yield* listing.next()
    if (page === undefined) return keys
    for (const { keyText } of page) keys.push(keyText.replaceAll('"', ''))
  }
}

interface Prepared {
  readonly disk: Disk
  readonly clock: number
  /** Keys in insertion order. */
  readonly keys: readonly string[]
  /** Entries that are counted, and are not there: those who were killed had announced them. */
  readonly surplus: number
  /** Records that stand twice in the order log: in segments that a merger was killed before unlinking. */
  readonly repeats: number
  /** Of the process that wrote the first entry; what it keeps open is in `Disk.heldOpen`. */
  readonly early: OrderTail
}

const segmentPath = (n: number): string => `${folder}/${segmentName(n)}`

/** The first is stored by a process that does nothing afterwards. */
function storeOld(it: Preparation, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    it.set(`old ${n}`, n)
    if (n === 0) it.handOver()
  }
}

const builders: Readonly<Record<string, (it: Preparation) => void>> = {
  nothing: () => {},
  'one segment': it => storeOld(it, 0, 2),
  'an ended segment': it => storeOld(it, 0, 3),
  'a second segment': it => storeOld(it, 0, 4),
  'an empty second segment'(it) {
    storeOld(it, 0, 3)
    it.killed(process => setting(process, 'doomed', 0), it.appendsTo(segmentPath(2)))
  },
  'a torn base'(it) {
    storeOld(it, 0, 3)
    it.killed(process => setting(process, 'doomed', 0), it.appendsTo(segmentPath(2)), true)
  },
  'a torn add'(it) {
    storeOld(it, 0, 2)
    it.killed(process => setting(process, 'doomed', 0), it.appendsTo(segmentPath(1)), true)
  },
  'a merged file'(it) {
    storeOld(it, 0, 6)
    it.run(process => remove(process.store, process.slot('old 4')))
    it.run(process => mergeOrder(process.store))
  },
  'a merger killed before unlinking'(it) {
    storeOld(it, 0, 6)
    it.killed(process => mergeOrder(process.store), is('unlink'))
  },
  'a merger killed while unlinking'(it) {
    storeOld(it, 0, 6)
    let unlinked = 0
    it.killed(
      process => mergeOrder(process.store),
      request => request.op === 'unlink' && ++unlinked === 2,
    )
  },
}

const beginnings = new Beginnings<Prepared>(builders, preparation => {
  const { world } = preparation
  const keys = preparation.run(process => listKeys(process.newStore()))
  const { counts } = preparation.run(process => catchUp(process.newStore()))
  const surplus = countOf(preparation.process.store, counts) - keys.length
  const ids = preparation.run(process => recordIds(process.store))
  const repeats = ids.length - new Set(ids).size
  const { early = preparation.process } = preparation
  const held = early.kept.get(segmentPath(early.store.order.segment))
  if (held !== undefined) world.disk.heldOpen.set('early', held.file)
  return { disk: world.disk, clock: world.clock, keys, surplus, repeats, early: early.store.order }
})

/** The names of what there may be at first. */
export const orderStateNames = beginnings.names
export const orderActionNames: readonly string[] = Object.keys(actions)

const inOrderLog = (path: string): boolean => path.startsWith(`${folder}/${orderFolder}`)

export function orderScenario(name: string, options: OrderOptions): Scenario {
  const world: WorldOptions = {
    backend: new V8Backend(),
    bounds: orderBounds,
    durable: false,
    sees: inOrderLog,
    branches: 'in sequence',
    shortestTick: 1000,
    keeps: options.keeps,
    plant: options.plant,
  }
  const start = beginnings.of(options.state, world)
  const acting = options.actions.map(action => {
    const known = actions[action]
    if (known === undefined) throw new RangeError(`Expected one of ${orderActionNames.join(', ')}, got ${action}`)
    return known
  })
  return {
    name,
    world,
    disk: start.disk,
    clock: start.clock,
    crashes: options.crashes,
    preemptions: options.preemptions,
    longest: 150,
    begin: it => addTasks(it, acting, options, start),
    check: it => checkOrderLog(it, acting, start),
  }
}

function addTasks(world: World, acting: readonly OrderAction[], options: OrderOptions, start: Prepared): void {
  const one = options.layout === 'one thread' ? world.process('one') : undefined
  const processes = acting.map((_, n) => one ?? world.process(`p${n}`))
  for (const process of new Set(processes)) {
    const { order } = process.store
    if (options.tails === 'early') {
      const { segment, offset, started, totals } = start.early
      order.moveTo(segment, totals, true)
      Object.assign(order, { offset, started })
      const file = world.disk.heldOpen.get('early')
      if (file !== undefined) process.keep({ file, path: segmentPath(segment) })
    }
  }
  acting.forEach((action, n) => {
    const process = processes[n]!
    world.add({ name: action.name, process, start: () => action.run(process, n) })
  })
  if (options.tails !== 'current') return
  for (const process of new Set(processes)) {
    world.readAhead(process, catchUp)
    const { segment, started } = process.store.order
    const path = segmentPath(segment)
    const file = world.disk.find(path)
    if (started && file !== undefined) process.keep({ file, path })
  }
}

/** What is wrong now that everybody has ended. */
function checkOrderLog(world: World, acting: readonly OrderAction[], start: Prepared): string | undefined {
  const tasks = world.tasks.slice(0, acting.length)
  const nobodyDied = tasks.every(task => task.outcome?.kind !== 'crashed')
  const probe = world.process('probe')
  const totals = world.run(probe, () => catchUp(probe.store))
  const counted = countOf(probe.store, totals.counts) - start.surplus
  const all = (1 << tasks.length) - 1
  const operations: Operation<Count>[] = tasks.map((task, i) => ({
    name: task.name,
    outcome: task.outcome!,
    after: task.endedBefore & all,
    step: task.called ? acting[i]!.step : () => [],
  }))
  for (const [i, { parts = 1 }] of acting.entries()) {
    for (let part = 1; part < parts; part++) operations.push(operations[i]!)
  }
  const step = actions['count']!.step
  operations.push({ name: 'count', outcome: { kind: 'returned', value: counted }, after: all, step })
  if (!isLinearizable(withSurplus(operations, start.surplus), start.keys.length, String)) {
    return `no order explains ${operations.map(({ name, outcome }) => `${name} = ${describe(outcome)}`).join(', ')}`
  }
  return (
    checkKeys(world, probe, tasks, acting, start) ??
    (nobodyDied && start.repeats === 0 ? checkRecords(world, probe, totals.records) : undefined) ??
    checkTails(world, totals)
  )
}

/** What tasks counted includes those that were announced by the dead. */
function withSurplus(operations: readonly Operation<Count>[], surplus: number): Operation<Count>[] {
  return operations.map((operation, i) => {
    const { outcome, name } = operation
    if (i === operations.length - 1 || name !== 'count' || outcome.kind !== 'returned') return operation
    return { ...operation, outcome: { ...outcome, value: Number(outcome.value) - surplus } }
  })
}

/** Iteration shows what is stored, once, in order: now, and as the tasks did it meanwhile. */
function checkKeys(
  world: World,
  probe: Process,
  tasks: readonly Task[],
  acting: readonly OrderAction[],
  start: Prepared,
): string | undefined {
  const names = [...start.keys, ...tasks.flatMap((_, n) => [`new ${n}`, `newer ${n}`])]
  const stored = names.filter(key => world.run(probe, () => get(probe.store, probe.slot(key))) !== undefined)
  const shown = world.run(probe, () => listKeys(probe.store))
  if (shown.toSorted().join() !== stored.toSorted().join()) return `iteration shows [${shown}], stored are [${stored}]`
  for (const [i, task] of tasks.entries()) {
    if (acting[i] !== actions['list'] || task.outcome?.kind !== 'returned') continue
    const listed = task.outcome.value as string[]
    if (new Set(listed).size !== listed.length) return `iteration showed one twice: [${listed}]`
    const before = tasks.flatMap((_, n) => ((task.endedBefore & (1 << n)) !== 0 ? [`new ${n}`, `newer ${n}`] : []))
    const due = stored.filter(key => start.keys.includes(key) || before.includes(key))
    const missing = due.filter(key => !listed.includes(key))
    if (missing.length > 0) return `iteration showed [${listed}], without [${missing}]`
    const order = names.filter(key => start.keys.includes(key) && listed.includes(key))
    if (listed.slice(0, order.length).join() !== order.join()) return `iteration showed [${listed}], out of order`
  }
  return undefined
}

/** Every record stands in the order log once, and is counted. */
function checkRecords(world: World, probe: Process, records: number): string | undefined {
  const ids = world.run(probe, () => recordIds(probe.store))
  if (new Set(ids).size !== ids.length) return `records stand in the order log twice: ${ids.join()}`
  if (ids.length !== records) return `${ids.length} records stand in the order log, ${records} are counted`
  return undefined
}

function* recordIds(store: Store): Io<string[]> {
  const ids: string[] = []
  for (const name of [mergedName, ...(yield* listSegments(store)).map(segmentName)]) {
    for (const { record } of (yield* readOrder(store, name)).records) {
      if (record.kind === 'add' || record.kind === 'remove' || record.kind === 'adjust') ids.push(record.id)
    }
  }
  return ids
}

/** Those who have read along know the same as one who reads afresh. */
function checkTails(world: World, fresh: Totals): string | undefined {
  const due = sayTotals(fresh)
  for (const process of world.processes) {
    if (process.crashed || process.store.order.segment === 0) continue
    const told = sayTotals(world.run(process, () => catchUp(process.store)))
    if (told !== due) return `${process.owner} has ${told}; who reads afresh, ${due}`
  }
  return undefined
}

function sayTotals({ counts, volume, records }: Totals): string {
  return JSON.stringify({ counts: [...counts], volume, records })
}
