// What happens in a bucket, for whoever wants to know: one diagnostics channel for each kind of event, and lines on stderr
// under NODE_DEBUG=bucketcache. Nobody listening, an event costs one comparison: its payload is not even made.

import { type Channel, channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

const debug = debuglog('bucketcache')

/** Keys are given as key text: the readable, canonical form that is also in the file. */
export interface Events {
  /** A look-up found a live entry. */
  hit: { folder: string; key: string; size: number }
  /** A look-up found none: never stored, removed, expired or unreadable. */
  miss: { folder: string; key: string }
  /** A value was stored; in a transaction, and in a deferred bucket, that is told when it counts: at the commit. */
  set: { folder: string; key: string; size: number }
  /** An entry was removed by the caller: by `delete`, `pop`, `pull`, an `update` to undefined. */
  delete: { folder: string; key: string }
  /** An entry was removed because it was over a limit, had expired, or carried a tag that is evicted; and how many bytes its file
   *  took. */
  evict: { folder: string; key: string; reason: 'volume' | 'entries' | 'expired' | 'tag'; size: number }
  /** Something was found broken and passed over: a torn record, a dead owner's seal, a value that does not decode. */
  recover: { folder: string; path: string; reason: 'damaged' | 'dead-owner' | 'undecodable'; cause?: unknown }
  /** A log was replaced by its last record. */
  compact: { folder: string; path: string; before: number; after: number }
  /** The filesystem refused, and the failure was not the caller's to see (`onError: 'degrade'`, upkeep in the background). */
  error: { folder: string; operation: string; error: unknown }
}

/** One kind of event. */
export class Topic<E> {
  readonly #name: string
  readonly #channel: Channel

  constructor(name: string) {
    this.#name = name
    this.#channel = channel(`bucketcache:${name}`)
  }
  /** Whether anybody listens. Ask before making the payload. */
  get active(): boolean {
    return this.#channel.hasSubscribers || debug.enabled
  }
  publish(event: E): void {
    if (this.#channel.hasSubscribers) this.#channel.publish(event)
    if (debug.enabled) debug('%s %o', this.#name, event)
  }
}

/** The topics; each is the diagnostics channel `bucketcache:<name>`. */
export const topics: { readonly [N in keyof Events]: Topic<Events[N]> } = {
  hit: new Topic('hit'),
  miss: new Topic('miss'),
  set: new Topic('set'),
  delete: new Topic('delete'),
  evict: new Topic('evict'),
  recover: new Topic('recover'),
  compact: new Topic('compact'),
  error: new Topic('error'),
}
