// `bucketcache check`

import { relative } from 'node:path'
import type { Problem } from '../../ops/check.ts'
import { flag } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { folderOptions, openAll } from '../open.ts'
import { type Column, remark, writeRows } from '../output.ts'
import { withProgress } from '../progress.ts'
import { statuses } from '../statuses.ts'

const options = {
  folder: folderOptions.folder,
  fix: flag('Mend what is found; others may use the folder meanwhile'),
  json: flag('A JSON object a line', { short: 'j' }),
}

export const command = defineCommand({
  usage: ['check [options]'],
  about: [
    'Looks for what crashes and damage have left behind: broken or sealed logs, places without entries and entries without ' +
      'places, lost hints, totals that are off, left-over files. Files that are not of the cache are left alone.',
    'Anywhere but on a terminal a line a problem, of columns parted by tabs: code, file, fixed or not, what it is.',
  ],
  positionals: [],
  options,
  examples: [
    ['check', 'Is everything in order?'],
    ['check --fix', 'Put it in order'],
  ],
  statuses: [
    [statuses.done, 'all is in order, or was put in order'],
    [statuses.no, 'there are problems: --fix was not given, or could not mend them'],
    [statuses.usage, 'wrong arguments; nothing was touched'],
    [statuses.failed, 'it could not be checked'],
    [statuses.interrupted, 'interrupted by Ctrl-C; what was mended stays so'],
  ],

  async run(call) {
    const { options, io } = call
    const { fix, json } = options
    const problems: Problem[] = []
    // A check concerns the whole folder, but what nothing tells the backend of can only be judged by its own.
    const [bucket] = openAll({ options: { ...options, backend: undefined }, io }, { writes: fix })
    problems.push(
      ...(await withProgress(call, fix ? 'Mending' : 'Checking', long => bucket.promises.check({ fix, ...long }))),
    )
    await bucket.promises.close()

    const columns: readonly Column<Problem>[] = [
      { title: 'PROBLEM', show: ({ code }, paint) => paint.yellow(code), plain: ({ code }) => code },
      {
        title: 'FILE',
        show: ({ path }) => relative(bucket.path, path),
        plain: ({ path }) => relative(bucket.path, path),
      },
      {
        title: 'FIXED',
        show: ({ fixed }, paint) => (fixed ? paint.green('yes') : paint.red('no')),
        plain: ({ fixed }) => (fixed ? 'fixed' : 'found'),
      },
      { title: 'WHAT', show: ({ message }) => message, plain: ({ message }) => message },
    ]
    await writeRows(io, problems, columns, json ? problem => problem : undefined)
    const left = problems.filter(({ fixed }) => !fixed).length
    if (io.stdout.isTTY === true && !json) await remark(io, summary(problems.length, left, fix))
    return left === 0 ? statuses.done : statuses.no
  },
})

function summary(found: number, left: number, fix: boolean): string {
  if (found === 0) return 'all is in order'
  if (left === 0) return `${found} mended`
  return fix
    ? `${left} could not be mended: the filesystem refused, or somebody holds the files. Try again`
    : `${left} to be mended (bucketcache check --fix)`
}
