// npm run bench -- [NAME …] [--peers] [--check] [--save]
//
//   NAME      only these: trials (get, miss, set, overwrite, incr, memory, import, counter, growth, queue, tags, transaction), or peers
//   --peers   beside other caches; installs them into spec/bench/node_modules first
//   --check   ends with status 1 if a limit is passed
//   --save    writes the report to spec/bench/RESULTS.md as well
//
//   BUCKETCACHE_SCALE       10: growth, and queues, with 1,000,000 keys instead of 100,000; 3: tags with 300,000
//   BUCKETCACHE_DISKCACHE   where Python finds DiskCache, if it is not installed; BUCKETCACHE_PYTHON: which Python
//   BUCKETCACHE_NODE        a newer Node for node:sqlite
//
// Times are in microseconds unless a heading says otherwise.

import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type Counted, countDiskCache, countOurs } from './counter.ts'
import { duel, type Outcome } from './duel.ts'
import { comparePeers, installPeers, peerNames } from './grid.ts'
import { timeGrowth } from './growth.ts'
import { timeMemoryHits } from './memory.ts'
import { raceQueues, timeQueueGrowth } from './queue.ts'
import { findPlaces, type Place, shuffled, withFolder } from './stage.ts'
import { timeImport } from './startup.ts'
import { spreadCells, spreadHeader, table } from './table.ts'
import { timeEvict } from './tags.ts'
import { timeTransactions } from './transaction.ts'
import { type CheckedContest, trials } from './trials.ts'

const keys = 10_000
const warmUp = 3_000
const rounds = 40
const growthLimit = 1.5
const memoryLimit = 1
const importLimitMs = 50
const counterLimit = 2
const queueLimit = 3
const transactionLimit = 1.5
const incrementsEach = 100_000
const peerSeconds = 5

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { peers: { type: 'boolean' }, check: { type: 'boolean' }, save: { type: 'boolean' } },
})
const others = ['memory', 'import', 'counter', 'growth', 'queue', 'tags', 'transaction']
for (const name of names) {
  const known = [...trials.map(trial => trial.name), ...others, ...peerNames]
  if (!known.includes(name))
    throw new TypeError(`Expected the name of a trial or a peer (${known.join(', ')}), got ${name}`)
}

const report: string[] = []
let over = 0

function tell(text: string): void {
  report.push(text)
  console.log(text)
}

function wanted(name: string): boolean {
  return names.length === 0 || names.includes(name)
}

function verdict(value: number, limit: number): string {
  if (value <= limit) return 'ok'
  over++
  return 'over'
}

async function compareWithBare(place: Place): Promise<void> {
  const rows: string[][] = []
  for (const trial of trials.filter(({ name }) => wanted(name))) {
    const { prepare, prepareLeast } = trial
    const { bare, ours, ratio } = await withFolder(place, async folder => fight(await prepare(folder, keys + warmUp)))
    const least =
      prepareLeast && (await withFolder(place, async folder => fight(prepareLeast(folder, keys + warmUp)).ratio))
    const judged = [ratio.toFixed(2), least?.toFixed(2) ?? '', trial.limit.toFixed(1), verdict(ratio, trial.limit)]
    rows.push([trial.name, ...spreadCells(bare), ...spreadCells(ours), ...judged])
  }
  if (rows.length === 0) return
  tell(`\n## Against bare system calls, on ${place.name} (${place.folder})\n`)
  const header = ['trial', 'bare p50', 'p90', 'p99', 'ours p50', 'p90', 'p99', 'ratio', 'least', 'limit', '']
  tell(table(header, rows))
  tell(
    '\n`least`: the ratio of the system calls that the design asks for, without the package (`spec/bench/least.ts`).',
  )
}

/** Both sides hot first, then each key once. */
function fight(contest: CheckedContest): Outcome {
  for (let index = keys; index < keys + warmUp; index++) {
    contest.bare(index)
    contest.ours(index)
  }
  contest.check(keys, keys + warmUp)
  const outcome = duel(contest, shuffled(keys), rounds)
  contest.check(0, keys)
  return outcome
}

async function measureMemory(place: Place): Promise<void> {
  const spread = await withFolder(place, folder => timeMemoryHits(folder, keys))
  tell('\n## A hit in memory, not looking at the file\n')
  const judged = [memoryLimit.toFixed(1), verdict(spread.p50, memoryLimit)]
  tell(table(['trial', ...spreadHeader, 'limit', ''], [['memory', ...spreadCells(spread), ...judged]]))
}

function measureImport(): void {
  const spread = timeImport(15)
  tell("\n## import 'bucketcache', in milliseconds, less the start of Node\n")
  const judged = [importLimitMs.toFixed(0), verdict(spread.p50, importLimitMs)]
  tell(table(['trial', ...spreadHeader, 'limit', ''], [['import', ...spreadCells(spread), ...judged]]))
}

async function measureCounter(place: Place): Promise<void> {
  tell(`\n## Four processes, one counter, ${incrementsEach} increments each, on ${place.name} (${place.folder})\n`)
  const ours = await countOurs(place, incrementsEach)
  const row = (name: string, { rate, exact }: Counted): string[] => [name, rate.toFixed(0), exact ? 'exact' : 'WRONG']
  const rows = [[...row('bucketcache', ours), '', verdict(ours.exact ? 0 : 1, 0)]]
  try {
    const theirs = await countDiskCache(place, incrementsEach)
    const ratio = ours.rate / theirs.rate
    rows.push([...row('diskcache', theirs), '', ''])
    rows.push(['bucketcache by diskcache', ratio.toFixed(2), '', counterLimit.toFixed(1), verdict(counterLimit, ratio)])
    tell(table(['who', 'increments a second', 'total', 'at least', ''], rows))
  } catch (error) {
    tell(table(['who', 'increments a second', 'total', 'at least', ''], rows))
    tell(`- diskcache is left out: ${(error as Error).message}`)
  }
}

const many = Math.round(100_000 * Number(process.env['BUCKETCACHE_SCALE'] ?? 1))

const shown = (count: number): string => count.toLocaleString('en')

/** A table of two ways to do the same thing. */
function tellOutcomes(ways: readonly [string, string], outcomes: Map<string, Outcome>, limit: number): void {
  const rows = [...outcomes].map(([name, { bare, ours, ratio }]) => {
    // What the system takes by itself is shown beside, not judged.
    const judged = name.startsWith('bare ') ? ['', ''] : [limit.toFixed(1), verdict(ratio, limit)]
    return [name, ...spreadCells(bare), ...spreadCells(ours), ratio.toFixed(2), ...judged]
  })
  tell(table(['trial', `${ways[0]} p50`, 'p90', 'p99', `${ways[1]} p50`, 'p90', 'p99', 'ratio', 'limit', ''], rows))
}

async function measureGrowth(place: Place): Promise<void> {
  const outcomes = await withFolder(place, folder => timeGrowth(folder, keys, many, rounds))
  tell(`\n## ${shown(many)} keys against ${shown(keys)}, on ${place.name} (${place.folder})\n`)
  tellOutcomes(['few', 'many'], outcomes, growthLimit)
}

async function measureQueue(place: Place): Promise<void> {
  tell(`\n## A queue, beside DiskCache's, on ${place.name} (${place.folder})\n`)
  try {
    const rows = [...(await raceQueues(place))].map(([name, { theirs, ours, ratio, ratioOfLeast }]) => {
      const judged = [ratio.toFixed(2), ratioOfLeast.toFixed(2), queueLimit.toFixed(1), verdict(queueLimit, ratio)]
      return [name, ...spreadCells(theirs), ...spreadCells(ours), ...judged]
    })
    const header = [
      'trial',
      'theirs p50',
      'p90',
      'p99',
      'ours p50',
      'p90',
      'p99',
      'theirs by ours',
      'by least',
      'at least',
    ]
    tell(table([...header, ''], rows))
  } catch (error) {
    tell(`- diskcache is left out: ${(error as Error).message}`)
  }
}

async function measureQueueGrowth(place: Place): Promise<void> {
  const outcomes = await withFolder(place, folder => timeQueueGrowth(folder, many))
  tell(`\n## A queue of ${shown(many)} items against one of 1,000, on ${place.name} (${place.folder})\n`)
  tellOutcomes(['few', 'many'], outcomes, growthLimit)
}

async function measureTags(place: Place): Promise<void> {
  const { few, many: inMany, ratio } = await withFolder(place, folder => timeEvict(folder, keys, many))
  tell(`\n## evict() of 1,000 tagged entries, in milliseconds, on ${place.name} (${place.folder})\n`)
  const judged = [ratio.toFixed(2), growthLimit.toFixed(1), verdict(ratio, growthLimit)]
  const header = ['trial', `among ${shown(keys)}`, `among ${shown(many)}`, 'ratio', 'limit', '']
  tell(table(header, [['evict', few.toFixed(1), inMany.toFixed(1), ...judged]]))
}

async function measureTransaction(place: Place): Promise<void> {
  const outcomes = await withFolder(place, timeTransactions)
  tell(`\n## transact() of 100 sets, on ${place.name} (${place.folder})\n`)
  tellOutcomes(['plain', 'transact'], outcomes, transactionLimit)
}

async function measurePeers(place: Place): Promise<void> {
  const chosen = peerNames.filter(name => wanted(name))
  if (chosen.length === 0) return
  const peers = names.length === 0 ? chosen : ['bucketcache', ...chosen.filter(name => name !== 'bucketcache')]
  tell(`\n## Beside other caches, on ${place.name} (${place.folder})\n`)
  tell(await comparePeers(place, peers, keys, peerSeconds))
}

const places = await findPlaces()
const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
tell(`# ${command}\n`)
tell(`${new Date().toISOString().slice(0, 10)} · Node ${process.version} · ${process.platform} ${process.arch}`)
tell(`${cpus().length} × ${cpus()[0]?.model} · ${keys} keys, values of 300 bytes, times in microseconds`)
const comparesPeers = flags.peers === true || names.some(name => peerNames.includes(name))
if (flags.peers === true) installPeers()
for (const place of places) await compareWithBare(place)
if (wanted('memory')) await measureMemory(places[0]!)
if (wanted('import')) measureImport()
if (wanted('counter')) for (const place of places) await measureCounter(place)
if (wanted('queue')) for (const place of places) await measureQueue(place)
if (wanted('transaction')) for (const place of places) await measureTransaction(place)
if (comparesPeers) for (const place of places) await measurePeers(place)
// At the end: where a million files were unlinked, some filesystems (ext4 without a journal) take long to make new ones for minutes.
if (wanted('tags')) await measureTags(places[0]!)
if (wanted('queue')) await measureQueueGrowth(places[0]!)
if (wanted('growth')) await measureGrowth(places[0]!)
if (over > 0) tell(`\n${over} over the limit.`)
if (flags.save === true) writeFileSync(new URL('../RESULTS.md', import.meta.url), `${report.join('\n')}\n`)
if (flags.check === true && over > 0) process.exitCode = 1
