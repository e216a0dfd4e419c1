// Queues by key, of the calls of one thread: who comes first has its turn first.
//
// A line knows nothing of who stands in it. What must stay true: at most one has the turn of a key, it passes to the next the
// moment it is passed on, and who has given up is not in the way.

import { onAbort } from './abort.ts'
import { timerMaxMs } from './sleep.ts'

/** How long a turn that the caller seems to have itself is waited for, in milliseconds. */
export const graceMs = 300

/** How long to stand in line. */
export interface Patience {
  readonly timeoutMs: number
  /** What to reject with when that is over. */
  readonly late: () => Error
  /** Aborted: the wait ends with its reason. */
  readonly signal: AbortSignal | undefined
  /** Given where the caller seems to wait for itself, and asked after `graceMs`: an error ends the wait. */
  readonly suspicion: (() => Error | undefined) | undefined
}

/** What who is first in line has. */
export interface Turn {
  /** Says that it will last: from now on a timeout ends the waits behind. Before, who is late waits whether it is passed on. */
  keep(): void
  /** Lets the next come. Calling it again does nothing. */
  pass(): void
}

interface Waiter {
  isLate: boolean
  readonly admit: () => void
  readonly giveUp: (reason: unknown) => void
  readonly late: () => Error
}

interface Queue {
  /** In their order. */
  readonly waiting: Set<Waiter>
  isKept: boolean
}

export class Line {
  /** A key that is there is somebody's turn. */
  readonly #queues = new Map<string, Queue>()

  /** Waits for the turn. */
  acquire(key: string, patience: Patience): Promise<Turn> {
    const queue = this.#queues.get(key)
    if (queue) return this.#wait(key, queue, patience)
    const made: Queue = { waiting: new Set(), isKept: false }
    this.#queues.set(key, made)
    return Promise.resolve(this.#turn(key, made))
  }

  isLocked(key: string): boolean {
    return this.#queues.has(key)
  }

  #wait(key: string, queue: Queue, { timeoutMs, late, signal, suspicion }: Patience): Promise<Turn> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        stopListening()
        queue.waiting.delete(waiter)
      }
      const giveUp = (reason: unknown) => {
        stop()
        reject(reason)
      }
      const admit = () => {
        stop()
        resolve(this.#turn(key, queue))
      }
      const check = (leftMs: number) => {
        const error = suspicion?.()
        if (error) giveUp(error)
        else if (leftMs > 0) timer = setTimeout(check, leftMs, 0)
        else if (queue.isKept) giveUp(late())
        else waiter.isLate = true
      }
      const waiter: Waiter = { isLate: false, admit, giveUp, late }
      queue.waiting.add(waiter)
      const longestMs = Math.min(timeoutMs, timerMaxMs)
      const firstMs = suspicion ? Math.min(graceMs, longestMs) : longestMs
      let timer = setTimeout(check, firstMs, longestMs - firstMs)
      const stopListening = onAbort(signal, () => giveUp(signal?.reason))
    })
  }

  #turn(key: string, queue: Queue): Turn {
    let isPassed = false
    const keep = () => {
      if (isPassed) return
      queue.isKept = true
      for (const waiter of [...queue.waiting]) if (waiter.isLate) waiter.giveUp(waiter.late())
    }
    const pass = () => {
      if (isPassed) return
      isPassed = true
      queue.isKept = false
      const [next] = queue.waiting
      if (next) next.admit()
      else this.#queues.delete(key)
    }
    return { keep, pass }
  }
}
