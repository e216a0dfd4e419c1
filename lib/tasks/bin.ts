#!/usr/bin/env node
// `run` as a command by itself.

import { runTask } from './run.ts'

const status = await runTask(process.argv.slice(2), process)
// What was written arrives before the process ends. What the task has left open (a pool, a timer) does not keep it alive.
await new Promise(resolve => process.stdout.write('', resolve))
process.exit(status)
