// An algorithm under the scheduler's hand. A step is one request: it is performed, the algorithm is resumed with the reply, and
// runs on to its next request. Requests that nobody else could tell from none (`visible` says which) are performed on the way.
//
// Where several tasks share a thread, the reply is a step of its own: the system's other threads perform the request, and the
// event loop delivers the reply some time later. Meanwhile a blocking task of the same thread may run from end to end.

import { BucketCacheError } from '../../lib/errors.ts'
import type { File, Io, Request } from '../../lib/io/requests.ts'
import type { SimFile } from './disk.ts'
import { type Caller, deadlock, type KeptFile, type OpenFile, perform, type Steps } from './perform.ts'
import type { Process, World } from './world.ts'

/** How an algorithm came out. */
export type Outcome =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  /** Its process has died; what it was to do was done, or not. */
  | { readonly kind: 'crashed' }

/** What a request was told. */
export type Answer = { readonly reply: unknown } | { readonly error: unknown }

/**
 * fresh: not called yet. asking: has a request. answered: its request was performed. asleep, branching: until somebody else
 * has done something. ended: returned or threw. crashed: dropped; its `finally` never ran.
 */
export type Phase = 'fresh' | 'asking' | 'answered' | 'asleep' | 'branching' | 'ended' | 'crashed'

export interface TaskOptions {
  readonly letter: string
  readonly name: string
  readonly process: Process
  readonly start: () => Io<unknown>
  /** Blocks its thread until it ends, as the synchronous interface does. */
  readonly blocking?: boolean
  /** Waits for this one. */
  readonly parent?: Task
  /** In the background: nobody waits for it. */
  readonly background?: boolean
}

export class Task implements Caller {
  readonly letter: string
  readonly name: string
  readonly process: Process
  readonly blocking: boolean
  readonly background: boolean
  readonly parent: Task | undefined
  readonly files = new Map<File, OpenFile>()
  phase: Phase = 'fresh'
  request: Request | undefined
  outcome: Outcome | undefined
  /** The tasks that had ended when this one was called, a bit each. */
  endedBefore = 0
  /** The number of changes when it fell asleep. */
  asleepSince = 0
  readonly #world: World
  readonly #start: () => Io<unknown>
  #io: Io<unknown> | undefined
  #steps: Steps | undefined
  #at = ''
  #answer: Answer | undefined
  /** Stands for all that it was ever told. */
  #history = 0
  #children: Task[] = []
  #counted = 0

  constructor(world: World, options: TaskOptions) {
    this.#world = world
    this.letter = options.letter
    this.name = options.name
    this.process = options.process
    this.blocking = options.blocking ?? false
    this.background = options.background ?? false
    this.parent = options.parent
    this.#start = options.start
  }

  get over(): boolean {
    return this.phase === 'ended' || this.phase === 'crashed'
  }

  /** Between its first request and its end. */
  get running(): boolean {
    return !this.over && this.phase !== 'fresh'
  }

  /** Whether it took a step at all. */
  get called(): boolean {
    return this.#io !== undefined
  }

  /** All that its further course hangs on, as text; `changed`: something happens at this moment. */
  state(changed: boolean): string {
    if (this.phase === 'crashed') return 'x'
    if (this.phase === 'fresh') return 'f'
    if (this.phase === 'ended') return `e${this.#world.interner.number(describe(this.outcome!))}`
    let open = ''
    for (const [descriptor, { file }] of this.files) open += ` ${descriptor}:${file.name}:${file.content}`
    const awake = this.phase === 'asleep' && (changed || this.#world.changes > this.asleepSince)
    const told = this.phase === 'answered' ? this.#world.interner.number(this.#tokenOf(this.#answer!)) : ''
    return `${this.phase.slice(0, 3)}${told} ${this.#history} ${this.#at}${open}${awake ? '!' : ''}`
  }

  /** One step. */
  step(): void {
    const world = this.#world
    world.current = this
    const { phase } = this
    if (phase === 'fresh') this.begin()
    else if (phase === 'asleep') this.#deliver({ reply: undefined }, 'slept')
    else if (phase === 'answered') return this.#deliverAnswer()
    if (phase !== 'asking' && (world.separate(this.process) || !this.#asks)) return
    this.#perform()
    if (!this.#asks && (!world.separate(this.process) || this.blocking)) this.#deliverAnswer()
  }

  /** Called: up to its first request. */
  begin(): void {
    const world = this.#world
    const before = world.current
    world.current = this
    this.endedBefore = world.ended
    this.#io = this.#start()
    this.phase = 'asking'
    this.#advance(() => this.#io!.next())
    world.current = before ?? this
  }

  /** The request that comes next changes the disk in such a way that a crash may leave half of it. */
  get tearable(): Uint8Array | undefined {
    const isDue = this.phase === 'asking' && this.#steps === undefined
    return isDue && isAppend(this.request) ? this.request.bytes : undefined
  }

  /** So much of the append gets to the disk. */
  tear(length: number): void {
    const request = this.request
    if (!isAppend(request)) return
    this.disk.append(this.files.get(request.file)!.file, request.bytes.subarray(0, length), this.now)
  }

  /** Dropped as it stands. */
  drop(): void {
    if (this.over) return
    this.phase = 'crashed'
    this.outcome = { kind: 'crashed' }
    this.files.clear()
  }

  /** Who waits for other tasks and finds them ended is answered. */
  childrenEnded(): void {
    if (this.phase !== 'branching' || !this.#children.every(child => child.over)) return
    const failed = this.#children.find(child => child.outcome?.kind === 'threw')?.outcome
    this.#answer =
      failed?.kind === 'threw'
        ? { error: failed.error }
        : { reply: this.#children.map(child => (child.outcome as Outcome & { kind: 'returned' }).value) }
    this.phase = 'answered'
  }

  get #asks(): boolean {
    return this.phase === 'asking'
  }

  #perform(): void {
    const request = this.request!
    this.#steps ??= perform(this, request)
    try {
      const step = this.#steps.next()
      if (!step.done) {
        this.#at = step.value
        return
      }
      this.#answer = { reply: step.value }
    } catch (error) {
      if (!(error instanceof BucketCacheError)) throw error
      this.#answer = { error }
    }
    this.#world.observe(this, request, this.#answer)
    this.#steps = undefined
    this.#at = ''
    this.phase = 'answered'
  }

  #deliverAnswer(): void {
    const answer = this.#answer!
    this.#answer = undefined
    const token = this.#tokenOf(answer)
    this.#children = []
    this.#deliver(answer, token)
  }

  #deliver(answer: Answer, token: string): void {
    const world = this.#world
    this.#history = world.interner.number(`${this.#history}|${token}|${world.clock}|${this.process.sharedState}`)
    this.phase = 'asking'
    this.#advance(() => ('error' in answer ? this.#io!.throw(answer.error) : this.#io!.next(answer.reply)))
  }

  /** Stands for an answer: equal if it is, whatever the schedule. */
  #tokenOf(answer: Answer): string {
    if ('error' in answer) return describe({ kind: 'threw', error: answer.error })
    const { reply } = answer
    if (this.#children.length > 0) return this.#children.map(child => child.#history).join()
    if (Buffer.isBuffer(reply)) return reply.toString('latin1')
    if (this.request!.op === 'lock') return 'lock'
    if (typeof reply === 'object' && reply !== null && 'bytes' in reply) {
      const { bytes, ...rest } = reply as { bytes: Buffer }
      return `${bytes.toString('latin1')}|${JSON.stringify(rest)}`
    }
    return JSON.stringify(reply) ?? 'undefined'
  }

  /** Runs the algorithm up to its next request that others could notice. */
  #advance(resume: () => IteratorResult<Request, unknown>): void {
    const world = this.#world
    for (;;) {
      let step: IteratorResult<Request, unknown>
      try {
        step = resume()
      } catch (error) {
        return this.#end({ kind: 'threw', error })
      }
      if (step.done) return this.#end({ kind: 'returned', value: step.value })
      const request = step.value
      this.request = request
      if (request.op === 'all') {
        this.phase = 'branching'
        this.#children = request.branches.map(branch => world.branch(this, () => branch))
        return
      }
      if (request.op === 'sleep') {
        if (request.own && this.blocking) {
          const error = deadlock(request.path)
          resume = () => this.#io!.throw(error)
          continue
        }
        this.phase = 'asleep'
        this.asleepSince = world.changes
        world.slept(request.ms)
        world.observe(this, request, { reply: undefined })
        return
      }
      if (world.visible(this, request)) return
      do this.#perform()
      while (this.#asks)
      const answer = this.#answer!
      this.#answer = undefined
      // What nobody else could notice, nobody else could change: it adds nothing to the history but its errors.
      if ('error' in answer) {
        this.#history = world.interner.number(`${this.#history}|${describe({ kind: 'threw', error: answer.error })}`)
        resume = () => this.#io!.throw(answer.error)
      } else resume = () => this.#io!.next(answer.reply)
      this.phase = 'asking'
    }
  }

  #end(outcome: Outcome): void {
    this.phase = 'ended'
    this.outcome = outcome
    this.request = undefined
    this.#world.taskEnded(this)
  }

  // What its requests ask of it: see `Caller`.

  get disk(): Caller['disk'] {
    return this.#world.disk
  }
  get now(): number {
    return this.#world.clock
  }
  newFileName(): string {
    return `${this.#world.era}${this.letter}${this.#counted++}`
  }
  newDescriptor(): File {
    return 100 * (this.letter.charCodeAt(0) + 1) + this.#counted++
  }
  keep(open: OpenFile): void {
    this.process.keep(open)
  }
  takeKept(path: string): KeptFile | undefined {
    return this.process.takeKept(path)
  }
  release(file: SimFile): void {
    this.process.release(file)
  }
  isAlive(owner: string): boolean {
    return this.#world.isAlive(owner)
  }
  lock(path: string): boolean {
    return this.#world.lock(this, path)
  }
  unlock(path: string): void {
    this.#world.unlock(path)
  }
  later(path: string, done: (isGone: boolean) => void): void {
    this.#world.discard(this, path, done)
  }
  /** For ids: who, and the how-manieth. */
  newId(): string {
    const who = this.#world.era * 4096 + this.letter.charCodeAt(0)
    return who.toString(16).padStart(4, '0') + (this.#counted++).toString(16).padStart(12, '0')
  }
}

/** An outcome as text: of equal text, nobody could tell them apart. */
export function describe(outcome: Outcome): string {
  if (outcome.kind === 'crashed') return 'crashed'
  if (outcome.kind === 'returned') return JSON.stringify(outcome.value) ?? 'undefined'
  const { error } = outcome
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** What somebody else might see half of. */
export function isAppend(request: Request | undefined): request is Request & { op: 'append' | 'appendShared' } {
  return request?.op === 'append' || request?.op === 'appendShared'
}
