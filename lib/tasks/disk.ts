// Two shapes that come up wherever files are handled.

import { refused } from '../io/errno.ts'

/** How many files are handled at a time. */
const atOnce = 16

/** What `visit` gives for each item, in their order; a few items are under way at a time. The first error ends it. */
export async function visitAll<T, R>(items: readonly T[], visit: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const work = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await visit(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
  return results
}

/** Does it; a refusal of the filesystem becomes our own error, which tells what was tried, and on what. */
export async function perform<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw refused(what, path, error)
  }
}
