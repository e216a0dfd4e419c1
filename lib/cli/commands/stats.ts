// `bucketcache stats`

import { flag } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { UsageError } from '../errors.ts'
import { folderOptions, openAll } from '../open.ts'
import { write } from '../output.ts'
import { statuses } from '../statuses.ts'

const options = {
  folder: folderOptions.folder,
  enable: flag('Count from now on'),
  disable: flag('Count no longer'),
  reset: flag('Begin again at 0; shows the counts before that'),
  json: flag('As a JSON object', { short: 'j' }),
}

export const command = defineCommand({
  usage: ['stats [options]'],
  about: [
    'How many look-ups found something, of all processes together, since counting was enabled or reset. ' +
      'What this command line looks up is not counted, but by exec.',
  ],
  positionals: [],
  options,
  examples: [
    ['stats --enable', 'Begin to count'],
    ['stats', 'See'],
  ],

  async run({ options, io }) {
    const { enable, disable, reset, json } = options
    if (enable && disable) throw new UsageError('Expected one of --enable and --disable, got both')
    const [bucket] = openAll(
      { options: { ...options, backend: undefined }, io },
      { writes: enable || disable || reset },
    )
    const counts = bucket.stats({ reset })
    if (enable || disable) bucket.reset('statistics', enable)
    const { statistics } = bucket.heart.store.limits
    const { hits, misses } = counts
    const rate = hits + misses === 0 ? undefined : hits / (hits + misses)
    if (json) await write(io.stdout, `${JSON.stringify({ statistics, hits, misses })}\n`)
    else if (io.stdout.isTTY !== true)
      await write(io.stdout, `statistics\t${statistics}\nhits\t${hits}\nmisses\t${misses}\n`)
    else {
      const share = rate === undefined ? '' : `, ${Math.round(100 * rate)} % hits`
      const counted = statistics ? '' : ' (not counted at present: bucketcache stats --enable)'
      await write(io.stdout, `${hits} hits, ${misses} misses${share}${counted}\n`)
    }
    return statuses.done
  },
})
