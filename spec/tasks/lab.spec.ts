import { getEventListeners } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { currentTask } from '../../lib/tasks/context.ts'
import { Lab } from '../../lib/tasks/lab.ts'
import { MemoryLockManager } from '../../lib/tasks/locks/memory.ts'
import { INPUTS } from '../../lib/tasks/policies/inputs.ts'
import { JSONCache } from '../../lib/tasks/results/formats.ts'
import { LocalStorage } from '../../lib/tasks/storage/local.ts'
import { NullStorage } from '../../lib/tasks/storage/null.ts'
import { task } from '../../lib/tasks/task.ts'
import { gate, temporaryFolder, until } from './support.ts'

const fail = (message: string) => () => Promise.reject(new Error(message))

describe('run()', () => {
  test('gives results in the order of the calls', async () => {
    const lab = new Lab({ storage: null, maxWorkers: 3 })
    const { opened, open } = gate()
    const results = lab.run([() => opened.then(() => 'first'), async () => open(), () => 'third'])
    expect(await results).toEqual(['first', undefined, 'third'])
    expect(await lab.run([])).toEqual([])
  })

  test('runs no more than maxWorkers at once, and that many', async () => {
    const lab = new Lab({ storage: null, maxWorkers: 3 })
    let inside = 0
    let most = 0
    const call = async () => {
      most = Math.max(most, ++inside)
      await new Promise(resolve => setImmediate(resolve))
      inside -= 1
    }
    await lab.run(Array.from({ length: 20 }, () => call))
    expect(most).toBe(3)
  })

  test('goes on past failures, keeps what succeeded, and rejects with the one error', async () => {
    const storage = temporaryFolder()
    const lab = new Lab({ storage, maxWorkers: 1 })
    const double = task(async (n: number) => n * 2, { name: 'double', policy: INPUTS })
    const error = await lab.run([() => double(1), fail('no'), () => double(2)]).catch((reason: Error) => reason)
    expect(error).toEqual(new Error('no'))
    expect(await lab.isCached(double, 1)).toBe(true)
    expect(await lab.isCached(double, 2)).toBe(true)
  })

  test('reports several failures together, in the order of the calls', async () => {
    const lab = new Lab({ storage: null, maxWorkers: 2 })
    const { opened, open } = gate()
    const late = () => opened.then(fail('first'))
    const early = async () => {
      open()
      throw new Error('second')
    }
    const error = await lab.run([late, () => 'fine', early]).catch((reason: AggregateError) => reason)
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors.map(({ message }) => message)).toEqual(['first', 'second'])
    expect((error as AggregateError).message).toMatch('2 of 3')
  })

  test('takes what a call throws at once for a failure like others', async () => {
    const lab = new Lab({ storage: null })
    const thrown = () => {
      throw new Error('at once')
    }
    await expect(lab.run([thrown, () => 1])).rejects.toThrow('at once')
  })

  test('with continueOnFailure: false starts no further call', async () => {
    const lab = new Lab({ storage: null, maxWorkers: 1 })
    const later = vi.fn()
    await expect(lab.run([fail('no'), later], { continueOnFailure: false })).rejects.toThrow('no')
    expect(later).not.toHaveBeenCalled()
  })

  test('aborted starts no further call, aborts the tasks under way, and rejects at once', async () => {
    const lab = new Lab({ storage: null, maxWorkers: 2 })
    const controller = new AbortController()
    const signals: AbortSignal[] = []
    const endless = task(() => {
      signals.push(currentTask()!.signal)
      return new Promise(() => {})
    })
    const later = vi.fn()
    const result = lab.run([() => endless(), () => new Promise(() => {}), later], { signal: controller.signal })
    await until(() => signals.length === 1)
    controller.abort(new Error('enough'))
    await expect(result).rejects.toThrow('enough')
    expect(signals[0]?.reason).toEqual(new Error('enough'))
    expect(later).not.toHaveBeenCalled()
    await expect(lab.run([later], { signal: controller.signal })).rejects.toThrow('enough')
    expect(later).not.toHaveBeenCalled()
  })

  test('burdens a signal with one listener, however many calls share it, and with none afterwards', async () => {
    const { signal } = new AbortController()
    const warn = vi.spyOn(process, 'emitWarning')
    onTestFinished(() => warn.mockRestore())
    const lab = new Lab({ storage: null, maxWorkers: 32 })
    const { opened, open } = gate()
    let inside = 0
    const run = async () => {
      inside += 1
      await opened
    }
    const retried = task(() => (currentTask()?.attempt === 1 ? Promise.reject(new Error('once more')) : run()), {
      retries: 1,
      retryDelay: 1,
      interruptible: true,
    })
    const locked = task(run, { name: 'locked', cache: true, cacheVersion: '1', cacheSerialize: true })
    const calls = Array.from({ length: 16 }, () => [() => retried(), () => locked()]).flat()
    const runs = Array.from({ length: 12 }, () => lab.run(calls, { signal }))
    await until(() => inside === 12 * 16 + 1)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    open()
    await Promise.all(runs)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(warn).not.toHaveBeenCalled()
  })

  test('within the run of another lab is aborted with that', async () => {
    const controller = new AbortController()
    const outer = new Lab({ storage: null })
    const inner = new Lab({ storage: null })
    const signals: AbortSignal[] = []
    const endless = task(() => {
      signals.push(currentTask()!.signal)
      return new Promise(() => {})
    })
    const result = outer.run([() => inner.run([() => endless()])], { signal: controller.signal })
    await until(() => signals.length === 1)
    controller.abort(new Error('enough'))
    await expect(result).rejects.toThrow('enough')
    expect(signals[0]?.aborted).toBe(true)
  })

  test('does not take the locks of calls side by side for those of one chain', async () => {
    const locks = new MemoryLockManager()
    const lab = new Lab({ storage: null, maxWorkers: 4 })
    let inside = 0
    const call = async () => {
      for (let round = 0; round < 3; round += 1) {
        const release = await locks.acquire('k')
        expect(++inside).toBe(1)
        await new Promise(resolve => setImmediate(resolve))
        inside -= 1
        await release()
      }
    }
    await lab.run(Array.from({ length: 8 }, () => call))
  })

  test('starts nothing when a call is no function', async () => {
    const first = vi.fn()
    await expect(new Lab({ storage: null }).run([first, Promise.resolve() as never])).rejects.toThrow(TypeError)
    await expect(new Lab({ storage: null }).run([first], { signals: 1 } as never)).rejects.toThrow(TypeError)
    expect(first).not.toHaveBeenCalled()
  })
})

test('runSettled() tells of each call how it ended', async () => {
  const lab = new Lab({ storage: null })
  expect(await lab.runSettled([() => 1, fail('no'), async () => 'x'])).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: new Error('no') },
    { status: 'fulfilled', value: 'x' },
  ])
})

describe('the storage of a lab', () => {
  const counting = (more = {}) => {
    const state = { runs: 0 }
    const count = task(async (_n: number) => ++state.runs, { name: 'count', policy: INPUTS, ...more })
    return { state, count }
  }

  test('keeps the results of tasks that have none of their own', async () => {
    const [ofLab, ofTask] = [temporaryFolder(), temporaryFolder()]
    const lab = new Lab({ storage: new LocalStorage(ofLab) })
    const { count } = counting()
    await lab.run([() => count(1), () => counting({ name: 'own', storage: ofTask }).count(1)])
    expect(await new LocalStorage(ofLab).findKeys()).toEqual([expect.stringMatching(/^v8__count__/)])
    expect(await new LocalStorage(ofTask).findKeys()).toEqual([expect.stringMatching(/^v8__own__/)])
  })

  test('may be nowhere', async () => {
    const lab = new Lab({ storage: null })
    expect(lab.storage).toBeInstanceOf(NullStorage)
    const { state, count } = counting()
    await lab.run([() => count(1)])
    await lab.run([() => count(1)])
    expect(state.runs).toBe(2)
    expect(await lab.isCached(count, 1)).toBe(false)
  })

  test('is asked by isCached() and forget()', async () => {
    const lab = new Lab({ storage: temporaryFolder() })
    const { count } = counting()
    expect(await lab.forget(count, 1)).toBe(false)
    await lab.run([() => count(1)])
    expect(await lab.isCached(count, 1)).toBe(true)
    expect(await lab.isCached(count, 2)).toBe(false)
    expect(await new Lab({ storage: temporaryFolder() }).isCached(count, 1)).toBe(false)
    expect(await lab.forget(count, 1)).toBe(true)
    expect(await lab.isCached(count, 1)).toBe(false)
  })

  test('tells what is in it of a task', async () => {
    const folder = temporaryFolder()
    const lab = new Lab({ storage: folder })
    const { count } = counting()
    const similar = counting({ name: 'count!' }).count
    await lab.run([
      () => count(1),
      () => count(2),
      () => similar(3),
      () => counting({ resultCache: new JSONCache() }).count(4),
    ])
    const found = await lab.cachedTasks(count)
    expect(found.map(({ inputs }) => inputs['_n']).sort()).toEqual([1, 2])
    expect(found.map(({ key }) => key)).toEqual([...found.map(({ key }) => key)].sort())
    for (const { key, task, startedAt, duration } of found) {
      expect(readdirSync(folder)).toContain(key)
      expect(task).toBe('count')
      expect(startedAt).toBeInstanceOf(Date)
      expect(duration).toBeGreaterThanOrEqual(0)
    }
    rmSync(join(folder, found[0]!.key, 'metadata.json'))
    expect(await lab.cachedTasks(count)).toHaveLength(1)
  })

  test('is cleared of the results of a task, or of some of them', async () => {
    const lab = new Lab({ storage: temporaryFolder() })
    const { count } = counting()
    const similar = counting({ name: 'count!' }).count
    await lab.run([() => count(1), () => count(2), () => count(3), () => similar(1)])
    expect(await lab.uncache(count, ({ inputs }) => inputs['_n'] === 2)).toBe(1)
    expect(await lab.isCached(count, 2)).toBe(false)
    expect(await lab.isCached(count, 3)).toBe(true)
    expect(await lab.uncache(count)).toBe(2)
    expect(await lab.uncache(count)).toBe(0)
    expect(await lab.isCached(similar, 1)).toBe(true)
  })

  test('is cleared of expired results too, which cachedTasks() does not tell', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 0 })
    onTestFinished(() => void vi.useRealTimers())
    const lab = new Lab({ storage: temporaryFolder() })
    const { count } = counting({ lifetime: 1000 })
    await lab.run([() => count(1)])
    vi.setSystemTime(5000)
    expect(await lab.cachedTasks(count)).toEqual([])
    expect(await lab.uncache(count)).toBe(1)
  })

  test('is cleared of records in a key storage too', async () => {
    const keyStorage = temporaryFolder()
    const lab = new Lab({ storage: temporaryFolder() })
    const { count } = counting({ policy: INPUTS.configure({ keyStorage }) })
    await lab.run([() => count(1)])
    expect(await new LocalStorage(keyStorage).findKeys()).toHaveLength(1)
    await lab.uncache(count)
    expect(await new LocalStorage(keyStorage).findKeys()).toEqual([])
  })

  test('is not asked about what is no task', async () => {
    const lab = new Lab({ storage: null })
    const fn = (async () => 1) as never
    await expect(lab.cachedTasks(fn)).rejects.toThrow(TypeError)
    await expect(lab.uncache(fn)).rejects.toThrow(TypeError)
    await expect(lab.isCached(fn)).rejects.toThrow(TypeError)
    await expect(lab.forget(fn)).rejects.toThrow(TypeError)
  })
})

describe('progress', () => {
  const watch = (isTTY: boolean) => {
    const written: string[] = []
    const write = vi.spyOn(process.stderr, 'write').mockImplementation(text => Boolean(written.push(String(text))))
    const before = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY')
    Object.defineProperty(process.stderr, 'isTTY', { value: isTTY, configurable: true })
    onTestFinished(() => {
      write.mockRestore()
      if (before) Object.defineProperty(process.stderr, 'isTTY', before)
      else delete (process.stderr as { isTTY?: boolean }).isTTY
    })
    return written
  }

  test('is shown on a terminal', async () => {
    const written = watch(true)
    await new Lab({ storage: null }).runSettled([() => 1, fail('no'), () => 2])
    expect(written.join('')).toMatch(/0\/3.*3\/3, 1 failed.*\n$/s)
  })

  test('is silent anywhere else, or when it is not wanted', async () => {
    const elsewhere = watch(false)
    await new Lab({ storage: null }).run([() => 1])
    expect(elsewhere).toEqual([])
    const unwanted = watch(true)
    await new Lab({ storage: null, progress: false }).run([() => 1])
    expect(unwanted).toEqual([])
  })
})

describe('new Lab()', () => {
  test.each([
    undefined,
    {},
    { storage: 5 },
    { storage: '' },
    { storage: null, maxWorkers: '2' },
    { storage: null, progress: 1 },
    { storage: null, workers: 2 },
  ])('with %o is a TypeError', options => {
    expect(() => new Lab(options as never)).toThrow(TypeError)
  })

  test.each([0, -1, 1.5, NaN])('with maxWorkers %d is a RangeError', maxWorkers => {
    expect(() => new Lab({ storage: null, maxWorkers })).toThrow(RangeError)
  })
})
