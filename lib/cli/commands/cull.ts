// `bucketcache cull`

import { evictionPolicies } from '../../settings.ts'
import { choice, one } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { folderOptions, openAll } from '../open.ts'
import { withProgress } from '../progress.ts'
import { tellRemoved } from '../removal.ts'
import { statuses } from '../statuses.ts'
import { readCount, readSize } from '../units.ts'

const options = {
  folder: folderOptions.folder,
  sizeLimit: one('SIZE', readSize, 'First make this the limit of the folder, for every program that uses it: 500M, 2G'),
  maxEntries: one('COUNT', readCount, 'First make this the most entries that the folder may have, for every program'),
  policy: choice(evictionPolicies as readonly ['none'], 'First make this the policy of the folder, for every program'),
}

export const command = defineCommand({
  usage: ['cull [options]'],
  about: [
    'Removes what has expired, and while the folder is over one of its limits, entries of any backend as its policy says. ' +
      'Programs that store do the same, a few entries at a time. Prints how many entries went.',
  ],
  positionals: [],
  options,
  examples: [
    ['cull', 'Down to the limits that the folder has'],
    ['cull --size-limit 500M --policy least-recently-used', 'Down to new limits, from now on'],
  ],

  async run(call) {
    const { options, io } = call
    const [bucket] = openAll({ options: { ...options, backend: undefined }, io }, { writes: true })
    if (options.sizeLimit !== undefined) bucket.reset('sizeLimit', options.sizeLimit)
    if (options.maxEntries !== undefined) bucket.reset('maxEntries', options.maxEntries)
    if (options.policy !== undefined) bucket.reset('evictionPolicy', options.policy)
    const count = await withProgress(call, 'Culling', long => bucket.promises.cull(long))
    await bucket.promises.close()
    await tellRemoved(call, { count, size: undefined })
    return statuses.done
  },
})
