// What the specs of this folder share.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A new folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bucketcache-tasks-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Waits until `condition` holds, looking often. The limit is for a test that fails. */
export async function until(condition: () => unknown, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${limitMs} ms in vain for: ${condition}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** A promise and the function that resolves it. */
export function gate(): { open: () => void; opened: Promise<void> } {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open, opened }
}

/** Sets an environment variable for the test; undefined removes it. */
export function setEnvironment(name: string, value: string | undefined): void {
  const before = process.env[name]
  const set = (text: string | undefined) => {
    if (text === undefined) delete process.env[name]
    else process.env[name] = text
  }
  set(value)
  onTestFinished(() => set(before))
}

export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** A process that runs a file of fixtures/tasks, which imports the built package. It is killed after the test. */
export function startFixture(file: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return startNode([join(repository, 'fixtures/tasks', file), ...args], { env })
}

export function startNode(args: string[], { cwd, env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): ChildProcess {
  if (!existsSync(join(repository, 'dist/tasks/index.js')))
    throw new Error('Run `npm run build` first: child processes use dist')
  const child = spawn(process.execPath, args, {
    ...(cwd && { cwd }),
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

export interface Ended {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** What the process has written, when it has ended. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', text => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', text => (stderr += text))
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { status, signal, stdout, stderr }
}

/** The next message that the process sends. */
export async function message(child: ChildProcess): Promise<unknown> {
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', text => (stderr += text))
  const received = once(child, 'message').then(([value]) => value)
  const failed = once(child, 'exit').then(([status]) => {
    throw new Error(`The process ended with ${status} before it said anything: ${stderr}`)
  })
  return Promise.race([received, failed])
}
