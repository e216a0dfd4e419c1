// The part of `check` that is about the totals: the number of entries, and the bytes they take.
//
// Goal: what the order log says of them is what there is, but for what processes keep to themselves for a while.
// Steps: 1 each entry is weighed as it is met. 2 The places are counted, by backend. 3 The weight is compared, and weighed again
//   before it is told to be off: others may write meanwhile.
// Crash: what was adjusted is adjusted.

import type { OrderRecord } from '../indexes/order.ts'
import { ask, type Io } from '../io/requests.ts'
import { entryName, orderFolder, queueFolder, recipeFolder } from '../log/names.ts'
import type { Store } from '../store.ts'
import type { Problem, Tell } from './check.ts'
import { underLock } from './lock.ts'
import { appendOrder, catchUp, gatheredAtMost } from './order.ts'
import type { Standing } from './standing.ts'

export class TotalsCheck {
  readonly #store: Store
  readonly #fix: boolean
  readonly #tell: Tell
  readonly #standing: Standing
  /** Of the entries. */
  #bytes = 0

  constructor(store: Store, fix: boolean, tell: Tell, standing: Standing) {
    this.#store = store
    this.#fix = fix
    this.#tell = tell
    this.#standing = standing
  }

  /** An entry's log takes so many bytes. */
  weigh(bytes: number): void {
    this.#bytes += bytes
  }

  /** After the entries. */
  *end(): Io<void> {
    const store = this.#store
    const before = yield* this.#position()
    yield* this.#standing.refresh()
    const counts = new Map<string, number>()
    for (const { backend } of this.#standing.places.values()) counts.set(backend, (counts.get(backend) ?? 0) + 1)
    // While others write there is no one moment to compare.
    if ((yield* this.#position()) !== before) return
    const path = `${store.folder}/${orderFolder}`
    const { totals } = store.order
    for (const backend of new Set([...counts.keys(), ...totals.counts.keys()])) {
      const count = (counts.get(backend) ?? 0) - (totals.counts.get(backend) ?? 0)
      if (count === 0) continue
      const problem = this.#tell(path, 'totals', `the number of entries of ${backend} is off by ${-count}`)
      yield* this.#adjust({ count, bytes: 0, backend }, problem)
    }
    // Small changes of volume are gathered in memory, by each of some processes: within these bounds nothing is wrong. What the
    // package's own logs take is added as they grow, and need not be.
    const own = yield* this.#ownBytes()
    const isWithin = (bytes: number): boolean => bytes <= this.#slack() && bytes >= -this.#slack() - own
    if (isWithin(yield* this.#surplus())) return
    // What was weighed on the way may have changed since: once more, at one moment; and whoever erases entries may have been
    // stopped before he could note it: once more after a pause.
    const then = yield* this.#position()
    let bytes = 0
    for (const ms of [0, store.bounds.pauseMs]) {
      if (ms > 0) yield* ask<'sleep'>({ op: 'sleep', ms, own: false, path: store.folder })
      this.#bytes = yield* this.#entryBytes()
      bytes = yield* this.#surplus()
      if (isWithin(bytes) || (yield* this.#position()) !== then) return
    }
    const problem = this.#tell(path, 'totals', `the volume is off by ${-bytes} bytes`)
    yield* this.#adjust({ count: 0, bytes, backend: '' }, problem)
  }

  *#adjust(by: { count: number; bytes: number; backend: string }, problem: Problem): Io<void> {
    if (!this.#fix) return
    const record: OrderRecord = { kind: 'adjust', id: this.#store.environment.newId(), records: 0, ...by }
    yield* underLock(this.#store, locked => appendOrder(locked, [record]))
    problem.fixed = true
  }

  /** By how many bytes there are more, as they were weighed, than the totals say. */
  *#surplus(): Io<number> {
    return this.#bytes + (yield* this.#orderBytes()) - this.#store.order.totals.volume
  }

  /** Up to where the order log is folded: all of it. */
  *#position(): Io<string> {
    yield* catchUp(this.#store)
    const { segment, offset } = this.#store.order
    return `${segment} ${offset}`
  }

  *#entryBytes(): Io<number> {
    let bytes = 0
    for (const { hash, extension } of this.#standing.places.values()) {
      const path = `${this.#store.folder}/${entryName(hash, extension)}`
      bytes += (yield* ask<'stat'>({ op: 'stat', path }))?.size ?? 0
    }
    return bytes
  }

  #slack(): number {
    return Math.max(4 * gatheredAtMost, this.#bytes / 4)
  }

  *#orderBytes(): Io<number> {
    return yield* this.#bytesIn(orderFolder)
  }

  /** Bytes of logs that are no entries, and are changed like these. */
  *#ownBytes(): Io<number> {
    return (yield* this.#bytesIn(queueFolder)) + (yield* this.#bytesIn(recipeFolder))
  }

  *#bytesIn(name: string): Io<number> {
    const folder = `${this.#store.folder}/${name}`
    let bytes = 0
    for (const name of (yield* ask<'list'>({ op: 'list', path: folder })) ?? []) {
      bytes += (yield* ask<'stat'>({ op: 'stat', path: `${folder}/${name}` }))?.size ?? 0
    }
    return bytes
  }
}
