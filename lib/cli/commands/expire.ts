// `bucketcache expire`

import { one } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { folderOptions } from '../open.ts'
import { removeFrom } from '../removal.ts'
import { readDate } from '../units.ts'

const options = {
  ...folderOptions,
  at: one('DATE', readDate, 'What will have expired by then: 2030-01-31, 2030-01-31T12:00Z; default: now'),
}

export const command = defineCommand({
  usage: ['expire [options]'],
  about: ['Looks only at what has expired, however much is stored. Prints how many entries went.'],
  positionals: [],
  options,
  examples: [['expire', 'In a cron job']],

  async run(call) {
    const { at = new Date() } = call.options
    return await removeFrom(call, 'Expiring', (bucket, long) => bucket.promises.expire(at, long))
  },
})
