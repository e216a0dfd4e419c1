// The log of reads, under the policies that look at them.
//
// Goal: what one process reads counts when another culls; a read costs nothing but a note in memory.
// Steps: 1 notes are gathered, and written out many at a time. 2 Whoever culls reads what others have written since.
// Crash: some reads are forgotten, and a policy is a little less exact.

import { ask, type Io } from '../io/requests.ts'
import { temporaryName, usageName } from '../log/names.ts'
import { encodeFrame, readFrames } from '../log/sidecar.ts'
import type { Store } from '../store.ts'
import { underLock } from './lock.ts'

/** On disk: 0 32 hash · 32 8 last read (float64) · 40 4 count; as often as there are entries in the frame. */
const usesKind = 1
const useLength = 44
/** Beyond, the log begins anew: what is older than this is of little interest. */
const lengthAtMost = 4 * 2 ** 20

/** Writes down the reads that were gathered. */
export function* writeUses(store: Store): Io<void> {
  const fresh = store.usage.takeFresh()
  if (fresh.size > 0) yield* underLock(store, locked => appendUses(locked, fresh))
}

function* appendUses(store: Store, fresh: ReturnType<Store['usage']['takeFresh']>): Io<void> {
  const body = Buffer.allocUnsafe(fresh.size * useLength)
  let at = 0
  for (const [hash, { last, count }] of fresh) {
    body.write(hash, at, 'hex')
    body.writeDoubleLE(last, at + 32)
    body.writeUInt32LE(count, at + 40)
    at += useLength
  }
  const id = store.environment.newId()
  store.ownUses.add(id)
  const path = `${store.folder}/${usageName}`
  const file = (yield* ask<'open'>({ op: 'open', path, create: true }))!
  let size: number
  try {
    yield* ask<'append'>({ op: 'append', file, bytes: encodeFrame(usesKind, id, body) })
    size = yield* ask<'size'>({ op: 'size', file })
  } finally {
    yield* ask<'close'>({ op: 'close', file })
  }
  if (size <= lengthAtMost) return
  const away = `${store.folder}/${temporaryName(store.environment.newId())}`
  if (!(yield* ask<'moveAway'>({ op: 'moveAway', from: path, to: away }))) return
  yield* ask<'unlink'>({ op: 'unlink', path: away })
  store.ownUses.clear()
}

/** Reads what other processes have written since. */
export function* readUses(store: Store): Io<void> {
  const file = yield* ask<'open'>({ op: 'open', path: `${store.folder}/${usageName}`, create: false })
  if (file === undefined) return
  try {
    const { size, ino } = yield* ask<'stampOf'>({ op: 'stampOf', file })
    const mark = store.usesRead
    if (mark.ino !== ino || size < mark.offset) {
      mark.ino = ino
      mark.offset = 0
    }
    const { offset } = mark
    if (size === offset) return
    const bytes = yield* ask<'read'>({ op: 'read', file, position: offset, length: size - offset })
    // Another operation of this thread has read the same meanwhile.
    if (mark.ino !== ino || mark.offset !== offset) return
    const { frames, settled } = readFrames(bytes)
    mark.offset += settled
    for (const { frame } of frames) {
      if (frame.kind !== usesKind || store.ownUses.delete(frame.id)) continue
      for (let at = 0; at + useLength <= frame.body.length; at += useLength) {
        const hash = frame.body.toString('hex', at, at + 32)
        store.usage.add(hash, { last: frame.body.readDoubleLE(at + 32), count: frame.body.readUInt32LE(at + 40) })
      }
    }
  } finally {
    yield* ask<'close'>({ op: 'close', file })
  }
}
