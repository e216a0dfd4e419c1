// `bucketcache delete`

import { defineCommand } from '../command.ts'
import { NoAnswer } from '../errors.ts'
import { keyOptions, readKey } from '../keys.ts'
import { folderOptions, openAll } from '../open.ts'
import { say } from '../output.ts'
import { statuses } from '../statuses.ts'

const options = { ...folderOptions, ...keyOptions }

export const command = defineCommand({
  usage: ['delete [options] KEY…'],
  about: ['Tells how many there were. Status 1 if there was none.'],
  positionals: ['KEY…'],
  options,
  examples: [
    ['delete greeting 42', 'The text greeting, and the number 42'],
    ['ls --prefix user: | cut -f1 | xargs -d "\\n" bucketcache delete --as-listed --', 'All that ls lists'],
  ],

  async run({ options, args, io }) {
    const keys = args.map(typed => readKey(typed, options.asListed))
    let count = 0
    for (const bucket of openAll({ options, io }, { writes: true })) {
      count += bucket.deleteMany(keys)
      bucket.close()
    }
    if (count === 0)
      throw new NoAnswer(keys.length === 1 ? `There is no key ${args[0]}` : 'There is none of these keys')
    await say(io, io.stdout.isTTY === true ? `${count} deleted` : String(count))
    return statuses.done
  },
})
