// Writing what a command found: a table for a person at a terminal, tab-separated lines for a program, JSON lines for who
// asks for them.

import type { Io, Output } from './command.ts'
import { drained } from './drained.ts'
import { OutputClosed } from './errors.ts'
import { type Paint, paintFor } from './paint.ts'
import { wipe } from './progress.ts'
import { truncate, widthOf } from './width.ts'

const watched = new WeakSet<object>()

/** Writes all of it, no faster than it is read. @throws OutputClosed when nobody reads any more, and what else prevents it. */
export async function write(out: Output, what: string | Uint8Array): Promise<void> {
  if (!watched.has(out)) {
    watched.add(out)
    // The stream itself tells, and at once: the event may come when this program has already ended well.
    out.on('error', () => {})
  }
  if (!out.errored && !out.write(what)) await drained(out)
  const { errored } = out
  if (!errored) return
  const { code } = errored as NodeJS.ErrnoException
  const isClosed = code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
  throw isClosed ? new OutputClosed('Nobody reads the output any more') : errored
}

/** A line on standard output. */
export async function say(io: Io, line: string): Promise<void> {
  await write(io.stdout, `${line}\n`)
}

/** A line for the person, on standard error. */
export async function remark(io: Io, line: string): Promise<void> {
  wipe(io.stderr)
  await write(io.stderr, `bucketcache: ${line}\n`)
}

export interface Column<R> {
  readonly title: string
  /** Numbers stand at the right. */
  readonly right?: boolean
  /** For a person. */
  readonly show: (row: R, paint: Paint) => string
  /** For a program; no tabs, no line ends. */
  readonly plain: (row: R) => string
}

type Rows<R> = Iterable<R> | AsyncIterable<R>

/** Writes rows as the reader wants them. `json`: each as what this returns, on a line of its own. */
export async function writeRows<R>(
  io: Io,
  rows: Rows<R>,
  columns: readonly Column<R>[],
  json: ((row: R) => object) | undefined,
): Promise<void> {
  if (json === undefined && io.stdout.isTTY === true) return await writeTable(io, rows, columns)
  for await (const row of rows) {
    const line = json === undefined ? columns.map(({ plain }) => plain(row)).join('\t') : JSON.stringify(json(row))
    await write(io.stdout, `${line}\n`)
  }
}

const gap = '  '
const defaultWidth = 80

async function writeTable<R>(io: Io, rows: Rows<R>, columns: readonly Column<R>[]): Promise<void> {
  const paint = paintFor(io.stdout, io.env)
  const bare = paintFor(undefined, {})
  const table: { row: R; cells: string[] }[] = []
  for await (const row of rows) table.push({ row, cells: columns.map(({ show }) => show(row, bare)) })
  if (table.length === 0) return
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...table.map(({ cells }) => widthOf(cells[i]!))))
  // What does not fit is taken from the first column, which has the keys, down to a length that still says something.
  const total = widths.reduce((sum, width) => sum + width + gap.length, -gap.length)
  widths[0] = Math.max(Math.min(20, widths[0]!), widths[0]! - Math.max(0, total - (io.stdout.columns || defaultWidth)))
  const line = (cells: readonly string[], painted: (i: number, cell: string) => string): string =>
    cells
      .map((cell, i) => {
        const shown = truncate(cell, widths[i]!)
        const space = ' '.repeat(Math.max(0, widths[i]! - widthOf(shown)))
        return columns[i]!.right === true ? space + painted(i, shown) : painted(i, shown) + space
      })
      .join(gap)
      .trimEnd()
  const titles = columns.map(({ title }) => title)
  await write(io.stdout, `${line(titles, (_, title) => paint.dim(title))}\n`)
  for (const { row, cells } of table) {
    // A cell that was cut short is not painted: its colours would be cut with it.
    const painted = (i: number, shown: string): string => (shown === cells[i] ? columns[i]!.show(row, paint) : shown)
    await write(io.stdout, `${line(cells, painted)}\n`)
  }
}
