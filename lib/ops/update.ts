// Goal: read, compute, write, as one step. `compute` is called again when another process was faster.
// Crash: the old value or the new.

import { KeyNotFoundError } from '../errors.ts'
import type { Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import type { Tag } from '../log/record.ts'
import type { Store } from '../store.ts'
import { change, type Write } from './change.ts'
import { type Decoded, decodeValue, encodeValue, type Found, itemPurpose } from './live.ts'
import { checkVersion, expiry, type Terms } from './terms.ts'

/** What the entry's new terms are: those that are given, and for the rest what a live entry had. */
export interface UpdateTerms extends Omit<Terms, 'tags'> {
  /** undefined: those that it had. */
  readonly tags: readonly Tag[] | undefined
}

export const sameTerms: UpdateTerms = { expireMs: undefined, tags: undefined, ifVersion: undefined }

/** Stores what `compute` makes of the present value; undefined removes it. Returns what `compute` returned. */
export function* update(
  store: Store,
  slot: Slot,
  compute: (current: Decoded | undefined) => unknown,
  terms: UpdateTerms,
): Io<unknown> {
  const { result } = yield* change<unknown>(store, slot, { creates: true }, entry => {
    checkVersion({ ...terms, tags: [] }, entry, slot.shown)
    const current = entry === undefined ? undefined : decodeValue(store, entry.put)
    const kept = entry === undefined ? undefined : termsOf(entry)
    const next = compute(current)
    if (next === undefined)
      return { write: entry === undefined ? undefined : { kind: 'tombstone', as: 'delete' }, result: undefined }
    return { write: put(store, encodeValue(store, slot, next), terms, kept), result: next }
  })
  return result
}

type Kept = Pick<Write & { kind: 'put' }, 'expires' | 'pinned' | 'tags'> & { purpose: string }

/** An item stays one; how else a value was stored says nothing of what is computed from it. */
function termsOf({ state, put, expires }: Found): Kept {
  const purpose = put.purpose === itemPurpose ? itemPurpose : ''
  return { expires, pinned: state.pinned, tags: put.tags, purpose }
}

function put(store: Store, value: Uint8Array, terms: UpdateTerms, kept: Kept | undefined): Write {
  const { expires, pinned } = terms.expireMs !== undefined || kept === undefined ? expiry(store, terms.expireMs) : kept
  return { kind: 'put', value, expires, pinned, tags: terms.tags ?? kept?.tags ?? [], purpose: kept?.purpose ?? '' }
}

/**
 * Adds `delta` to a stored number, or to `start` where there is none; null: there must be one.
 * @throws KeyNotFoundError, TypeError, RangeError: see Bucket.incr. The value is untouched.
 */
export function* increment(
  store: Store,
  slot: Slot,
  delta: number | bigint,
  start: number | bigint | null,
  key?: unknown,
): Io<number | bigint> {
  const compute = (current: Decoded | undefined): number | bigint => {
    const value = current === undefined ? start : current.value
    if (current === undefined && value === null) {
      throw new KeyNotFoundError(
        `Expected ${slot.shown} to be stored, to be counted up. Give a default to begin with.`,
        {
          key,
        },
      )
    }
    return sum(slot.shown, value, delta)
  }
  return (yield* update(store, slot, compute, sameTerms)) as number | bigint
}

function sum(keyText: string, value: unknown, delta: number | bigint): number | bigint {
  if (typeof value === 'bigint' && typeof delta === 'bigint') return value + delta
  if (typeof value === 'number' && typeof delta === 'number') {
    const result = value + delta
    if (Number.isSafeInteger(value) && Number.isSafeInteger(delta) && !Number.isSafeInteger(result)) {
      throw new RangeError(`Expected ${keyText} plus ${delta} to be a safe integer, got ${result}. Count with bigints.`)
    }
    return result
  }
  const got = value === null ? 'null' : typeof value
  throw new TypeError(`Expected ${keyText} to be a ${typeof delta}, as the delta is, got ${got}. It is unchanged.`)
}
