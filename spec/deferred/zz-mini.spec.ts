import { expect, test } from 'vitest'
import { Bucket, DeferredWriteBucket } from '../../lib/index.ts'
import { mkdtempSync, rmSync } from 'node:fs'
test('x', () => {
  for (let i = 0; i < 4000; i++) {
  const folder = mkdtempSync('/dev/shm/mini-')
  const other = new Bucket<string, number>(folder)
  const d = new DeferredWriteBucket<string, number>(folder)
  const log: any[] = []
  d.incr('a'); log.push([...d.keys()]); log.push(d.get('a'), other.get('a'), d.pending, other.size); d.sync(); log.push([...d.keys()], [...other.keys()], other.size, d.get('a')); d.incr('a'); log.push([...d.keys()], d.get('a'))
  if (log.at(-2).length !== 1) { console.log(i, folder, JSON.stringify(log), [...d.keys()], [...other.keys()]); throw 1 }
  rmSync(folder, {recursive: true})
  }
})
