// The order log: where each entry that begins is noted, and each that ends.
//
// Goal: insertion order, the number of entries and their volume without looking at the entries.
// Steps of an append: write the frames behind whatever the last segment holds, with those of other operations of this thread
//   in one write; look what came in between; if that was the segment's end, the frames are void and go into the next segment.
// Invariant O: the totals of a segment's base equal those of all segments before it, folded up to their ends; whoever meets
//   an end can therefore write the next base, and of several only the first counts.
// Crash: an add whose entry was never written (the count is one too high until `check`), never an entry without an add.

import { decodeOrder, encodeOrder, noTotals, type OrderRecord, type Totals } from '../indexes/order.ts'
import { ask, type File, type Io } from '../io/requests.ts'
import { orderFolder, segmentNumber } from '../log/names.ts'
import { type FramesRead, readFrames } from '../log/sidecar.ts'
import type { Store } from '../store.ts'
import { syncNames } from './durable.ts'
import { underLock } from './lock.ts'

/** A segment that is open. Other operations of this thread may move the tail on between any two requests of one, so each
 *  remembers where it stands itself. */
interface Opened {
  readonly file: File
  readonly segment: number
  readonly path: string
  /** It was kept open, so its name may be gone. */
  readonly kept: boolean
}

/** Appends `records`, in one write. */
export function* appendOrder(store: Store, records: readonly OrderRecord[]): Io<void> {
  const tail = store.order
  const frames = records.map(encodeOrder)
  const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames)
  const last = records[records.length - 1]!.id
  for (;;) {
    const { file, segment, path, kept } = (yield* openKept(store)) ?? (yield* openTail(store))
    const { offset } = tail
    const { durable } = store.settings
    let keep = false
    try {
      const all = yield* ask<'appendShared'>({ op: 'appendShared', file, bytes, durable, expected: () => tail.offset })
      if (all.stands === undefined) {
        const isRemoved = kept && all.nlink === 0
        const isNext = tail.segment === segment && tail.offset === all.expected
        if (!isRemoved && isNext && all.size === all.expected + all.bytes.length) {
          // Nobody came in between: what was written need not be read.
          if (all.bytes === bytes) tail.append(records, frames)
          else tail.fold(segment, all.expected, readFrames(asBuffer(all.bytes)))
          all.stands = true
        } else {
          const read = yield* readFrom(file, offset, all.size)
          // A merger unlinks what has ended, and has taken in what stands before the end. Else the folder was removed.
          const isLost = isRemoved && !hasEnd(read)
          if (!isLost) tail.fold(segment, offset, read)
          all.stands = !isLost && standsBeforeEnd(read, last)
        }
      }
      if (!all.stands) continue
      if (tail.segment === segment && tail.offset > store.bounds.segment) yield* endSegment(store, file)
      else keep = tail.segment === segment && !store.settings.network
      return
    } finally {
      if (keep) yield* ask<'keep'>({ op: 'keep', file, path })
      else yield* ask<'close'>({ op: 'close', file })
    }
  }
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}

/** The segment where the tail stands, as it was kept open: what has been folded is the beginning of this very file. */
function* openKept(store: Store): Io<Opened | undefined> {
  const { started, segment, path } = store.order
  if (!started) return undefined
  const kept = yield* ask<'kept'>({ op: 'kept', path })
  if (kept === undefined) return undefined
  const { file } = kept
  // What has been folded is told by the tail, which must not have moved on meanwhile.
  if (store.order.segment === segment) return { file, segment, path, kept: true }
  yield* ask<'close'>({ op: 'close', file })
  return undefined
}

/** Folds what others have added, so that the totals are those of now. */
export function* catchUp(store: Store): Io<Totals> {
  const tail = store.order
  for (;;) {
    const opened = yield* openLast(store, true)
    if (opened === undefined) return tail.totals
    try {
      if (yield* foldRest(store, opened)) return tail.totals
    } finally {
      yield* ask<'close'>({ op: 'close', file: opened.file })
    }
  }
}

/** The numbers of the segments there are, ascending. */
export function* listSegments(store: Store): Io<number[]> {
  const names = (yield* ask<'list'>({ op: 'list', path: `${store.folder}/${orderFolder}` })) ?? []
  return names
    .map(segmentNumber)
    .filter(number => number !== undefined)
    .sort((a, b) => a - b)
}

/** Up to where a file of the order log was read: so many bytes, so many frames, so many bytes of what counts; and if that is all. */
export interface OrderRead {
  readonly offset: number
  readonly index: number
  readonly size: number
  readonly ended: boolean
}

const nothingRead: OrderRead = { offset: 0, index: 0, size: 0, ended: false }

/** One file of the order log, up to its end: each record with its number in the file, behind what was `read`. `missing`: there is no
 *  such file, or no more; if it was in a listing, what was in it is in the merged file by now. `size`: the bytes of what counts, which
 *  are those that the totals have; not of what was appended behind the end, or torn. */
export function* readOrder(
  store: Store,
  name: string,
  read: OrderRead = nothingRead,
): Io<{ records: { record: OrderRecord; index: number }[]; missing: boolean } & OrderRead> {
  const path = `${store.folder}/${name}`
  const records: { record: OrderRecord; index: number }[] = []
  const { offset } = read
  let reach = Number.MAX_SAFE_INTEGER
  if (offset > 0) {
    const stamp = yield* ask<'stat'>({ op: 'stat', path })
    if (stamp === undefined) return { ...nothingRead, records, missing: true }
    // Another file has the name, in a folder that was made anew.
    if (stamp.size < offset) return yield* readOrder(store, name)
    if (stamp.size === offset || read.ended) return { ...read, records, missing: false }
    reach = stamp.size - offset
  }
  const window = yield* ask<'load'>({ op: 'load', path, reach })
  if (window === undefined) return { ...nothingRead, records, missing: true }
  const { frames, settled } = readFrames(window.bytes.subarray(Math.max(0, offset - window.start)))
  let { index, size, ended } = read
  for (const { frame } of frames) {
    index++
    const record = decodeOrder(frame)
    // As in `OrderTail.fold`: of several bases the first counts.
    if (record === undefined || (record.kind === 'base' && size > 0)) continue
    size += frame.length
    ended = record.kind === 'end'
    if (ended) break
    records.push({ record, index })
  }
  return { records, offset: offset + settled, index, size, ended, missing: false }
}

export type Add = OrderRecord & { kind: 'add' }

/** That an entry has ended, which took so many bytes. */
export function removeOf(store: Store, place: string, bytes: number, backend = store.backend.name): OrderRecord {
  return { kind: 'remove', id: store.environment.newId(), bytes, place, backend }
}

/** The segment where the tail stands, open; undefined: nobody has begun it yet. */
function* openLast(store: Store, onlyRead = false): Io<Opened | undefined> {
  const tail = store.order
  for (;;) {
    const { segment, path } = tail
    if (segment > 0) {
      const file = yield* ask<'open'>({ op: 'open', path, create: false, onlyRead })
      if (file !== undefined) return { file, segment, path, kept: false }
    }
    // Not begun yet, or merged into a later one behind our back; the listing tells. Or the folder was removed: of one that is
    // not begun the one before is there, and one that was begun does not go without a later one.
    const last = (yield* listSegments(store)).at(-1) ?? 0
    if (tail.segment !== segment) continue
    const mayBegin = segment > 0 && (last === segment || last === segment - 1)
    if (mayBegin && tail.offset === 0) return undefined
    tail.moveTo(Math.max(1, last), noTotals, false)
  }
}

/** The last segment, begun and open, with all of it folded. */
function* openTail(store: Store): Io<Opened> {
  const tail = store.order
  for (;;) {
    let opened = yield* openLast(store)
    if (opened === undefined) {
      const { segment, path } = tail
      const file = yield* ask<'open'>({ op: 'open', path, create: true })
      opened = { file: file!, segment, path, kept: false }
    }
    const { file, path } = opened
    let keep = false
    try {
      if (!(yield* foldRest(store, opened))) continue
      // Nobody has written to it yet; by the time that anybody does, its name is there to stay.
      if (!tail.started) yield* syncNames(store, [path])
      if (!tail.started && opened.segment > 1) {
        const base: OrderRecord = { kind: 'base', id: store.environment.newId(), totals: tail.totals }
        yield* ask<'append'>({ op: 'append', file, bytes: encodeOrder(base) })
        if (!(yield* foldRest(store, opened))) continue
      }
      keep = true
      return opened
    } finally {
      if (!keep) yield* ask<'close'>({ op: 'close', file })
    }
  }
}

/**
 * Folds a segment from where it was left. Whether it is the last, and the totals are those of now; if not, the tail stands
 * elsewhere afterwards: look there.
 *
 * A segment that was merged and unlinked may stand there again, empty: whoever had found that it has not begun creates it
 * when opening it, however late. It stays empty, for here nobody takes it for his own: what he has read is not in it, or
 * there is a later one.
 */
function* foldRest(store: Store, { file, segment }: Opened): Io<boolean> {
  const tail = store.order
  const before = tail.segment === segment ? tail.offset : 0
  const { size, ino } = yield* ask<'stampOf'>({ op: 'stampOf', file })
  if (tail.segment !== segment) return false
  // The folder was removed, and made anew.
  if (size < before || (before > 0 && tail.ino !== undefined && tail.ino !== ino)) {
    tail.moveTo(0, noTotals, false)
    return false
  }
  tail.ino = ino
  const { offset } = tail
  if (size > offset) tail.fold(segment, offset, yield* readFrom(file, offset, size))
  if (tail.isLost) {
    yield* goBack(store)
    return false
  }
  if (tail.segment !== segment) return false
  if (tail.started) return true
  const last = (yield* listSegments(store)).at(-1) ?? 1
  // What has nothing in it was merged, so the one behind it has its base: or there is none who knows more.
  if (tail.segment === segment && last > segment) tail.moveTo(last, tail.totals, last === segment + 1)
  return tail.segment === segment
}

/** Goes to the segment before the tail's, whose end tells the totals. If that is gone, the tail's has its base by now, or a
 *  power cut has taken it: then `check` counts anew. */
function* goBack(store: Store): Io<void> {
  const tail = store.order
  const { segment } = tail
  const isThere = (yield* listSegments(store)).includes(segment - 1)
  if (tail.segment !== segment || !tail.isLost) return
  tail.moveTo(isThere ? segment - 1 : segment, noTotals, !isThere)
}

function* readFrom(file: File, offset: number, size: number): Io<FramesRead> {
  // A file that was kept open may be shorter than the one that has its name by now, and was read to there.
  const length = Math.max(0, size - offset)
  return readFrames(yield* ask<'read'>({ op: 'read', file, position: offset, length }))
}

/** Whether a record is among those that count. */
function standsBeforeEnd({ frames }: FramesRead, id: string): boolean {
  for (const { frame } of frames) {
    if (frame.id === id) return true
    if (decodeOrder(frame)?.kind === 'end') return false
  }
  return false
}

function hasEnd({ frames }: FramesRead): boolean {
  return frames.some(({ frame }) => decodeOrder(frame)?.kind === 'end')
}

/** Ends the last segment, however short, so that it may be merged. */
export function* endLast(store: Store): Io<void> {
  const { file } = yield* openTail(store)
  try {
    yield* endSegment(store, file)
  } finally {
    yield* ask<'close'>({ op: 'close', file })
  }
}

/** The segment is long enough. Whoever appends next writes the base of the one that follows. */
function* endSegment(store: Store, file: File): Io<void> {
  yield* ask<'append'>({ op: 'append', file, bytes: encodeOrder({ kind: 'end', id: store.environment.newId() }) })
}

/** So many bytes of change a process may keep to itself; `check` allows for a few such processes. */
export const gatheredAtMost = 8 * 1024

/** Small changes of volume are gathered, so that writing a key again mostly costs no second append: four KiB by each process, or
 *  eight where that is little beside the volume and the limit. */
export function volumeIsDue(store: Store): boolean {
  const { unwritten, totals } = store.order
  return Math.abs(unwritten) > Math.max(4096, Math.min(totals.volume / 8, store.limits.sizeLimit / 64, gatheredAtMost))
}

/** Writes down the changes of volume that were gathered. */
export function* writeVolume(store: Store): Io<void> {
  const bytes = store.order.unwritten
  if (bytes === 0) return
  // Taken before the append, so that no other operation of this thread writes the same bytes down meanwhile.
  store.order.unwritten = 0
  try {
    const id = store.environment.newId()
    const record: OrderRecord = { kind: 'adjust', id, bytes, records: 0, count: 0, backend: '' }
    yield* underLock(store, locked => appendOrder(locked, [record]))
  } catch (error) {
    store.order.unwritten += bytes
    throw error
  }
}
