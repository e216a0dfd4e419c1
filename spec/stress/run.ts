// Runs processes that do random operations and are killed at random moments, and reads what each has noted.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { newFolder } from '../support/folders.ts'
import { repository } from '../support/remote.ts'

/** Seconds by default; `BUCKETCACHE_STRESS=60` makes it an hour. */
export const stressScale = Number(process.env.BUCKETCACHE_STRESS ?? 1)

/** One operation on one key, as it was noted. */
export interface Noted {
  readonly process: string
  readonly called: number
  /** Infinity: the process was killed meanwhile. */
  readonly returned: number
  readonly op: Readonly<Record<string, any>>
  /** undefined: not known. */
  readonly result: unknown
}

export interface StressOptions {
  readonly folder: string
  readonly names: readonly string[]
  readonly seconds: number
  /** How often, on average, one of the processes is killed, in milliseconds. */
  readonly killEveryMs: number
  readonly seed: number
  readonly backend: 'v8' | 'json'
  readonly mode: 'keys' | 'queue'
}

/** All operations of all processes. */
export async function stress(options: StressOptions): Promise<{ noted: Noted[]; kills: number }> {
  const { folder, names, seconds, killEveryMs, seed, backend, mode } = options
  if (!existsSync(join(repository, 'dist/index.js')))
    throw new Error('Run `npm run build` first: child processes use dist')
  const logs = newFolder()
  const random = randomFrom(seed)
  let generation = 0
  const failures: string[] = []
  const start = (role: string) => {
    const name = `${role}-${generation++}`
    const log = join(logs, name)
    const work = { folder, name, log, seed: seed * 1000 + generation, backend, mode }
    const child = spawn(process.execPath, [join(repository, 'fixtures/stress/worker.mjs'), JSON.stringify(work)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let stderr = ''
    child.stderr!.setEncoding('utf8').on('data', text => {
      stderr += text
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = once(child, 'exit').then(([status, signal]) => {
      if (status !== 0 && signal !== 'SIGKILL') failures.push(`${name} ended with ${status ?? signal}: ${stderr}`)
    })
    return { role, name, log, child, ended, started: once(child, 'message') }
  }
  let running = names.map(start)
  const all = [...running]
  await Promise.all(running.map(({ started }) => started))
  let kills = 0
  // On a slow machine for longer: until there is something to explain.
  const isEnough = (): boolean =>
    kills > 2 && all.reduce((sum, { name, log }) => sum + readLog(name, log).length, 0) > 200 * seconds
  const end = Date.now() + seconds * 1000
  while ((Date.now() < end || !isEnough()) && failures.length === 0) {
    await delay(killEveryMs * (0.2 + 1.6 * random()))
    const victim = running[Math.floor(random() * running.length)]!
    victim.child.kill('SIGKILL')
    await victim.ended
    kills++
    const heir = start(victim.role)
    running = running.map(one => (one === victim ? heir : one))
    all.push(heir)
    await Promise.race([heir.started, heir.ended])
  }
  for (const { child } of running) if (child.connected) child.send('stop')
  await Promise.all(running.map(({ ended }) => ended))
  if (failures.length > 0) throw new Error(failures.join('\n'))
  return { noted: all.flatMap(({ name, log }) => readLog(name, log)), kills }
}

function readLog(name: string, log: string): Noted[] {
  if (!existsSync(log)) return []
  const noted: Noted[] = []
  let open: { called: number; ops: Record<string, any>[] } | undefined
  const close = (returned: number, results: readonly unknown[] | undefined): void => {
    for (const [i, op] of (open?.ops ?? []).entries())
      noted.push({ process: name, called: open!.called, returned, op, result: results?.[i] })
    open = undefined
  }
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    let parsed: any
    try {
      parsed = JSON.parse(line)
    } catch {
      // The last line, which the process was killed over: what it was about to note has not been called, or not returned.
      continue
    }
    if (parsed.ops !== undefined) open = parsed
    else close(parsed.returned, parsed.results)
  }
  close(Number.POSITIVE_INFINITY, undefined)
  return noted
}

/** Numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state / 2 ** 31
  }
}
