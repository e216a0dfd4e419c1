// Scenarios about one key: a few actions at once, from one of the states that its log may be in.

import type { Backend } from '../../lib/backends/backend.ts'
import { JSONBackend } from '../../lib/backends/json.ts'
import { V8Backend } from '../../lib/backends/v8.ts'
import { ask, type Io } from '../../lib/io/requests.ts'
import { get } from '../../lib/ops/get.ts'
import { lookHot } from '../../lib/ops/hot.ts'
import { Listing } from '../../lib/ops/list.ts'
import { catchUp } from '../../lib/ops/order.ts'
import { readLog } from '../../lib/ops/raw.ts'
import { remove } from '../../lib/ops/remove.ts'
import { set } from '../../lib/ops/set.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import type { Bounds, Store } from '../../lib/store.ts'
import { type Action, actions, computedOnce, key, type Stored } from './actions.ts'
import type { Disk, Remains } from './disk.ts'
import { isLinearizable, type Operation } from './linearizable.ts'
import type { Scenario } from './schedule.ts'
import { type Beginning, beginningOf } from './states.ts'
import { describe, type Task } from './task.ts'
import { volumeError } from './volume.ts'
import { folder, type Plant, type Process, type World, type WorldOptions } from './world.ts'

/** Small, so that what is rare with ordinary values comes with the first. */
export const smallBounds: Bounds = {
  largeValue: 300,
  compaction: 400,
  hotCompaction: 400,
  segment: 1 << 16,
  garbage: 256,
  pauseMs: 200,
  quiet: 0,
}

export const entryPath = new RegExp(`^${folder}/[0-9a-f]{2}(/|$)`)

/** How the tasks share processes. */
export type Layout =
  /** Each in one of its own. */
  | 'processes'
  /** All in one thread, by the promise interface. */
  | 'one thread'
  /** All in one thread, the first by the synchronous interface. */
  | 'one thread, a blocking'
  /** All in one thread, with a bucket of its own each. */
  | 'one thread, two buckets'

export interface EntryOptions {
  readonly actions: readonly string[]
  /** See `stateNames`. */
  readonly state: string
  readonly layout: Layout
  readonly crashes: number
  readonly preemptions: number
  readonly backend: 'v8' | 'json'
  /** Everybody has changed the key before, so that its log is kept open, and known: 'hot', and what is known is tried without a look;
   *  'watched', and it is not. */
  readonly hot: 'hot' | 'watched' | ''
  /** Durable stores, and the power may go at any moment. */
  readonly power: boolean
  readonly plant?: Plant | undefined
}

const backends: Readonly<Record<EntryOptions['backend'], Backend>> = { v8: new V8Backend(), json: new JSONBackend() }

/** All that was not brought to the medium is gone; or only names are, or only bytes, or some. */
const powerCuts: readonly Remains[] = [
  { names: false, bytes: 0 },
  { names: true, bytes: 0 },
  { names: false, bytes: 1 },
  { names: true, bytes: 0.5 },
]

/** The steps are the requests to the entry's own file. Those to the order log happen along with the one before: races about
 *  that are explored by themselves, see `orders.ts`. */
export function entryScenario(name: string, options: EntryOptions): Scenario {
  const world: WorldOptions = {
    backend: backends[options.backend],
    bounds: options.hot === 'watched' ? { ...smallBounds, quiet: Number.POSITIVE_INFINITY } : smallBounds,
    durable: options.power,
    sees: path => entryPath.test(path),
    branches: 'in sequence',
    shortestTick: 1000,
    keeps: options.hot !== '' || options.layout === 'processes',
    plant: options.plant,
  }
  const beginning = beginningOf(options.state, world)
  const { disk, clock } = beginning
  const acting = options.actions.map((action, n) => {
    const make = actions[action]
    if (make === undefined) throw new RangeError(`Expected one of ${Object.keys(actions).join(', ')}, got ${action}`)
    return make(n)
  })
  return {
    name,
    world,
    disk,
    clock,
    crashes: options.crashes,
    preemptions: options.preemptions,
    longest: 60,
    powerCuts: options.power ? powerCuts : [],
    begin: it => addTasks(it, acting, options),
    check: it => checkEntry(it, acting, beginning),
  }
}

function addTasks(world: World, acting: readonly Action[], { layout, hot }: EntryOptions): void {
  const one = layout === 'processes' ? undefined : world.process('one')
  acting.forEach((action, n) => {
    const process = one ?? world.process(`p${n}`)
    const store = layout === 'one thread, two buckets' && n > 0 ? process.newStore() : process.store
    const blocking = layout === 'one thread, a blocking' && n === 0
    if (hot !== '') world.readAhead(process, () => warmUp(store, process.slot(key).path))
    world.add({ name: action.name, process, blocking, start: () => action.run(process, store) })
  })
}

/** As after two changes. */
function* warmUp(store: Store, path: string): Io<void> {
  const file = yield* ask<'open'>({ op: 'open', path, create: false })
  if (file === undefined) return
  yield* ask<'keep'>({ op: 'keep', file, path })
  yield* lookHot(store, path)
  store.hot.noteChange(path)
}

/** What is wrong now that everybody has ended. */
function checkEntry(world: World, acting: readonly Action[], beginning: Beginning): string | undefined {
  const tasks = world.tasks.slice(0, acting.length)
  const nobodyDied = tasks.every(task => task.outcome?.kind !== 'crashed')
  const probe = world.process('probe')

  const last = world.run(probe, () => get(probe.store, probe.slot(key)))
  const all = (1 << tasks.length) - 1
  const operations: Operation<Stored>[] = tasks.map((task, i) => ({
    name: task.name,
    outcome: task.outcome!,
    after: task.endedBefore & all,
    // Who died before the first step did nothing.
    step: !task.called ? () => [] : world.powerCut ? acknowledged(acting[i]!) : acting[i]!.step,
  }))
  operations.push({
    name: 'get',
    outcome: { kind: 'returned', value: last },
    after: all,
    step: actions['get']!(0).step,
  })
  if (!isLinearizable(operations, beginning.stored, stored => JSON.stringify([stored]))) {
    return `no order explains ${operations.map(({ name, outcome }) => `${name} = ${describe(outcome)}`).join(', ')}`
  }
  return (
    checkResults(tasks, acting, nobodyDied) ??
    checkOrder(world, probe, last !== undefined, nobodyDied, beginning.surplus) ??
    checkLeftovers(world, tasks, nobodyDied ? beginning.disk : undefined) ??
    (nobodyDied && beginning.volumeError === 0 ? checkVolume(world, probe) : undefined) ??
    checkUse(world, probe)
  )
}

/** After a power cut only this counts: what was acknowledged is found again. What one has read may be lost, and what was
 *  decided from it. */
function acknowledged({ writes, step, hasWritten = isSomething }: Action): Action['step'] {
  return (stored, outcome) => {
    if (outcome.kind === 'crashed') return step(stored, outcome)
    const written = writes && outcome.kind === 'returned' && hasWritten(outcome.value)
    return written ? step(stored, { kind: 'crashed' }) : [stored]
  }
}

function isSomething(value: unknown): boolean {
  return value !== false && value !== undefined
}

function checkResults(tasks: readonly Task[], acting: readonly Action[], nobodyDied: boolean): string | undefined {
  if (!nobodyDied) return undefined
  const results = tasks.map(task => (task.outcome?.kind === 'returned' ? task.outcome.value : undefined))
  const others = (name: string): readonly Action[] => acting.filter(action => action.name !== name)
  const computing = results.filter((_, i) => acting[i]!.name === 'getOrSet' && tasks[i]!.outcome!.kind === 'returned')
  if (!others('getOrSet').some(action => action.writes) && !computedOnce(computing)) return 'computed more than once'
  if (acting.filter(action => action.writes).length === 1) {
    const swap = results[acting.findIndex(action => action.name === 'swap')] as { swapped: boolean } | undefined
    if (swap?.swapped === false) return 'a conflict although nobody else wrote'
  }
  return undefined
}

/** Iteration shows the entry if it is stored, and it was counted. */
function checkOrder(
  world: World,
  probe: Process,
  isStored: boolean,
  nobodyDied: boolean,
  surplus: number,
): string | undefined {
  const keys = world.run(probe, () => listKeys(probe))
  if (keys.length !== (isStored ? 1 : 0))
    return `iteration shows [${keys.join()}], and get ${isStored ? 'finds it' : 'nothing'}`
  const { counts } = world.run(probe, () => catchUp(probe.store))
  const log = world.run(probe, () => readLog(probe.store, probe.slot(key).path))
  const there = log?.value === undefined ? 0 : 1
  const counted = (counts.get(probe.store.backend.name) ?? 0) - surplus
  if (counted < there || (nobodyDied && counted > there)) return `${there} stored, ${counted} counted`
  return undefined
}

export function* listKeys(process: Process): Io<string[]> {
  const listing = new Listing(process.store, { values: false })
  const keys: string[] = []
  for (;;) {
    const page = yield* listing.next()
    if (page === undefined) return keys
    for (const { keyText } of page) keys.push(keyText)
  }
}

/** `before`: what was there at first, if nobody has died since. */
export function checkLeftovers(world: World, tasks: readonly Task[], before: Disk | undefined): string | undefined {
  const open = tasks.find(task => task.files.size > 0)
  if (open !== undefined) return `${open.name} left a file open`
  const known = new Set(before?.paths())
  const temporary = world.disk.paths().filter(path => path.startsWith(`${folder}/tmp/`) && !known.has(path))
  if (before !== undefined && temporary.length > 0) return `left over: ${temporary.join()}`
  const holds = world.processes.filter(process => !process.crashed && process.holds.size > 0)
  if (holds.length > 0) return `${holds.length} processes hold seals for ever`
  return undefined
}

function checkVolume(world: World, probe: Process): string | undefined {
  const error = volumeError(world, probe, [key])
  return error === 0 ? undefined : `${error} bytes too many are counted`
}

/** The key is good for everything, and nobody has to wait. */
function checkUse(world: World, probe: Process): string | undefined {
  const { store } = probe
  const slot = probe.slot(key)
  const bytes = store.backend.encode(99, { key: slot.text })
  world.run(probe, () => set(store, slot, bytes, plainTerms))
  const found = world.run(probe, () => get(store, slot))
  if (found?.value !== 99) return `99 was set afterwards, and get found ${JSON.stringify(found?.value)}`
  if (!world.run(probe, () => remove(store, slot))) return 'could not be deleted afterwards'
  if (world.run(probe, () => get(store, slot)) !== undefined) return 'was deleted afterwards, and is still there'
  return undefined
}
