// Locks among the calls of one process, or of one thread of it: a queue for each key.

import { TimeoutError } from '../../errors.ts'
import { timerMaxMs } from '../sleep.ts'
import { deadlock, graceMs, isHeldByCaller, noteForCaller } from './chain.ts'
import {
  type AcquireOptions,
  beginWait,
  checkLockKey,
  type LockManager,
  type Release,
  type Wait,
} from './lock-manager.ts'

/** Locks within this thread, first come first served (Prefect: MemoryLockManager). */
export class MemoryLockManager implements LockManager {
  /** Who waits, by key, in order. A key that is there is locked. */
  readonly #waiting = new Map<string, (() => void)[]>()

  async acquire(key: string, options?: AcquireOptions): Promise<Release> {
    const wait = beginWait(key, options)
    const isDeadlock = isHeldByCaller(this, key)
    const note = noteForCaller(this, key)
    try {
      await this.#take(key, wait, isDeadlock)
    } catch (error) {
      note.state = 'released'
      throw error
    }
    note.state = 'held'
    return async () => {
      if (note.state === 'released') return
      note.state = 'released'
      this.#pass(key)
    }
  }

  async isLocked(key: string): Promise<boolean> {
    checkLockKey(key)
    return this.#waiting.has(key)
  }

  #take(key: string, { timeoutMs, signal }: Wait, isDeadlock: boolean): Promise<void> {
    const queue = this.#waiting.get(key)
    if (queue === undefined) {
      this.#waiting.set(key, [])
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const granted = () => {
        stop()
        resolve()
      }
      const giveUp = (reason: unknown) => {
        stop()
        queue.splice(queue.indexOf(granted), 1)
        reject(reason)
      }
      const onAbort = () => giveUp(signal?.reason)
      const longestMs = isDeadlock ? Math.min(timeoutMs, graceMs) : Math.min(timeoutMs, timerMaxMs)
      const timer = setTimeout(() => giveUp(isDeadlock ? deadlock(key) : timedOut(key, timeoutMs)), longestMs)
      const stop = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      signal?.addEventListener('abort', onAbort)
      queue.push(granted)
    })
  }

  /** Gives the lock to the next in the queue, if any. */
  #pass(key: string): void {
    const next = this.#waiting.get(key)?.shift()
    if (next) next()
    else this.#waiting.delete(key)
  }
}

export function timedOut(key: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `Waited ${timeoutMs} ms for the lock ${JSON.stringify(key)}, which another call holds. Try again, or raise timeout.`,
  )
}
