// `bucketcache clear`

import { flag } from '../arguments.ts'
import { confirm } from '../ask.ts'
import { defineCommand } from '../command.ts'
import { folderOf, folderOptions, openAll } from '../open.ts'
import { remark } from '../output.ts'
import { removeFrom } from '../removal.ts'
import { statuses } from '../statuses.ts'

const options = { ...folderOptions, yes: flag('Do not ask', { short: 'y' }) }

export const command = defineCommand({
  usage: ['clear [options]'],
  about: [
    'Removes all entries, of all backends or of the one that is named. Asks first; where there is no terminal to ask at, it needs ' +
      '--yes. Files that are not of the cache stay, and so do the settings of the folder. Prints how many entries went.',
  ],
  positionals: [],
  options,
  examples: [
    ['clear', 'After a question'],
    ['clear --yes --folder .cache', 'In a script'],
  ],

  async run(call) {
    const { options, io } = call
    const count = openAll({ options, io }).reduce((sum, { size }) => sum + size, 0)
    if (!(await confirm(call, `Remove all ${count} entries of ${folderOf(call)}?`, options.yes))) {
      await remark(io, 'nothing was removed')
      return statuses.no
    }
    return await removeFrom(call, 'Clearing', (bucket, long) => bucket.promises.clear(long))
  },
})
