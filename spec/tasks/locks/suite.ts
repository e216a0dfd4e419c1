// What is true of every lock manager.

import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { DeadlockError, TimeoutError } from '../../../lib/errors.ts'
import type { LockManager, Release } from '../../../lib/tasks/locks/lock-manager.ts'
import { graceMs } from '../../../lib/waiting/line.ts'
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
      const nested = async () => {
        await pause()
        return await locks.acquire('k')
      }
      for (const call of [() => locks.acquire('k'), nested]) {
        const error = await failureOf(call)
        expect(error).toBeInstanceOf(DeadlockError)
        expect(error.code).toBe('ERR_DEADLOCK')
        expect(error.message).toMatch(/"k"/)
      }
      await release()
      await (await locks.acquire('k'))()
    })

    test('tells it however the function that has the lock came to ask for it again', async () => {
      const locks = make()
      const withLock = async (key: string, body: () => Promise<unknown>) => {
        const release = await locks.acquire(key)
        try {
          return await body()
        } finally {
          await release()
        }
      }
      const loop = async (...keys: string[]) => {
        const releases: Release[] = []
        try {
          for (const key of keys) releases.push(await locks.acquire(key))
        } finally {
          for (const release of releases) await release()
        }
      }
      const calls = [
        () => loop('a', 'b', 'a'),
        () => withLock('c', () => withLock('d', () => withLock('c', pause))),
        () => withLock('e', () => withLock('f', pause).then(pause).then(pause)).then(() => loop('e', 'f', 'f')),
        () => withLock('g', async () => await Promise.all([pause(), withLock('h', pause), withLock('g', pause)])),
        // Resumed by the event loop itself, which is then on the stack.
        async () => {
          const release = await locks.acquire('i')
          await new Promise(resolve => setImmediate(() => process.nextTick(resolve)))
          try {
            await locks.acquire('i', { timeout: 2000 })
          } finally {
            await release()
          }
        },
      ]
      const codes = await Promise.all(calls.map(async call => (await failureOf(call)).code))
      expect(codes).toEqual(calls.map(() => 'ERR_DEADLOCK'))
    })

    test('does not take for a deadlock what was started before and not awaited', async () => {
      const locks = make()
      const { opened, open } = gate()
      const job = async (first: string, second: string) => {
        for (const key of [first, second]) {
          const release = await locks.acquire(key)
          if (key === 'k') await opened
          await release()
        }
      }
      const withLock = async (key: string, body: () => Promise<unknown>) => {
        const release = await locks.acquire(key)
        await body()
        await release()
      }
      // What is started here and has begun by then the later ones cannot tell from what holds the lock for them.
      const jobs = [job('k', 'a')]
      await until(() => locks.isLocked('k'))
      for (const first of ['k', 'b', 'c']) {
        jobs.push(job(first, 'k'))
        await pause()
      }
      jobs.push(withLock('l', () => opened))
      await until(() => locks.isLocked('l'))
      jobs.push(withLock('d', () => pause().then(() => withLock('l', pause))))
      jobs.push(withLock('e', async () => await withLock('l', pause)))
      const timers: Promise<void>[] = []
      await new Promise<void>(resolve => {
        const timer = setInterval(() => {
          timers.push(job('k', 'k'), withLock('l', pause))
          if (timers.length < 4) return
          clearInterval(timer)
          resolve()
        }, 1)
      })
      const all = Promise.all([...jobs, ...timers])
      await Promise.race([all, new Promise(resolve => setTimeout(resolve, graceMs + 50))])
      open()
      await all
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

    test('many may wait with one signal', async () => {
      const locks = make()
      const { signal } = new AbortController()
      const release = await locks.acquire('k')
      const waiting = Array.from({ length: 30 }, async () => (await locks.acquire('k', { signal }))())
      expect(getEventListeners(signal, 'abort').length).toBe(1)
      await release()
      await Promise.all(waiting)
      expect(getEventListeners(signal, 'abort').length).toBe(0)
    })

    test('what a chain of calls has released is not kept', async () => {
      const locks = make()
      const entered = vi.spyOn(AsyncLocalStorage.prototype, 'enterWith')
      onTestFinished(() => entered.mockRestore())
      const held: Release[] = []
      for (let i = 0; i < 20; i++) {
        held.push(await locks.acquire(String(i)))
        if (held.length > 3) await held.shift()!()
      }
      // Three, and the one that is being taken.
      expect(entered.mock.lastCall).toEqual([Array(4).fill(expect.anything())])
      for (const release of held) await release()
    })

    test('leaves stack traces as they were', async () => {
      const { prepareStackTrace, stackTraceLimit } = Error
      const locks = make()
      const release = await locks.acquire('k')
      await (await locks.acquire('other'))()
      await release()
      expect(Error.prepareStackTrace).toBe(prepareStackTrace)
      expect(Error.stackTraceLimit).toBe(stackTraceLimit)
    })

    test('a call that waits for itself waits for its timeout where the stack does not tell', async () => {
      const locks = make()
      const release = await locks.acquire('k')
      const captured = vi.spyOn(Error, 'captureStackTrace').mockImplementation(() => {
        throw new TypeError('frozen')
      })
      const waiting = failureOf(() => locks.acquire('k', { timeout: graceMs + 30 }))
      captured.mockRestore()
      expect((await waiting).code).toBe('ERR_TIMEOUT')
      await release()
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

const pause = () => new Promise<void>(resolve => setImmediate(resolve))

/** Calls as a program does: the specs' own `rejects` does not await, so nothing would be seen to wait. */
async function failureOf(call: () => Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await call()
  } catch (error) {
    return error as Error
  }
  throw new Error('It has not failed')
}
