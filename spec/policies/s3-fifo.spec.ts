// The queues themselves, where the traces do not look.

import { expect, test } from 'vitest'
import { S3Fifo } from '../../lib/policies/s3-fifo.ts'

const who = (hash: string): { hash: string } => ({ hash })

test('each read is good for one more round, up to three', () => {
  const queues = new S3Fifo<{ hash: string }>()
  const reads = new Map([
    ['a', 2],
    ['b', 2],
    ['c', 2],
  ])
  const readsOf = ({ hash }: { hash: string }): number => reads.get(hash) ?? 0
  for (const hash of 'abc') expect(queues.admits(who(hash), readsOf(who(hash)))).toBe(true)
  reads.set('a', 100)
  reads.set('b', 3)
  const gone: (string | undefined)[] = []
  for (let i = 0; i < 4; i++) gone.push(queues.take(readsOf)?.hash)
  expect(gone).toEqual(['c', 'b', 'a', undefined])
})

test('a newcomer gets in who was read twice, or has gone unread before', () => {
  const queues = new S3Fifo<{ hash: string }>()
  expect([0, 1, 2].map(reads => queues.admits(who('a'), reads))).toEqual([false, false, true])
  for (const hash of 'wxyz') queues.remember(hash, 3)
  expect([...'wxyz'].map(hash => queues.admits(who(hash), 0))).toEqual([false, true, true, true])
  expect(queues.admits(who('x'), 0)).toBe(false)
})

test('the long queue stays in order, however many have gone through it', () => {
  const queues = new S3Fifo<{ hash: string }>()
  let next = 0
  for (let i = 0; i < 10_000; i++) {
    queues.admits(who(`${i}`), 2)
    if (i % 3 > 0) expect(queues.take(() => 2)?.hash).toBe(`${next++}`)
  }
  expect(queues.size).toBe(10_000 - next)
})
