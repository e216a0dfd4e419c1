// What a folder holds, in numbers: one walk over its entries.

import type { Tag } from '../log/record.ts'
import type { OpenBucket } from './open.ts'
import { walk } from './walk.ts'

export interface Survey {
  /** Entries that have not expired, by backend. */
  readonly entries: ReadonlyMap<string, number>
  /** Those that have, and were not removed yet. */
  readonly expired: number
  /** Bytes of the encoded values. */
  readonly valueBytes: number
  /** Since when each entry is there, in milliseconds. */
  readonly ages: readonly number[]
  readonly sizes: readonly number[]
  /** Milliseconds until each entry expires that does. */
  readonly lefts: readonly number[]
  readonly tags: readonly TagCount[]
}

export interface TagCount {
  readonly tag: Tag
  readonly entries: number
  readonly bytes: number
}

export async function survey(buckets: readonly OpenBucket[], now: number): Promise<Survey> {
  const entries = new Map<string, number>()
  const tags = new Map<Tag, { tag: Tag; entries: number; bytes: number }>()
  const ages: number[] = []
  const sizes: number[] = []
  const lefts: number[] = []
  let expired = 0
  let valueBytes = 0
  for await (const row of walk(buckets, { expired: true })) {
    if (row.expires <= now) {
      expired++
      continue
    }
    const { name } = row.bucket.backend
    entries.set(name, (entries.get(name) ?? 0) + 1)
    valueBytes += row.size
    ages.push(Math.max(0, now - row.storedAt))
    sizes.push(row.size)
    if (row.expires !== Number.POSITIVE_INFINITY) lefts.push(row.expires - now)
    for (const tag of row.tags) {
      // As keys of a Map, 1 and '1' are apart, as they are as tags.
      const count = tags.get(tag) ?? { tag, entries: 0, bytes: 0 }
      count.entries++
      count.bytes += row.size
      tags.set(tag, count)
    }
  }
  const sorted = [...tags.values()].sort((a, b) => b.entries - a.entries || b.bytes - a.bytes)
  return { entries, expired, valueBytes, ages, sizes, lefts, tags: sorted }
}
