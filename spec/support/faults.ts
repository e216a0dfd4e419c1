// Hosts of which one request fails, or all from one on, and which keep account of what is open.

import { StorageIOError } from '../../lib/errors.ts'
import { refused } from '../../lib/io/errno.ts'
import type { AsyncHost, Kept, Request, SyncHost } from '../../lib/io/requests.ts'

export interface Fault {
  /** Which request, counted from 0; those before it are performed. */
  readonly at: number
  /** The system's word; 'short': half of the bytes of an append are written; 'late': it is done, and told to have failed. */
  readonly how: string
  /** Only that one, or all that write from there on: a disk that is full. */
  readonly until: 'once' | 'for ever'
}

/** These do not fail: hosts answer them from memory, or pass over what goes wrong. */
const never = new Set(['alive', 'sleep', 'unlock', 'discard', 'keep', 'kept'])
const writing = new Set(['append', 'write', 'publish', 'patch', 'rename', 'moveAway', 'unlink'])

export class Account {
  /** Requests that could have failed. */
  count = 0
  /** What failed. */
  failed: string[] = []
  readonly #open = new Map<number, string>()
  readonly #fault: Fault | undefined

  constructor(fault: Fault | undefined) {
    this.#fault = fault
  }

  /** Paths of files that were opened and not closed. */
  get open(): string[] {
    return [...this.#open.values()]
  }

  /** How this request is to fail; undefined: not at all. */
  fate(request: Request): string | undefined {
    const fault = this.#fault
    if (never.has(request.op)) return undefined
    const at = this.count++
    if (fault === undefined || at < fault.at) return undefined
    if (at > fault.at && (fault.until === 'once' || !writing.has(request.op))) return undefined
    // What is half done, or done and told not to be, are appends only.
    const how = (fault.how === 'short' || fault.how === 'late') && request.op !== 'append' ? 'EIO' : fault.how
    this.failed.push(`${request.op} ${how} ${this.#pathOf(request)}`)
    return how
  }

  note(request: Request, reply: unknown): void {
    if (request.op === 'open' && typeof reply === 'number') this.#open.set(reply, request.path)
    if (request.op === 'kept' && reply !== undefined) this.#open.set((reply as Kept).file, request.path)
    if (request.op === 'close' || request.op === 'keep') this.#open.delete(request.file)
  }

  failure(request: Request, how: string): Error {
    const path = this.#pathOf(request)
    const errno = how === 'short' || how === 'late' ? 'EIO' : how
    return refused(request.op, path, Object.assign(new Error(`${errno}: planned`), { code: errno }))
  }

  #pathOf(request: Request): string {
    if ('path' in request) return request.path
    if ('from' in request) return request.from
    return ('file' in request ? this.#open.get(request.file) : undefined) ?? 'unknown'
  }
}

/** What is done of a request that fails. */
function half(request: Request, how: string): Request | undefined {
  if (how === 'short' && request.op === 'append')
    return { ...request, bytes: request.bytes.subarray(0, request.bytes.length >> 1) }
  // Closing gives the descriptor back even where it reports an error.
  return request.op === 'close' || request.op === 'keep' || how === 'late' ? request : undefined
}

export function failingSync(host: SyncHost, account: Account): SyncHost {
  const perform = (request: Request): unknown =>
    (host[request.op as keyof SyncHost] as (request: Request) => unknown)(request)
  return new Proxy(host, {
    get: () => (request: Request) => {
      const how = account.fate(request)
      if (how === undefined) {
        const reply = perform(request)
        account.note(request, reply)
        return reply
      }
      const error = account.failure(request, how)
      const part = half(request, how)
      if (part !== undefined) account.note(request, perform(part))
      throw error
    },
  })
}

export function failingAsync(host: AsyncHost, account: Account): AsyncHost {
  const perform = (request: Request): Promise<unknown> =>
    (host[request.op as keyof AsyncHost] as (request: Request) => Promise<unknown>)(request)
  return new Proxy(host, {
    get: () => async (request: Request) => {
      const how = account.fate(request)
      if (how === undefined) {
        const reply = await perform(request)
        account.note(request, reply)
        return reply
      }
      const error = account.failure(request, how)
      const part = half(request, how)
      if (part !== undefined) account.note(request, await perform(part))
      throw error
    },
  })
}

/** Whether an error is one that a failing disk may bring. */
export function isOfTheDisk(error: unknown): boolean {
  return (
    error instanceof StorageIOError &&
    error.errno !== undefined &&
    error.path !== undefined &&
    error.cause !== undefined
  )
}
