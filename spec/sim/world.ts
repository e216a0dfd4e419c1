// A machine in which nothing happens by chance: processes with an environment of their own, one disk, one clock. Tasks run
// in their processes, a step at a time, in the order that the caller chooses.

import type { Backend } from '../../lib/backends/backend.ts'
import { ask, type Io, type Request } from '../../lib/io/requests.ts'
import { DefaultKeyMaker } from '../../lib/keymakers/default.ts'
import type { KeyCodec, Slot } from '../../lib/keys.ts'
import { keyCodec } from '../../lib/keys.ts'
import { type Bounds, createStore, type Environment, type Store } from '../../lib/store.ts'
import type { Disk, SimFile } from './disk.ts'
import { Interner } from './intern.ts'
import type { KeptFile, OpenFile } from './perform.ts'
import { type Answer, type Outcome, Task, type TaskOptions } from './task.ts'

export const folder = '/cache'

/** The time at which everything begins, in milliseconds since the epoch. */
export const beginning = 1_700_000_000_000

/** What is the same in all the schedules of one exploration. */
export interface WorldOptions {
  readonly backend: Backend
  readonly bounds: Bounds
  readonly durable: boolean
  /** Whether others could notice a request to this path. Those that they could not do not count as steps. */
  readonly sees: (path: string) => boolean
  /** Branches of one operation run side by side; else one after the other, as in a synchronous caller. */
  readonly branches: 'interleaved' | 'in sequence'
  /** Sleeping for less than this does not move the clock: so states that differ by nothing else are one. */
  readonly shortestTick: number
  /** Processes keep a file open if they are asked to, as the hosts do. */
  readonly keeps: boolean
  /** Planted faults. */
  readonly plant?: Plant | undefined
}

/** A fault that is planted by wrapping what the algorithms stand on, or an algorithm. */
export interface Plant {
  readonly store?: (store: Store) => Store
  readonly alive?: (owner: string) => boolean
  readonly io?: (io: Io<unknown>, store: Store) => Io<unknown>
}

const codecs = new Map<string, KeyCodec>()
const slots = new Map<string, Slot>()

function codecOf(backend: Backend): KeyCodec {
  let codec = codecs.get(backend.name)
  if (codec === undefined) {
    codec = keyCodec(new DefaultKeyMaker(), folder, backend)
    codecs.set(backend.name, codec)
  }
  return codec
}

const descriptors = new Map<string, number>()

/** Of what is kept under a path. */
function descriptorOf(path: string): number {
  const descriptor = descriptors.get(path) ?? 100_000 + descriptors.size
  descriptors.set(path, descriptor)
  return descriptor
}

/** One thread of one process: an owner, its holds, and the buckets that it has opened. */
export class Process {
  readonly owner: string
  crashed = false
  readonly holds: Environment['holds'] = new Map()
  /** More than one task runs in it. */
  shared = false
  /** What it keeps open between its operations, by path. */
  readonly kept = new Map<string, KeptFile>()
  /** Of all its buckets. */
  readonly stores: Store[] = []
  readonly #world: World
  #store: Store | undefined

  constructor(world: World, name: string) {
    this.#world = world
    this.owner = `sim - - ${name} 0 0`
  }

  get environment(): Environment {
    const world = this.#world
    return {
      now: () => world.clock,
      ticks: () => world.clock,
      newId: () => world.current!.newId(),
      owner: this.owner,
      holds: this.holds,
    }
  }

  /** The store of its bucket. */
  get store(): Store {
    this.#store ??= this.newStore()
    return this.#store
  }

  /** The store of one more bucket on the same folder. */
  newStore(): Store {
    const { backend, bounds, durable, plant } = this.#world.options
    const store = createStore({
      folder,
      backend,
      keys: codecOf(backend),
      environment: this.environment,
      settings: { lifetimeMs: Number.POSITIVE_INFINITY, timeoutMs: Number.MAX_SAFE_INTEGER, durable, network: false },
      bounds,
    })
    this.stores.push(store)
    return plant?.store === undefined ? store : plant.store(store)
  }

  slot(key: string): Slot {
    const { backend } = this.#world.options
    const name = `${backend.name} ${key}`
    let slot = slots.get(name)
    if (slot === undefined) {
      slot = codecOf(backend).slot(key)
      slots.set(name, slot)
    }
    return slot
  }

  keep({ file, path }: OpenFile): void {
    if (!this.#world.options.keeps || this.kept.has(path)) return
    // The same path has the same descriptor each time, as the system might well give it.
    this.kept.set(path, { file, path, kept: { file: descriptorOf(path) } })
  }

  takeKept(path: string): KeptFile | undefined {
    return this.kept.get(path)
  }

  release(file: SimFile): void {
    for (const [path, kept] of this.kept) if (kept.file === file) this.kept.delete(path)
  }

  /** What it keeps open, and knows of that, as text. */
  get keptState(): string {
    let state = ''
    for (const [path, { file, kept }] of this.kept) {
      const known = this.#store?.hot.known(kept)
      state += `${path}:${file.name}:${file.content}:${known?.size};`
    }
    return state
  }

  /** What its tasks share in memory, as text. */
  get sharedState(): string {
    if (!this.shared) return ''
    const holds = [...this.holds].map(String).sort().join(' ')
    const store = this.#store
    if (store === undefined) return holds
    const { segment, offset, started, totals, unwritten } = store.order
    const { counts, volume, records } = totals
    const passed = JSON.stringify([...store.passed])
    return `${holds}|${store.hot.changedLast}|${passed}|${[...store.garbage].join()}|${segment} ${offset} ${started} ${[...counts].join()} ${volume} ${records} ${unwritten}`
  }
}

export class World {
  readonly options: WorldOptions
  readonly interner: Interner
  /** Tells ids that are made in this world from those of the world that its disk was made in. */
  readonly era: number
  readonly disk: Disk
  readonly tasks: Task[] = []
  readonly processes: Process[] = []
  clock: number
  /** Whose algorithm runs at this moment. */
  current: Task | undefined
  #events = 0
  /** Tasks that have ended, a bit each. */
  ended = 0
  /** The power has gone. */
  powerCut = false
  /** What the verdict hangs on besides, as text. */
  journal: { readonly state: string } | undefined
  /** Is told of every request, when it has been performed. */
  onStep: ((task: Task, request: Request, answer: Answer) => void) | undefined
  readonly #locks = new Map<string, Task>()

  constructor(options: WorldOptions, from: { disk: Disk; clock: number; era: number }, interner = new Interner()) {
    this.options = options
    this.disk = from.disk
    this.clock = from.clock
    this.era = from.era
    this.interner = interner
  }

  process(name: string): Process {
    const process = new Process(this, name)
    this.processes.push(process)
    return process
  }

  add(options: Omit<TaskOptions, 'letter'>): Task {
    const { plant, branches } = this.options
    const { process } = options
    process.shared ||= this.tasks.some(task => task.process === process && !task.background)
    const start = (): Io<unknown> => {
      let io = options.start()
      if (branches === 'in sequence') io = inSequence(io)
      return plant?.io === undefined ? io : plant.io(io, process.store)
    }
    const task = new Task(this, { ...options, start, letter: String.fromCharCode(97 + this.tasks.length) })
    this.tasks.push(task)
    return task
  }

  branch(parent: Task, start: () => Io<unknown>): Task {
    parent.process.shared = true
    return this.add({ name: `${parent.name}'s branch`, process: parent.process, start, parent })
  }

  discard(task: Task, path: string, done: (isGone: boolean) => void): void {
    const start = function* (): Io<void> {
      let isGone = false
      try {
        yield* ask<'unlink'>({ op: 'unlink', path })
        isGone = true
      } finally {
        done(isGone)
      }
    }
    task.process.shared = true
    // The system has been asked already: it may act even while the thread is blocked.
    this.add({ name: 'unlink in the background', process: task.process, start, background: true }).begin()
  }

  /** Whether replies are steps of their own in this process. */
  separate(process: Process): boolean {
    return process.shared
  }

  visible(task: Task, request: Request): boolean {
    const { sees, durable } = this.options
    switch (request.op) {
      case 'close':
      case 'keep':
      case 'kept':
      case 'discard':
        return false
      // Only a power cut tells.
      case 'sync':
        return durable && sees(task.files.get(request.file)?.path ?? '')
      case 'syncFolder':
        return durable && sees(request.path)
      case 'alive':
        return true
      case 'rename':
      case 'moveAway':
        return sees(request.to) || sees(request.from)
      case 'unlock':
        return sees(request.lock.path)
      case 'all':
      case 'sleep':
        return true
      default:
        return sees('path' in request ? request.path : (task.files.get(request.file)?.path ?? ''))
    }
  }

  /** Whether a task could take a step now. Sleepers only if something has happened meanwhile. */
  canStep(task: Task): boolean {
    const { phase, process } = task
    if (phase === 'ended' || phase === 'crashed' || phase === 'branching') return false
    if (process.shared && phase !== 'asking') {
      // A thread that is blocked calls nobody and delivers nothing.
      const blocking = this.tasks.find(other => other.process === process && other.blocking && other.running)
      if (blocking !== undefined && blocking !== task) return false
    }
    if (phase === 'asleep') return this.changes > task.asleepSince
    const { request } = task
    if (phase === 'asking' && request?.op === 'lock' && request.timeoutMs > 0) return !this.#isLocked(request.path)
    return true
  }

  /** The process is killed: nothing of it runs any more. */
  crash(process: Process): void {
    process.crashed = true
    process.kept.clear()
    this.#events++
    for (const task of this.tasks) if (task.process === process) task.drop()
  }

  isAlive(owner: string): boolean {
    const { plant } = this.options
    if (plant?.alive !== undefined) return plant.alive(owner)
    return this.processes.some(process => process.owner === owner && !process.crashed)
  }

  #isLocked(path: string): boolean {
    const holder = this.#locks.get(path)
    // A dead holder's lock counts as stale at once.
    return holder !== undefined && !holder.process.crashed
  }

  lock(task: Task, path: string): boolean {
    if (this.#isLocked(path)) return false
    this.#locks.set(path, task)
    return true
  }

  unlock(path: string): void {
    this.#locks.delete(path)
    this.#events++
  }

  slept(ms: number): void {
    if (ms >= this.options.shortestTick) this.clock += ms
  }

  observe(task: Task, request: Request, answer: Answer): void {
    this.onStep?.(task, request, answer)
  }

  /** How often something has changed that a sleeper may be waiting for. */
  get changes(): number {
    return this.#events + this.disk.changes
  }

  taskEnded(task: Task): void {
    this.#events++
    const index = this.tasks.indexOf(task)
    if (index < 31) this.ended |= 1 << index
    task.parent?.childrenEnded()
  }

  /** Everything that what may still happen hangs on, as text; `without`: as it would be after the death of that process. */
  state(without?: Process): string {
    let state = this.disk.fingerprint
    if (this.options.durable) state += `|${this.disk.durableFingerprint}`
    state += `|${this.clock}`
    if (this.journal !== undefined) state += `|${this.journal.state}`
    for (const task of this.tasks) {
      state += task.process === without && !task.over ? '|x' : `|${task.state(without !== undefined)}`
      if (task.endedBefore !== 0) state += `&${task.endedBefore}`
    }
    for (const process of this.processes)
      if (!process.crashed && process !== without) state += `|${process.sharedState}|${process.keptState}`
    for (const [path, holder] of this.#locks)
      state += `|${path} ${holder.letter}${holder.process.crashed || holder.process === without}`
    return state
  }

  /** Lets a process look at something before anything begins. */
  readAhead(process: Process, io: (store: Store) => Io<unknown>): void {
    const world = new World({ ...this.options, plant: undefined }, { disk: this.disk, clock: this.clock, era: 1 })
    const task = new Task(world, { letter: '?', name: 'reading ahead', process, start: () => io(process.store) })
    world.drive(task, () => false)
  }

  /** Runs one algorithm to its end while nobody else does anything. */
  run<T>(process: Process, io: () => Io<T>): T {
    const task = this.add({ name: 'alone', process, start: io })
    process.shared = false
    this.drive(task, () => false)
    const outcome = task.outcome as Outcome
    if (outcome.kind === 'returned') return outcome.value as T
    if (outcome.kind === 'threw') throw outcome.error
    throw new Error('Expected it to end')
  }

  /** Runs one task until it ends, or until `stop` says so before its next request. */
  drive(task: Task, stop: (request: Request) => boolean): void {
    for (let sleeps = 0; !task.over; ) {
      if (task.phase === 'asking' && stop(task.request!)) return
      if (task.phase === 'asleep' && ++sleeps > 50) throw new Error(`${task.name} waits for ever, and nobody else runs`)
      if (task.phase === 'branching') {
        for (const child of this.tasks) if (child.parent === task) this.drive(child, () => false)
      } else task.step()
    }
  }
}

/** The same algorithm, its branches one after the other. */
export function* inSequence<T>(io: Io<T>): Io<T> {
  let step = io.next()
  while (!step.done) {
    let reply: unknown
    try {
      reply = step.value.op === 'all' ? yield* oneByOne(step.value.branches) : yield step.value
    } catch (error) {
      step = io.throw(error)
      continue
    }
    step = io.next(reply)
  }
  return step.value
}

function* oneByOne(branches: readonly Io<unknown>[]): Io<unknown[]> {
  const results: unknown[] = []
  for (const branch of branches) results.push(yield* inSequence(branch))
  return results
}
