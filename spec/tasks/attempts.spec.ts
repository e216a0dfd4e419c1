import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { TimeoutError } from '../../lib/errors.ts'
import { currentTask } from '../../lib/tasks/context.ts'
import { Lab } from '../../lib/tasks/lab.ts'
import { task } from '../../lib/tasks/task.ts'
import type { TaskMetadata } from '../../lib/tasks/types.ts'
import { gate, temporaryFolder, until } from './support.ts'

/** Fails as often as told, and says in which attempts it was run. */
function failing(times: number, metadata: TaskMetadata) {
  const attempts: (number | undefined)[] = []
  const flaky = task(async () => {
    attempts.push(currentTask()?.attempt)
    if (attempts.length <= times) throw new Error(`failure ${attempts.length}`)
    return 'done'
  }, metadata)
  return { attempts, flaky }
}

describe('retries', () => {
  test('repeat a failed run, and no other', async () => {
    const { attempts, flaky } = failing(2, { retries: 5 })
    expect(await flaky()).toBe('done')
    expect(attempts).toEqual([1, 2, 3])
  })

  test('end with the error of the last', async () => {
    const { attempts, flaky } = failing(9, { retries: 2 })
    await expect(flaky()).rejects.toThrow('failure 3')
    expect(attempts).toHaveLength(3)
  })

  test('are none unless asked for', async () => {
    const { attempts, flaky } = failing(1, {})
    await expect(flaky()).rejects.toThrow('failure 1')
    expect(attempts).toHaveLength(1)
  })

  test('go on only if retryIf says so', async () => {
    const asked: unknown[] = []
    const { attempts, flaky } = failing(9, {
      retries: 5,
      retryIf: (error, attempt) => {
        asked.push([(error as Error).message, attempt])
        return attempt < 2
      },
    })
    await expect(flaky()).rejects.toThrow('failure 2')
    expect(attempts).toHaveLength(2)
    expect(asked).toEqual([
      ['failure 1', 1],
      ['failure 2', 2],
    ])
  })

  test('repeat sync functions too', async () => {
    let runs = 0
    const flaky = task(
      () => {
        runs += 1
        if (runs < 3) throw new Error('no')
        return runs
      },
      { retries: 2 },
    )
    expect(await flaky()).toBe(3)
  })
})

describe('retryDelay', () => {
  /** The waits of a task that fails always; they end at once. */
  const delays = async (metadata: TaskMetadata): Promise<number[]> => {
    const waits: number[] = []
    const wait = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((end: () => void, ms: number) => {
      waits.push(ms)
      queueMicrotask(end)
    }) as never)
    onTestFinished(() => wait.mockRestore())
    await failing(Infinity, metadata)
      .flaky()
      .catch(() => {})
    return waits
  }

  test('is waited for before each retry, with up to a quarter more', async () => {
    const waits = await delays({ retries: 3, retryDelay: { seconds: 1 } })
    expect(waits).toHaveLength(3)
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(1000)
      expect(wait).toBeLessThanOrEqual(1250)
    }
  })

  test('of a list that is too short repeats its last', async () => {
    const waits = await delays({ retries: 4, retryDelay: [0, 1000, { seconds: 2 }] })
    expect(waits.map(wait => Math.floor(wait / 1000))).toEqual([0, 1, 2, 2])
  })

  test('ends when the call is aborted', async () => {
    const controller = new AbortController()
    const { attempts, flaky } = failing(9, { retries: 9, retryDelay: { weeks: 52 } })
    const lab = new Lab({ storage: null })
    const result = lab.run([() => flaky()], { signal: controller.signal })
    await until(() => attempts.length === 1)
    controller.abort(new Error('enough'))
    await expect(result).rejects.toThrow('enough')
    expect(attempts).toHaveLength(1)
  })

  test('varies by chance', async () => {
    const waits = await delays({ retries: 8, retryDelay: 1000 })
    expect(new Set(waits).size).toBeGreaterThan(1)
  })
})

describe('timeout', () => {
  test('aborts the attempt through its signal, and counts as its failure', async () => {
    const signals: AbortSignal[] = []
    const never = task(
      () => {
        signals.push(currentTask()!.signal)
        return new Promise(() => {})
      },
      { name: 'never', timeout: 20, retries: 1 },
    )
    const error: TimeoutError = await never().then(
      () => expect.unreachable(),
      reason => reason,
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.code).toBe('ERR_TIMEOUT')
    expect(error.message).toMatch(/never.*20 ms/)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(signals[1]?.reason).toBe(error)
    expect(signals[0]).not.toBe(signals[1])
  })

  test('is of one attempt', async () => {
    let runs = 0
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const slowFirst = task(() => (++runs === 1 ? new Promise(() => {}) : runs), { timeout: 150, retries: 1 })
    const result = slowFirst()
    await vi.runAllTimersAsync()
    expect(await result).toBe(2)
  })

  test('drops a late result: it is neither given nor stored', async () => {
    const { opened, open } = gate()
    let ended = Promise.resolve()
    const late = task(
      () => {
        const result = opened.then(() => 'late')
        ended = result.then(() => {})
        return result
      },
      { name: 'late', timeout: 20, cache: true, cacheVersion: '1', storage: temporaryFolder() },
    )
    await expect(late()).rejects.toThrow(TimeoutError)
    open()
    await ended
    expect(await late.isCached()).toBe(false)
  })

  test('a late error is nobody’s', async () => {
    const { opened, open } = gate()
    const late = task(() => opened.then(() => Promise.reject(new Error('late'))), { timeout: 20 })
    await expect(late()).rejects.toThrow(TimeoutError)
    open()
    await new Promise(resolve => setImmediate(resolve))
  })

  test('holds for code that never pauses, whose result comes late', async () => {
    const busy = task(
      () => {
        const start = performance.now()
        while (performance.now() - start < 30);
        return 'late'
      },
      { timeout: 10 },
    )
    await expect(busy()).rejects.toThrow(TimeoutError)
  })

  test('does not touch what is in time, nor keep the process waiting', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const quick = task(async () => currentTask()?.signal, { timeout: { hours: 1 } })
    const signal = await quick()
    expect(vi.getTimerCount()).toBe(0)
    expect(signal?.aborted).toBe(false)
  })

  test('may be longer than a timer can be', async () => {
    expect(await task(async () => 1, { timeout: { weeks: 52 } })()).toBe(1)
    expect(await task(async () => 1, { timeout: Infinity })()).toBe(1)
  })
})
