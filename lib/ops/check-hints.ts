// The part of `check` that is about the indexes of tags and expiry.
//
// Goal: every entry has its hints, or is told of and gets them.
// Steps: 1 for each entry, look for its hints. 2 When all were met, look once more for those that were not found. 3 Give them.
// Crash: an entry with two hints of a kind, which is looked at once.

import type { Io } from '../io/requests.ts'
import type { Hint } from '../log/hint.ts'
import { slotName, slotWidths, type TimeSlot, tagName } from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import type { Problem, Tell } from './check.ts'
import { slotFor } from './expiry.ts'
import { HintBatch, listTaken, readHints } from './hints.ts'
import { underLock } from './lock.ts'
import { readLog } from './raw.ts'
import { hasTagIndex } from './tags.ts'

/** A hint that was not found. */
interface Lack {
  readonly view: Store
  readonly path: string
  /** Of the record that needs it. */
  readonly id: string
  /** Any of these logs may have it. */
  readonly names: readonly string[]
  /** This one is to have it. */
  readonly name: string
  readonly hint: Hint
}

export class HintCheck {
  readonly #store: Store
  readonly #fix: boolean
  readonly #tell: Tell
  readonly #lacks: Lack[] = []
  /** Hashes of the entries that a log has hints of. */
  #hinted = new Map<string, Set<string>>()
  #tagIndex = false

  constructor(store: Store, fix: boolean, tell: Tell) {
    this.#store = store
    this.#fix = fix
    this.#tell = tell
  }

  *begin(): Io<void> {
    this.#tagIndex = yield* hasTagIndex(this.#store)
  }

  /** An entry and its log. */
  *entry(view: Store, hash: string, path: string, { state, value: put }: LogState): Io<void> {
    const { name: backend, fileExtension: extension } = view.backend
    const now = view.environment.now()
    const { id, expires } = state!
    const lack = { view, path, id, hint: { time: now, hash, extension, backend } }
    const wanted: Pick<Lack, 'names' | 'name'>[] = []
    if (this.#tagIndex) {
      for (const tag of put!.tags) {
        const name = tagName(backend, tag)
        wanted.push({ names: [name], name })
      }
    }
    // A hint is passed down from day to hour to minute as the time comes nearer.
    if (expires !== Number.POSITIVE_INFINITY)
      wanted.push({ names: slotsAround(expires), name: slotName(slotFor(expires, now)) })
    for (const { names, name } of wanted) {
      if (!(yield* this.#isHinted(names, hash))) this.#lacks.push({ ...lack, names, name })
    }
  }

  /** What was not found is looked for once more: others may have written, or had the hints in hand. */
  *end(): Io<void> {
    this.#hinted = new Map()
    const given = new HintBatch()
    const mended: Problem[] = []
    for (const { view, path, id, names, name, hint } of this.#lacks) {
      if (yield* this.#isHinted(names, hint.hash)) continue
      if ((yield* readLog(view, path))?.state?.id !== id) continue
      mended.push(this.#tell(path, 'unindexed', `the index ${name} does not know of it`))
      given.add(name, hint)
    }
    if (!this.#fix) return
    yield* underLock(this.#store, locked => given.give(locked))
    for (const problem of mended) problem.fixed = true
  }

  *#isHinted(names: readonly string[], hash: string): Io<boolean> {
    for (const name of names) {
      let hashes = this.#hinted.get(name)
      if (hashes === undefined) {
        hashes = yield* this.#read(name)
        this.#hinted.set(name, hashes)
      }
      if (hashes.has(hash)) return true
    }
    return false
  }

  /** The log itself is read before and after what others have in hand: they may take hints, and give them back, meanwhile. */
  *#read(name: string): Io<Set<string>> {
    const own = `${this.#store.folder}/${name}`
    const hints = yield* readHints(own)
    const taken = (yield* listTaken(this.#store)).filter(({ log }) => log === name)
    for (const { path } of taken) hints.push(...(yield* readHints(path)))
    if (taken.length > 0) hints.push(...(yield* readHints(own)))
    return new Set(hints.map(({ hash }) => hash))
  }
}

/** The slots of every width that a moment is in. */
function slotsAround(expires: number): string[] {
  return (Object.keys(slotWidths) as TimeSlot['width'][]).map(width =>
    slotName({ width, start: Math.floor(expires / slotWidths[width]) * slotWidths[width] }),
  )
}
