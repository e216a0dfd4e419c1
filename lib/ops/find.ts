// Reading an entry: what get, has, getEntry and iteration share.
//
// Goal: open, read the tail, close; nothing else on the common path.
// Crash, and other processes: a reader changes nothing and waits for nobody. Whatever replaces the file meanwhile, the
//   descriptor shows one of the states that the key had while the call ran.

import { topics } from '../channels.ts'
import type { Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { nothingStored, transactionOf } from './fields.ts'
import { lookHot } from './hot.ts'
import { readIntent } from './intent.ts'
import { type Found, liveEntry } from './live.ts'
import { readLog, type Stamped } from './raw.ts'
import { take } from './transaction.ts'

/** The log at `path` as it counts at this moment: for a key that a transaction holds, what that has decided. `skims`: as
 *  for `readLog`. */
export function* readCurrent(store: Store, path: string, stamped?: Stamped, skims = false): Io<LogState | undefined> {
  const inside = store.transaction?.taken.get(path)
  if (inside !== undefined) return inside.log
  let log = yield* readLog(store, path, stamped, skims)
  // On the common path the last record is the state itself.
  while (log?.last !== undefined && log.last !== log.state && log.last.kind === 'seal') {
    const seal = log.last
    const transaction = transactionOf(seal)
    if (transaction === undefined) break
    // What this file says may change without its bytes changing: not to be remembered.
    if (stamped !== undefined) stamped.stamp = undefined
    const { id, ref } = seal
    const intent = yield* readIntent(store, transaction)
    const mine = intent?.find(intention => `${store.folder}/${intention.path}` === path)
    if (intent !== undefined && mine !== undefined) {
      const record = mine.record && store.framing.decode(mine.record, 0)
      return record === undefined ? nothingStored : { last: record, state: record, value: record, damaged: false }
    }
    // No intent: not decided yet, or carried out meanwhile. The log tells which.
    log = yield* readLog(store, path)
    if (log?.last?.id === id && log.last.ref === ref) break
  }
  return log
}

/** The live entry of a key. `skims`: as for `readLog`. */
export function* find(store: Store, slot: Slot, stamped?: Stamped, skims = false): Io<Found | undefined> {
  const { transaction } = store
  let log: LogState | undefined
  if (transaction === undefined) {
    if (slot.hidden) log = yield* lookHot(store, slot.path)
    log ??= yield* readLog(store, slot.path, stamped, skims)
    // Nearly never: what counts may stand elsewhere then.
    if (log?.last?.kind === 'seal') log = yield* readCurrent(store, slot.path, stamped)
  } else {
    // A transaction's reads are good until it ends, so it takes what it reads; a deferred bucket takes nothing.
    log = transaction.deferred
      ? yield* readCurrent(store, slot.path, stamped)
      : (yield* take(store, transaction, slot)).log
  }
  if (log?.damaged === true && topics.recover.active) {
    topics.recover.publish({ folder: store.folder, path: slot.path, reason: 'damaged' })
    // Who listens may have read something himself, into the same buffer.
    log = yield* readCurrent(store, slot.path, stamped)
  }
  return log && liveEntry(store, log, slot)
}
