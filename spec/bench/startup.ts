// What `import 'bucketcache'` adds to the start of a process.

import { spawnSync } from 'node:child_process'
import { type Spread, spreadOf } from './clock.ts'
import { packageUrl } from './stage.ts'

/** In milliseconds: from process to process, less what the same process takes without the import. */
export function timeImport(rounds: number): Spread {
  const run = (code: string): number => {
    const begin = performance.now()
    const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', code])
    if (status !== 0) throw new Error(`A process that ran ${code} has failed`)
    return performance.now() - begin
  }
  const code = `import ${JSON.stringify(packageUrl)}`
  run(code)
  const bare: number[] = []
  const ours: number[] = []
  for (let round = 0; round < rounds; round++) {
    bare.push(run(''))
    ours.push(run(code))
  }
  const start = spreadOf(Float64Array.from(bare)).p50
  return spreadOf(Float64Array.from(ours, time => time - start))
}
