import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { WeakValues } from '../lib/weak.ts'
import { newBucket } from './support/folders.ts'

test('WeakValues has what is in use, and forgets the rest', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const values = new WeakValues<number, { n: number }>()
  const used = [{ n: -1 }, { n: -2 }]
  for (const value of used) values.set(value.n, value)
  for (let i = 0; i < 1000; i++) values.set(i, { n: i })
  // What a WeakRef was asked for stays until the end of the turn.
  await new Promise(resolve => setTimeout(resolve))
  collect()
  expect([values.get(-1), values.get(-2), values.get(5)]).toEqual([...used, undefined])
  expect([...values.values()]).toEqual(used)
})

test('a deque that is in use is opened once', () => {
  const bucket = newBucket()
  const [one, other] = [bucket.deque<number>('d'), bucket.deque<number>('d')]
  expect(one.bucket).toBe(other.bucket)
})
