// What the commands that remove entries have in common.

import type { LongWork } from '../long-work.ts'
import type { Call } from './command.ts'
import { type folderOptions, type OpenBucket, type Opening, openAll } from './open.ts'
import { say } from './output.ts'
import { withProgress } from './progress.ts'
import { statuses } from './statuses.ts'
import { showSize } from './units.ts'

export type RemovalCall = Call<typeof folderOptions>

/** How many entries went, and, where that is known, bytes of files. */
export interface Removed {
  readonly count: number
  readonly size: number | undefined
}

/** Removes something from every bucket of the folder; tells how much that was. */
export async function removeFrom(
  call: RemovalCall,
  title: string,
  remove: (bucket: OpenBucket, long: Required<LongWork>) => Promise<number | Removed>,
  opening: Opening = {},
): Promise<number> {
  let count = 0
  let size: number | undefined
  const buckets = openAll(call, { ...opening, writes: true })
  for (const bucket of buckets) {
    const removed = await withProgress(call, title, long => remove(bucket, long))
    if (typeof removed === 'number') count += removed
    else {
      count += removed.count
      size = (size ?? 0) + (removed.size ?? 0)
    }
    await bucket.promises.close()
  }
  await tellRemoved(call, { count, size })
  return statuses.done
}

/** For a program the number of entries, and a tab and the bytes where they are known. */
export async function tellRemoved({ io }: Pick<RemovalCall, 'io'>, { count, size }: Removed): Promise<void> {
  if (io.stdout.isTTY !== true) return await say(io, size === undefined ? String(count) : `${count}\t${size}`)
  const bytes = size === undefined ? '' : `, ${showSize(size)}`
  await say(io, `${count} ${count === 1 ? 'entry' : 'entries'} removed${bytes}`)
}
