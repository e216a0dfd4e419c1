// Upkeep: what is done unasked, on the back of writes that have ended already.
//
// Goal: the folder stays within its limits, its order log short and its volume known, whoever writes and however; and nothing
//   of it makes a write fail.
// Crash: the next write goes on.

import { topics } from '../channels.ts'
import { BucketCacheError } from '../errors.ts'
import type { Io } from '../io/requests.ts'
import type { Store } from '../store.ts'
import { cullForWrites, exceeded } from './cull.ts'
import { mergeIsDue, mergeOrder } from './merge.ts'
import { volumeIsDue, writeVolume } from './order.ts'

/** Whether anything is due after so many puts: mostly nothing is, and every change comes by here. */
export function upkeepIsDue(store: Store, puts: number): boolean {
  return cullingIsDue(store, puts) || volumeIsDue(store) || mergeIsDue(store)
}

export function* upkeep(store: Store, puts: number): Io<void> {
  if (volumeIsDue(store)) yield* writeVolume(store)
  // Before anybody has to go for what others have left in the order log.
  if (mergeIsDue(store)) yield* mergeOrder(store)
  if (cullingIsDue(store, puts)) yield* cullForWrites(store, puts)
  if (mergeIsDue(store)) yield* mergeOrder(store)
}

function cullingIsDue(store: Store, puts: number): boolean {
  return puts > 0 && store.limits.cullLimit > 0 && exceeded(store) !== undefined
}

/** Runs what nobody has asked for; errors of ours are told on the channel for errors, and thrown to nobody. */
export function* unasked(store: Store, work: Io<unknown>): Io<void> {
  try {
    yield* work
  } catch (error) {
    if (!(error instanceof BucketCacheError)) throw error
    if (topics.error.active) topics.error.publish({ folder: store.folder, operation: 'upkeep', error })
  }
}
