// Queues, seen from their items: ordinary entries that `push` has stored, with numbered keys.

import { itemPurpose } from '../ops/live.ts'
import { numberedKey } from '../ops/queue.ts'
import type { Row } from './walk.ts'

export interface Item {
  /** undefined: the queue without a prefix. */
  readonly prefix: string | undefined
  readonly number: number
}

/** The queue that an entry is an item of, and its number there; undefined: it is no item. */
export function itemOf({ key, purpose }: Pick<Row, 'key' | 'purpose'>): Item | undefined {
  return purpose === itemPurpose ? numberedKey(key) : undefined
}

/** Rows that are no items as they come, then all items, each queue from its front to its back. */
export async function* itemsLast(rows: AsyncIterable<Row>): AsyncGenerator<{ row: Row; item: Item | undefined }> {
  const items: { row: Row; item: Item }[] = []
  for await (const row of rows) {
    const item = itemOf(row)
    if (item === undefined) yield { row, item }
    else items.push({ row, item })
  }
  const prefixes = [...new Set(items.map(({ item }) => item.prefix))]
  for (const prefix of prefixes) {
    yield* items.filter(({ item }) => item.prefix === prefix).sort((a, b) => a.item.number - b.item.number)
  }
}
