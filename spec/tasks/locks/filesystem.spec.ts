import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StorageIOError, TimeoutError } from '../../../lib/errors.ts'
import { FileSystemLockManager } from '../../../lib/tasks/locks/filesystem.ts'
import { ended, message, repository, startFixture, temporaryFolder } from '../support.ts'
import { lockManagerSuite } from './suite.ts'

lockManagerSuite('FileSystemLockManager', () => new FileSystemLockManager(temporaryFolder()))

const onLinux = process.platform === 'linux'

/** The one lock file in a folder. */
const lockFile = (folder: string) => join(folder, readdirSync(folder).find(name => name.endsWith('.lock'))!)

test('two managers on one folder have the same locks', async () => {
  const folder = temporaryFolder()
  const release = await new FileSystemLockManager(folder).acquire('k')
  const other = new FileSystemLockManager(`${folder}/x/..`)
  expect(await other.isLocked('k')).toBe(true)
  await release()
})

test('nothing is left in the folder when all is released', async () => {
  const folder = join(temporaryFolder(), 'made/when/needed')
  const locks = new FileSystemLockManager(folder)
  expect(existsSync(folder)).toBe(false)
  await Promise.all(['a', 'b', 'a'].map(async key => (await locks.acquire(key))()))
  expect(readdirSync(folder)).toEqual([])
})

test('a folder that cannot be made is a StorageIOError', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  await expect(new FileSystemLockManager(file).acquire('k')).rejects.toThrow(StorageIOError)
})

test('the directory must be a text', () => {
  expect(() => new FileSystemLockManager(undefined as never)).toThrow(TypeError)
})

describe('among processes', () => {
  test('a lock is waited for, and passes on when it is released', async () => {
    const folder = temporaryFolder()
    const locks = new FileSystemLockManager(folder)
    const child = startFixture('lock-holder.mjs', [folder, 'k'])
    expect(await message(child)).toBe('held')
    expect(await locks.isLocked('k')).toBe(true)
    await expect(locks.acquire('k', { timeout: 50 })).rejects.toThrow(TimeoutError)
    const waiting = locks.acquire('k')
    child.send('release')
    await (await waiting)()
  })

  test('the lock of a process that was killed is taken over', async () => {
    const folder = temporaryFolder()
    const locks = new FileSystemLockManager(folder)
    const child = startFixture('lock-holder.mjs', [folder, 'k'])
    await message(child)
    const waiting = locks.acquire('k')
    child.kill('SIGKILL')
    const release = await waiting
    expect(await locks.isLocked('k')).toBe(true)
    expect(readdirSync(folder)).toHaveLength(1)
    await release()
    expect(readdirSync(folder)).toEqual([])
  })

  test.runIf(onLinux)('the lock of a thread that was terminated is taken over', async () => {
    const folder = temporaryFolder()
    const locks = new FileSystemLockManager(folder)
    const worker = new Worker(join(repository, 'fixtures/tasks/lock-thread.mjs'), { workerData: { folder, key: 'k' } })
    await once(worker, 'message')
    await expect(locks.acquire('k', { timeout: 50 })).rejects.toThrow(TimeoutError)
    await worker.terminate()
    await (await locks.acquire('k'))()
  })

  test.runIf(onLinux)('the lock of a process whose number was given to another is taken over', async () => {
    const folder = temporaryFolder()
    const locks = new FileSystemLockManager(folder)
    const release = await locks.acquire('k')
    const file = lockFile(folder)
    const record = JSON.parse(readFileSync(file, 'utf8'))
    await release()
    // Our own process, but for the time at which it was started.
    const parts = record.owner.split(' ')
    parts[5] = String(Number(parts[5]) - 1)
    writeFileSync(file, JSON.stringify({ ...record, owner: parts.join(' ') }))
    expect(await locks.isLocked('k')).toBe(false)
    await (await locks.acquire('k', { timeout: 5000 }))()
  })

  test('the lock of another machine is left alone', async () => {
    const folder = temporaryFolder()
    const locks = new FileSystemLockManager(folder)
    const release = await locks.acquire('k')
    const file = lockFile(folder)
    const record = readFileSync(file, 'utf8')
    await release()
    writeFileSync(file, record.replace(hostname(), `not-${hostname()}`))
    expect(await locks.isLocked('k')).toBe(true)
    await expect(locks.acquire('k', { timeout: 30 })).rejects.toThrow(TimeoutError)
  })

  test.each(['', '{', '{"owner":1,"token":"a"}', '{"owner":"x","token":"../../x"}'])(
    'a lock that a power failure has spoilt (%j) is taken over',
    async text => {
      const folder = temporaryFolder()
      const locks = new FileSystemLockManager(folder)
      const release = await locks.acquire('k')
      const file = lockFile(folder)
      await release()
      writeFileSync(file, text)
      await (await locks.acquire('k', { timeout: 5000 }))()
      expect(readdirSync(folder)).toEqual([])
    },
  )

  test('what an heir has left that died before it had the lock is inherited in turn', async () => {
    const folder = temporaryFolder()
    const locks = new FileSystemLockManager(folder)
    const release = await locks.acquire('k')
    const file = lockFile(folder)
    const ours = JSON.parse(readFileSync(file, 'utf8'))
    await release()
    const dead = { ...ours, owner: '' }
    writeFileSync(file, JSON.stringify({ ...dead, token: 'a1' }))
    writeFileSync(`${file}.heir-a1`, JSON.stringify({ ...dead, token: 'b2' }))
    writeFileSync(`${file}.heir-b2`, JSON.stringify({ ...dead, token: 'c3' }))
    writeFileSync(`${file}.c3`, JSON.stringify({ ...dead, token: 'c3' }))
    // A live heir is waited for.
    writeFileSync(`${file}.heir-c3`, JSON.stringify({ ...ours, token: 'd4' }))
    await expect(locks.acquire('k', { timeout: 30 })).rejects.toThrow(TimeoutError)
    writeFileSync(`${file}.heir-c3`, JSON.stringify({ ...dead, token: 'd4' }))
    await (await locks.acquire('k', { timeout: 5000 }))()
    expect(readdirSync(folder)).toEqual([])
  })

  test('one at a time gets through, though processes die with the lock in their hands', async () => {
    const folder = temporaryFolder()
    // Each dies sooner or later; another takes its place.
    const runner = async () => {
      for (let life = 0; life < 3; life += 1) await ended(startFixture('lock-stress.mjs', [folder, '25', '0.1']))
    }
    await Promise.all([runner(), runner(), runner()])
    expect(existsSync(join(folder, 'collisions'))).toBe(false)
    expect(readFileSync(join(folder, 'passed'), 'utf8').length).toBeGreaterThan(20)
    await (await new FileSystemLockManager(join(folder, 'locks')).acquire('the lock', { timeout: 5000 }))()
  })
})

/** Lets some actors take steps in an order that a seed determines: each step waits until all are at one. */
class Turns {
  #actors: number
  #random: number
  readonly #waiting: (() => void)[] = []

  constructor(actors: number, seed: number) {
    this.#actors = actors
    this.#random = seed
  }
  next(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      this.#pick()
    })
  }
  /** An actor has come to its end. */
  leave(): void {
    this.#actors -= 1
    this.#pick()
  }
  #pick(): void {
    if (this.#waiting.length < this.#actors || this.#actors === 0) return
    // Any sequence will do that is the same for the same seed.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0
    const [step] = this.#waiting.splice((this.#random >>> 16) % this.#waiting.length, 1)
    step!()
  }
}

test('one at a time gets through, in whatever order the heirs of a dead process read and write', async () => {
  const original = { ...fs }
  const { setTimeout } = globalThis
  const restore = () => {
    Object.assign(fs, original)
    globalThis.setTimeout = setTimeout
    syncBuiltinESMExports()
  }
  onTestFinished(restore)
  const folders = temporaryFolder()
  let trial = 0

  const explore = async (seed: number, heirs: number, chain: number) => {
    const folder = join(folders, String(trial++))
    const real = join(folder, 'real')
    const release = await new FileSystemLockManager(real).acquire('k')
    const file = lockFile(real)
    await release()
    // The dead owner, and heirs of it that have died before they had the lock.
    const tokens = ['a0', 'a1', 'a2'].slice(0, chain + 1)
    for (const [index, token] of tokens.entries()) {
      writeFileSync(index === 0 ? file : `${file}.heir-${tokens[index - 1]}`, JSON.stringify({ owner: '', token }))
    }
    const turns = new Turns(heirs, seed)
    const inTurn = (step: (...args: any[]) => Promise<unknown>) =>
      (async (...args: unknown[]) => {
        await turns.next()
        return step(...args)
      }) as any
    let inside = 0
    let most = 0
    const heir = async (index: number) => {
      // Another path to the folder: as in another process, there is no queue in common.
      symlinkSync(real, join(folder, `link${index}`))
      const locks = new FileSystemLockManager(join(folder, `link${index}`))
      for (let round = 0; round < 2; round += 1) {
        const leave = await locks.acquire('k')
        most = Math.max(most, ++inside)
        await turns.next()
        inside -= 1
        await leave()
      }
      turns.leave()
    }
    for (const name of ['link', 'readFile', 'rename', 'unlink', 'readdir'] as const) fs[name] = inTurn(original[name])
    globalThis.setTimeout = ((end: () => void) => void turns.next().then(end)) as never
    syncBuiltinESMExports()
    try {
      await Promise.all(Array.from({ length: heirs }, (_, index) => heir(index)))
    } finally {
      restore()
    }
    expect(most).toBe(1)
    expect(readdirSync(real)).toEqual([])
  }
  await fc.assert(fc.asyncProperty(fc.nat(), fc.integer({ min: 2, max: 3 }), fc.nat(2), explore), {
    numRuns: 80,
    // Orders in which an heir that does not look at the lock once more takes it from another.
    examples: [
      [26, 2, 0],
      [1974872750, 3, 1],
    ],
  })
})

test('a link in the place of the folder leads where it leads, as the user wants it', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'real'))
  symlinkSync(join(folder, 'real'), join(folder, 'link'))
  const release = await new FileSystemLockManager(join(folder, 'link')).acquire('k')
  expect(readdirSync(join(folder, 'real'))).toHaveLength(1)
  await release()
})
