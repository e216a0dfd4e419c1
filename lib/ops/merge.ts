// Merging: ended segments of the order log become one, without the entries that have ended.
//
// Goal: the order log takes room for the entries there are, not for all there ever were.
// Steps: 1 take the lock: one merger at a time; end the last segment. 2 Read all segments; an add whose remove is found anywhere goes, with it.
//   3 What stays is written, with its positions, to a temporary file, which becomes `merged.log`. 4 The segments that went
//   into it are unlinked. 5 Now that it is known which entries stand, the indexes lose their hints at others (`thin.ts`).
// Why not in place of a segment: a process that has read half of one would go on in the middle of another file.
// Crash: after the rename, segments that are also in the merged file; iteration passes them over by their positions.

import { TimeoutError } from '../errors.ts'
import { encodeOrder, type OrderRecord, type Position } from '../indexes/order.ts'
import { ask, type Io, type Lock } from '../io/requests.ts'
import { mergedName, orderLockName, segmentName, temporaryName } from '../log/names.ts'
import type { Store } from '../store.ts'
import { syncNames } from './durable.ts'
import { endGhosts } from './ghosts.ts'
import { underLock } from './lock.ts'
import { type Add, appendOrder, catchUp, endLast, listSegments, readOrder } from './order.ts'
import { thinHints } from './thin.ts'

/** So many records may be of no use before it is worth the reading: fewer where they would take room from the entries. */
function wasteAllowed({ limits }: Store): number {
  return Math.min(1024, Math.max(128, limits.sizeLimit / 8192))
}

/** Whether most of the order log is about entries that have ended. */
export function mergeIsDue(store: Store): boolean {
  const { counts, records } = store.order.totals
  let live = 0
  for (const count of counts.values()) live += count
  return records > 2 * live + wasteAllowed(store)
}

/** Merges what has ended. Does nothing if another process is at it. */
export function* mergeOrder(store: Store): Io<void> {
  const { folder } = store
  let lock: Lock
  try {
    lock = yield* ask<'lock'>({ op: 'lock', path: `${folder}/${orderLockName}`, timeoutMs: 0 })
  } catch (error) {
    if (error instanceof TimeoutError) return
    throw error
  }
  try {
    yield* underLock(store, merge)
  } finally {
    yield* ask<'unlock'>({ op: 'unlock', lock })
  }
}

function* merge(store: Store): Io<void> {
  const { folder, environment, settings } = store
  const since = environment.now()
  // All there is so far is merged; the next segment begins, and with it the totals are safe.
  yield* endLast(store)
  yield* appendOrder(store, [adjustment(store, 0, 0)])
  // The last one that has a base for sure: one behind it may still be without, and is told its totals by this one's end.
  const last = store.order.started ? store.order.segment : store.order.segment - 1
  const segments = yield* listSegments(store)
  const ended = segments.filter(segment => segment < last)
  const merged = yield* readOrder(store, mergedName)
  const standing = new Map<string, Add>()
  let before = merged.size
  let records = 0
  const note = (record: OrderRecord, position: Position): void => {
    if (record.kind === 'remove') standing.delete(record.place)
    if (record.kind === 'add') standing.set(record.id, { ...record, origin: record.origin ?? position })
    if (record.kind === 'remove' || record.kind === 'add' || record.kind === 'adjust') records++
  }
  for (const { record, index } of merged.records) note(record, { segment: 0, index })
  for (const segment of ended) {
    const read = yield* readOrder(store, segmentName(segment))
    before += read.size
    for (const { record, index } of read.records) note(record, { segment, index })
  }
  const hashes = new Set<string>()
  for (const segment of segments.slice(ended.length)) {
    const active = yield* readOrder(store, segmentName(segment))
    for (const { record } of active.records) {
      if (record.kind === 'remove') standing.delete(record.place)
      // A key may have ended and begun again, without another hint.
      if (record.kind === 'add') hashes.add(record.hash)
    }
  }
  for (const { hash } of standing.values()) hashes.add(hash)
  // Noted as ended since, or nobody ever will: only here it is known which.
  const { empty } = store.hunt
  const ghosts = [...standing.values()].filter(({ id }) => empty.has(id))
  empty.clear()
  if (ghosts.length > 0) for (const place of yield* endGhosts(store, ghosts)) empty.add(place)
  const kept = [...standing.values()].sort(
    (a, b) => a.origin!.segment - b.origin!.segment || a.origin!.index - b.origin!.index,
  )
  const bytes = Buffer.concat(kept.map(encodeOrder))
  const temporary = `${folder}/${temporaryName(environment.newId())}`
  yield* ask<'write'>({ op: 'write', path: temporary, bytes, durable: settings.durable })
  let done = false
  try {
    yield* ask<'rename'>({ op: 'rename', from: temporary, to: `${folder}/${mergedName}` })
    done = true
  } finally {
    if (!done) yield* ask<'unlink'>({ op: 'unlink', path: temporary })
  }
  yield* syncNames(store, [`${folder}/${mergedName}`])
  for (const segment of ended) yield* ask<'unlink'>({ op: 'unlink', path: `${folder}/${segmentName(segment)}` })
  yield* catchUp(store)
  yield* appendOrder(store, [adjustment(store, bytes.length - before, kept.length - records)])
  yield* thinHints(store, hash => hashes.has(hash), since)
}

function adjustment(store: Store, bytes: number, records: number): OrderRecord {
  return { kind: 'adjust', id: store.environment.newId(), bytes, records, count: 0, backend: '' }
}
