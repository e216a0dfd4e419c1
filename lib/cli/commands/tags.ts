// `bucketcache tags`

import { flag } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { folderOptions, openAll } from '../open.ts'
import { type Column, writeRows } from '../output.ts'
import { statuses } from '../statuses.ts'
import { survey, type TagCount } from '../survey.ts'
import { showTag } from '../typed.ts'
import { showSize } from '../units.ts'

const options = { ...folderOptions, json: flag('A JSON object a line', { short: 'j' }) }

const columns: readonly Column<TagCount>[] = [
  { title: 'TAG', show: ({ tag }, paint) => paint.yellow(showTag(tag)), plain: ({ tag }) => showTag(tag) },
  { title: 'ENTRIES', right: true, show: ({ entries }) => String(entries), plain: ({ entries }) => String(entries) },
  { title: 'SIZE', right: true, show: ({ bytes }) => showSize(bytes), plain: ({ bytes }) => String(bytes) },
]

export const command = defineCommand({
  usage: ['tags [options]'],
  about: [
    'The tags of all entries, with how many carry them and how many bytes their values have; the most frequent first. Tags ' +
      'are shown as they are typed: 1 is a number, "1" is text.',
  ],
  positionals: [],
  options,
  examples: [
    ['tags', 'A table'],
    ['tags | head -1 | cut -f1', 'The most frequent one'],
  ],

  async run({ options, io }) {
    const { tags } = await survey(openAll({ options, io }), Date.now())
    await writeRows(io, tags, columns, options.json ? count => ({ ...count }) : undefined)
    return statuses.done
  },
})
