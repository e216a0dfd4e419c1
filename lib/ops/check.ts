// Checking a folder, and mending it.
//
// Goal: what a crash may leave behind, and damage to any file, is found; with `fix` it is mended, and nothing else is touched.
// Steps: 1 transactions that died after their decision are carried out. 2 Every entry's log: damaged stretches, seals of dead
//   owners, an entry that has no place in the order log, or no hint in an index. 3 Every place without its entry. 4 The
//   totals. 5 Files that were on their way to their place for too long.
// Invariant G: a writer on its way may have noted a place for an entry that is not there yet. So before such a ghost is
//   taken away, a record that says nothing is appended to the entry's log: the writer's own is void then, and it notes another.
// Crash: what was mended is mended.

import { ask, type Io } from '../io/requests.ts'
import type { Hint } from '../log/hint.ts'
import {
  entryExtension,
  entryFolders,
  entryName,
  intentId,
  isLeftBehind,
  isTemporary,
  slotName,
  tagName,
  temporaryFolder,
  transactionFolder,
  turnName,
} from '../log/names.ts'
import type { LogState } from '../log/state.ts'
import { type Store, viewOf } from '../store.ts'
import { compareAndAppend } from './append.ts'
import { rivalClaim } from './claim.ts'
import { compact } from './compact.ts'
import { slotFor } from './expiry.ts'
import { bareRecord, stateOffset } from './fields.ts'
import { giveHints, listTaken, readHints } from './hints.ts'
import { readIntent, rollForward } from './intent.ts'
import { type Add, appendOrder, catchUp, readStanding, writeVolume } from './order.ts'
import { readLog, readOpen } from './raw.ts'
import { reclaim } from './reclaim.ts'
import { Patience, passSeal } from './seal.ts'
import { hasTagIndex } from './tags.ts'
import { endTurn, takeTurn } from './turn.ts'

/** Something that is not as it should be. */
export interface Problem {
  /** Of the file concerned. */
  path: string
  /** damaged, dead-seal, unplaced, ghost, unindexed, totals, temporary, transaction */
  code: string
  message: string
  fixed: boolean
}

/** What the check of a folder has come upon so far. Call the steps in their order. */
export class Check {
  readonly problems: Problem[] = []
  readonly #store: Store
  readonly #fix: boolean
  /** All that the order log says stands, by place. */
  #standing: ReadonlyMap<string, Add> = new Map()
  /** Places that were found in entries. */
  readonly #found = new Set<string>()
  readonly #backendOf = new Map<string, Add>()
  readonly #hinted = new Map<string, Set<string>>()
  #tagIndex = false
  #bytes = 0
  #startedAt = { segment: 0, offset: 0 }

  constructor(store: Store, fix: boolean) {
    this.#store = store
    this.#fix = fix
  }

  /** Before the entries. */
  *begin(): Io<void> {
    const store = this.#store
    yield* this.#transactions()
    if (this.#fix) yield* writeVolume(store)
    yield* catchUp(store)
    this.#startedAt = { segment: store.order.segment, offset: store.order.offset }
    this.#tagIndex = yield* hasTagIndex(store)
    this.#standing = yield* readStanding(store)
    for (const add of this.#standing.values()) this.#backendOf.set(add.hash, add)
  }

  /** One folder of entries: `step` from 0 up to, not including, `entrySteps`. */
  *entries(step: number): Io<void> {
    const store = this.#store
    const folder = entryFolders[step]!
    for (const name of (yield* ask<'list'>({ op: 'list', path: `${store.folder}/${folder}` })) ?? []) {
      const extension = entryExtension(name)
      if (extension === undefined) continue
      const hash = folder + name.slice(0, name.indexOf('.'))
      const known = this.#backendOf.get(hash)
      const own = extension === store.backend.fileExtension
      // Of a backend that nobody has told of: not ours to judge.
      if (known === undefined && !own) continue
      const view = known === undefined ? store : viewOf(store, known.backend, known.extension)
      yield* this.#entry(view, hash, `${store.folder}/${folder}/${name}`)
    }
  }

  *#entry(store: Store, hash: string, path: string): Io<void> {
    let log = yield* readLog(store, path)
    if (log === undefined) return
    if (log.last?.kind === 'seal' && (yield* this.#isDead(log))) {
      const mended = this.#tell(path, 'dead-seal', 'a process that is gone has left it sealed')
      if (mended) log = (yield* unsealed(store, path)) ?? log
    }
    if (log.damaged) {
      const mended = this.#tell(path, 'damaged', 'bytes of it are no record; what is before and behind them counts')
      if (mended && !(yield* compact(store, path))) yield* reclaim(store, path, false)
    }
    const put = log.value
    if (put === undefined) {
      if (this.#fix && log.last?.kind !== 'seal' && log.last?.kind !== 'claim') store.garbage.add(path)
      return
    }
    const stamp = yield* ask<'stat'>({ op: 'stat', path })
    if (stamp !== undefined) this.#bytes += stamp.size
    this.#found.add(put.place)
    if (!this.#standing.has(put.place) && (yield* isStillThere(store, path, put.place))) {
      if (this.#tell(path, 'unplaced', 'its place in the order log is missing: iteration does not show it')) {
        const { name: backend, fileExtension: extension } = store.backend
        const { place, time } = put
        const bytes = stamp?.size ?? put.length
        yield* appendOrder(store, [{ kind: 'add', id: place, time, bytes, hash, extension, backend }])
      }
    }
    yield* this.#hints(store, hash, path, log)
  }

  *#isDead({ last }: LogState): Io<boolean> {
    const { owner, time, id } = last!
    const { environment, settings } = this.#store
    if (owner === environment.owner) return !environment.holds.has(id)
    return !(yield* ask<'alive'>({ op: 'alive', owner, since: time, patienceMs: settings.timeoutMs }))
  }

  *#hints(store: Store, hash: string, path: string, { state, value: put }: LogState): Io<void> {
    const { name: backend, fileExtension: extension } = store.backend
    const hint: Hint = { time: store.environment.now(), hash, extension, backend }
    const wanted = this.#tagIndex ? put!.tags.map(tag => tagName(backend, tag)) : []
    const { expires, time } = state!
    if (expires !== Number.POSITIVE_INFINITY) {
      // As it was when it was stored, or as it is now that the time is nearer.
      const slots = [slotName(slotFor(expires, time)), slotName(slotFor(expires, store.environment.now()))]
      let there = false
      for (const name of slots) there ||= yield* this.#isHinted(name, hash)
      if (!there && expires > store.environment.now()) wanted.push(slots[1]!)
    }
    for (const name of wanted) {
      if (yield* this.#isHinted(name, hash)) continue
      if (this.#tell(path, 'unindexed', `the index ${name} does not know of it`)) yield* giveHints(store, name, [hint])
    }
  }

  *#isHinted(name: string, hash: string): Io<boolean> {
    let hashes = this.#hinted.get(name)
    if (hashes === undefined) {
      const paths = [`${this.#store.folder}/${name}`]
      for (const { path, log } of yield* listTaken(this.#store)) if (log === name) paths.push(path)
      hashes = new Set()
      for (const path of paths) for (const hint of yield* readHints(path)) hashes.add(hint.hash)
      this.#hinted.set(name, hashes)
    }
    return hashes.has(hash)
  }

  /** After the entries. */
  *end(): Io<void> {
    yield* this.#ghosts()
    yield* this.#totals()
    yield* this.#temporaries()
  }

  *#ghosts(): Io<void> {
    const store = this.#store
    for (const [place, { hash, extension, backend }] of this.#standing) {
      if (this.#found.has(place)) continue
      const view = viewOf(store, backend, extension)
      const path = `${store.folder}/${entryName(hash, extension)}`
      if (yield* isStillThere(view, path, place)) continue
      // Somebody has noted its end since the log was read?
      if (!(yield* this.#stillStands(place))) continue
      if (!this.#tell(path, 'ghost', 'the order log has a place for an entry that is not there')) continue
      if (!(yield* disturb(view, path, place))) continue
      yield* appendOrder(store, [{ kind: 'remove', id: store.environment.newId(), bytes: 0, place, backend }])
    }
  }

  *#stillStands(place: string): Io<boolean> {
    const { segment, offset } = this.#startedAt
    yield* catchUp(this.#store)
    const { order } = this.#store
    if (order.segment === segment && order.offset === offset) return true
    // Rare: others write meanwhile. Read again what stands, once.
    this.#standing = yield* readStanding(this.#store)
    this.#startedAt = { segment: order.segment, offset: order.offset }
    return this.#standing.has(place)
  }

  *#totals(): Io<void> {
    const store = this.#store
    const before = { segment: store.order.segment, offset: store.order.offset }
    const counts = new Map<string, number>()
    for (const { backend } of (yield* readStanding(store)).values()) counts.set(backend, (counts.get(backend) ?? 0) + 1)
    const totals = yield* catchUp(store)
    // While others write there is no one moment to compare.
    if (store.order.segment !== before.segment || store.order.offset !== before.offset) return
    const path = `${store.folder}/order`
    for (const backend of new Set([...counts.keys(), ...totals.counts.keys()])) {
      const count = (counts.get(backend) ?? 0) - (totals.counts.get(backend) ?? 0)
      if (count === 0) continue
      if (!this.#tell(path, 'totals', `the number of entries of ${backend} is off by ${-count}`)) continue
      yield* appendOrder(store, [
        { kind: 'adjust', id: store.environment.newId(), bytes: 0, records: 0, count, backend },
      ])
    }
    const orderBytes = yield* this.#orderBytes()
    const bytes = this.#bytes + orderBytes - store.order.totals.volume
    // Small changes of volume are gathered in memory, by each process: within these bounds nothing is wrong.
    if (Math.abs(bytes) <= Math.max(16 * 1024, this.#bytes / 4)) return
    if (this.#tell(path, 'totals', `the volume is off by ${-bytes} bytes`)) {
      yield* appendOrder(store, [
        { kind: 'adjust', id: store.environment.newId(), bytes, records: 0, count: 0, backend: '' },
      ])
    }
  }

  *#orderBytes(): Io<number> {
    const folder = `${this.#store.folder}/order`
    let bytes = 0
    for (const name of (yield* ask<'list'>({ op: 'list', path: folder })) ?? []) {
      bytes += (yield* ask<'stat'>({ op: 'stat', path: `${folder}/${name}` }))?.size ?? 0
    }
    return bytes
  }

  *#temporaries(): Io<void> {
    const store = this.#store
    const { environment, settings } = store
    const places: [string, (name: string) => boolean][] = [
      [`${store.folder}/${temporaryFolder}`, name => isTemporary(name)],
      [store.folder, isLeftBehind],
      [`${store.folder}/${transactionFolder}`, isLeftBehind],
    ]
    for (const [folder, isOurs] of places) {
      for (const name of (yield* ask<'list'>({ op: 'list', path: folder })) ?? []) {
        if (!isOurs(name)) continue
        const path = `${folder}/${name}`
        const stamp = yield* ask<'stat'>({ op: 'stat', path })
        // Young ones may be somebody's.
        if (stamp === undefined || environment.now() - stamp.ctimeMs < settings.timeoutMs) continue
        if (this.#tell(path, 'temporary', 'it never came to its place')) yield* ask<'unlink'>({ op: 'unlink', path })
      }
    }
  }

  /** While this process has the turn no transaction runs: an intent that is there then is a dead one's. */
  *#transactions(): Io<void> {
    const store = this.#store
    const folder = `${store.folder}/${transactionFolder}`
    const ids = ((yield* ask<'list'>({ op: 'list', path: folder })) ?? []).map(intentId).filter(id => id !== undefined)
    if (ids.length === 0) return
    const slot = store.keys.hiddenSlot(turnName)
    if (!this.#fix) {
      if ((yield* rivalClaim(store, slot))?.living === true) return
      for (const id of ids)
        this.#tell(`${folder}/${id}.intent`, 'transaction', 'it was decided, and not carried out to its end')
      return
    }
    const turn = yield* takeTurn(store, slot)
    try {
      for (const id of ids) {
        const intent = yield* readIntent(store, id)
        if (intent === undefined) continue
        this.#tell(`${folder}/${id}.intent`, 'transaction', 'it was decided, and not carried out to its end')
        yield* rollForward(store, id, intent)
      }
    } finally {
      yield* endTurn(store, slot, turn)
    }
  }

  /** Notes a problem. Whether it is to be mended. */
  #tell(path: string, code: string, message: string): boolean {
    this.problems.push({ path, code, message, fixed: this.#fix })
    return this.#fix
  }
}

export const entrySteps = entryFolders.length

function* isStillThere(store: Store, path: string, place: string): Io<boolean> {
  return (yield* readLog(store, path))?.value?.place === place
}

/** Lifts a dead seal; the log afterwards. */
function* unsealed(store: Store, path: string): Io<LogState | undefined> {
  const file = yield* ask<'open'>({ op: 'open', path, create: false })
  if (file === undefined) return undefined
  try {
    const { log, size } = yield* readOpen(store, file)
    if (log.last?.kind === 'seal') yield* passSeal(store, path, file, size, log.last, new Patience())
  } finally {
    yield* ask<'close'>({ op: 'close', file })
  }
  return yield* readLog(store, path)
}

/** Makes void what a writer on its way would append. False: the entry has come after all. */
function* disturb(store: Store, path: string, place: string): Io<boolean> {
  for (;;) {
    const file = yield* ask<'open'>({ op: 'open', path, create: false })
    // Nobody can be writing to a file that is not there: it is opened before its place is noted.
    if (file === undefined) return true
    try {
      const { log, size } = yield* readOpen(store, file)
      if (log.value?.place === place) return false
      // Its owner is at work, or the next check meets it: a seal is a record like any other to a writer on its way.
      if (log.last?.kind === 'seal') return true
      const fields = bareRecord(store, { kind: 'unseal', ref: stateOffset(log.state) })
      const record = store.framing.encode(fields, new Uint8Array(), size)
      if (yield* compareAndAppend(store, file, record, size)) {
        if (log.value === undefined) store.garbage.add(path)
        return true
      }
    } finally {
      yield* ask<'close'>({ op: 'close', file })
    }
  }
}
