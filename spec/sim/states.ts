// What the key's log may look like before anything begins. Each is made by the real operations, some of them by a process that
// was killed at the worst moment.

import type { Io, Request } from '../../lib/io/requests.ts'
import { claim } from '../../lib/ops/claim.ts'
import { compact } from '../../lib/ops/compact.ts'
import { get } from '../../lib/ops/get.ts'
import { catchUp } from '../../lib/ops/order.ts'
import { readLog } from '../../lib/ops/raw.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'
import { remove } from '../../lib/ops/remove.ts'
import { set } from '../../lib/ops/set.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { touch } from '../../lib/ops/touch.ts'
import { key, largeValue, type Stored } from './actions.ts'
import { Disk } from './disk.ts'
import { beginning, type Process, World, type WorldOptions } from './world.ts'

/** Before the first step. */
export interface Beginning {
  readonly disk: Disk
  readonly clock: number
  /** What is stored under the key. */
  readonly stored: Stored
  /** Entries that are counted, and are not there: those who were killed had announced them. */
  readonly surplus: number
}

/** Somebody who prepares a disk. */
class Preparation {
  readonly world: World
  readonly #process: Process

  constructor(options: WorldOptions) {
    // Every request is a step, so that a process can be killed before any.
    this.world = new World({ ...options, plant: undefined, sees: () => true }, { disk: new Disk(), clock: beginning, era: 1 })
    this.#process = this.world.process('first')
  }

  /** Whether a request appends to the key's log. */
  readonly entryAppend = (request: Request): boolean => {
    const task = this.world.current
    return request.op === 'append' && task?.files.get(request.file)?.path === this.#process.slot(key).path
  }

  set(value: number | string, expireMs?: number): void {
    const { store } = this.#process
    const bytes = store.backend.encode(value, { key: `"${key}"` })
    this.world.run(this.#process, () => set(store, this.#process.slot(key), bytes, { ...plainTerms, expireMs }))
  }

  run<T>(io: (process: Process) => Io<T>): T {
    return this.world.run(this.#process, () => io(this.#process))
  }

  /** Another process runs, and is killed before the first request for which `when`; `torn`: with half of it done. */
  killed(io: (process: Process) => Io<unknown>, when: (request: Request) => boolean, torn = false): void {
    const process = this.world.process(`late ${this.world.processes.length}`)
    const task = this.world.add({ name: 'doomed', process, start: () => io(process) })
    this.world.drive(task, when)
    if (task.over) throw new Error('Expected it to be killed before its end')
    if (torn) task.tear(Math.floor(task.tearable!.length / 2))
    this.world.crash(process)
  }

  /** Another process appends to a log that has changed since it looked. */
  losing(io: (process: Process) => Io<unknown>, meanwhile: () => void): void {
    const process = this.world.process(`slow ${this.world.processes.length}`)
    const task = this.world.add({ name: 'doomed', process, start: () => io(process) })
    this.world.drive(task, this.entryAppend)
    meanwhile()
    task.step()
    this.world.crash(process)
  }
}

const setting =
  (value: number) =>
  (process: Process): Io<unknown> =>
    set(process.store, process.slot(key), process.store.backend.encode(value, { key: `"${key}"` }), plainTerms)

const is =
  (op: Request['op']) =>
  (request: Request): boolean =>
    request.op === op

const builders: Readonly<Record<string, (it: Preparation) => void>> = {
  missing: () => {},
  live: it => it.set(1),
  expired(it) {
    it.set(1, 1)
    it.world.clock += 10_000
  },
  tombstoned(it) {
    it.set(1)
    it.run(process => remove(process.store, process.slot(key)))
  },
  'several records'(it) {
    for (const value of [1, 2, 3]) it.set(value)
    it.run(process => touch(process.store, process.slot(key), null))
  },
  'large'(it) {
    it.set(largeValue(9))
  },
  /** Created, and nothing written. */
  empty(it) {
    it.killed(setting(1), it.entryAppend)
  },
  'torn tail'(it) {
    it.set(1)
    it.killed(setting(2), it.entryAppend, true)
  },
  'void tail'(it) {
    it.set(1)
    it.losing(setting(2), () => it.set(3))
  },
  'sealed by the dead'(it) {
    it.set(1)
    it.set(2)
    it.killed(process => compact(process.store, process.slot(key).path), is('rename'))
  },
  'reclaimed by the dead'(it) {
    it.set(1)
    it.run(process => remove(process.store, process.slot(key)))
    it.killed(process => reclaim(process.store, process.slot(key).path, false), is('unlink'))
  },
  'claimed by the dead'(it) {
    let claimed = false
    it.killed(
      function* (process) {
        yield* claim(process.store, process.slot(key))
        claimed = true
        yield* get(process.store, process.slot(key))
      },
      () => claimed,
    )
  },
}

/** The names of what there may be at first. */
export const stateNames: readonly string[] = Object.keys(builders)

const made = new Map<string, Beginning>()

/** What there is at first under this name. Clone its disk. */
export function beginningOf(name: string, options: WorldOptions): Beginning {
  const label = `${name} ${options.backend.name} ${options.durable}`
  let it = made.get(label)
  if (it === undefined) {
    const builder = builders[name]
    if (builder === undefined) throw new RangeError(`Expected one of ${stateNames.join(', ')}, got ${name}`)
    const preparation = new Preparation(options)
    builder(preparation)
    const { world } = preparation
    const found = preparation.run(process => get(process.store, process.slot(key)))
    const { counts } = preparation.run(process => catchUp(process.store))
    const log = preparation.run(process => readLog(process.store, process.slot(key).path))
    const surplus = (counts.get(options.backend.name) ?? 0) - (log?.value === undefined ? 0 : 1)
    world.disk.syncAll()
    it = { disk: world.disk, clock: world.clock, stored: found?.value as Stored, surplus }
    made.set(label, it)
  }
  return it
}
