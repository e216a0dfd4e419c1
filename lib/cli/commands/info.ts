// `bucketcache info`

import { flag } from '../arguments.ts'
import { defineCommand, type Io } from '../command.ts'
import { type Bin, binned, histogram } from '../histogram.ts'
import { folderOptions, openAll } from '../open.ts'
import { write } from '../output.ts'
import { paintFor } from '../paint.ts'
import { statuses } from '../statuses.ts'
import { survey, type TagCount } from '../survey.ts'
import { showTag } from '../typed.ts'
import { showSize } from '../units.ts'

const options = { ...folderOptions, json: flag('As one JSON object', { short: 'j' }) }

export const command = defineCommand({
  usage: ['info [options]'],
  about: [
    'What the folder holds and under which settings: entries by backend, bytes on disk, hits and misses where they are counted, ' +
      'the most frequent tags, and how old and how large the entries are. Anywhere but on a terminal a line a fact, with a tab ' +
      'between its name and its value.',
  ],
  positionals: [],
  options,
  examples: [
    ['info', 'With histograms'],
    ['info --folder node_modules/.cache/tool --json | jq .volume', 'For programs'],
  ],

  async run({ options, io }) {
    const facts = await gather({ options, io })
    if (options.json) await write(io.stdout, `${JSON.stringify(facts)}\n`)
    else await write(io.stdout, io.stdout.isTTY === true ? forPerson(facts, io) : forProgram(facts))
    return statuses.done
  },
})

type Facts = Awaited<ReturnType<typeof gather>>

async function gather(call: Parameters<typeof openAll>[0]) {
  const buckets = openAll(call)
  const [bucket] = buckets
  const { entries, expired, valueBytes, ages, sizes, lefts, tags } = await survey(buckets, Date.now())
  const { sizeLimit, maxEntries, evictionPolicy, statistics, tagIndex } = bucket.heart.store.limits
  return {
    folder: bucket.path,
    entries: [...entries.values()].reduce((sum, count) => sum + count, 0),
    backends: Object.fromEntries(entries),
    expired,
    volume: bucket.volume(),
    valueBytes,
    // Infinity, which JSON has not, is null.
    sizeLimit: Number.isFinite(sizeLimit) ? sizeLimit : null,
    maxEntries: Number.isFinite(maxEntries) ? maxEntries : null,
    evictionPolicy,
    tagIndex,
    statistics,
    ...bucket.stats(),
    tags,
    ages: agesOf(ages),
    sizes: sizesOf(sizes),
    expiring: agesOf(lefts),
  }
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

function agesOf(times: readonly number[]): Bin[] {
  return binned(
    times,
    [
      [minute, '< 1m'],
      [10 * minute, '< 10m'],
      [hour, '< 1h'],
      [6 * hour, '< 6h'],
      [day, '< 1d'],
      [7 * day, '< 1w'],
      [30 * day, '< 30d'],
      [365 * day, '< 1y'],
    ],
    '1y and more',
  )
}

function sizesOf(sizes: readonly number[]): Bin[] {
  const powers = [6, 8, 10, 12, 14, 16, 18, 20, 24, 30]
  return binned(
    sizes,
    powers.map(power => [2 ** power, `< ${showSize(2 ** power).replace('.0', '')}`]),
    '1 GiB and more',
  )
}

function forProgram(facts: Facts): string {
  const { backends, tags, ages, sizes, expiring, ...simple } = facts
  const lines = Object.entries(simple).map(([name, value]) => `${name}\t${value ?? ''}`)
  for (const [name, count] of Object.entries(backends)) lines.push(`backend ${name}\t${count}`)
  for (const { tag, entries } of tags) lines.push(`tag ${showTag(tag)}\t${entries}`)
  for (const [what, bins] of Object.entries({ age: ages, size: sizes, expiring })) {
    for (const { label, count } of bins) lines.push(`${what} ${label}\t${count}`)
  }
  return `${lines.join('\n')}\n`
}

const tagsShown = 10

function forPerson(facts: Facts, io: Io): string {
  const paint = paintFor(io.stdout, io.env)
  const { hits, misses, sizeLimit, maxEntries, volume } = facts
  const backends = Object.entries(facts.backends).map(([name, count]) => `${name} ${count}`)
  const share = hits + misses === 0 ? '' : ` (${Math.round((100 * hits) / (hits + misses))} %)`
  const limits = [
    sizeLimit === null ? 'no size limit' : `up to ${showSize(sizeLimit)}`,
    ...(maxEntries === null ? [] : [`up to ${maxEntries} entries`]),
    facts.evictionPolicy,
  ]
  const rows: [string, string][] = [
    ['folder', facts.folder],
    [
      'entries',
      `${paint.bold(String(facts.entries))}${backends.length === 0 ? '' : paint.dim(` (${backends.join(', ')})`)}`,
    ],
    ['expired', `${facts.expired}${facts.expired === 0 ? '' : paint.dim(' (bucketcache prune removes them)')}`],
    ['volume', `${paint.bold(showSize(volume))} ${paint.dim(`(values ${showSize(facts.valueBytes)})`)}`],
    ['limits', limits.join(', ')],
    [
      'hits',
      facts.statistics ? `${hits} of ${hits + misses}${share}` : paint.dim('not counted (bucketcache stats --enable)'),
    ],
    ['tags', tagLine(facts.tags) || paint.dim('none')],
  ]
  const left = rows.map(([name, text]) => `${paint.dim(name.padEnd(8))} ${text}`)
  const columns = Math.max(10, Math.min(50, (io.stdout.columns || 80) - 24))
  for (const [title, bins] of [
    ['Age', facts.ages],
    ['Size', facts.sizes],
    ['Expires in', facts.expiring],
  ] as const) {
    if (bins.length > 0) left.push('', paint.bold(title), ...histogram(bins, columns).map(line => `  ${line}`))
  }
  return `${left.join('\n')}\n`
}

function tagLine(tags: readonly TagCount[]): string {
  const shown = tags.slice(0, tagsShown).map(({ tag, entries }) => `${showTag(tag)} ${entries}`)
  return shown.join(', ') + (tags.length > tagsShown ? `, and ${tags.length - tagsShown} more` : '')
}
