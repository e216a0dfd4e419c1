// The program run in this process, with streams of ours, and as a process of its own.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Io, Output } from '../../lib/cli/command.ts'
import { main } from '../../lib/cli/main.ts'
import { newFolder } from '../support/folders.ts'

/** Takes what is written; a terminal, if it is said to be. */
export class Sink extends Writable implements Output {
  readonly chunks: Buffer[] = []
  readonly isTTY: boolean
  readonly columns: number

  constructor(isTTY = false, columns = 80) {
    super()
    this.isTTY = isTTY
    this.columns = columns
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.chunks.push(chunk)
    done()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get text(): string {
    return this.bytes.toString()
  }
}

export interface Said {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  readonly bytes: Buffer
}

export interface Surroundings {
  readonly input?: string | Buffer
  readonly env?: Record<string, string | undefined>
  readonly tty?: boolean
  readonly columns?: number
}

/** Runs a command line in this process: much faster than another, and standard streams may be terminals. */
export async function say(argv: readonly string[], surroundings: Surroundings = {}): Promise<Said> {
  const { input = '', env = {}, tty = false, columns = 80 } = surroundings
  const stdin = Object.assign(Readable.from([Buffer.from(input)], { objectMode: false }), { isTTY: tty })
  const stdout = new Sink(tty, columns)
  const stderr = new Sink(tty, columns)
  const io: Io = { stdin, stdout, stderr, env }
  const status = await main(argv, io)
  return { status, stdout: stdout.text, stderr: stderr.text, bytes: stdout.bytes }
}

/** A command line that is about one folder. */
export function sayIn(folder: string): typeof say {
  return (argv, surroundings = {}) =>
    say(argv, { ...surroundings, env: { BUCKETCACHE_FOLDER: folder, ...surroundings.env } })
}

export const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url))
export const work = fileURLToPath(new URL('../../fixtures/cli/work.mjs', import.meta.url))

/** The words of a command that does what the steps say: see fixtures/cli/work.mjs. */
export function worker(...steps: string[]): string[] {
  return [process.execPath, work, ...steps]
}

export interface Started extends Promise<Said> {
  readonly child: ChildProcess
  /** Comes when standard output has this text, */
  readonly shows: (text: string) => Promise<void>
  /** or standard error. */
  readonly complains: (text: string) => Promise<void>
}

export interface StartOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  readonly input?: string | Buffer | undefined
  /** Standard input is a pipe, for the spec to write to. */
  readonly keepsInput?: boolean
  /** What is run in place of Node with the built program. */
  readonly program?: string
  readonly nodeOptions?: readonly string[]
}

/** Starts the built program as a process. */
export function start(argv: readonly string[], options: StartOptions = {}): Started {
  if (!existsSync(bin)) throw new Error('Expected the built program in dist/: npm run build')
  const { input, keepsInput = input !== undefined, env, cwd, program, nodeOptions = [] } = options
  const args = program === undefined ? [...nodeOptions, bin, ...argv] : [...argv]
  const child = spawn(program ?? process.execPath, args, {
    stdio: [keepsInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '', FORCE_COLOR: '', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  if (input !== undefined) child.stdin?.end(input)
  const ended = new Promise<Said>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', status => {
      const bytes = Buffer.concat(out)
      resolve({ status, stdout: bytes.toString(), stderr: Buffer.concat(err).toString(), bytes })
    })
  })
  const has = (chunks: Buffer[]) => (text: string) =>
    until(() => Buffer.concat(chunks).includes(text), `the output has ${JSON.stringify(text)}`)
  return Object.assign(ended, { child, shows: has(out), complains: has(err) })
}

/** Waits for a condition. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; !(await condition()); await setTimeout(5)) {
    if (Date.now() > end) throw new Error(`Waited 30 s until ${what}`)
  }
}

/** A folder of the cache, and a file in which runs of a command can be counted. */
export function newPlace(): { root: string; folder: string; log: string; runs: () => number; env: NodeJS.ProcessEnv } {
  const root = newFolder()
  const folder = join(root, 'cache')
  const log = join(root, 'runs')
  const runs = (): number => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0)
  return { root, folder, log, runs, env: { BUCKETCACHE_FOLDER: folder } }
}
