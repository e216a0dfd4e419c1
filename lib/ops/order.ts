// The order log: where each entry that begins is noted, and each that ends.
//
// Goal: insertion order, the number of entries and their volume without looking at the entries.
// Steps of an append: write the frames behind whatever the last segment holds; look what came in between; if that was the
//   segment's end, the frames are void and go into the next segment.
// Invariant O: the totals of a segment's base equal those of all segments before it, folded up to their ends; whoever meets
//   an end can therefore write the next base, and of several only the first counts.
// Crash: an add whose entry was never written (the count is one too high until `check`), never an entry without an add.

import { decodeOrder, encodeOrder, noTotals, type OrderRecord, type Totals } from '../indexes/order.ts'
import { ask, type File, type Io } from '../io/requests.ts'
import { mergedName, orderFolder, segmentName, segmentNumber } from '../log/names.ts'
import { readFrames } from '../log/sidecar.ts'
import type { Store } from '../store.ts'

/** Appends `records`, in one write. */
export function* appendOrder(store: Store, records: readonly OrderRecord[]): Io<void> {
  const tail = store.order
  const frames = records.map(encodeOrder)
  const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames)
  const last = records[records.length - 1]!.id
  for (;;) {
    const file = yield* openTail(store)
    try {
      yield* ask<'append'>({ op: 'append', file, bytes })
      if (store.settings.durable) yield* ask<'sync'>({ op: 'sync', file })
      const size = yield* ask<'size'>({ op: 'size', file })
      if (size === tail.offset + bytes.length) {
        // Nobody came in between: what was written need not be read.
        for (let i = 0; i < records.length; i++) tail.totals.fold(records[i]!, frames[i]!.length)
        tail.offset = size
      } else if ((yield* foldUntil(store, file, last)) !== 'met') continue
      if (tail.offset > store.bounds.segment) yield* endSegment(store, file)
      return
    } finally {
      yield* ask<'close'>({ op: 'close', file })
    }
  }
}

/** Folds what others have added, so that the totals are those of now. */
export function* catchUp(store: Store): Io<Totals> {
  for (;;) {
    const file = yield* openLast(store)
    if (file === undefined) return store.order.totals
    try {
      if ((yield* foldUntil(store, file, undefined)) !== 'ended') return store.order.totals
    } finally {
      yield* ask<'close'>({ op: 'close', file })
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

/** All of one file of the order log, up to its end: each record with its number in the file. */
export function* readOrder(
  store: Store,
  name: string,
): Io<{ records: { record: OrderRecord; index: number }[]; size: number }> {
  const window = yield* ask<'load'>({ op: 'load', path: `${store.folder}/${name}`, reach: Number.MAX_SAFE_INTEGER })
  const records: { record: OrderRecord; index: number }[] = []
  if (window === undefined) return { records, size: 0 }
  let index = 0
  for (const { frame } of readFrames(window.bytes).frames) {
    index++
    const record = decodeOrder(frame)
    if (record?.kind === 'end') break
    if (record !== undefined) records.push({ record, index })
  }
  return { records, size: window.size }
}

export type Add = OrderRecord & { kind: 'add' }

/** The entries that stand in the order log, by their places: all of it in memory, for `check`. */
export function* readStanding(store: Store): Io<Map<string, Add>> {
  const standing = new Map<string, Add>()
  const gone = new Set<string>()
  for (const name of [mergedName, ...(yield* listSegments(store)).map(segmentName)]) {
    for (const { record } of (yield* readOrder(store, name)).records) {
      if (record.kind === 'remove') gone.add(record.place)
      if (record.kind === 'add') standing.set(record.id, record)
    }
  }
  for (const place of gone) standing.delete(place)
  return standing
}

/** The segment where the tail stands, open; undefined: nobody has begun it yet. */
function* openLast(store: Store): Io<File | undefined> {
  const tail = store.order
  for (;;) {
    if (tail.segment > 0) {
      const path = `${store.folder}/${segmentName(tail.segment)}`
      const file = yield* ask<'open'>({ op: 'open', path, create: false })
      if (file !== undefined) return file
    }
    // Not begun yet, or merged into a later one behind our back; the listing tells.
    const last = (yield* listSegments(store)).at(-1) ?? 1
    if (tail.segment > 0 && last <= tail.segment && (last < tail.segment || tail.offset === 0)) return undefined
    tail.moveTo(last, noTotals)
  }
}

/** The last segment, begun and open, with all of it folded. */
function* openTail(store: Store): Io<File> {
  const tail = store.order
  for (;;) {
    const path = (): string => `${store.folder}/${segmentName(tail.segment)}`
    const file = (yield* openLast(store)) ?? (yield* ask<'open'>({ op: 'open', path: path(), create: true }))!
    if (tail.started) return file
    let keep = false
    try {
      if ((yield* foldUntil(store, file, undefined)) === 'ended') continue
      if (!tail.started && tail.segment > 1) {
        const base: OrderRecord = { kind: 'base', id: store.environment.newId(), totals: tail.totals }
        yield* ask<'append'>({ op: 'append', file, bytes: encodeOrder(base) })
        yield* foldUntil(store, file, undefined)
      }
      tail.started = true
      keep = true
      return file
    } finally {
      if (!keep) yield* ask<'close'>({ op: 'close', file })
    }
  }
}

/**
 * Folds the segment from where it was left, up to its end or to the end of the file. 'met': the record with this id stands
 * before the end. 'ended': it does not (or none was asked for), the segment has ended, and the tail moved on to the next.
 */
function* foldUntil(store: Store, file: File, id: string | undefined): Io<'met' | 'ended' | 'read'> {
  const tail = store.order
  let met = false
  const size = yield* ask<'size'>({ op: 'size', file })
  if (size <= tail.offset) return 'read'
  const bytes = yield* ask<'read'>({ op: 'read', file, position: tail.offset, length: size - tail.offset })
  const { frames, settled } = readFrames(bytes)
  for (const { frame } of frames) {
    if (frame.id === id) met = true
    const record = decodeOrder(frame)
    if (record === undefined || (record.kind === 'base' && tail.started)) continue
    tail.started = true
    tail.totals.fold(record, frame.length)
    if (record.kind === 'end') {
      tail.moveTo(tail.segment + 1, tail.totals)
      return met ? 'met' : 'ended'
    }
  }
  tail.offset += settled
  return met ? 'met' : 'read'
}

/** Ends the last segment, however short, so that it may be merged. */
export function* endLast(store: Store): Io<void> {
  const file = yield* openTail(store)
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

/** Small changes of volume are gathered, so that writing a key again costs no second append. An eighth of the volume for
 *  each process keeps what the others see well within a factor of two. */
export function volumeIsDue(store: Store): boolean {
  const { unwritten, totals } = store.order
  return Math.abs(unwritten) > Math.max(4096, totals.volume / 8)
}

/** Writes down the changes of volume that were gathered. */
export function* writeVolume(store: Store): Io<void> {
  const bytes = store.order.unwritten
  if (bytes === 0) return
  // Taken before the append, so that no other operation of this thread writes the same bytes down meanwhile.
  store.order.unwritten = 0
  try {
    yield* appendOrder(store, [
      { kind: 'adjust', id: store.environment.newId(), bytes, records: 0, count: 0, backend: '' },
    ])
  } catch (error) {
    store.order.unwritten += bytes
    throw error
  }
}
