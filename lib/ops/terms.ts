// Under what terms a value is stored: how long, with which tags, and only over which version.

import { ConflictError } from '../errors.ts'
import type { Slot } from '../keys.ts'
import type { Tag } from '../log/record.ts'
import type { Store } from '../store.ts'
import type { Found } from './live.ts'

export interface Terms {
  /** undefined: the bucket's lifetime; null: never expires; else so many milliseconds from now. */
  readonly expireMs: number | null | undefined
  readonly tags: readonly Tag[]
  /** Store only over this version; '': only if missing. */
  readonly ifVersion: string | undefined
  /** What the record is to say about the value. */
  readonly purpose?: string
}

export const noTags: readonly Tag[] = []
export const plainTerms: Terms = { expireMs: undefined, tags: noTags, ifVersion: undefined }

/** The last moment that a Date can name; what would expire later never does. */
const endOfTime = 8.64e15

/** When a value that is stored now expires, and whether that is the caller's word. Whole milliseconds, rounded up: an entry
 *  never ends early. `time`: now, for the record to say the same. */
export function expiry(
  store: Store,
  expireMs: number | null | undefined,
): { expires: number; pinned: boolean; time: number } {
  const lifetime = expireMs === undefined ? store.settings.lifetimeMs : (expireMs ?? Number.POSITIVE_INFINITY)
  const time = store.environment.now()
  const at = Math.ceil(time + lifetime)
  return { expires: at > endOfTime ? Number.POSITIVE_INFINITY : at, pinned: expireMs !== undefined, time }
}

/** Throws if a record of so many bytes, at this offset, is more than a log can tell of, or than the bucket may hold altogether. */
export function checkFits({ framing, limits: { sizeLimit } }: Store, slot: Slot, length: number, at: number): void {
  if (at + length > framing.longest)
    throw new RangeError(
      `Expected the value of ${slot.shown} to take less than ${framing.longest} bytes, got ${length}: store it in parts`,
    )
  if (length <= sizeLimit || slot.hidden) return
  throw new RangeError(
    `Expected the value of ${slot.shown} to fit into the bucket, got ${length} bytes where sizeLimit is ${sizeLimit}`,
  )
}

/** Throws unless the entry has the version that the terms name. */
export function checkVersion(terms: Terms, entry: Found | undefined, keyText: string): void {
  const { ifVersion } = terms
  if (ifVersion === undefined || ifVersion === (entry?.put.id ?? '')) return
  const found = entry === undefined ? 'it is not stored' : `it has version ${entry.put.id}`
  const wanted = ifVersion === '' ? 'not to be stored' : `to have version ${ifVersion}`
  throw new ConflictError(
    `Expected ${keyText} ${wanted}, but ${found}. Nothing was written: read it again, then decide.`,
  )
}
