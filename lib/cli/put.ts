// Storing an entry as it was: with its tags, its moment of expiry, and what it says that its value is for.

import { encodeValue } from '../ops/live.ts'
import { set } from '../ops/set.ts'
import type { OpenBucket } from './open.ts'
import type { Row } from './walk.ts'

export type Terms = Pick<Row, 'expires' | 'tags' | 'purpose'>

/** Milliseconds from now; null: it does not expire. */
export function expireOf(expires: number): number | null {
  return expires === Number.POSITIVE_INFINITY ? null : Math.max(0, expires - Date.now())
}

/** Stores a value. @throws UnserializableError if the backend cannot hold it. */
export function put(bucket: OpenBucket, key: unknown, value: unknown, { expires, tags, purpose }: Terms): void {
  const { heart } = bucket
  const slot = heart.store.keys.slot(key)
  const bytes = encodeValue(heart.store, slot, value)
  heart.sync(set(heart.store, slot, bytes, { expireMs: expireOf(expires), tags, ifVersion: undefined, purpose }))
}
