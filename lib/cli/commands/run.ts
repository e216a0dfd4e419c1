// `bucketcache run`: the runner of tasks, which reads its own arguments and has its own exit statuses.

import { defineCommand } from '../command.ts'

export const command = defineCommand({
  usage: ['run [options] -- LOADER-ARGS'],
  about: [],
  positionals: [],
  options: {},
  examples: [],
  raw: true,

  async run({ argv, io }) {
    const { runTask } = await import('../../tasks/run.ts')
    const status = await runTask([...argv], io as typeof process)
    // What was written arrives before the process ends. What the task has left open (a pool, a timer) does not keep it alive.
    await new Promise<void>(resolve => io.stdout.write('', () => resolve()))
    process.exit(status)
  },
})
