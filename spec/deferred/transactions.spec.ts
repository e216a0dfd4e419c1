// Asynchronous transactions on a deferred bucket, and what is done beside them.

import { expect, test } from 'vitest'
import { Bucket, DeadlockError, DeferredWriteBucket, TimeoutError } from '../../lib/index.ts'
import { newFolder } from './support.ts'

/** A bucket, and a gate in the bodies of its transactions. */
function setUp(timeout = 60_000) {
  const folder = newFolder()
  const deferred = new DeferredWriteBucket<unknown, any>(folder, { timeout })
  let open!: () => void
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { deferred, opened, open, stored: () => new Bucket<unknown, any>(folder) }
}

test('transactions that are begun at once lose nothing', async () => {
  const { deferred, stored } = setUp()
  const { promises } = deferred
  deferred.push('a')
  deferred.push('b')
  const pulled = await Promise.all(
    [1, 2, 3].map(() =>
      promises.transact(async inside => {
        await inside.incr('n')
        await new Promise(resolve => setImmediate(resolve))
        return (await inside.pull())?.value
      }),
    ),
  )
  expect(pulled).toEqual(['a', 'b', undefined])
  expect(deferred.get('n')).toBe(3)
  deferred.sync()
  expect([stored().get('n'), stored().pull()]).toEqual([3, undefined])
})

test('what is synced meanwhile is not counted twice', async () => {
  const { deferred, opened, open, stored } = setUp()
  deferred.incr('n')
  let isInside = false
  const running = deferred.promises.transact(async inside => {
    await inside.incr('n')
    isInside = true
    await opened
  })
  await expect.poll(() => isInside).toBe(true)
  expect(await deferred.promises.sync()).toBe(1)
  expect(stored().get('n')).toBe(1)
  open()
  await running
  expect(deferred.get('n')).toBe(2)
  deferred.sync()
  expect(stored().get('n')).toBe(2)
  expect(deferred.sync()).toBe(0)
})

test('who writes what a transaction has written waits for its end; a synchronous call is told that it cannot', async () => {
  const { deferred, opened, open, stored } = setUp()
  const { promises } = deferred
  let isInside = false
  const running = promises.transact(async inside => {
    await inside.push('a')
    await inside.set('k', 1)
    isInside = true
    await opened
  })
  await expect.poll(() => isInside).toBe(true)
  expect(deferred.get('k')).toBeUndefined()
  expect(() => deferred.set('k', 2)).toThrow(DeadlockError)
  expect(() => deferred.transact(() => deferred.push('b'))).toThrow(DeadlockError)
  deferred.set('other', 1)
  const waiting = [promises.push('b'), promises.incr('k')]
  open()
  await Promise.all([running, ...waiting])
  deferred.sync()
  const bucket = stored()
  expect([bucket.get('k'), bucket.get('other')]).toEqual([2, 1])
  expect([bucket.pull()?.value, bucket.pull()?.value, bucket.pull()]).toEqual(['a', 'b', undefined])
})

test('a transaction sees what is written beside it until it writes that itself', async () => {
  const { deferred, stored } = setUp()
  await deferred.promises.transact(async inside => {
    deferred.set('k', 1)
    expect(await inside.get('k')).toBe(1)
    expect(await inside.incr('k')).toBe(2)
    expect(deferred.get('k')).toBe(1)
  })
  expect(deferred.get('k')).toBe(2)
  deferred.sync()
  expect(stored().get('k')).toBe(2)
})

test('what is discarded beside a transaction is gone for it too, but not what it has written', async () => {
  const { deferred } = setUp()
  deferred.set('k', 1)
  deferred.set('l', 1)
  await deferred.promises.transact(async inside => {
    await inside.set('l', 2)
    deferred.discard()
    expect([await inside.get('k'), await inside.get('l')]).toEqual([undefined, 2])
  })
  expect([deferred.get('k'), deferred.get('l'), deferred.pending]).toEqual([undefined, 2, 1])
})

test('one that fails leaves nothing, and the next has its turn', async () => {
  const { deferred } = setUp()
  const { promises } = deferred
  const failing = promises.transact(async inside => {
    await inside.set('k', 1)
    throw new Error('of mine')
  })
  const next = promises.transact(async inside => {
    await inside.transact(deeper => deeper.set('k', 2))
    await inside.incr('k')
  })
  await expect(failing).rejects.toThrow('of mine')
  await next
  expect(deferred.get('k')).toBe(3)
})

test('one that waits for its own end is told so in the end', async () => {
  const { deferred } = setUp(50)
  const { promises } = deferred
  await expect(promises.transact(() => promises.transact(async () => {}))).rejects.toThrow(TimeoutError)
  await promises.transact(inside => inside.set('k', 1))
  expect(deferred.get('k')).toBe(1)
})
