// `bucketcache evict`

import { defineCommand } from '../command.ts'
import { folderOptions } from '../open.ts'
import { removeFrom } from '../removal.ts'
import { readTag } from '../typed.ts'

export const command = defineCommand({
  usage: ['evict [options] TAG…'],
  about: [
    'Removes the entries with one of the tags. Prints how many went. TAG is typed as tags shows it: 1 is a number, \'"1"\' is text.',
  ],
  positionals: ['TAG…'],
  options: folderOptions,
  examples: [
    ['evict aws', 'All that was stored with --tag aws'],
    ['evict 1 \'"1"\'', 'Both the number and the text'],
  ],

  async run(call) {
    const tags = call.args.map(readTag)
    return await removeFrom(call, 'Evicting', async (bucket, long) => {
      let count = 0
      for (const tag of tags) count += await bucket.promises.evict(tag, long)
      return count
    })
  },
})
