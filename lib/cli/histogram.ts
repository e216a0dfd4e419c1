// Bars of characters, an eighth of a column exact.

export interface Bin {
  readonly label: string
  readonly count: number
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A line a bin: label, bar, count. The longest bar takes `columns` columns. */
export function histogram(bins: readonly Bin[], columns: number): string[] {
  const most = Math.max(1, ...bins.map(({ count }) => count))
  const left = Math.max(...bins.map(({ label }) => label.length))
  return bins.map(({ label, count }) => {
    // Anything at all can be seen.
    const length = count === 0 ? 0 : Math.max(1, Math.round((8 * columns * count) / most))
    const bar = '█'.repeat(Math.floor(length / 8)) + eighths[length % 8]
    return `${label.padStart(left)}  ${bar}${bar === '' ? '' : ' '}${count}`
  })
}

/** Sorts numbers into bins with these upper bounds, and one bin for the rest; both ends' empty ones are left out. */
export function binned(
  values: Iterable<number>,
  bounds: readonly (readonly [below: number, label: string])[],
  rest: string,
): Bin[] {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  for (const value of values) {
    const at = bounds.findIndex(([below]) => value < below)
    counts[at < 0 ? bounds.length : at]!++
  }
  const bins = counts.map((count, i) => ({ label: bounds[i]?.[1] ?? rest, count }))
  const used = bins.map(({ count }) => count > 0)
  return bins.slice(Math.max(0, used.indexOf(true)), used.lastIndexOf(true) + 1)
}
