// Seals: how one thread gets a log for itself, and how the others get by.
//
// Goal: a file is replaced or removed without a writer losing what it appended meanwhile.
// Steps: 1 append a seal by compare and append: it says that the state is that of an earlier record, and who the owner is.
//   2 Rename the new file over the old one, or unlink it. Whoever meets the seal waits and opens the path again.
// Invariant S: between a seal and the replacement no other record of the old file counts, so nothing is lost with it. It
//   holds because a living owner's seal is never lifted on its host, and on others not before the timeout, half of which is the
//   longest that an owner acts on it (`mayAct`, `sealAnew`); and a thread that has its own seal taken away (`holds`) gives up before
//   it renames. And a file that was replaced stays sealed, so nobody who has it open writes to it.
// Crash: the owner is dead, the state before the seal is intact, anyone lifts it by an `unseal`.

import { topics } from '../channels.ts'
import { StorageIOError, TimeoutError } from '../errors.ts'
import { ask, type File, type Io } from '../io/requests.ts'
import type { LogRecord, RecordFields } from '../log/record.ts'
import type { Store } from '../store.ts'
import { compareAndAppend } from './append.ts'
import { syncFolder } from './durable.ts'
import { bareRecord, holdOf, transactionOf } from './fields.ts'
import { readIntent, rollForward } from './intent.ts'

const noBytes = new Uint8Array()

/** A seal is mostly gone before this; from here on each pause is twice the one before. */
const shortestPauseMs = 0.125
const longestPauseMs = 32

/**
 * Keeps the time that an operation has waited for others. Who gives up has looked once more after the time was over: without,
 * a thread that did not get to run just then would be told of a seal that may have been lifted long before.
 */
export class Patience {
  #pauses = 0
  #lost = 0
  #since: number | undefined
  /** The time was over before the present round began. */
  #isLast = false
  #due: { readonly own: boolean } | undefined

  /** The log is held by another; `own`: of this very thread. */
  meet(own: boolean): void {
    this.#due = { own }
  }

  /** The last round has met with others: to be asked at the start of each, with no file open, since there may be many who wait. */
  get isDue(): boolean {
    return this.#due !== undefined
  }

  /** Lets those run for a moment. */
  *rest(store: Store, path: string): Io<void> {
    const own = this.#due?.own === true
    this.#due = undefined
    yield* this.wait(store, path, own)
  }

  /** Lets others run for a moment; longer from time to time. TimeoutError when the last round began after `timeoutMs` had passed. */
  *wait(store: Store, path: string, own: boolean): Io<void> {
    const { timeoutMs } = store.settings
    if (this.#isLast) {
      const why = own
        ? 'a transaction of this very thread holds. In its body, use the bucket that is passed to it'
        : 'others hold, or write all the time. Nothing was changed: try again'
      throw new TimeoutError(`Waited ${timeoutMs} ms for ${path}, which ${why}, or raise the option timeout.`, { path })
    }
    const { ticks } = store.environment
    const now = ticks()
    this.#since ??= now
    const left = Math.max(shortestPauseMs, this.#since + timeoutMs - now)
    const ms = Math.min(longestPauseMs, shortestPauseMs * 2 ** this.#pauses++, left)
    yield* ask<'sleep'>({ op: 'sleep', ms, own, path })
    this.#isLast = ticks() - this.#since > timeoutMs
  }

  /** To be called for each round that others have won: whoever loses again and again steps back. While all try at once hardly
   *  anybody gets ahead, and two could cross each other for ever, each one's void record making the other's void. And one whose own
   *  callback writes the key anew in every round loses every time. */
  lose(): void {
    if (this.#lost++ > 0) this.#due = { own: false }
  }
}

/** Met a seal at the end of an open log of `size` bytes: there is a moment to wait (`Patience.rest`), or it is lifted, if
 *  nobody stands behind it any more. Either way, open the path again. */
export function* passSeal(
  store: Store,
  path: string,
  file: File,
  size: number,
  seal: LogRecord,
  patience: Patience,
): Io<void> {
  const { environment, settings } = store
  const { id, owner, ref, time } = seal
  if (owner === environment.owner) {
    const hold = holdOf(store, seal)
    if (hold === 'going' || hold === 'transaction') return patience.meet(hold === 'transaction')
    // Ours, and not acted upon yet: taken away rather than waited for, since a synchronous caller would wait for ever.
    if (hold !== undefined) environment.holds.delete(id)
  } else if (yield* ask<'alive'>({ op: 'alive', owner, since: time, patienceMs: settings.timeoutMs })) {
    return patience.meet(false)
  }
  // A transaction that had decided is carried out, by whoever comes first.
  const transaction = transactionOf(seal)
  const intent = transaction === undefined ? undefined : yield* readIntent(store, transaction)
  if (intent !== undefined) yield* rollForward(store, transaction!, intent)
  else if (!(yield* unseal(store, file, ref, size))) return patience.lose()
  if (owner !== environment.owner && topics.recover.active)
    topics.recover.publish({ folder: store.folder, path, reason: 'dead-owner' })
}

/** Lifts the seal of a log of `size` bytes, whose owner will not act on it any more. False: another was faster, or the owner had
 *  acted; the log is another one all the same. */
export function* unseal(store: Store, file: File, ref: number, size: number): Io<boolean> {
  // A file that was replaced keeps its seal for ever: without, those who still have it open would write to it, and to no avail.
  if ((yield* ask<'stampOf'>({ op: 'stampOf', file })).nlink === 0) return false
  const record = store.framing.encode(bareRecord(store, { kind: 'unseal', ref }), noBytes, size)
  return yield* compareAndAppend(store, file, record, size)
}

/** A seal over the state of the record at `stateAt`. */
export function sealFields(store: Store, stateAt: number, purpose: 'replace' | 'reclaim'): RecordFields {
  return bareRecord(store, { kind: 'seal', ref: stateAt, owner: store.environment.owner, purpose })
}

/** What is to become of a sealed file. */
export type Replacement =
  /** The file at this path takes its place. */
  | { by: 'file'; temporary: string }
  /** It is unlinked before the operation ends. */
  | { by: 'nothing' }
  /** It is unlinked some time soon, by the system's other threads. */
  | { by: 'nothing, later' }

/**
 * Seals an open log of `size` bytes whose state is that of the record at `stateAt`, and replaces it. Whether that was done;
 * if not, somebody else came first, and nothing was changed.
 */
export function* replaceLog(
  store: Store,
  path: string,
  file: File,
  size: number,
  stateAt: number,
  replacement: Replacement,
): Io<boolean> {
  const { environment, framing, settings } = store
  const fields = sealFields(store, stateAt, replacement.by === 'file' ? 'replace' : 'reclaim')
  const seal = framing.encode(fields, noBytes, size)
  const { holds } = environment
  holds.set(fields.id, 'held')
  let release = true
  try {
    const sealed = yield* compareAndAppend(store, file, seal, size)
    if (!sealed || !(yield* mayAct(store, path, file, fields, size + seal.length))) return false
    if (replacement.by === 'file') yield* ask<'rename'>({ op: 'rename', from: replacement.temporary, to: path })
    else if (replacement.by === 'nothing') yield* ask<'unlink'>({ op: 'unlink', path })
    else {
      release = false
      yield* unlinkLater(store, path, fields.id)
    }
    if (settings.durable) yield* syncFolder(path.slice(0, path.lastIndexOf('/')))
    return true
  } catch (error) {
    // The seal may stand even if its append was refused half-way, and others would wait for this living thread.
    yield* giveUp(store, path, file, stateAt, size + seal.length)
    throw error
  } finally {
    if (release) holds.delete(fields.id)
  }
}

/** Whether a seal of one's own that has landed, at the end of a log of `size` bytes, may be acted upon: then nobody else of this
 *  thread takes it away any more. */
export function* mayAct(
  store: Store,
  path: string,
  file: File,
  seal: Pick<RecordFields, 'id' | 'time' | 'ref'>,
  size: number,
): Io<boolean> {
  const { environment, settings } = store
  if (!environment.holds.has(seal.id)) return false
  // On another host this seal may be lifted once the timeout has passed: do not act on one that is half that old.
  if (environment.now() - seal.time > settings.timeoutMs / 2) {
    yield* giveUp(store, path, file, seal.ref, size)
    return false
  }
  environment.holds.set(seal.id, 'going')
  return true
}

/** Has the system unlink a log that is sealed, by this seal, some time soon. */
export function* unlinkLater(store: Store, path: string, seal: string): Io<void> {
  const { holds } = store.environment
  const done = (isGone: boolean): void => {
    holds.delete(seal)
    // The seal stands: it is to be lifted, or others would wait for this living thread.
    if (!isGone) store.garbage.add(path)
  }
  yield* ask<'discard'>({ op: 'discard', path, done })
}

/**
 * Lifts a seal or claim of one's own that may stand although the disk refused something on the way: others would wait for this
 * living thread. `size`: of the log with it. If the disk refuses that too, `reclaim` tries again.
 */
export function* giveUp(store: Store, path: string, file: File, stateAt: number, size: number): Io<void> {
  try {
    // Others may have appended in vain behind it.
    if (!(yield* unseal(store, file, stateAt, size))) store.garbage.add(path)
  } catch (error) {
    if (!(error instanceof StorageIOError)) throw error
    store.garbage.add(path)
  }
}
