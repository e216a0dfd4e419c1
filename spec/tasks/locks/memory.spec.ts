import { expect, test } from 'vitest'
import { MemoryLockManager } from '../../../lib/tasks/locks/memory.ts'
import { lockManagerSuite } from './suite.ts'

lockManagerSuite('MemoryLockManager', () => new MemoryLockManager())

test('callers come through in the order in which they came', async () => {
  const locks = new MemoryLockManager()
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const release = await locks.acquire('k')
      order.push(index)
      await release()
    }),
  )
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('two managers have nothing in common', async () => {
  const release = await new MemoryLockManager().acquire('k')
  await (await new MemoryLockManager().acquire('k', { timeout: 0 }))()
  await release()
})
