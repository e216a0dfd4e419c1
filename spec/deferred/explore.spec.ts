// Every schedule and every crash of small cases: what a sync writes is there as a whole or not at all, whoever looks.

import { describe, expect, test } from 'vitest'
import { V8Backend } from '../../lib/backends/v8.ts'
import type { Io } from '../../lib/io/requests.ts'
import { get } from '../../lib/ops/get.ts'
import { pendingView } from '../../lib/ops/pending.ts'
import { remove } from '../../lib/ops/remove.ts'
import { set } from '../../lib/ops/set.ts'
import { sync } from '../../lib/ops/sync.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { increment } from '../../lib/ops/update.ts'
import type { Store } from '../../lib/store.ts'
import { Disk } from '../sim/disk.ts'
import { explore, simplest } from '../sim/explore.ts'
import { explain } from '../sim/replay.ts'
import type { Scenario } from '../sim/schedule.ts'
import { beginning, folder, type Process, World, type WorldOptions } from '../sim/world.ts'

const world: WorldOptions = {
  backend: new V8Backend(),
  bounds: {
    largeValue: 1 << 14,
    compaction: 1 << 14,
    hotCompaction: 1 << 14,
    segment: 1 << 16,
    garbage: 256,
    pauseMs: 200,
    quiet: 0,
  },
  durable: false,
  // Races about the order log are explored by themselves.
  sees: path => new RegExp(`^${folder}/([0-9a-f]{2}|transactions)/`).test(path),
  branches: 'in sequence',
  shortestTick: 1000,
  keeps: true,
}

type Value = number | undefined

function* put(store: Store, process: Process, key: string, value: number): Io<unknown> {
  const slot = process.slot(key)
  return yield* set(store, slot, store.backend.encode(value, { key: slot.text }), plainTerms)
}

function* read(process: Process, key: string): Io<Value> {
  return (yield* get(process.store, process.slot(key)))?.value as Value
}

/** What a deferred bucket does to the keys, and its sync. */
function* synced(process: Process, act: (view: Store) => Io<unknown>): Io<number> {
  const view = pendingView(process.store)
  yield* act(view)
  return yield* sync(process.store, [...view.transaction.taken.values()])
}

/** Both keys get this value. */
const both = (value: number) => (process: Process) =>
  synced(process, function* (view) {
    yield* put(view, process, 'old', value)
    yield* put(view, process, 'new', value)
  })

/** One key is removed, the other stored. */
const moved = (process: Process): Io<unknown> =>
  synced(process, function* (view) {
    yield* remove(view, process.slot('old'))
    yield* put(view, process, 'new', 10)
  })

const counted = (process: Process): Io<unknown> =>
  synced(process, function* (view) {
    yield* increment(view, process.slot('old'), 1, 0)
    yield* increment(view, process.slot('new'), 1, 0)
  })

const reader =
  (...keys: string[]) =>
  (process: Process): Io<Value[]> =>
    (function* () {
      const values: Value[] = []
      for (const key of keys) values.push(yield* read(process, key))
      return values
    })()

/** A disk with the key `old`, whose value is 1. */
function disk(): Disk {
  const it = new World(world, { disk: new Disk(), clock: beginning, era: 1 })
  const process = it.process('first')
  it.run(process, () => put(process.store, process, 'old', 1))
  return it.disk
}

interface Case {
  readonly tasks: Record<string, (process: Process) => Io<unknown>>
  readonly crashes: number
  readonly preemptions: number
  /** What is wrong with the values of `old` and `new` at the end, or with what tasks returned (undefined: they died). */
  readonly wrong: (ends: { values: Value[]; returned: unknown[] }) => boolean
}

function scenario(name: string, { tasks, crashes, preemptions, wrong }: Case): Scenario {
  return {
    name,
    world,
    disk: disk(),
    clock: beginning,
    crashes,
    preemptions,
    longest: 200,
    begin(it) {
      for (const [task, start] of Object.entries(tasks)) {
        const process = it.process(task)
        it.add({ name: task, process, start: () => start(process) })
      }
    },
    check(it) {
      const returned = it.tasks.map(({ outcome }) => (outcome?.kind === 'returned' ? outcome.value : undefined))
      const failed = it.tasks.find(({ outcome }) => outcome?.kind === 'threw')
      if (failed?.outcome?.kind === 'threw') return `${failed.name} threw ${failed.outcome.error}`
      const probe = it.process('probe')
      const values = ['old', 'new'].map(key => it.run(probe, () => read(probe, key)))
      if (wrong({ values, returned })) return `ends with ${JSON.stringify(values)}, told ${JSON.stringify(returned)}`
      // Nobody is held up, and what is left of the dead does not come back.
      for (const key of ['old', 'new']) it.run(probe, () => put(probe.store, probe, key, 99))
      const after = ['old', 'new'].map(key => it.run(probe, () => read(probe, key)))
      return after.every(value => value === 99) ? undefined : `99 was stored afterwards, and ${after} found`
    },
  }
}

const before = '[1,null]'
const text = (values: readonly Value[]): string => JSON.stringify(values.map(value => value ?? null))

const cases: Record<string, Case> = {
  'a sync that is killed leaves all of it or none': {
    tasks: { sync: both(10) },
    crashes: 1,
    preemptions: 0,
    wrong: ({ values, returned }) =>
      returned[0] === undefined ? ![before, '[10,10]'].includes(text(values)) : text(values) !== '[10,10]',
  },
  'a sync that removes and stores is killed': {
    tasks: { sync: moved },
    crashes: 1,
    preemptions: 0,
    wrong: ({ values, returned }) =>
      returned[0] === undefined ? ![before, '[null,10]'].includes(text(values)) : text(values) !== '[null,10]',
  },
  'who has seen what is new sees that the other has changed': {
    tasks: { sync: both(10), reader: reader('new', 'old') },
    crashes: 1,
    preemptions: 2,
    wrong: ({ returned: [, seen] }) => (seen as Value[] | undefined)?.[0] === 10 && (seen as Value[])[1] !== 10,
  },
  'who has seen what has changed sees the new one': {
    tasks: { sync: both(10), reader: reader('old', 'new') },
    crashes: 1,
    preemptions: 2,
    wrong: ({ returned: [, seen] }) => (seen as Value[] | undefined)?.[0] === 10 && (seen as Value[])[1] !== 10,
  },
  'two syncs are one after the other': {
    tasks: { one: both(10), two: both(20) },
    crashes: 1,
    preemptions: 1,
    wrong: ({ values, returned }) => {
      const ended = returned.filter(value => value !== undefined).length
      return ![...(ended === 0 ? [before] : []), '[10,10]', '[20,20]'].includes(text(values))
    },
  },
  'a writer beside a sync comes before or after it': {
    tasks: { sync: both(10), writer: process => put(process.store, process, 'new', 5) },
    crashes: 1,
    preemptions: 2,
    wrong: ({ values, returned: [synced, wrote] }) => {
      const ends = ['[10,10]', '[10,5]']
      if (synced === undefined) ends.push(before, '[1,5]')
      return !ends.includes(text(values)) || (wrote === undefined && synced !== undefined && text(values) === before)
    },
  },
  'two syncs that count lose nothing': {
    tasks: { one: counted, two: counted },
    crashes: 0,
    preemptions: 2,
    wrong: ({ values }) => text(values) !== '[3,2]',
  },
}

describe('a sync', () => {
  test.each(Object.entries(cases))('%s', (name, given) => {
    const it = scenario(name, given)
    const report = explore(it)
    if (report.failure !== undefined) {
      const { scenario, failure } = simplest(it, report.failure)
      expect.fail(explain(scenario, failure))
    }
    expect(report.complete).toBe(true)
    expect(report.ends).toBeGreaterThan(1)
  })

  test('without its intent a killed sync is found out', () => {
    // The explorer must be able to fail: here a sync is nothing but its writes.
    const halves: Case = {
      ...cases['a sync that is killed leaves all of it or none']!,
      tasks: {
        *sync(process) {
          yield* put(process.store, process, 'old', 10)
          yield* put(process.store, process, 'new', 10)
          return 2
        },
      },
    }
    expect(explore(scenario('halves', halves)).failure).toBeDefined()
  })
})
