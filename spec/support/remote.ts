// Other processes: each has a bucket on a folder, does what it is told, and may be killed at any moment.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Bucket, BucketOptions } from '../../lib/index.ts'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What an act gets beside the bucket and its arguments. */
export interface Stage {
  /** Loads the entry point bucketcache/recipes. */
  recipes: () => Promise<any>
  /** Loads another module. */
  load: (name: string) => Promise<any>
  /** Tells the spec something meanwhile: see `Actor.heard`. */
  say: (said: unknown) => void
}

type Reply = {
  id?: number
  result?: unknown
  failure?: { name: string; code?: string; message: string }
  said?: unknown
}

export class Actor {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (result: any) => void; reject: (error: Error) => void }>()
  readonly #heard: unknown[] = []
  readonly #listeners: (() => void)[] = []
  readonly #exited: Promise<unknown>
  #count = 0
  #stderr = ''

  constructor(child: ChildProcess) {
    this.#child = child
    child.stderr!.setEncoding('utf8').on('data', text => {
      this.#stderr += text
    })
    child.on('message', (reply: Reply) => this.#take(reply))
    this.#exited = once(child, 'exit').then(([status, signal]) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`The process has ended (${signal ?? status}): ${this.#stderr}`))
      this.#waiting.clear()
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Calls a function over there: it is sent as text, so it can use nothing but what it is given. */
  run<A extends unknown[], T>(
    act: (bucket: Bucket<any, any>, ...args: [...A, Stage]) => T,
    ...args: A
  ): Promise<Awaited<T>> {
    const id = ++this.#count
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, source: String(act), args }, error => error && reject(error))
    })
  }

  /** The next thing that was said. */
  async heard(): Promise<any> {
    while (this.#heard.length === 0) await new Promise<void>(resolve => this.#listeners.push(resolve))
    return this.#heard.shift()
  }

  /** All that was said and not heard yet. */
  rest(): unknown[] {
    return this.#heard.splice(0)
  }

  /** kill -9; when this returns the process is no more. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Ends as programs end: what it has gathered in memory is written down. */
  async leave(): Promise<void> {
    this.#child.disconnect()
    await this.#exited
  }

  #take({ id, result, failure, said }: Reply): void {
    if (id === undefined) {
      if (said !== undefined) this.#heard.push(said)
      for (const wake of this.#listeners.splice(0)) wake()
      return
    }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (failure === undefined) waiting?.resolve(result)
    else waiting?.reject(Object.assign(new Error(failure.message), { name: failure.name, code: failure.code }))
  }
}

/** A process with a bucket on `folder`. It is killed after the test. */
export async function startActor(folder: string, options: BucketOptions = {}): Promise<Actor> {
  if (!existsSync(join(repository, 'dist/index.js')))
    throw new Error('Run `npm run build` first: child processes use dist')
  const script = join(repository, 'fixtures/stress/actor.mjs')
  const child = spawn(process.execPath, [script, folder, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  const actor = new Actor(child)
  onTestFinished(() => void child.kill('SIGKILL'))
  await actor.run(() => {})
  return actor
}

/** Several at once. */
export function startActors(count: number, folder: string, options: BucketOptions = {}): Promise<Actor[]> {
  return Promise.all(Array.from({ length: count }, () => startActor(folder, options)))
}
