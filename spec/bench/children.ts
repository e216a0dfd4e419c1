// Child processes that are told things and tell things, a line at a time.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const scriptPath = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Where DiskCache is, if it is not installed: a checkout, or a folder into which pip has put it. */
const { BUCKETCACHE_DISKCACHE: diskCachePath, BUCKETCACHE_PYTHON: python = 'python3' } = process.env

/** A newer Node, for peers that the present one has not. */
export const { BUCKETCACHE_NODE: otherNode } = process.env

export class Child {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<number | null>
  #complaint = ''

  constructor(command: string, args: readonly string[]) {
    const path = [diskCachePath, process.env['PYTHONPATH']].filter(Boolean).join(':')
    this.#process = spawn(command, args, { env: { ...process.env, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '1' } })
    this.#process.stderr!.on('data', text => {
      this.#complaint += text
    })
    this.#ended = new Promise(resolve => {
      this.#process.on('error', error => {
        this.#complaint += error
        resolve(null)
      })
      this.#process.on('close', resolve)
    })
    this.#lines = createInterface(this.#process.stdout!)[Symbol.asyncIterator]()
  }

  /** Runs a script of this folder. */
  static node(script: string, args: readonly string[], node: string = process.execPath): Child {
    return new Child(node, [scriptPath(script), ...args])
  }

  /** Runs a script that stands beside its source: it is not built. */
  static python(script: string, args: readonly string[]): Child {
    return new Child(python, [scriptPath(`../${script}`), ...args])
  }

  /** What it says next. @throws if it ends instead. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`A child process ended: ${await this.failure()}`)
    return value
  }

  say(line: string): void {
    this.#process.stdin!.write(`${line}\n`)
  }

  /** All that it says until it ends. @throws if it fails. */
  async rest(): Promise<string[]> {
    const lines: string[] = []
    for (let step = await this.#lines.next(); step.done !== true; step = await this.#lines.next())
      lines.push(step.value)
    const failure = await this.failure()
    if (failure !== undefined) throw new Error(failure)
    return lines
  }

  /** Why it failed, in a line; undefined: it did not. */
  async failure(): Promise<string | undefined> {
    if ((await this.#ended) === 0) return undefined
    const lines = this.#complaint
      .split('\n')
      .filter(line => /Error|cannot|not found/i.test(line) && !line.includes('throw '))
    return lines[0]?.trim() ?? (this.#complaint.trim().slice(0, 200) || 'no reason given')
  }
}
