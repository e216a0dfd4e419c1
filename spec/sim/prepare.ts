// Disks as they may be found: made by the real operations, some of them by a process that was killed at the worst moment.

import type { Io, Request } from '../../lib/io/requests.ts'
import { writeVolume } from '../../lib/ops/order.ts'
import { set } from '../../lib/ops/set.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { Disk } from './disk.ts'
import { describe, isAppend } from './task.ts'
import { beginning, folder, type Process, World, type WorldOptions } from './world.ts'

/** Somebody who prepares a disk. */
export class Preparation {
  readonly world: World
  process: Process
  /** The process that was at it before: see `handOver`. */
  early: Process | undefined

  constructor(options: WorldOptions) {
    // Every request is a step, so that a process can be killed before any.
    const ordinary = { ...options, plant: undefined, keeps: true, sees: () => true }
    this.world = new World(ordinary, { disk: new Disk(), clock: beginning, era: 1 })
    this.process = this.world.process('first')
    // The bucket's own folder is there.
    this.world.disk.makeFolder(folder)
  }

  /** From here on another process does the rest, and this one stays as it is. */
  handOver(): void {
    this.early = this.process
    this.process = this.world.process('second')
  }

  set(key: string, value: unknown, expireMs?: number): void {
    this.run(process => setting(process, key, value, expireMs))
  }

  run<T>(io: (process: Process) => Io<T>): T {
    return this.world.run(this.process, () => io(this.process))
  }

  /** What the living have gathered of the volume is written down. */
  settle(): void {
    for (const process of this.world.processes) {
      if (process.crashed) continue
      for (const store of process.stores) this.world.run(process, () => writeVolume(store))
    }
  }

  /** Another process runs, and is killed before the first request for which `when`; `torn`: with half of it done. */
  killed(io: (process: Process) => Io<unknown>, when: (request: Request) => boolean, torn = false): void {
    const process = this.world.process(`late ${this.world.processes.length}`)
    const task = this.world.add({ name: 'doomed', process, start: () => io(process) })
    this.world.drive(task, when)
    if (task.over) throw new Error(`Expected it to be killed before its end, got ${describe(task.outcome!)}`)
    if (torn) task.tear(Math.floor(task.tearable!.length / 2))
    this.world.crash(process)
  }

  /** Another process looks, appends when others have written `meanwhile`, and is killed before it can see that it lost. */
  losing(io: (process: Process) => Io<unknown>, when: (request: Request) => boolean, meanwhile: () => void): void {
    const process = this.world.process(`slow ${this.world.processes.length}`)
    const task = this.world.add({ name: 'doomed', process, start: () => io(process) })
    this.world.drive(task, when)
    meanwhile()
    task.step()
    this.world.crash(process)
  }

  /** Whether a request appends to the file at `path`. */
  appendsTo(path: string): (request: Request) => boolean {
    return request => isAppend(request) && this.world.current?.files.get(request.file)?.path === path
  }
}

export function setting(process: Process, key: string, value: unknown, expireMs?: number): Io<string> {
  const { store } = process
  const slot = process.slot(key)
  return set(store, slot, store.backend.encode(value, { key: slot.text }), { ...plainTerms, expireMs })
}

export function is(op: Request['op']): (request: Request) => boolean {
  return request => request.op === op
}

/** What there may be at first, by name: each is made once, by its builder, and kept. Clone its disk. */
export class Beginnings<T> {
  readonly names: readonly string[]
  readonly #builders: Readonly<Record<string, (it: Preparation) => void>>
  readonly #take: (it: Preparation, name: string, options: WorldOptions) => T
  readonly #made = new Map<string, T>()

  /** `take`: what is to be known of it. */
  constructor(
    builders: Readonly<Record<string, (it: Preparation) => void>>,
    take: (it: Preparation, name: string, options: WorldOptions) => T,
  ) {
    this.names = Object.keys(builders)
    this.#builders = builders
    this.#take = take
  }

  /** `label`: of those that differ by more than the name. */
  of(name: string, options: WorldOptions, label = name): T {
    let it = this.#made.get(label)
    if (it === undefined) {
      const builder = this.#builders[name]
      if (builder === undefined) throw new RangeError(`Expected one of ${this.names.join(', ')}, got ${name}`)
      const preparation = new Preparation(options)
      builder(preparation)
      it = this.#take(preparation, name, options)
      this.#made.set(label, it)
    }
    return it
  }
}
