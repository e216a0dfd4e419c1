import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Io } from '../../lib/cli/command.ts'
import { OutputClosed } from '../../lib/cli/errors.ts'
import { binned, histogram } from '../../lib/cli/histogram.ts'
import { type Column, remark, write, writeRows } from '../../lib/cli/output.ts'
import { paintFor, wantsColors } from '../../lib/cli/paint.ts'
import { Progress } from '../../lib/cli/progress.ts'
import { truncate, widthOf } from '../../lib/cli/width.ts'
import { Sink } from './support.ts'

interface Pair {
  name: string
  count: number
}

const columns: readonly Column<Pair>[] = [
  { title: 'NAME', show: ({ name }, paint) => paint.cyan(name), plain: ({ name }) => name },
  { title: 'COUNT', right: true, show: ({ count }) => `${count}×`, plain: ({ count }) => String(count) },
]
const pairs: Pair[] = [
  { name: 'a', count: 1 },
  { name: 'long name', count: 100 },
]

async function shown(
  stdout: Sink,
  env: Io['env'],
  json?: (pair: Pair) => object,
  rows: Pair[] = pairs,
): Promise<string> {
  await writeRows({ stdin: new PassThrough(), stdout, stderr: new Sink(), env }, rows, columns, json)
  return stdout.text
}

describe('writeRows()', () => {
  test('draws a table on a terminal', async () => {
    expect(await shown(new Sink(true), { NO_COLOR: '1' })).toBe(
      ['NAME       COUNT', 'a             1×', 'long name   100×', ''].join('\n'),
    )
  })

  test('paints what it shows, and the space around it not', async () => {
    const lines = (await shown(new Sink(true), {})).split('\n')
    expect(lines[1]).toBe('\u001b[36ma\u001b[39m             1×')
  })

  test('cuts the first column short where the terminal is narrow', async () => {
    const name = 'a very long name indeed, that does not fit'
    const table = await shown(new Sink(true, 30), { NO_COLOR: '1' }, undefined, [{ name, count: 1 }])
    expect(table.split('\n')[1]).toBe('a very long name indee…     1×')
  })

  test('a terminal of unknown width has 80 columns', async () => {
    const name = 'x'.repeat(100)
    const table = await shown(new Sink(true, 0), { NO_COLOR: '1' }, undefined, [{ name, count: 1 }])
    expect(table.split('\n')[1]).toHaveLength(80)
  })

  test('nothing to show is no table', async () => {
    expect(await shown(new Sink(true), {}, undefined, [])).toBe('')
  })

  test('writes tabs for a program, and JSON for who asks', async () => {
    expect(await shown(new Sink(), {})).toBe('a\t1\nlong name\t100\n')
    expect(await shown(new Sink(true), {}, pair => ({ ...pair }))).toBe(
      '{"name":"a","count":1}\n{"name":"long name","count":100}\n',
    )
  })
})

describe('write()', () => {
  test('waits until there is room', async () => {
    const slow = new PassThrough({ highWaterMark: 4 })
    let isWritten = false
    const written = write(slow, 'more than four').then(() => {
      isWritten = true
    })
    await new Promise(setImmediate)
    expect(isWritten).toBe(false)
    slow.resume()
    await written
  })

  test('says so when nobody reads any more', async () => {
    const closed = new PassThrough({ highWaterMark: 4 })
    const written = write(closed, 'more than four')
    closed.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    await expect(written).rejects.toThrow(OutputClosed)
    await expect(write(closed, 'again')).rejects.toThrow(OutputClosed)
  })
})

test('colours are for terminals, unless NO_COLOR is set or FORCE_COLOR says otherwise', () => {
  const terminal = new Sink(true)
  const pipe = new Sink()
  expect(wantsColors(terminal, {})).toBe(true)
  expect(wantsColors(pipe, {})).toBe(false)
  expect(wantsColors(terminal, { NO_COLOR: '1' })).toBe(false)
  expect(wantsColors(terminal, { NO_COLOR: '' })).toBe(true)
  expect(wantsColors(terminal, { TERM: 'dumb' })).toBe(false)
  expect(wantsColors(pipe, { FORCE_COLOR: '1' })).toBe(true)
  expect(wantsColors(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
  expect(wantsColors(terminal, { FORCE_COLOR: '0' })).toBe(false)
  expect(paintFor(pipe, {}).red('a')).toBe('a')
})

test('widths are those of a terminal', () => {
  expect(['abc', 'ä', 'e\u0301', '日本', '😀', ''].map(widthOf)).toEqual([3, 1, 1, 4, 2, 0])
  expect(truncate('日本語', 6)).toBe('日本語')
  expect(truncate('日本語', 5)).toBe('日本…')
  expect(truncate('日本語', 4)).toBe('日…')
})

describe('histogram()', () => {
  test('draws bars to an eighth of a column, and anything at all is seen', () => {
    expect(
      histogram(
        [
          { label: '< 1', count: 16 },
          { label: '< 10', count: 3 },
          { label: 'more', count: 0 },
        ],
        2,
      ),
    ).toEqual([' < 1  ██ 16', '< 10  ▍ 3', 'more  0'])
    expect(
      histogram(
        [
          { label: 'a', count: 1 },
          { label: 'b', count: 10_000 },
        ],
        10,
      )[0],
    ).toBe('a  ▏ 1')
  })

  test('bins leave out what is empty at both ends', () => {
    const bounds = [
      [1, '< 1'],
      [10, '< 10'],
      [100, '< 100'],
      [1000, '< 1000'],
    ] as const
    expect(binned([1, 9, 100], bounds, 'more')).toEqual([
      { label: '< 10', count: 2 },
      { label: '< 100', count: 0 },
      { label: '< 1000', count: 1 },
    ])
    expect(binned([1000], bounds, 'more')).toEqual([{ label: 'more', count: 1 }])
    expect(binned([], bounds, 'more')).toEqual([])
  })
})

describe('Progress', () => {
  test('draws one line, and takes it away', () => {
    const out = new Sink(true)
    const progress = new Progress('Checking', out)
    progress.update({ done: 1, total: 2 })
    progress.update({ done: 2, total: 2 })
    progress.end()
    const erase = '\u001b[K'
    const text = out.text.replace(/\d+\.\d s/g, '0.0 s')
    const [half, all] = ['█'.repeat(12) + '░'.repeat(12), '█'.repeat(24)]
    expect(text).toBe(`\rChecking ${half} 50 %, 0.0 s${erase}\rChecking ${all} 100 %, 0.0 s${erase}\r${erase}`)
  })

  test('gives way to what else is to be said there', async () => {
    const out = new Sink(true)
    const progress = new Progress('Checking', out)
    progress.update({ done: 1, total: 2 })
    await remark({ stdin: process.stdin, stdout: out, stderr: out, env: {} }, 'something')
    progress.end()
    const [line, ...rest] = out.text.split('\u001b[K')
    expect(line).toContain('50 %')
    expect(rest).toEqual(['\r', 'bucketcache: something\n'])
  })

  test('is no wider than the terminal', () => {
    const out = new Sink(true, 20)
    new Progress('Checking', out).update({ done: 0, total: undefined })
    new Progress('Checking', out).update({ done: 1, total: 2 })
    for (const line of out.text.split('\r')) expect(widthOf(line.replace('\u001b[K', ''))).toBeLessThan(20)
  })

  test('says nothing where there is no terminal, and nothing is to be taken away where nothing was drawn', () => {
    const pipe = new Sink()
    const progress = new Progress('Checking', pipe)
    progress.update({ done: 1, total: 2 })
    progress.end()
    const terminal = new Sink(true)
    new Progress('Checking', terminal).end()
    expect(pipe.text + terminal.text).toBe('')
  })
})
