// `bucketcache ls`

import { compareKeys, type ListFilter, passes } from '../../entry.ts'
import { asText, choice, flag, one } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { folderOptions, openAll } from '../open.ts'
import { writeRows } from '../output.ts'
import { entryColumns, entryJson } from '../rows.ts'
import { statuses } from '../statuses.ts'
import { readTag } from '../typed.ts'
import { readCount, readSize } from '../units.ts'
import { type Row, walk } from '../walk.ts'

const options = {
  ...folderOptions,
  tag: one('TAG', readTag, 'Only entries with this tag', { short: 't' }),
  prefix: one('TEXT', asText, 'Only keys that are text and begin so', { short: 'p' }),
  largerThan: one('SIZE', readSize, 'Only entries whose value takes more: 10k, 1.5M'),
  expired: flag('Only entries that have expired, and were not removed yet', { short: 'x' }),
  all: flag('Also entries that have expired', { short: 'a' }),
  sort: choice(['key', 'size', 'stored', 'expires', 'none'], 'By what; none: as inserted; default: key', {
    short: 's',
  }),
  reverse: flag('The other way round', { short: 'r' }),
  limit: one('COUNT', readCount, 'So many at most', { short: 'n' }),
  json: flag('A JSON object a line', { short: 'j' }),
}

const orders: Readonly<Record<'key' | 'size' | 'stored' | 'expires', (a: Row, b: Row) => number>> = {
  key: (a, b) => compareKeys({ key: a.key, text: a.keyText }, { key: b.key, text: b.keyText }),
  size: (a, b) => a.size - b.size,
  stored: (a, b) => a.storedAt - b.storedAt,
  expires: (a, b) => (a.expires === b.expires ? 0 : a.expires - b.expires),
}

export const command = defineCommand({
  usage: ['ls [options]'],
  about: [
    'On a terminal a table. Anywhere else a line an entry, of columns parted by tabs: key, size in bytes, when it was stored, ' +
      'when it expires (nothing: never), tags as JSON, backend.',
    'Keys are shown as they are typed: text as it is, everything else as JSON; see also the option --as-listed of get.',
  ],
  positionals: [],
  options,
  examples: [
    ['ls --sort size --reverse --limit 10', 'The ten largest'],
    ['ls --prefix user: --tag beta', 'By the beginning of the key, and by tag'],
    ['ls --json | jq -r .key', 'For programs'],
    ['ls --expired | cut -f1', 'What prune would remove'],
  ],

  async run({ options, io }) {
    const { tag, prefix, largerThan, expired, all, sort = 'key', reverse, limit, json } = options
    const filter: ListFilter = {}
    if (tag !== undefined) filter.tag = tag
    if (prefix !== undefined) filter.prefix = prefix
    if (largerThan !== undefined) filter.largerThan = largerThan
    const buckets = openAll({ options, io })
    const now = Date.now()
    const wanted = (row: Row): boolean => passes(filter, row.key, row) && (!expired || row.expires <= now)

    async function* rows(): AsyncGenerator<Row> {
      let left = limit ?? Number.POSITIVE_INFINITY
      const found = walk(buckets, { expired: expired || all })
      for await (const row of sort === 'none' && !reverse ? found : sorted(found)) {
        if (!wanted(row)) continue
        if (left-- <= 0) return
        yield row
      }
    }
    async function* sorted(found: AsyncIterable<Row>): AsyncGenerator<Row> {
      const rows: Row[] = []
      for await (const row of found) if (wanted(row)) rows.push(row)
      if (sort !== 'none') rows.sort(orders[sort])
      yield* reverse ? rows.reverse() : rows
    }

    const columns = entryColumns(io.stdout.isTTY === true, buckets.length)
    await writeRows(io, rows(), columns, json ? entryJson : undefined)
    return statuses.done
  },
})
