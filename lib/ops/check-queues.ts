// The part of `check` that is about queues: every item is to lie within its queue's bounds, or nobody would ever pull it.
//
// Goal: items that a crash or damage to the bounds has left outside are found, and with `fix` pulled in their turn.
// Steps: 1 each live item is noted while the entries are met. 2 Those outside the bounds are looked at again after a moment: a
//   producer widens the bounds behind its item. 3 The bounds are widened.
// Crash: bounds that are wider than need be.

import { ask, type Io } from '../io/requests.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import type { Tell } from './check.ts'
import { liveEntry } from './live.ts'
import { type Extent, extentOf, include, placeInQueue, type Queue } from './queue.ts'
import { readLog } from './raw.ts'

/** Producers are given so long, in milliseconds, from adding an item to widening the bounds. */
const graceMs = 1000

interface Item {
  readonly number: number
  readonly path: string
  readonly place: string
  readonly time: number
}

/** One queue: its bounds when its first item was met, and the items outside of them. */
interface Line {
  readonly view: Store
  readonly queue: Queue
  readonly bounds: Extent
  readonly suspects: Item[]
}

export class QueueCheck {
  readonly #store: Store
  readonly #fix: boolean
  readonly #tell: Tell
  readonly #lines = new Map<string, Line>()

  constructor(store: Store, fix: boolean, tell: Tell) {
    this.#store = store
    this.#fix = fix
    this.#tell = tell
  }

  /** An entry and its log. One that has expired may well have been passed over by a consumer. */
  *entry(view: Store, path: string, log: LogState): Io<void> {
    const found = liveEntry(view, log)
    const at = found && placeInQueue(view, found.put)
    if (found === undefined || at === undefined) return
    const { queue, number } = at
    const item = { number, path, place: found.put.place, time: found.state.time }
    const name = JSON.stringify([view.backend.name, queue.prefix])
    let line = this.#lines.get(name)
    if (line === undefined) {
      line = { view, queue, bounds: yield* extentOf(view, queue), suspects: [] }
      this.#lines.set(name, line)
    }
    if (isOutside(item, line.bounds)) line.suspects.push(item)
  }

  *end(): Io<void> {
    for (const { view, queue, suspects } of this.#lines.values()) {
      if (suspects.length === 0) continue
      let youngest = 0
      for (const { time } of suspects) youngest = Math.max(youngest, time)
      const ms = Math.min(graceMs, youngest + graceMs - this.#store.environment.now())
      if (ms > 0) yield* ask<'sleep'>({ op: 'sleep', ms, own: false, path: this.#store.folder })
      const bounds = yield* extentOf(view, queue)
      for (const item of suspects) {
        const { number, path, place } = item
        const log = isOutside(item, bounds) ? yield* readLog(view, path) : undefined
        // Pulled meanwhile, or expired and passed over.
        if (log === undefined || liveEntry(view, log)?.put.place !== place) continue
        const problem = this.#tell(
          path,
          'unqueued',
          'it is an item outside of the bounds of its queue: nobody would pull it',
        )
        if (!this.#fix) continue
        yield* include(view, queue, number)
        problem.fixed = true
      }
    }
  }
}

function isOutside({ number }: Item, { head, tail }: Extent): boolean {
  return number < head || number >= tail
}
