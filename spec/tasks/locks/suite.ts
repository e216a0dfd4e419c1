// What is true of every lock manager.

import { describe, expect, test } from 'vitest'
import { DeadlockError, TimeoutError } from '../../../lib/errors.ts'
import type { LockManager, Release } from '../../../lib/tasks/locks/lock-manager.ts'
import { gate, until } from '../support.ts'

export function lockManagerSuite(name: string, make: () => LockManager): void {
  describe(name, () => {
    test('locks a key until it is released', async () => {
      const locks = make()
      expect(await locks.isLocked('k')).toBe(false)
      const release = await locks.acquire('k')
      expect(await locks.isLocked('k')).toBe(true)
      expect(await locks.isLocked('other')).toBe(false)
      await release()
      expect(await locks.isLocked('k')).toBe(false)
    })

    test('lets one caller at a time through, however they come', async () => {
      const locks = make()
      let inside = 0
      let done = 0
      const worker = async () => {
        for (let round = 0; round < 5; round += 1) {
          const release = await locks.acquire('k')
          inside += 1
          expect(inside).toBe(1)
          await new Promise(resolve => setImmediate(resolve))
          inside -= 1
          done += 1
          await release()
        }
      }
      await Promise.all(Array.from({ length: 6 }, worker))
      expect(done).toBe(30)
    })

    test('keeps different keys apart', async () => {
      const locks = make()
      const keys = ['', 'a', 'A', '../../a', 'a/b', 'ä\0\n', 'x'.repeat(10_000)]
      const releases: Release[] = []
      for (const key of keys) releases.push(await locks.acquire(key, { timeout: 1000 }))
      for (const key of keys) expect(await locks.isLocked(key)).toBe(true)
      await Promise.all(releases.map(release => release()))
    })

    test('gives up after the timeout, and leaves the lock to its holder', async () => {
      const locks = make()
      const { opened, open } = gate()
      const holder = holdUntil(locks, 'k', opened)
      await until(() => locks.isLocked('k'))
      await expect(locks.acquire('k', { timeout: 20 })).rejects.toThrow(TimeoutError)
      await expect(locks.acquire('k', { timeout: 0 })).rejects.toThrow(/"k"/)
      expect(await locks.isLocked('k')).toBe(true)
      open()
      await holder
      await (await locks.acquire('k', { timeout: 0 }))()
    })

    test('stops waiting when the signal is aborted, with its reason', async () => {
      const locks = make()
      const { opened, open } = gate()
      const holder = holdUntil(locks, 'k', opened)
      await until(() => locks.isLocked('k'))
      const controller = new AbortController()
      const waiting = locks.acquire('k', { signal: controller.signal })
      const next = locks.acquire('k')
      controller.abort(new Error('enough'))
      await expect(waiting).rejects.toThrow('enough')
      await expect(locks.acquire('free', { signal: controller.signal })).rejects.toThrow('enough')
      open()
      await holder
      // Whoever gave up is not in the way of the next.
      await (await next)()
    })

    test('releasing twice is harmless, also when somebody else has the lock by then', async () => {
      const locks = make()
      const first = await locks.acquire('k')
      await Promise.all([first(), first()])
      const second = await locks.acquire('k')
      await first()
      expect(await locks.isLocked('k')).toBe(true)
      await second()
    })

    test('tells a call that would wait for itself', async () => {
      const locks = make()
      const release = await locks.acquire('k')
      const error = await locks.acquire('k').catch(reason => reason)
      expect(error).toBeInstanceOf(DeadlockError)
      expect(error.code).toBe('ERR_DEADLOCK')
      expect(error.message).toMatch(/"k"/)
      const nested = async () => {
        await new Promise(resolve => setImmediate(resolve))
        return locks.acquire('k')
      }
      await expect(nested()).rejects.toThrow(DeadlockError)
      await release()
      await (await locks.acquire('k'))()
    })

    test('does not take calls side by side for one that waits for itself', async () => {
      const locks = make()
      const both = async (first: string, second: string) => {
        const release = await locks.acquire(first)
        await new Promise(resolve => setImmediate(resolve))
        await release()
        const again = await locks.acquire(second)
        await new Promise(resolve => setImmediate(resolve))
        await again()
      }
      await Promise.all([both('a', 'b'), both('b', 'a'), both('a', 'a'), both('b', 'b')])
      // Started without waiting for the first, which lets go in its own time.
      const { opened, open } = gate()
      const job = async () => {
        const release = await locks.acquire('c')
        await opened
        await release()
      }
      const first = job()
      await until(() => locks.isLocked('c'))
      const second = job()
      open()
      await Promise.all([first, second])
    })

    test('waits for a lock that the same function is about to release', async () => {
      const locks = make()
      const release = await locks.acquire('k')
      const waiting = locks.acquire('k')
      await release()
      await (await waiting)()
    })

    test.each<[unknown, unknown]>([
      [1, {}],
      [undefined, {}],
      ['k', { timeout: '1' }],
      ['k', { signal: {} }],
      ['k', { wait: 1 }],
    ])('acquire(%o, %o) rejects with a TypeError', async (key, options) => {
      await expect(make().acquire(key as never, options as never)).rejects.toThrow(TypeError)
    })

    test('a negative timeout is a RangeError', async () => {
      await expect(make().acquire('k', { timeout: -1 })).rejects.toThrow(RangeError)
    })
  })
}

/** Holds the lock in a chain of calls of its own. */
async function holdUntil(locks: LockManager, key: string, released: Promise<void>): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
  const release = await locks.acquire(key)
  await released
  await release()
}
