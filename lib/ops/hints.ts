// The logs of hints: one for each tag, one for each slot of time.
//
// Goal: whoever looks for the entries of a tag, or for those whose time has come, reads about these and no others.
// Steps of giving one: 1 append it. 2 Is the file still the one at its path? If not, it was taken meanwhile: again.
//   Of taking them: 1 rename the file away: from then on whoever gives finds another. 2 Read it. 3 Give back what is still
//   worth a look.
// Invariant H: an entry whose put has landed with a tag or an expiry has a hint in the index, or in the hands of one who is
//   looking. A hint is given before the put lands, so who takes one and finds no such entry yet gives it back while it
//   is young: its writer may still be on the way.
// Crash: hints of entries that never came, or, of one who was looking, hints in a file of `tmp/`; the next who looks takes them up.

import { ask, type FileStamp, type Io } from '../io/requests.ts'
import { decodeHint, encodeHint, type Hint } from '../log/hint.ts'
import { logOfTakenHints, takenHintsName, temporaryFolder } from '../log/names.ts'
import { readFrames } from '../log/sidecar.ts'
import type { Store } from '../store.ts'
import { syncNames } from './durable.ts'

/** Gives hints to the log with this name. */
export function* giveHints(store: Store, name: string, hints: readonly Hint[]): Io<void> {
  if (hints.length === 0) return
  const path = `${store.folder}/${name}`
  const bytes = Buffer.concat(hints.map(hint => encodeHint(store.environment.newId(), hint)))
  for (;;) {
    const file = (yield* ask<'open'>({ op: 'open', path, create: true }))!
    try {
      yield* ask<'append'>({ op: 'append', file, bytes })
      if (store.settings.durable) yield* ask<'sync'>({ op: 'sync', file })
      yield* syncNames(store, [path])
      const there = yield* ask<'stat'>({ op: 'stat', path })
      if (there !== undefined && there.ino === (yield* ask<'stampOf'>({ op: 'stampOf', file })).ino) return
    } finally {
      yield* ask<'close'>({ op: 'close', file })
    }
  }
}

/** Hints that were taken, to be given back or done with. */
export interface TakenHints {
  readonly hints: readonly Hint[]
  /** Of the file that holds them meanwhile; undefined: all are in other hands. */
  readonly path: string | undefined
}

/** Takes all hints of the log with this name; undefined: there are none. */
export function* takeHints(store: Store, name: string): Io<TakenHints | undefined> {
  // Of somebody who is looking at this moment, or died doing so: looking twice does no harm, not looking would.
  const others = yield* takenByOthers(store, name)
  const path = `${store.folder}/${takenHintsName(name, store.environment.newId())}`
  const taken = yield* ask<'moveAway'>({ op: 'moveAway', from: `${store.folder}/${name}`, to: path })
  if (!taken && others.length === 0) return undefined
  const hints = new Map<string, Hint>()
  for (const file of taken ? [...others, path] : others) {
    for (const hint of yield* readHints(file)) hints.set(`${hint.hash} ${hint.backend}`, hint)
  }
  return { hints: [...hints.values()], path: taken ? path : undefined }
}

/** Files with hints of the log `name` in other hands. Those that lie about for longer than anybody may take are put back. */
function* takenByOthers(store: Store, name: string): Io<string[]> {
  const paths: string[] = []
  for (const { path, log, stamp } of yield* listTaken(store)) {
    if (log !== name) continue
    if (store.environment.now() - stamp.ctimeMs < store.settings.timeoutMs) paths.push(path)
    else yield* endHints(store, name, { hints: [], path }, yield* readHints(path))
  }
  return paths
}

/** All files with hints that somebody has taken. */
export function* listTaken(store: Store): Io<{ path: string; log: string; stamp: FileStamp }[]> {
  const folder = `${store.folder}/${temporaryFolder}`
  const taken: { path: string; log: string; stamp: FileStamp }[] = []
  for (const file of (yield* ask<'list'>({ op: 'list', path: folder })) ?? []) {
    const log = logOfTakenHints(file)
    if (log === undefined) continue
    const path = `${folder}/${file}`
    const stamp = yield* ask<'stat'>({ op: 'stat', path })
    if (stamp !== undefined) taken.push({ path, log, stamp })
  }
  return taken
}

export function* readHints(path: string): Io<Hint[]> {
  return (yield* loadHints(path)).hints
}

/** The hints in a file, and how many frames they take. */
export function* loadHints(path: string): Io<{ hints: Hint[]; frames: number }> {
  const window = yield* ask<'load'>({ op: 'load', path, reach: Number.MAX_SAFE_INTEGER })
  if (window === undefined) return { hints: [], frames: 0 }
  // An entry that was given twice is looked at once; the younger hint counts.
  const hints = new Map<string, Hint>()
  const { frames } = readFrames(window.bytes)
  for (const { frame } of frames) {
    const hint = decodeHint(frame)
    if (hint !== undefined) hints.set(`${hint.hash} ${hint.backend}`, hint)
  }
  return { hints: [...hints.values()], frames: frames.length }
}

/** The hints are done with, but for those that are given back. */
export function* endHints(store: Store, name: string, taken: TakenHints, back: readonly Hint[]): Io<void> {
  yield* giveHints(store, name, back)
  if (taken.path !== undefined) yield* ask<'unlink'>({ op: 'unlink', path: taken.path })
}

/** Whether the writer who gave a hint, or noted a place, may still be on the way, or was so at a moment. */
export function isYoung(store: Store, { time }: { readonly time: number }, at = store.environment.now()): boolean {
  return at - time < store.settings.timeoutMs + 1000
}

/** Hints by the logs that they are for, to be given in one append each. */
export class HintBatch {
  readonly #logs = new Map<string, Hint[]>()

  add(name: string, hint: Hint): void {
    const hints = this.#logs.get(name)
    if (hints === undefined) this.#logs.set(name, [hint])
    else hints.push(hint)
  }

  *give(store: Store): Io<void> {
    for (const [name, hints] of this.#logs) yield* giveHints(store, name, hints)
  }
}
