// Locks among all processes that see a folder (Prefect: FileSystemLockManager).
//
// A lock is a file that names its owner. It comes into being under its name by link(), which fails when the name exists, so
// exactly one process makes it, and whole. An owner that has died never removes its file; then this happens:
//
//   1. Who wants the lock and finds its owner dead claims it: it links its own record to `<lock>.heir-<token>`, where
//      the token is that of the dead owner's record. Again exactly one can.
//   2. The heir looks at the lock once more. Does it still hold the record that was claimed, nobody else may change it, and
//      the heir moves its own record over it: it has the lock. Else the claim came too late, and is withdrawn.
//   3. It removes the claims that led to it.
//
// An heir that died between 1 and 3 has left a claim, and may or may not have moved its record. In both cases the next to
// come inherits from that heir: the claims form a chain from the dead owner to the last heir, and the lock's record is in it.
// A token is used once, so a claim that is made after its lock has changed hands is always noticed in step 2.
//
// Within a process, calls queue in memory, and only the first of them looks at the files.

import { createHash, randomBytes } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { errnoOf } from '../../io/errno.ts'
import { isAlive, thisOwner } from '../../io/identity.ts'
import { Line } from '../../waiting/line.ts'
import { sleep } from '../../waiting/sleep.ts'
import { perform } from '../disk.ts'
import { checkText } from '../options.ts'
import { enter } from './chain.ts'
import {
  type AcquireOptions,
  beginWait,
  checkLockKey,
  type LockManager,
  type Release,
  timedOut,
  type Wait,
} from './lock-manager.ts'

/** Where the calls of this thread queue, by folder: two managers on one folder have the same locks. */
const lines = new Map<string, Line>()

function lineFor(folder: string): Line {
  const line = lines.get(folder) ?? new Line()
  lines.set(folder, line)
  return line
}

/** How long to wait before looking at a lock again, in milliseconds; doubled from the first to the last. */
const firstLookMs = 2
const lastLookMs = 50

interface LockRecord {
  readonly owner: string
  /** One for each attempt to take a lock. */
  readonly token: string
}

/**
 * Locks in files of a folder, which is created when the first one is taken. The lock of a process that has died is taken over
 * at once; of one on another machine nobody can tell, so its locks stay until they are released or removed by hand.
 */
export class FileSystemLockManager implements LockManager {
  /** Absolute. */
  readonly directory: string

  /** @throws TypeError when `directory` is no text. */
  constructor(directory: string) {
    checkText(directory, 'the directory of a FileSystemLockManager')
    this.directory = resolve(directory)
  }

  async acquire(key: string, options?: AcquireOptions): Promise<Release> {
    const wait = beginWait(key, options)
    const path = this.#pathOf(key)
    const leave = await enter(lineFor(this.directory), key, wait, FileSystemLockManager.prototype.acquire)
    try {
      const token = await new Attempt(path, key, wait).succeed()
      let released: Promise<void> | undefined
      return () => {
        // The file goes first: the next in the queue would find it.
        released ??= perform('release the lock', path, () => remove(path, token)).finally(leave)
        return released
      }
    } catch (error) {
      leave()
      throw error
    }
  }

  async isLocked(key: string): Promise<boolean> {
    checkLockKey(key)
    const path = this.#pathOf(key)
    const record = await perform('look at the lock', path, () => read(path))
    return record !== undefined && isOwned(record)
  }

  /** Any text is a key, and none of its characters gets into a file name. */
  #pathOf(key: string): string {
    return join(this.directory, `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.lock`)
  }
}

/** One call of `acquire`, in front of its queue. */
class Attempt {
  readonly #path: string
  readonly #key: string
  readonly #wait: Wait
  readonly #token = randomBytes(12).toString('hex')
  /** Our record, until it becomes the lock. */
  readonly #own: string

  constructor(path: string, key: string, wait: Wait) {
    this.#path = path
    this.#key = key
    this.#wait = wait
    this.#own = `${path}.${this.#token}`
  }

  /** Takes the lock, and tells under which token. */
  async succeed(): Promise<string> {
    await perform('create the lock', this.#own, () => this.#writeOwn())
    try {
      for (let pauseMs = firstLookMs; ; pauseMs = Math.min(pauseMs * 2, lastLookMs)) {
        if (await perform('take the lock', this.#path, () => this.#take())) return this.#token
        await this.#pause(pauseMs)
      }
    } finally {
      await unlink(this.#own).catch(() => {})
    }
  }

  async #writeOwn(): Promise<void> {
    const record: LockRecord & { key: string } = { owner: thisOwner(), token: this.#token, key: this.#key }
    await mkdir(dirname(this.#own), { recursive: true, mode: 0o700 })
    await writeFile(this.#own, JSON.stringify(record), { flag: 'wx', mode: 0o600 })
  }

  /** One look at the lock: taken over or free, it is ours. */
  async #take(): Promise<boolean> {
    if (await linkNew(this.#own, this.#path)) return true
    const holder = await read(this.#path)
    // Released in between: the next look will find it free.
    return holder !== undefined && !isOwned(holder) && (await this.#inherit(holder))
  }

  async #inherit(dead: LockRecord): Promise<boolean> {
    const tokens = [dead.token]
    let last = dead
    for (let heir = await read(this.#claimOn(last)); heir; heir = await read(this.#claimOn(last))) {
      if (isOwned(heir)) return false
      tokens.push(heir.token)
      last = heir
    }
    const claim = this.#claimOn(last)
    if (!(await linkNew(this.#own, claim))) return false
    const holder = await read(this.#path)
    if (holder === undefined || !tokens.includes(holder.token)) {
      await unlink(claim)
      return false
    }
    await rename(this.#own, this.#path)
    await this.#tidyUp()
    return true
  }

  #claimOn(record: LockRecord): string {
    return `${this.#path}.heir-${record.token}`
  }

  /** Removes what the dead have left of this lock: claims on records that are gone for good, and records that never became one. */
  async #tidyUp(): Promise<void> {
    const folder = dirname(this.#path)
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      if (!name.startsWith(`${basename(this.#path)}.`)) continue
      const record = await read(path)
      if (record && (record.token === this.#token || !isOwned(record))) await unlink(path).catch(() => {})
    }
  }

  async #pause(pauseMs: number): Promise<void> {
    const { timeoutMs, deadline, signal } = this.#wait
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) throw timedOut(this.#key, timeoutMs)
    // Not all who wait should look at the same moments.
    await sleep(Math.min(pauseMs * (0.5 + Math.random()), leftMs), signal)
  }
}

function isOwned({ owner }: LockRecord): boolean {
  // What another machine does nobody here can know, so it is never declared dead.
  return owner !== '' && isAlive(owner, 0, Infinity)
}

/** Whether `path` did not exist and is now another name of `existing`. */
async function linkNew(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

async function read(path: string): Promise<LockRecord | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const record: unknown = JSON.parse(text)
    if (typeof record === 'object' && record !== null && 'owner' in record && 'token' in record) {
      const { owner, token } = record
      if (typeof owner === 'string' && typeof token === 'string' && /^[0-9a-f]+$/.test(token)) return { owner, token }
    }
  } catch {
    // Below.
  }
  // Records appear whole, so this one was spoilt by a power failure, which no owner survives.
  return { owner: '', token: createHash('sha256').update(text).digest('hex') }
}

async function remove(path: string, token: string): Promise<void> {
  if ((await read(path))?.token === token) await unlink(path)
}
