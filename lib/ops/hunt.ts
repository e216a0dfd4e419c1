// Hunting: who is to go next, by the policy.
//
// Goal: no more is looked at than is needed to tell; what was met once is not looked for again.
// Steps: entries are met in the order in which they began, as the order log has them; each that is proposed was read a moment
//   ago, and is still there.
// Crash, or another process: what is known here only is how far this process has got. Without it, the entries are met anew.

import type { PlacedEntry } from '../indexes/order.ts'
import type { Io } from '../io/requests.ts'
import { entryName } from '../log/names.ts'
import type { LogRecord } from '../log/record.ts'
import { S3Fifo } from '../policies/s3-fifo.ts'
import { type RankingPolicy, Victims } from '../policies/victims.ts'
import type { EvictionPolicy } from '../settings.ts'
import { type Store, viewOf } from '../store.ts'
import { OrderCursor } from './cursor.ts'
import { readCurrent } from './find.ts'

/** So many entries may yet be met. */
export interface Looks {
  left: number
}

export interface Hunt {
  readonly policy: EvictionPolicy
  /** Who is to go next; undefined: there is nobody. When no looks are left, the one of those that were met. */
  next(store: Store, looks: Looks): Io<PlacedEntry | undefined>
  /** One that was proposed could not go: he is in use, or another process was faster. */
  putBack(store: Store, candidate: PlacedEntry): Io<void>
  /** One that was proposed has gone. */
  gone(store: Store, candidate: PlacedEntry): void
  /** This process has stored an entry that was not there. */
  began(entry: PlacedEntry): void
}

/** A hunt after the entries of these backends. */
export function newHunt(
  store: Store,
  policy: Exclude<EvictionPolicy, 'none'>,
  isWanted: (backend: string) => boolean,
): Hunt {
  const cursor = new OrderCursor(store, isWanted)
  return policy === 's3-fifo' ? new QueueHunt(cursor) : new RankingHunt(cursor, policy)
}

/** Entries of all backends, by what this process knows. */
export function countEntries({ order }: Store): number {
  let count = 0
  for (const ofBackend of order.totals.counts.values()) count += ofBackend
  return count
}

/** Most candidates that wait in memory. */
const waitingAtMost = 100_000

/** Those that were met wait in the order of their worth. */
class RankingHunt implements Hunt {
  readonly policy: RankingPolicy
  readonly #cursor: OrderCursor
  readonly #victims: Victims

  constructor(cursor: OrderCursor, policy: RankingPolicy) {
    this.#cursor = cursor
    this.policy = policy
    this.#victims = new Victims(policy)
  }

  *next(store: Store, looks: Looks): Io<PlacedEntry | undefined> {
    const victims = this.#victims
    for (;;) {
      for (;;) {
        const next = yield* this.#cursor.peek()
        if (next === undefined || victims.isSettled(next.time) || victims.size >= waitingAtMost) break
        if (looks.left-- <= 0 && victims.size > 0) break
        for (const candidate of (yield* this.#cursor.next(1)) ?? []) yield* this.#meet(store, candidate)
      }
      const victim = victims.pop()
      if (victim === undefined) return undefined
      // It may have been written or read since it was met.
      if (yield* this.#meet(store, victim.candidate, victim.worth)) return victim.candidate
    }
  }

  *putBack(store: Store, candidate: PlacedEntry): Io<void> {
    yield* this.#meet(store, candidate)
  }

  gone(): void {}

  began(): void {}

  /** Puts a live candidate among the victims; with `worth`, only if that has changed: true, it is still the same. */
  *#meet(store: Store, candidate: PlacedEntry, worth?: number): Io<boolean> {
    const put = yield* standing(store, candidate)
    if (put === undefined) return false
    const { storedAt } = put
    const now = this.#victims.worth(candidate.hash, storedAt, store.usage)
    if (now === worth) return true
    this.#victims.push({ candidate, worth: now, storedAt })
    return false
  }
}

/** Those that were met wait in the long queue of S3-FIFO, or have gone. */
class QueueHunt implements Hunt {
  readonly policy = 's3-fifo'
  readonly #cursor: OrderCursor
  readonly #queues = new S3Fifo<PlacedEntry>()
  /** Newcomers that were proposed. */
  readonly #unread = new Set<PlacedEntry>()
  /** Places of those that the order log will tell of, and that are in the long queue already. */
  readonly #known = new Set<string>()

  constructor(cursor: OrderCursor) {
    this.#cursor = cursor
  }

  *next(store: Store, looks: Looks): Io<PlacedEntry | undefined> {
    const queues = this.#queues
    const reads = (candidate: PlacedEntry): number => readsOf(store, candidate)
    if (queues.isNewcomersTurn(countEntries(store))) {
      const newcomer = yield* this.#nextUnread(store, looks)
      if (newcomer !== undefined) return newcomer
    }
    for (;;) {
      const candidate = queues.take(reads) ?? (yield* this.#nextUnread(store, looks))
      if (candidate === undefined) {
        if (queues.size === 0) return undefined
        continue
      }
      if ((yield* standing(store, candidate)) !== undefined) return candidate
      this.#known.delete(candidate.place)
    }
  }

  /** The oldest newcomer that does not stay; undefined: it is the turn of the long queue. */
  *#nextUnread(store: Store, looks: Looks): Io<PlacedEntry | undefined> {
    const queues = this.#queues
    while (!queues.isFull && (looks.left-- > 0 || queues.size === 0)) {
      const [newcomer] = (yield* this.#cursor.next(1)) ?? []
      if (newcomer === undefined) return undefined
      if (this.#known.delete(newcomer.place) || (yield* standing(store, newcomer)) === undefined) continue
      if (queues.admits(newcomer, readsOf(store, newcomer))) continue
      this.#unread.add(newcomer)
      return newcomer
    }
    return undefined
  }

  *putBack(store: Store, candidate: PlacedEntry): Io<void> {
    this.#unread.delete(candidate)
    if ((yield* standing(store, candidate)) !== undefined) this.#queues.putBack(candidate, readsOf(store, candidate))
  }

  gone(store: Store, candidate: PlacedEntry): void {
    this.#known.delete(candidate.place)
    if (this.#unread.delete(candidate)) this.#queues.remember(candidate.hash, countEntries(store))
  }

  began(entry: PlacedEntry): void {
    if (!this.#queues.isBack(entry.hash)) return
    this.#queues.putBack(entry, 0)
    this.#known.add(entry.place)
  }
}

function readsOf({ usage }: Store, { hash }: PlacedEntry): number {
  return usage.get(hash)?.count ?? 0
}

/** So many empty places are remembered. */
const emptyAtMost = 10_000

/** The put of an entry, if that is still there. */
function* standing(store: Store, { hash, extension, backend, place }: PlacedEntry): Io<LogRecord | undefined> {
  const view = viewOf(store, backend, extension)
  const log = yield* readCurrent(view, `${store.folder}/${entryName(hash, extension)}`, undefined, true)
  if (log?.value?.place === place) return log.value
  if (store.hunt.empty.size < emptyAtMost) store.hunt.empty.add(place)
  return undefined
}
