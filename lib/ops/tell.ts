// Telling of what has been written, to those who listen.
//
// Goal: each write is told once, when it counts: in a transaction at its end, in a deferred bucket at the sync.
// Crash: what has just been written is told to nobody.

import { type Events, topics } from '../channels.ts'
import type { Store } from '../store.ts'

/** What a removal is told as; undefined: as nothing, it is one of many that a call removes at the caller's word (`clear`). */
export type Removal = 'delete' | Events['evict']['reason'] | undefined

/** A value of so many bytes was stored. */
export function tellSet({ folder }: Store, key: string, size: number): void {
  if (topics.set.active) topics.set.publish({ folder, key, size })
}

/** An entry was removed whose log took so many bytes. */
export function tellRemoval({ folder }: Store, key: string, removal: Removal, size: number): void {
  if (removal === undefined) return
  if (removal === 'delete') {
    if (topics.delete.active) topics.delete.publish({ folder, key })
  } else if (topics.evict.active) topics.evict.publish({ folder, key, reason: removal, size })
}
