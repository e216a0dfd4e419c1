// Checking a folder, and mending it.
//
// Goal: what a crash may leave behind, and damage to any file, is found; with `fix` it is mended, and nothing else is touched.
// Steps: 1 transactions that died after their decision are carried out. 2 Every entry's log: damaged stretches, seals of dead
//   owners, entries that have no place in the order log. 3 Entries without a hint in an index, items outside of their queue's
//   bounds. 4 Places without their entries. 5 The totals. 6 Files that were on their way to their place for too long.
// Others may write meanwhile. So what looks wrong is looked at again, in what they have written since, before it is told.
// Invariant G: a writer on its way may have noted a place for an entry that is not there yet. So before such a ghost is
//   taken away, a record that says nothing is appended to the entry's log: the writer's own is void then, and it notes another.
// Crash: what was mended is mended.

import { DeadlockError, TimeoutError } from '../errors.ts'
import type { OrderRecord } from '../indexes/order.ts'
import { ask, type Io } from '../io/requests.ts'
import type { Intention } from '../log/intent.ts'
import {
  entryExtension,
  entryFolders,
  entryName,
  intentId,
  intentName,
  isLeftBehind,
  isTemporary,
  tagFolder,
  temporaryFolder,
  transactionFolder,
  turnName,
} from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import { forFolder, type Store, viewOf } from '../store.ts'
import { HintCheck } from './check-hints.ts'
import { QueueCheck } from './check-queues.ts'
import { TotalsCheck } from './check-totals.ts'
import { rivalClaim } from './claim.ts'
import { isOurs } from './erase.ts'
import { readIntent, rollForward } from './intent.ts'
import { underLock } from './lock.ts'
import { clean, forestall, giveNewPlace, isDeadSeal, lift, readToKeep } from './mend.ts'
import { type Add, appendOrder, removeOf, writeVolume } from './order.ts'
import { readLog } from './raw.ts'
import { reclaim } from './reclaim.ts'
import { Standing } from './standing.ts'
import { endTurn, takeTurn } from './turn.ts'

/** Something that is not as it should be. */
export interface Problem {
  /** Of the file concerned. */
  path: string
  code: ProblemCode
  /** What is wrong, for people. */
  message: string
  /** Whether it has been mended: with `fix`, always, unless the filesystem refuses, somebody holds the file for longer than
   *  `timeout`, or it is a transaction's of a backend that nobody here knows. */
  fixed: boolean
}

export type ProblemCode =
  /** Bytes of a log are no record. */
  | 'damaged'
  /** A process that is gone has left a log sealed. */
  | 'dead-seal'
  /** The order log does not know of an entry. */
  | 'unplaced'
  /** The order log knows of an entry that is not there. */
  | 'ghost'
  /** An index of tags or times does not know of an entry. */
  | 'unindexed'
  /** An item is outside of its queue's bounds. */
  | 'unqueued'
  /** Number or volume of the entries is off. */
  | 'totals'
  /** A file was on its way to its place, for too long. */
  | 'temporary'
  /** A transaction was decided, and not carried out to its end; or nobody can read what it had decided. */
  | 'transaction'
  /** The filesystem refused, so not all was looked at. */
  | 'refused'

/** Notes a problem, which is not mended yet. */
export type Tell = (path: string, code: ProblemCode, message: string) => Problem

/** An entry that was found. */
interface Met {
  /** The store as the entry's backend has it. */
  readonly view: Store
  readonly hash: string
  readonly path: string
}

/** One whose place stands, and that was not found there. */
interface Suspect extends Met {
  readonly place: string
  readonly bytes: number
}

/** Writers are given so long, in milliseconds, from noting a place to bringing its entry. */
const graceMs = 1000

/** What the check of a folder has come upon so far. Call the steps in their order. */
export class Check {
  readonly problems: Problem[] = []
  readonly #store: Store
  readonly #fix: boolean
  readonly #standing: Standing
  readonly #hints: HintCheck
  readonly #queues: QueueCheck
  readonly #totals: TotalsCheck
  /** Places that were found in entries. */
  readonly #found = new Set<string>()
  readonly #backendOf = new Map<string, Add>()

  constructor(store: Store, fix: boolean) {
    this.#store = store
    this.#fix = fix
    this.#standing = new Standing(store)
    this.#hints = new HintCheck(store, fix, this.#tell)
    this.#queues = new QueueCheck(store, fix, this.#tell)
    this.#totals = new TotalsCheck(store, fix, this.#tell, this.#standing)
  }

  readonly #tell: Tell = (path, code, message) => {
    const problem = { path, code, message, fixed: false }
    this.problems.push(problem)
    return problem
  };

  /** What came of mending; undefined: nothing, somebody else holds what it needs. */
  *#tried<T>(io: Io<T>): Io<{ readonly result: T } | undefined> {
    try {
      return { result: yield* io }
    } catch (error) {
      if (error instanceof TimeoutError || error instanceof DeadlockError) return undefined
      throw error
    }
  }

  /** The filesystem does not let it go on, and the bucket is not to throw. */
  breakOff(): void {
    const message =
      'The filesystem refused, so not all was looked at. The channel bucketcache:error tells what it said.'
    this.#tell(this.#store.folder, 'refused', message)
  }

  /** Before the entries. */
  *begin(): Io<void> {
    const store = this.#store
    yield* this.#standing.refresh()
    for (const add of this.#standing.places.values()) this.#backendOf.set(add.hash, add)
    yield* this.#transactions()
    if (this.#fix) yield* writeVolume(store)
    yield* this.#hints.begin()
  }

  /** One folder of entries: `step` from 0 up to, not including, `entrySteps`. */
  *entries(step: number): Io<void> {
    const store = this.#store
    const folder = entryFolders[step]!
    const unplaced: (Met & { log: LogState })[] = []
    for (const name of (yield* ask<'list'>({ op: 'list', path: `${store.folder}/${folder}` })) ?? []) {
      const extension = entryExtension(name)
      if (extension === undefined) continue
      const hash = folder + name.slice(0, name.indexOf('.'))
      const known = this.#backendOf.get(hash)
      // Of a backend that nobody has told of: not ours to judge.
      if (known === undefined && extension !== store.backend.fileExtension) continue
      const view = known === undefined ? store : viewOf(store, known.backend, known.extension)
      const met = { view, hash, path: `${store.folder}/${folder}/${name}` }
      const log = yield* this.#entry(met, known !== undefined)
      if (log !== undefined && !this.#standing.places.has(log.value!.place)) unplaced.push({ ...met, log })
    }
    if (unplaced.length > 0) yield* this.#unplaced(unplaced)
  }

  /** The log of an entry that is there. `isKnown`: by the order log. */
  *#entry({ view, hash, path }: Met, isKnown: boolean): Io<LogState | undefined> {
    let log = yield* readToKeep(view, path)
    // Another backend of the same extension may have stored it since; to this one its bytes are no records.
    if (!isKnown && log !== undefined && !isOurs(view, path, log)) return undefined
    // Once more: the owner may have acted since it was read, and have no hold on it any more for that.
    if (log !== undefined && (yield* isDeadSeal(view, log))) log = yield* readToKeep(view, path)
    if (log === undefined) return undefined
    if (yield* isDeadSeal(view, log)) {
      const problem = this.#tell(path, 'dead-seal', 'a process that is gone has left it sealed')
      if (this.#fix) {
        log = (yield* lift(view, path)) ?? log
        problem.fixed = !(yield* isDeadSeal(view, log))
      }
    }
    if (log.damaged) log = (yield* this.#readAgain(view, path)) ?? log
    if (log.damaged) {
      const problem = this.#tell(path, 'damaged', 'bytes of it are no record; what is before and behind them counts')
      if (this.#fix) problem.fixed = (yield* this.#tried(clean(view, path))) !== undefined
    }
    const { last, value: put } = log
    if (put === undefined) {
      // Not left to the background, which knows the bucket's own backend only.
      if (this.#fix && last?.kind !== 'seal' && last?.kind !== 'claim') yield* reclaim(view, path, false)
      return undefined
    }
    if (!isOurs(view, path, log)) return undefined
    const stamp = yield* ask<'stat'>({ op: 'stat', path })
    if (stamp !== undefined) this.#totals.weigh(stamp.size)
    this.#found.add(put.place)
    yield* this.#hints.entry(view, hash, path, log)
    yield* this.#queues.entry(view, path, log)
    return log
  }

  *#unplaced(entries: readonly (Met & { log: LogState })[]): Io<void> {
    yield* this.#standing.refresh()
    const adds: OrderRecord[] = []
    const mended: Problem[] = []
    for (const { view, hash, path, log } of entries) {
      const { place, time } = log.value!
      if (this.#standing.places.has(place) || !(yield* isThere(view, path, place))) continue
      const isGone = this.#fix && this.#standing.isGone(place)
      const given = isGone
        ? yield* this.#tried(giveNewPlace(view, view.keys.slotOf(log.value!), place))
        : { result: place }
      // It is another entry by now.
      if (given !== undefined && given.result === undefined) continue
      const problem = this.#tell(path, 'unplaced', 'its place in the order log is missing: iteration does not show it')
      const id = given?.result
      if (!this.#fix || id === undefined) continue
      this.#found.add(id)
      const { name: backend, fileExtension: extension } = view.backend
      const bytes = (yield* ask<'stat'>({ op: 'stat', path }))?.size ?? 0
      adds.push({ kind: 'add', id, time, bytes, hash, extension, backend })
      mended.push(problem)
    }
    yield* this.#note(adds, mended)
  }

  /** Appends to the order log what mends these. */
  *#note(records: readonly OrderRecord[], mended: readonly Problem[]): Io<void> {
    if (records.length > 0) yield* underLock(this.#store, locked => appendOrder(locked, records))
    for (const problem of mended) problem.fixed = true
  }

  /** After the entries. */
  *end(): Io<void> {
    yield* this.#hints.end()
    yield* this.#queues.end()
    yield* this.#ghosts()
    yield* this.#totals.end()
    yield* this.#temporaries()
  }

  *#ghosts(): Io<void> {
    const store = this.#store
    yield* this.#standing.refresh()
    const suspects: Suspect[] = []
    let youngest = 0
    for (const [place, { hash, extension, backend, time, bytes }] of this.#standing.places) {
      if (this.#found.has(place)) continue
      const view = viewOf(store, backend, extension)
      const path = `${store.folder}/${entryName(hash, extension)}`
      if (yield* isThere(view, path, place)) continue
      suspects.push({ view, hash, path, place, bytes })
      youngest = Math.max(youngest, time)
    }
    if (suspects.length === 0) return
    const ms = Math.min(graceMs, youngest + graceMs - store.environment.now())
    yield* this.#wait(Math.max(ms, store.bounds.pauseMs))
    if (!this.#fix) return yield* this.#layGhosts(suspects)
    // A transaction that is ending notes what it has removed at last.
    const slot = store.keys.hiddenSlot(turnName)
    const turn = yield* this.#tried(takeTurn(store, slot))
    if (turn === undefined) return
    try {
      yield* this.#layGhosts(suspects)
    } finally {
      yield* endTurn(store, slot, turn.result)
    }
  }

  *#layGhosts(suspects: readonly Suspect[]): Io<void> {
    yield* this.#standing.refresh()
    const removes: OrderRecord[] = []
    const mended: Problem[] = []
    for (const { view, path, place, bytes } of suspects) {
      if (!this.#standing.places.has(place) || (yield* isThere(view, path, place))) continue
      if (this.#fix && !(yield* forestall(view, path, place))) continue
      mended.push(this.#tell(path, 'ghost', 'the order log has a place for an entry that is not there'))
      removes.push(removeOf(view, place, bytes))
    }
    if (this.#fix) yield* this.#note(removes, mended)
  }

  /** A record may have been read while it was being written; by somebody who was stopped in the middle, if it was lately. */
  *#readAgain(view: Store, path: string): Io<LogState | undefined> {
    const stamp = yield* ask<'stat'>({ op: 'stat', path })
    const { environment, bounds } = this.#store
    if (stamp !== undefined && environment.now() - stamp.mtimeMs < graceMs) yield* this.#wait(bounds.pauseMs)
    return yield* readToKeep(view, path)
  }

  *#wait(ms: number): Io<void> {
    yield* ask<'sleep'>({ op: 'sleep', ms, own: false, path: this.#store.folder })
  }

  *#temporaries(): Io<void> {
    const store = this.#store
    const { environment, settings } = store
    const places: [string, (name: string) => boolean][] = [
      [`${store.folder}/${temporaryFolder}`, isTemporary],
      [store.folder, isLeftBehind],
      [`${store.folder}/${tagFolder}`, isLeftBehind],
    ]
    for (const [folder, isOfThisCache] of places) {
      for (const name of (yield* ask<'list'>({ op: 'list', path: folder })) ?? []) {
        if (!isOfThisCache(name)) continue
        const path = `${folder}/${name}`
        const stamp = yield* ask<'stat'>({ op: 'stat', path })
        // Young ones may be somebody's.
        if (stamp === undefined || environment.now() - stamp.ctimeMs < settings.timeoutMs) continue
        const problem = this.#tell(path, 'temporary', 'it never came to its place')
        if (this.#fix) problem.fixed = yield* ask<'unlink'>({ op: 'unlink', path })
      }
    }
  }

  /** The store as the backend has it whose transaction that is; undefined: who knows. */
  #viewFor(intent: readonly Intention[]): Store | undefined {
    const store = this.#store
    for (const { path } of intent) {
      const known = this.#backendOf.get(hashOf(path))
      if (known !== undefined) return viewOf(store, known.backend, known.extension)
    }
    const { fileExtension } = store.backend
    return intent.every(({ path }) => path.endsWith(`.${fileExtension}`)) ? store : undefined
  }

  /** While this process has the turn no transaction runs: an intent that is there then is a dead one's. */
  *#transactions(): Io<void> {
    const store = this.#store
    const folder = `${store.folder}/${transactionFolder}`
    const ids = ((yield* ask<'list'>({ op: 'list', path: folder })) ?? []).map(intentId).filter(id => id !== undefined)
    if (ids.length === 0) return
    const slot = store.keys.hiddenSlot(turnName)
    const message = 'it was decided, and not carried out to its end'
    if (!this.#fix) {
      if ((yield* rivalClaim(forFolder(store), slot))?.living === true) return
      for (const id of ids) this.#tell(`${store.folder}/${intentName(id)}`, 'transaction', message)
      return
    }
    const turn = yield* takeTurn(store, slot)
    try {
      for (const id of ids) {
        const path = `${store.folder}/${intentName(id)}`
        const intent = yield* readIntent(store, id)
        // Carried out while this waited for its turn.
        if (intent === undefined && (yield* ask<'stat'>({ op: 'stat', path })) === undefined) continue
        const problem = this.#tell(path, 'transaction', message)
        // What nobody can read decides nothing: whoever meets its seals lifts them.
        if (intent === undefined) problem.fixed = yield* ask<'unlink'>({ op: 'unlink', path })
        const view = intent && this.#viewFor(intent)
        if (view === undefined) continue
        yield* underLock(view, locked => rollForward(locked, id, intent!))
        problem.fixed = true
      }
    } finally {
      yield* endTurn(store, slot, turn)
    }
  }
}

export const entrySteps = entryFolders.length

/** The hash of the key whose log is at this path in the folder. */
function hashOf(path: string): string {
  return path.slice(0, 2) + path.slice(3, path.indexOf('.'))
}

function* isThere(store: Store, path: string, place: string): Io<boolean> {
  return (yield* readLog(store, path))?.value?.place === place
}
