// Several copies of the module in one thread: two versions in a program, or a test runner that loads it anew.

import { expect, test, vi } from 'vitest'
import { newFolder } from '../support/folders.ts'

async function load() {
  vi.resetModules()
  return await import('../../lib/index.ts')
}

test('copies of the module in one thread know of each other what they hold', async () => {
  const [one, other] = [await load(), await load()]
  expect(one.Bucket).not.toBe(other.Bucket)
  const folder = newFolder()
  const bucket = new one.Bucket<string, number>(folder)
  const same = new other.Bucket<string, number>(folder)
  await bucket.promises.transact(async inside => {
    await inside.set('held', 1)
    // Not for want of an owner: it is this thread, and alive.
    expect(() => same.set('held', 2)).toThrow(other.DeadlockError)
  })
  expect(same.get('held')).toBe(1)
})
