// `bucketcache prune`

import { one } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { folderOptions } from '../open.ts'
import { removeFrom } from '../removal.ts'
import { readLifetime } from '../units.ts'

const options = {
  ...folderOptions,
  lifetime: one(
    'DURATION',
    readLifetime,
    'Also what is older, unless it was stored with a lifetime of its own: 90s, 10m, 1h30m, 2d',
    { short: 'l' },
  ),
}

export const command = defineCommand({
  usage: ['prune [options]'],
  about: [
    'Looks at every entry. Prints how many went, and the bytes of their files. To remove what has expired and nothing else, ' +
      'expire is faster.',
  ],
  positionals: [],
  options,
  examples: [
    ['prune', 'What has expired'],
    ['prune --lifetime 30d', 'Also what is older than a month'],
  ],

  async run(call) {
    const { lifetime } = call.options
    const opening = lifetime === undefined ? {} : { lifetime }
    return await removeFrom(call, 'Pruning', (bucket, long) => bucket.promises.prune(long), opening)
  },
})
