// Identical calls in several processes at once.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { Bucket, type MemoizeOptions } from '../../lib/index.ts'
import { newFolder } from './support.ts'

const script = new URL('../../fixtures/memo/call.mjs', import.meta.url).pathname

class Caller {
  readonly #process: ChildProcess
  output = ''
  ended = false

  constructor(folder: string, kind: string, options: MemoizeOptions) {
    this.#process = spawn(process.execPath, [script, folder, kind, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#process.stdout!.setEncoding('utf8').on('data', text => {
      this.output += text
    })
    this.#process.once('close', () => {
      this.ended = true
    })
    onTestFinished(() => this.kill())
  }
  get pid(): number {
    return this.#process.pid!
  }
  get isCalling(): boolean {
    return this.output.startsWith('calling\n')
  }
  /** undefined: none yet. */
  get answer(): string | undefined {
    return /^calling\n(.+)\n/.exec(this.output)?.[1]
  }
  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
}

function runs(folder: string): number[] {
  return existsSync(`${folder}/runs`)
    ? readFileSync(`${folder}/runs`, 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(Number)
    : []
}

function letGo(folder: string): void {
  writeFileSync(`${folder}/go`, '')
}

test.each([
  ['async', 20],
  ['sync', 6],
])('singleFlight: of processes calling at once one runs, and all have the answer (%s, %i)', async (kind, count) => {
  const folder = newFolder()
  const callers = Array.from({ length: count }, () => new Caller(folder, kind, { singleFlight: true }))
  await until(() => callers.every(caller => caller.isCalling) && runs(folder).length > 0)
  letGo(folder)
  await until(() => callers.every(caller => caller.ended))
  const [runner] = runs(folder)
  expect(runs(folder)).toEqual([runner])
  expect(callers.map(caller => caller.answer)).toEqual(callers.map(() => `1 by ${runner}`))
})

test.each(['async', 'sync'])('singleFlight: if the runner is killed another takes over (%s)', async kind => {
  const folder = newFolder()
  const callers = Array.from({ length: 4 }, () => new Caller(folder, kind, { singleFlight: true }))
  await until(() => callers.every(caller => caller.isCalling) && runs(folder).length > 0)
  const killed = callers.find(caller => caller.pid === runs(folder)[0])!
  killed.kill()
  await until(() => runs(folder).length > 1)
  letGo(folder)
  await until(() => callers.every(caller => caller.ended))
  const second = runs(folder)[1]
  expect(runs(folder)).toEqual([killed.pid, second])
  const others = callers.filter(caller => caller !== killed)
  expect(others.map(caller => caller.answer)).toEqual(others.map(() => `1 by ${second}`))
})

test('staleWhileRevalidate: one synchronous caller of all processes computes, the others are given the old result', async () => {
  const folder = newFolder()
  const options = { name: 'call', expire: 1, staleWhileRevalidate: 3_600_000 }
  new Bucket(`${folder}/cache`).wrap((_: number) => 'old', options)(1)
  const callers = Array.from({ length: 4 }, () => new Caller(folder, 'sync', options))
  // They do not wait for the one.
  await until(() => callers.filter(caller => caller.ended).length === 3 && runs(folder).length > 0)
  const [runner] = runs(folder)
  expect(callers.map(caller => caller.answer)).toEqual(
    callers.map(caller => (caller.pid === runner ? undefined : 'old')),
  )
  letGo(folder)
  await until(() => callers.every(caller => caller.ended))
  expect(callers.find(caller => caller.pid === runner)?.answer).toBe(`1 by ${runner}`)
  expect(runs(folder)).toEqual([runner])
})

test('staleWhileRevalidate: asynchronous callers are all given the old result, and one of them computes', async () => {
  const folder = newFolder()
  const options = { name: 'call', expire: 1, staleWhileRevalidate: 3_600_000 }
  const bucket = new Bucket(`${folder}/cache`)
  const mine = bucket.wrap((_: number) => 'old', options)
  mine(1)
  const callers = Array.from({ length: 4 }, () => new Caller(folder, 'async', options))
  await until(() => callers.every(caller => caller.answer !== undefined) && runs(folder).length > 0)
  expect(callers.map(caller => caller.answer)).toEqual(callers.map(() => 'old'))
  const [runner] = runs(folder)
  expect(runs(folder)).toEqual([runner])
  letGo(folder)
  await until(() => bucket.get(mine.cacheKey(1)) !== 'old')
  expect(bucket.get(mine.cacheKey(1))).toBe(`1 by ${runner}`)
})
