#!/usr/bin/env node
// The command `bucketcache`. Everything it does begins in main.ts; what a command needs is loaded when that command runs, so
// that `bucketcache --version`, and `exec` when the output is there, take little longer than Node itself.

import { main } from './main.ts'

process.exitCode = await main(process.argv.slice(2), process)
