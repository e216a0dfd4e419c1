// Scenarios about transactions: over two keys, beside readers, writers of one key, other transactions, and `check`. The steps are the
// requests to the two entries, to the intents and, where several want it, to the turn.
//
// A transaction is one operation on both keys: whoever has seen a part of it sees all of it, and who comes after its end, too.

import { dirname } from 'node:path'
import { V8Backend } from '../../lib/backends/v8.ts'
import type { Io, Request } from '../../lib/io/requests.ts'
import { transactionFolder, turnName } from '../../lib/log/names.ts'
import { atomically } from '../../lib/ops/atomically.ts'
import { Check, entrySteps } from '../../lib/ops/check.ts'
import { beginTransaction, rollBack } from '../../lib/ops/commit.ts'
import { compact } from '../../lib/ops/compact.ts'
import { eraseFolder } from '../../lib/ops/erase.ts'
import { get } from '../../lib/ops/get.ts'
import { catchUp } from '../../lib/ops/order.ts'
import { pendingView } from '../../lib/ops/pending.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'
import { remove } from '../../lib/ops/remove.ts'
import { add, set } from '../../lib/ops/set.ts'
import { sync } from '../../lib/ops/sync.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { touch } from '../../lib/ops/touch.ts'
import { increment } from '../../lib/ops/update.ts'
import type { Store } from '../../lib/store.ts'
import { largeValue } from './actions.ts'
import type { Disk } from './disk.ts'
import { checkLeftovers, smallBounds } from './entries.ts'
import { addTasks, Journal } from './journal.ts'
import type { Operation } from './linearizable.ts'
import { listKeys } from './orders.ts'
import { Beginnings, type Preparation, setting } from './prepare.ts'
import type { Scenario } from './schedule.ts'
import { volumeError } from './volume.ts'
import { folder, type Plant, type Process, type World, type WorldOptions } from './world.ts'

export interface TransactionOptions {
  readonly actions: readonly string[]
  /** See `transactionStateNames`. */
  readonly state: string
  readonly layout: 'processes' | 'one thread'
  readonly crashes: number
  readonly preemptions: number
  readonly plant?: Plant | undefined
}

type Key = 'a' | 'b'
type Value = number | string | undefined
/** What is stored under both keys. */
interface Pair {
  readonly a: Value
  readonly b: Value
}

/** One operation: what it does, and what it means. */
interface Part {
  readonly name: string
  readonly run: (process: Process, store: Store) => Io<unknown>
  /** What it leaves, and what it must return; undefined: anything. */
  readonly means: (pair: Pair) => { readonly to: Pair; readonly result?: unknown }
}

const keys: readonly Key[] = ['a', 'b']

function valueIn(decoded: { value: unknown } | undefined): Value {
  return decoded?.value as Value
}

function getting(key: Key): Part {
  return {
    name: `get ${key}`,
    *run(process, store) {
      return [valueIn(yield* get(store, process.slot(key)))]
    },
    means: pair => ({ to: pair, result: [pair[key]] }),
  }
}

function changing(key: Key, name: string, run: Part['run'], to: (value: Value) => Value, result?: Result): Part {
  const means: Part['means'] = pair => ({ to: { ...pair, [key]: to(pair[key]) }, result: result?.(pair[key]) })
  return { name: `${name} ${key}`, run, means }
}
type Result = (before: Value) => unknown

function upkeep(name: string, run: Part['run']): Part {
  return { name, run, means: pair => ({ to: pair }) }
}

function put(process: Process, store: Store, key: Key, value: unknown): Io<string> {
  const slot = process.slot(key)
  return set(store, slot, store.backend.encode(value, { key: slot.text }), plainTerms)
}

function* settingBoth(process: Process, view: Store, order: readonly Key[], n: number): Io<void> {
  for (const key of order) yield* put(process, view, key, bothValue(key, n))
}

function bothValue(key: Key, n: number): number {
  return (key === 'a' ? 10 : 20) + n
}

function settingAll(name: string, order: readonly Key[]): (n: number) => Part {
  return n => ({
    name,
    run: (process, store) => atomically(store, view => settingBoth(process, view, order, n)),
    means: () => ({ to: { a: bothValue('a', n), b: bothValue('b', n) } }),
  })
}

function* deferred(process: Process, store: Store, n: number): Io<void> {
  const view = pendingView(store)
  yield* put(process, view, 'a', bothValue('a', n))
  yield* increment(view, process.slot('b'), 1, 0)
  yield* sync(store, [...view.transaction.taken.values()])
}

function counted(value: Value): number {
  return Number(value ?? 0) + 1
}

/** Each a transaction, with the numbers of the keys in their order. */
const transactions: Readonly<Record<string, (n: number) => Part>> = {
  transact: settingAll('transact', ['a', 'b']),
  'transact back': settingAll('transact back', ['b', 'a']),
  'transact large': n => ({
    name: 'transact large',
    run: (process, store) =>
      atomically(store, function* (view) {
        yield* put(process, view, 'b', bothValue('b', n))
        yield* put(process, view, 'a', largeValue(n))
      }),
    means: () => ({ to: { a: largeValue(n), b: bothValue('b', n) } }),
  }),
  'roll back': n => ({
    name: 'roll back',
    *run(process, store) {
      const view = yield* beginTransaction(store)
      yield* settingBoth(process, view, keys, n)
      yield* rollBack(view)
    },
    means: pair => ({ to: pair }),
  }),
  'delete and count': () => ({
    name: 'delete and count',
    *run(process, store) {
      return yield* atomically(store, function* (view) {
        const deleted = yield* remove(view, process.slot('a'))
        return [deleted, yield* increment(view, process.slot('b'), 1, 0)]
      })
    },
    means: ({ a, b }) => ({ to: { a: undefined, b: counted(b) }, result: [a !== undefined, counted(b)] }),
  }),
  'read both': () => ({
    name: 'read both',
    *run(process, store) {
      return yield* atomically(store, function* (view) {
        const a = yield* get(view, process.slot('a'))
        return [valueIn(a), valueIn(yield* get(view, process.slot('b')))]
      })
    },
    means: pair => ({ to: pair, result: [pair.a, pair.b] }),
  }),
  sync: n => ({
    name: 'sync',
    run: (process, store) => deferred(process, store, n),
    means: ({ b }) => ({ to: { a: bothValue('a', n), b: counted(b) } }),
  }),
  fix: () => upkeep('fix', (_, store) => checking(store, true)),
}

const others: Readonly<Record<string, (n: number) => Part>> = {
  'get a': () => getting('a'),
  'get b': () => getting('b'),
  'set a': n =>
    changing(
      'a',
      'set',
      (process, store) => put(process, store, 'a', 30 + n),
      () => 30 + n,
    ),
  'set b': n =>
    changing(
      'b',
      'set',
      (process, store) => put(process, store, 'b', 40 + n),
      () => 40 + n,
    ),
  'add b': n =>
    changing(
      'b',
      'add',
      (process, store) =>
        add(store, process.slot('b'), store.backend.encode(50 + n, { key: process.slot('b').text }), plainTerms),
      value => value ?? 50 + n,
      value => value === undefined,
    ),
  'large a': n =>
    changing(
      'a',
      'large',
      (process, store) => put(process, store, 'a', largeValue(n)),
      () => largeValue(n),
    ),
  'delete a': () =>
    changing(
      'a',
      'delete',
      (process, store) => remove(store, process.slot('a')),
      () => undefined,
      value => value !== undefined,
    ),
  'delete b': () =>
    changing(
      'b',
      'delete',
      (process, store) => remove(store, process.slot('b')),
      () => undefined,
      value => value !== undefined,
    ),
  'incr b': () =>
    changing('b', 'incr', (process, store) => increment(store, process.slot('b'), 1, 0), counted, counted),
  'touch a': () =>
    changing(
      'a',
      'touch',
      (process, store) => touch(store, process.slot('a'), null),
      value => value,
      value => value !== undefined,
    ),
  'compact a': () => upkeep('compact a', (process, store) => compact(store, process.slot('a').path)),
  'reclaim a': () => upkeep('reclaim a', (process, store) => reclaim(store, process.slot('a').path, false)),
  'erase a': () => changing('a', 'erase', eraseFirst, () => undefined),
  check: () => upkeep('check', (_, store) => checking(store, false)),
}

/** Several operations in a row. */
const rows: Readonly<Record<string, readonly string[]>> = {
  'get both': ['get a', 'get b'],
  'get both back': ['get b', 'get a'],
}

export const transactionNames: readonly string[] = Object.keys(transactions)
export const besideNames: readonly string[] = [...Object.keys(rows), ...Object.keys(others)]

function partsOf(action: string, n: number): Part[] {
  return (rows[action] ?? [action]).map(name => {
    const make = transactions[name] ?? others[name]
    if (make === undefined) {
      throw new RangeError(`Expected one of ${[...transactionNames, ...besideNames].join(', ')}, got ${name}`)
    }
    return make(n)
  })
}

function* eraseFirst(process: Process, store: Store): Io<number> {
  const number = Number.parseInt(process.slot('a').hash.slice(0, 2), 16)
  return (yield* eraseFolder(store, number, () => true)).count
}

/** What there was to be found. */
export function* checking(store: Store, fix: boolean): Io<string[]> {
  const check = new Check(store, fix)
  yield* check.begin()
  for (let step = 0; step < entrySteps; step++) yield* check.entries(step)
  yield* check.end()
  return check.problems.map(({ code }) => code)
}

interface Prepared {
  readonly disk: Disk
  readonly clock: number
  readonly pair: Pair
  /** Paths of the two logs. */
  readonly entries: readonly string[]
  /** Bytes that are counted, and are not there. */
  readonly volumeError: number
}

/** Somebody sets both in a transaction, and is killed before the request for which `when`. */
function dying(it: Preparation, when: Parameters<Preparation['killed']>[1]): void {
  it.killed(process => atomically(process.store, view => settingBoth(process, view, keys, 5)), when)
}

export function isIntent(path: string): boolean {
  return inIntent.test(path)
}

/** Whether an intent appears by that. */
export function decides(request: Request): boolean {
  if (request.op === 'rename') return isIntent(request.to)
  return request.op === 'publish' && isIntent(request.path)
}

/** The `n`th append to an entry after the intent was published, counted from 1. */
function appendAfterIntent(it: Preparation, n: number): Parameters<Preparation['killed']>[1] {
  let decided = false
  let appends = 0
  const toEntry = keys.map(key => it.appendsTo(it.process.slot(key).path))
  return request => {
    decided ||= decides(request)
    return decided && toEntry.some(appends => appends(request)) && ++appends === n
  }
}

const builders: Readonly<Record<string, (it: Preparation) => void>> = {
  nothing: () => {},
  'both stored'(it) {
    it.set('a', 1)
    it.set('b', 2)
  },
  'one stored'(it) {
    it.set('b', 2)
  },
  'one deleted'(it) {
    it.set('a', 1)
    it.set('b', 2)
    it.run(process => remove(process.store, process.slot('a')))
  },
  'dead before its decision'(it) {
    it.set('a', 1)
    dying(it, decides)
  },
  'dead after its decision'(it) {
    it.set('a', 1)
    dying(it, appendAfterIntent(it, 1))
  },
  'dead half-way'(it) {
    it.set('a', 1)
    dying(it, appendAfterIntent(it, 2))
  },
  'dead at its end'(it) {
    it.set('b', 2)
    let decided = false
    dying(it, request => {
      decided ||= decides(request)
      return decided && request.op === 'unlink'
    })
  },
}

const beginnings = new Beginnings<Prepared>(builders, preparation => {
  preparation.settle()
  const { world } = preparation
  const find = (key: Key): Value => valueIn(preparation.run(process => get(process.newStore(), process.slot(key))))
  return {
    disk: world.disk,
    clock: world.clock,
    pair: { a: find('a'), b: find('b') },
    entries: keys.map(key => preparation.process.slot(key).path),
    volumeError: volumeError(world, preparation.process, keys),
  }
})

/** The names of what there may be at first. */
export const transactionStateNames = beginnings.names

const inIntent = new RegExp(`^${folder}/${transactionFolder}/[0-9a-f]{16}\\.intent$`)

export function transactionScenario(name: string, options: TransactionOptions): Scenario {
  // Of one transaction alone nobody else could tell when it has its turn.
  const turns = options.actions.filter(action => transactionNames.includes(action)).length > 1
  const entries = new Set<string>()
  const world: WorldOptions = {
    backend: new V8Backend(),
    bounds: smallBounds,
    durable: false,
    sees: path => entries.has(path) || isIntent(path) || (turns && path === `${folder}/${turnName}`),
    branches: 'in sequence',
    shortestTick: 100,
    keeps: options.layout === 'processes',
    plant: options.plant,
  }
  const start = beginnings.of(options.state, world)
  // With the folders that they are in.
  for (const path of start.entries) entries.add(path).add(dirname(path))
  const acting = options.actions.map(partsOf)
  return {
    name,
    world,
    disk: start.disk,
    clock: start.clock,
    crashes: options.crashes,
    preemptions: options.preemptions,
    longest: 150,
    begin: it => begin(it, acting, options.layout),
    check: it => checkBoth(it, start),
  }
}

const journals = new WeakMap<World, Journal<Pair>>()

function begin(world: World, acting: readonly (readonly Part[])[], layout: TransactionOptions['layout']): void {
  const journal = new Journal<Pair>(world.interner)
  journals.set(world, journal)
  const parts = acting.map(each =>
    each.map(({ name, run, means }) => {
      return { name, step: stepOf(means), run: (process: Process) => run(process, process.store) }
    }),
  )
  addTasks(world, journal, parts, layout)
}

function stepOf(means: Part['means']): Operation<Pair>['step'] {
  return (pair, outcome) => {
    const { to, result } = means(pair)
    if (outcome.kind === 'crashed') return [to]
    if (outcome.kind === 'threw') return []
    return result === undefined || textOf(result) === textOf(outcome.value) ? [to] : []
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, it: unknown) => it ?? null)
}

function textOfPair({ a, b }: Pair): string {
  return textOf([a, b])
}

/** What is wrong now that everybody has ended. */
function checkBoth(world: World, start: Prepared): string | undefined {
  const { tasks } = world
  const acting = tasks.slice()
  const nobodyDied = acting.every(task => task.outcome?.kind !== 'crashed')
  const allLived = nobodyDied && start.disk.paths().every(path => !isIntent(path))
  const probe = world.process('probe')
  const journal = journals.get(world)!
  const pair = { a: 0 as Value, b: 0 as Value }
  for (const [i, key] of keys.entries()) {
    const part = getting(key)
    const noted = journal.note(29 + i, `then ${part.name}`, stepOf(part.means), part.run(probe, probe.store))
    pair[key] = (world.run(probe, () => noted) as Value[])[0]
  }
  return (
    journal.verdict(start.pair, textOfPair) ??
    checkIteration(world, probe, pair) ??
    (allLived ? checkIntents(world) : undefined) ??
    checkLeftovers(world, acting, nobodyDied ? start.disk : undefined) ??
    (allLived && start.volumeError === 0 ? checkVolume(world, probe) : undefined) ??
    checkMending(world, probe, pair) ??
    checkUse(world, probe)
  )
}

function checkIteration(world: World, probe: Process, pair: Pair): string | undefined {
  const shown = world.run(probe, () => listKeys(probe.newStore())).sort()
  const stored = keys.filter(key => pair[key] !== undefined)
  return shown.join() === stored.join() ? undefined : `iteration shows [${shown}], stored are [${stored}]`
}

function checkIntents(world: World): string | undefined {
  const intents = world.disk.paths().filter(isIntent)
  return intents.length === 0 ? undefined : `left over: ${intents}`
}

function checkVolume(world: World, probe: Process): string | undefined {
  const error = volumeError(world, probe, keys)
  return error === 0 ? undefined : `${error} bytes too many are counted`
}

/** `check` finds what there is to find at once, changes no value, and the totals are right afterwards. */
function checkMending(world: World, probe: Process, pair: Pair): string | undefined {
  world.run(probe, () => checking(probe.newStore(), true))
  const left = world.run(probe, () => checking(probe.newStore(), false))
  if (left.length > 0) return `check finds ${left} where it has just mended`
  const now = keys.map(key => valueIn(world.run(probe, () => get(probe.store, probe.slot(key)))))
  if (textOf(now) !== textOfPair(pair)) return `check has made ${textOf(now)} of ${textOfPair(pair)}`
  const counted = world.run(probe, () => catchUp(probe.newStore())).counts.get(probe.store.backend.name) ?? 0
  const stored = now.filter(value => value !== undefined).length
  return counted === stored ? undefined : `${stored} stored, ${counted} counted`
}

/** Nobody has to wait, be it for a key or for the turn. */
function checkUse(world: World, probe: Process): string | undefined {
  world.run(probe, () => atomically(probe.store, view => settingBoth(probe, view, ['b', 'a'], 9)))
  world.run(probe, () => setting(probe, 'b', 99))
  const found = keys.map(key => valueIn(world.run(probe, () => get(probe.store, probe.slot(key)))))
  return textOf(found) === textOf([19, 99])
    ? undefined
    : `19 and 99 were set afterwards, and get found ${textOf(found)}`
}
