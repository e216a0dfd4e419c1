import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { DeadlockError, UnserializableError } from '../../lib/errors.ts'
import { currentTask } from '../../lib/tasks/context.ts'
import { hashed } from '../../lib/tasks/hashed.ts'
import { MemoryLockManager } from '../../lib/tasks/locks/memory.ts'
import { FILES } from '../../lib/tasks/policies/files.ts'
import { INPUTS } from '../../lib/tasks/policies/inputs.ts'
import { CachePolicy, NO_CACHE } from '../../lib/tasks/policies/policy.ts'
import { DEFAULT, TASK_SOURCE } from '../../lib/tasks/policies/run.ts'
import { JSONCache } from '../../lib/tasks/results/formats.ts'
import { NullCache } from '../../lib/tasks/results/result-cache.ts'
import { LocalStorage } from '../../lib/tasks/storage/local.ts'
import { Storage } from '../../lib/tasks/storage/storage.ts'
import { task } from '../../lib/tasks/task.ts'
import type { Task, TaskContext, TaskMetadata } from '../../lib/tasks/types.ts'
import { gate, setEnvironment, temporaryFolder, until } from './support.ts'

/** A task that counts its runs, with a storage of its own. */
function setUp(metadata: TaskMetadata = { cache: true, cacheVersion: '1' }) {
  const storage = temporaryFolder()
  const runs: number[] = []
  const double = task(
    async function double(n: number, _verbose?: boolean) {
      runs.push(n)
      return n * 2
    },
    { name: 'double', storage, ...metadata },
  )
  return { storage, runs, double }
}

const resultFolders = (storage: string) => readdirSync(storage).filter(name => !name.startsWith('.'))

describe('a cached task', () => {
  test('runs once for the same inputs, also under another identity', async () => {
    const { storage, runs, double } = setUp()
    expect(await double(2)).toBe(4)
    expect(await double(2)).toBe(4)
    expect(await double(3)).toBe(6)
    const again = task(async (n: number) => n * 100, {
      name: 'double',
      params: ['n'],
      cache: true,
      cacheVersion: '1',
      storage,
    })
    expect(await again(2)).toBe(4)
    expect(runs).toEqual([2, 3])
  })

  test('keeps what functions return: also nothing, and what sync ones do', async () => {
    const storage = temporaryFolder()
    let runs = 0
    const nothing = task(() => void runs++, { name: 'nothing', cache: true, cacheVersion: '1', storage })
    expect(await nothing()).toBeUndefined()
    expect(await nothing()).toBeUndefined()
    expect(runs).toBe(1)
  })

  test('does not keep errors', async () => {
    const storage = temporaryFolder()
    let runs = 0
    const failing = task(
      () => {
        runs += 1
        if (runs === 1) throw new Error('first')
        return runs
      },
      { name: 'failing', cache: true, cacheVersion: '1', storage },
    )
    await expect(failing()).rejects.toThrow('first')
    expect(await failing.isCached()).toBe(false)
    expect(await failing()).toBe(2)
  })

  test('has other results for another version, and shares none with a task of another name', async () => {
    const { storage, runs, double } = setUp()
    await double(2)
    const make = (name: string, cacheVersion: string) =>
      task(async (n: number) => runs.push(n), { name, params: ['n'], cache: true, cacheVersion, storage })
    await make('double', '2')(2)
    await make('doubled', '1')(2)
    await make('double/', '1')(2)
    expect(runs).toHaveLength(4)
  })

  test('leaves out the inputs that are to be ignored, and does not write them down', async () => {
    const { storage, runs, double } = setUp({ cache: true, cacheVersion: '1', cacheIgnoreInputVars: ['_verbose'] })
    await double(2, true)
    await double(2, false)
    expect(runs).toEqual([2])
    const [folder] = resultFolders(storage)
    expect(JSON.parse(readFileSync(join(storage, folder!, 'metadata.json'), 'utf8')).inputs).toEqual({ n: 2 })
  })

  test('hides ignored inputs from its policy, to which the version is added', async () => {
    const storage = temporaryFolder()
    const seen: unknown[] = []
    const policy = CachePolicy.fromCacheKeyFn((_, inputs) => {
      seen.push(inputs)
      return 'key'
    })
    const make = (cacheVersion: string) =>
      task(async (_a: number, _secret: string) => seen.length, {
        name: 't',
        policy,
        cacheVersion,
        cacheIgnoreInputVars: ['_secret'],
        storage,
      })
    expect(await make('1')(1, 'x')).toBe(1)
    expect(await make('1')(2, 'y')).toBe(1)
    expect(await make('2')(2, 'y')).toBe(3)
    expect(seen[0]).toEqual({ _a: 1 })
  })

  test('does not write down what a policy leaves out', async () => {
    const { storage, double } = setUp({ policy: INPUTS.minus('_verbose').plus(TASK_SOURCE) })
    await double(2, true)
    const text = readFileSync(join(storage, resultFolders(storage)[0]!, 'metadata.json'), 'utf8')
    expect(text).not.toContain('_verbose')
  })

  test('writes down what it has done', async () => {
    const { storage, double } = setUp({
      cache: true,
      cacheVersion: '1',
      lifetime: { hours: 1 },
      resultCache: new JSONCache(),
    })
    const before = Date.now()
    await double(2, true)
    const [folder] = resultFolders(storage)
    expect(folder).toMatch(/^json__double__[0-9a-f]{64}$/)
    expect(readFileSync(join(storage, folder!, 'data.json'), 'utf8')).toBe('4')
    const record = JSON.parse(readFileSync(join(storage, folder!, 'metadata.json'), 'utf8'))
    expect(record).toMatchObject({ key: folder, task: 'double', inputs: { n: 2, _verbose: true } })
    expect(Date.parse(record.startedAt)).toBeGreaterThanOrEqual(before)
    expect(record.duration).toBeGreaterThanOrEqual(0)
    expect(Date.parse(record.expiresAt) - Date.parse(record.startedAt)).toBeGreaterThanOrEqual(3_600_000)
  })

  test('computes a damaged result again, and mends it', async () => {
    const { storage, runs, double } = setUp()
    await double(2)
    const [folder] = resultFolders(storage)
    for (const name of readdirSync(join(storage, folder!))) {
      writeFileSync(join(storage, folder!, name), 'spoilt')
      expect(await double(2)).toBe(4)
      expect(await double(2)).toBe(4)
    }
    rmSync(join(storage, folder!), { recursive: true })
    expect(await double(2)).toBe(4)
    expect(runs).toEqual([2, 2, 2, 2])
  })

  test('gives what the function was given when a result cannot be stored', async () => {
    const storage = temporaryFolder()
    const bad = task(() => ({ callback: () => {} }), { name: 'bad', cache: true, cacheVersion: '1', storage })
    await expect(bad()).rejects.toThrow(UnserializableError)
    expect(resultFolders(storage)).toEqual([])
  })

  test('names the input that cannot be in a key', async () => {
    const { double } = setUp()
    const error = await double(2, (() => {}) as never).catch(reason => reason)
    expect(error).toBeInstanceOf(UnserializableError)
    expect(error.message).toMatch(/"_verbose".*minus\("_verbose"\).*cacheIgnoreInputVars/)
  })

  test('makes the key before the function has a chance to change its arguments', async () => {
    const storage = temporaryFolder()
    let runs = 0
    const sorted = task(
      async (list: number[]) => {
        runs += 1
        return list.sort()
      },
      { name: 'sorted', cache: true, cacheVersion: '1', storage },
    )
    expect(await sorted([2, 1])).toEqual([1, 2])
    expect(await sorted([2, 1])).toEqual([1, 2])
    expect(runs).toBe(1)
  })

  test('counts a marked input by its hash, and gives the function the value', async () => {
    const storage = temporaryFolder()
    const seen: unknown[] = []
    const train = task(
      async (table: { rows: number[] }, options?: { names: string[] }) => {
        seen.push(table, options)
        return table.rows.length
      },
      { name: 'train', cache: true, cacheVersion: '1', storage },
    )
    const table = { rows: [1, 2, 3] }
    expect(await train(hashed(table, 'v1'))).toBe(3)
    expect(await train(hashed({ rows: [] }, 'v1'))).toBe(3)
    expect(await train(hashed({ rows: [] }, 'v2'))).toBe(0)
    expect(seen[0]).toBe(table)
    await train(table, { names: [hashed('x'.repeat(100), 'name')] })
    expect(seen.at(-1)).toEqual({ names: ['x'.repeat(100)] })
    const text = resultFolders(storage).map(folder => readFileSync(join(storage, folder, 'metadata.json'), 'utf8'))
    expect(text.join()).toContain('"hash": "v1"')
  })

  test('sees and gives no marks of hashed(), in instances of classes neither', async () => {
    class Table {
      readonly rows: readonly number[]
      constructor(rows: readonly number[]) {
        this.rows = rows
      }
    }
    const copy = task((table: Table) => ({ table, rows: hashed([...table.rows], 'result') }), {
      name: 'copy',
      cache: true,
      cacheVersion: '1',
      storage: temporaryFolder(),
    })
    const first = await copy(new Table(hashed([1, 2], 'v1')))
    expect(first.table).toBeInstanceOf(Table)
    expect(first).toEqual({ table: { rows: [1, 2] }, rows: [1, 2] })
    expect(await copy(new Table(hashed([3], 'v1')))).toEqual(first)
    expect((await copy(new Table(hashed([3], 'v2')))).rows).toEqual([3])
  })

  test('without a key runs each time', async () => {
    for (const policy of [NO_CACHE, CachePolicy.fromCacheKeyFn(() => undefined)]) {
      const { storage, runs, double } = setUp({ policy })
      await double(2)
      await double(2)
      expect(runs).toEqual([2, 2])
      expect(await double.isCached(2)).toBe(false)
      expect(await double.forget(2)).toBe(false)
      expect(resultFolders(storage)).toEqual([])
    }
  })

  test('fails when its policy does', async () => {
    const { runs, double } = setUp({ policy: INPUTS.plus(CachePolicy.fromCacheKeyFn(() => 5 as never)) })
    await expect(double(2)).rejects.toThrow(TypeError)
    expect(runs).toEqual([])
  })

  test('takes account of files', async () => {
    const cwd = temporaryFolder()
    const { runs, double } = setUp({ policy: INPUTS.plus(FILES('*.csv', { cwd })) })
    writeFileSync(join(cwd, 'a.csv'), '1')
    await double(2)
    await double(2)
    writeFileSync(join(cwd, 'a.csv'), '2')
    await double(2)
    expect(runs).toEqual([2, 2])
  })

  test('with the policy DEFAULT and without a flow runs each time', async () => {
    const { runs, double } = setUp({ policy: DEFAULT })
    await double(2)
    await double(2)
    expect(runs).toEqual([2, 2])
  })

  test('with a NullCache runs each time', async () => {
    const { storage, runs, double } = setUp({ cache: true, cacheVersion: '1', resultCache: new NullCache() })
    await double(2)
    await double(2)
    expect(runs).toEqual([2, 2])
    expect(resultFolders(storage)).toEqual([])
  })
})

describe('caching', () => {
  test('is off without cache or policy, and with cache: false', async () => {
    for (const metadata of [{}, { cache: false, policy: INPUTS }, { cacheVersion: '1' }]) {
      const { runs, double } = setUp(metadata)
      await double(2)
      await double(2)
      expect(runs).toEqual([2, 2])
      expect(await double.isCached(2)).toBe(false)
    }
  })

  test('is on when a policy is given', async () => {
    const { runs, double } = setUp({ policy: INPUTS })
    await double(2)
    await double(2)
    expect(runs).toEqual([2])
  })

  test('is switched off by BUCKETCACHE_TASKS=off, and looked around by =refresh', async () => {
    const { storage, runs, double } = setUp()
    setEnvironment('BUCKETCACHE_TASKS', 'off')
    await double(2)
    expect(resultFolders(storage)).toEqual([])
    setEnvironment('BUCKETCACHE_TASKS', 'refresh')
    await double(2)
    await double(2)
    expect(await double.isCached(2)).toBe(false)
    expect(runs).toEqual([2, 2, 2])
    setEnvironment('BUCKETCACHE_TASKS', '')
    expect(await double.isCached(2)).toBe(true)
    await double(2)
    setEnvironment('BUCKETCACHE_TASKS', undefined)
    await double(2)
    expect(runs).toHaveLength(3)
  })

  test('complains about another value of BUCKETCACHE_TASKS', async () => {
    const { double } = setUp()
    setEnvironment('BUCKETCACHE_TASKS', 'of')
    await expect(double(2)).rejects.toThrow(/BUCKETCACHE_TASKS.*"of"/)
  })

  test('keeps results in BUCKETCACHE_TASKS_DIR when nothing else is said', async () => {
    const folder = temporaryFolder()
    setEnvironment('BUCKETCACHE_TASKS_DIR', folder)
    await task(() => 1, { name: 'one', cache: true, cacheVersion: '1' })()
    expect(resultFolders(folder)).toHaveLength(1)
  })

  test('keeps results with the nearest package when the environment says nothing', async () => {
    const root = temporaryFolder()
    writeFileSync(join(root, 'package.json'), '{}')
    setEnvironment('BUCKETCACHE_TASKS_DIR', undefined)
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(join(root, 'src/deep'))
    onTestFinished(() => cwd.mockRestore())
    await task(() => 1, { name: 'one', cache: true, cacheVersion: '1' })()
    expect(resultFolders(join(root, 'node_modules/.cache/bucketcache-tasks'))).toHaveLength(1)
  })

  test('takes a storage of one’s own', async () => {
    const { runs, double } = setUp({ cache: true, cacheVersion: '1', storage: new LocalStorage(temporaryFolder()) })
    await double(2)
    await double(2)
    expect(runs).toEqual([2])
  })

  test('passes on what the storage throws', async () => {
    class Broken extends Storage {
      async findKeys(): Promise<never> {
        throw new Error('broken')
      }
      exists = this.findKeys
      delete = this.findKeys
      fileHandle = this.findKeys as never
    }
    const { double } = setUp({ cache: true, cacheVersion: '1', storage: new Broken() })
    await expect(double(2)).rejects.toThrow('broken')
  })
})

describe('isCached(), forget(), refresh()', () => {
  test('look, remove and renew, without running what need not be run', async () => {
    const { runs, double } = setUp()
    expect(await double.isCached(2)).toBe(false)
    expect(await double.forget(2)).toBe(false)
    await double(2)
    expect(await double.isCached(2)).toBe(true)
    expect(await double.isCached(3)).toBe(false)
    expect(await double.forget(2)).toBe(true)
    expect(await double.isCached(2)).toBe(false)
    expect(runs).toEqual([2])
    expect(await double.refresh(2)).toBe(4)
    expect(await double.refresh(2)).toBe(4)
    expect(await double(2)).toBe(4)
    expect(runs).toEqual([2, 2, 2])
  })

  test('refresh() replaces the result', async () => {
    const storage = temporaryFolder()
    let n = 0
    const next = task(() => ++n, { name: 'next', cache: true, cacheVersion: '1', storage })
    expect([await next(), await next(), await next.refresh(), await next()]).toEqual([1, 1, 2, 2])
    expect(resultFolders(storage)).toHaveLength(1)
  })
})

describe('lifetime', () => {
  const at = (ms: number) => vi.setSystemTime(ms)
  const start = Date.parse('2024-01-01')
  const useClock = () => {
    vi.useFakeTimers({ toFake: ['Date'], now: start })
    onTestFinished(() => void vi.useRealTimers())
  }

  test('is how long a result is used', async () => {
    useClock()
    const { runs, double } = setUp({ cache: true, cacheVersion: '1', lifetime: { minutes: 1 } })
    await double(2)
    at(start + 59_000)
    expect(await double.isCached(2)).toBe(true)
    await double(2)
    at(start + 61_000)
    expect(await double.isCached(2)).toBe(false)
    await double(2)
    expect(runs).toEqual([2, 2])
  })

  test('made shorter holds for results that are there, made longer does not revive them', async () => {
    useClock()
    const { storage, double } = setUp({ cache: true, cacheVersion: '1', lifetime: { hours: 1 } })
    await double(2)
    const withLifetime = (lifetime?: number) =>
      task(async (n: number) => n, {
        name: 'double',
        params: ['n'],
        cache: true,
        cacheVersion: '1',
        storage,
        ...(lifetime && { lifetime }),
      })
    at(start + 600_000)
    expect(await withLifetime(300_000).isCached(2)).toBe(false)
    expect(await withLifetime(900_000).isCached(2)).toBe(true)
    at(start + 3_700_000)
    expect(await withLifetime().isCached(2)).toBe(false)
  })

  test('may be endless', async () => {
    const { double } = setUp({ cache: true, cacheVersion: '1', lifetime: Infinity })
    await double(2)
    expect(await double.isCached(2)).toBe(true)
  })
})

describe('key storage', () => {
  test('keeps the record of a key apart from the result, and both are needed', async () => {
    const keyStorage = temporaryFolder()
    const { storage, runs, double } = setUp({ policy: INPUTS.configure({ keyStorage }) })
    await double(2)
    await double(2)
    expect(runs).toEqual([2])
    expect(resultFolders(keyStorage)).toEqual(resultFolders(storage))
    rmSync(join(keyStorage, resultFolders(keyStorage)[0]!), { recursive: true })
    expect(await double.isCached(2)).toBe(false)
    await double(2)
    rmSync(join(storage, resultFolders(storage)[0]!), { recursive: true })
    await double(2)
    expect(runs).toEqual([2, 2, 2])
    expect(await double.forget(2)).toBe(true)
    expect(resultFolders(keyStorage)).toEqual([])
  })
})

describe('isolation', () => {
  const slowly = (storage: string, policy: CachePolicy) => {
    const { opened, open } = gate()
    const state = { runs: 0, inside: 0, most: 0 }
    const slow = task(
      async (_n: number) => {
        state.runs += 1
        state.most = Math.max(state.most, ++state.inside)
        await opened
        state.inside -= 1
        return state.runs
      },
      { name: 'slow', policy, storage },
    )
    return { state, open, slow }
  }

  test('SERIALIZABLE lets one of identical calls run, and the others read its result', async () => {
    const { state, open, slow } = slowly(temporaryFolder(), INPUTS.configure({ isolationLevel: 'SERIALIZABLE' }))
    const calls = Promise.all([slow(1), slow(1), slow(1)])
    const other = slow(2)
    await until(() => state.runs === 2)
    open()
    expect(await calls).toEqual([2, 2, 2])
    await other
    expect(state.runs).toBe(2)
  })

  test('READ_COMMITTED does not make them wait', async () => {
    const { state, open, slow } = slowly(temporaryFolder(), INPUTS.configure({ isolationLevel: 'READ_COMMITTED' }))
    const calls = Promise.all([slow(1), slow(1)])
    await until(() => state.inside === 2)
    open()
    await calls
    expect(state.runs).toBe(2)
  })

  test('takes the lock of the policy around look-up and run', async () => {
    const lockManager = new MemoryLockManager()
    const policy = INPUTS.configure({ lockManager, isolationLevel: 'SERIALIZABLE' })
    const { slow, open } = slowly(temporaryFolder(), policy)
    const keys: string[] = []
    const acquire = vi.spyOn(lockManager, 'acquire').mockImplementation(async key => {
      keys.push(key)
      return async () => void keys.push(`released`)
    })
    open()
    await slow(1)
    await slow(1)
    expect(acquire).toHaveBeenCalledTimes(2)
    expect(keys).toEqual([keys[0], 'released', keys[0], 'released'])
  })

  test('keeps its lock files beside a LocalStorage', async () => {
    const storage = temporaryFolder()
    const { slow, state, open } = slowly(storage, INPUTS.configure({ isolationLevel: 'SERIALIZABLE' }))
    const call = slow(1)
    await until(() => state.inside === 1)
    expect(readdirSync(join(storage, '.locks'))).toHaveLength(1)
    open()
    await call
    expect(readdirSync(join(storage, '.locks'))).toHaveLength(0)
    expect(await new LocalStorage(storage).findKeys()).toHaveLength(1)
  })

  test('releases the lock when the run fails', async () => {
    const storage = temporaryFolder()
    const policy = INPUTS.configure({ isolationLevel: 'SERIALIZABLE' })
    const failing = task(
      () => {
        throw new Error('no')
      },
      { name: 'failing', policy, storage },
    )
    await expect(failing()).rejects.toThrow('no')
    await expect(failing()).rejects.toThrow('no')
  })

  test('tells a task that calls itself with the same inputs, without waiting for the lock', async () => {
    const lockManager = new MemoryLockManager()
    const policy = INPUTS.configure({ lockManager, isolationLevel: 'SERIALIZABLE' })
    const recursive: (n: number) => Promise<number> = task(
      async (n: number) => (n > 3 ? n : recursive(n === 2 ? 2 : n + 1)),
      { name: 'recursive', params: ['n'], policy, storage: temporaryFolder() },
    )
    expect(await recursive(3)).toBe(4)
    const acquire = vi.spyOn(lockManager, 'acquire')
    await expect(recursive(1)).rejects.toThrow(DeadlockError)
    // For 1 and for 2, and not for 2 again.
    expect(acquire).toHaveBeenCalledTimes(2)
  })

  test('lets a task call itself that did not wait for the first call', async () => {
    const policy = INPUTS.configure({ isolationLevel: 'SERIALIZABLE' })
    const { opened, open } = gate()
    let later: Promise<unknown> = Promise.resolve()
    let runs = 0
    const again: Task<() => Promise<number>> = task(
      async () => {
        if (runs === 0) later = opened.then(() => again.refresh())
        return ++runs
      },
      { name: 'again', policy, storage: temporaryFolder() },
    )
    expect(await again()).toBe(1)
    open()
    expect(await later).toBe(2)
  })

  test('works in process for a storage that is no folder', async () => {
    class Memory extends LocalStorage {}
    class Wrapped extends Storage {
      readonly #inner = new Memory(temporaryFolder())
      findKeys = () => this.#inner.findKeys()
      exists = (key: string) => this.#inner.exists(key)
      delete = (key: string) => this.#inner.delete(key)
      fileHandle = ((...args: [string, string, 'w']) => this.#inner.fileHandle(...args)) as never
    }
    let runs = 0
    const once = task(async () => ++runs, {
      name: 'once',
      cache: true,
      cacheVersion: '1',
      cacheSerialize: true,
      storage: new Wrapped(),
    })
    expect(await Promise.all([once(), once(), once()])).toEqual([1, 1, 1])
  })

  test('cacheSerialize does the same, and does not wait where the result is there', async () => {
    const { runs, double } = setUp({ cache: true, cacheVersion: '1', cacheSerialize: true })
    expect(await Promise.all([double(1), double(1), double(1)])).toEqual([2, 2, 2])
    expect(runs).toEqual([1])
  })
})

describe('currentTask()', () => {
  test('is the context of the running task, and of no other', async () => {
    const contexts: (TaskContext | undefined)[] = []
    const inner = task(async function inner() {
      contexts.push(currentTask())
    })
    const outer = task(async function outer() {
      await inner()
      contexts.push(currentTask())
    })
    expect(currentTask()).toBeUndefined()
    await outer()
    expect(currentTask()).toBeUndefined()
    expect(contexts.map(context => context?.task)).toEqual([inner, outer])
    const [first, second] = contexts
    expect(first).toMatchObject({ attempt: 1, task: inner })
    expect(first?.signal.aborted).toBe(false)
    expect(first?.taskRunId).not.toBe(second?.taskRunId)
    expect(first && 'flowRunId' in first).toBe(false)
  })
})

describe('task()', () => {
  test('gives a function with the looks of the original', async () => {
    const fn = async function adds(this: { base: number }, n: number) {
      return this.base + n
    }
    const metadata = { name: 'adds' }
    const adds = task(fn, metadata)
    expect(adds.original).toBe(fn)
    expect(adds.name).toBe('adds')
    expect(adds.length).toBe(1)
    expect(adds.metadata).toEqual(metadata)
    expect(adds.metadata).not.toBe(metadata)
    expect(Object.isFrozen(adds.metadata)).toBe(true)
    expect(await adds.call({ base: 1 }, 2)).toBe(3)
    expect(Object.keys(adds)).toEqual([])
  })

  test('names a task by its module and function', () => {
    const named = task(function named() {})
    expect(named.name).toBe('bucketcache/spec/tasks/task.spec.ts:named')
  })

  test('gives a promise, whatever happens', async () => {
    const sync = task(() => {
      throw new Error('sync')
    })
    await expect(sync()).rejects.toThrow('sync')
    const getter = task(({ a }: { a: number }) => a)
    const nasty = {
      get a(): number {
        throw new Error('getter')
      },
    }
    await expect(getter(nasty)).rejects.toThrow('getter')
  })

  test('warns once of what is deprecated', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const old = task(() => 1, { name: 'old', deprecated: 'use young()' })
    expect(warn).not.toHaveBeenCalled()
    await Promise.all([old(), old()])
    await old.refresh()
    expect(warn).toHaveBeenCalledExactlyOnceWith('The task old is deprecated: use young()', 'DeprecationWarning')
  })

  const named = async (a: number, _b?: number) => a
  test.each<[string, TaskMetadata]>([
    ['cache: true without version or policy', { name: 'x', cache: true }],
    ['cacheSerialize without caching', { cacheSerialize: true }],
    ['cacheSerialize with cache: false', { cacheSerialize: true, cache: false, policy: INPUTS }],
    ['cacheIgnoreInputVars without caching', { cacheIgnoreInputVars: ['a'] }],
    ['an unknown name in cacheIgnoreInputVars', { policy: INPUTS, cacheIgnoreInputVars: ['c'] }],
    ['an unknown field', { retry: 1 } as never],
    ['a name that is none', { name: '' }],
    ['a version that is no text', { cache: true, cacheVersion: 1 as never }],
    ['params that are no texts', { params: [1] as never }],
    ['a policy that is none', { policy: 'INPUTS' as never }],
    ['a result cache that is none', { resultCache: 'v8' as never }],
    ['a storage that is none', { storage: 5 as never }],
    ['a flag that is none', { cache: 'yes' as never }],
    ['an interruptible that is none', { interruptible: 1 as never }],
    ['a lifetime that is none', { lifetime: '1h' as never }],
    ['retries that are no number', { retries: '3' as never }],
    ['an empty list of delays', { retryDelay: [] }],
    ['a retryIf that is no function', { retryIf: true as never }],
    ['a deprecated that is no text', { deprecated: true as never }],
  ])('refuses %s', (_, metadata) => {
    expect(() => task(named, metadata)).toThrow(TypeError)
  })

  test.each<TaskMetadata>([
    { lifetime: 0 },
    { lifetime: -1 },
    { timeout: 0 },
    { timeout: -1 },
    { retries: -1 },
    { retries: 1.5 },
    { retryDelay: -1 },
    { retryDelay: [1, -1] },
  ])('takes %o for out of range', metadata => {
    expect(() => task(named, metadata)).toThrow(RangeError)
  })

  test('refuses a cached task without a name', () => {
    expect(() => task(async (a: number) => a, { policy: INPUTS })).toThrow(/name/)
    expect(() => task(async (a: number) => a, { cache: true, cacheVersion: '1' })).toThrow(TypeError)
    task(async (a: number) => a)
  })

  test('knows the inputs to ignore only where it knows their names', () => {
    const { max } = Math
    expect(() => task(max, { policy: INPUTS, cacheIgnoreInputVars: ['a'] })).toThrow(/params/)
    task(max, { policy: INPUTS, cacheIgnoreInputVars: ['a'], params: ['a', 'b'] })
    task(({ a, ...others }: Record<string, number>) => [a, others], {
      name: 'x',
      policy: INPUTS,
      cacheIgnoreInputVars: ['anything'],
    })
  })

  test.each([undefined, null, {}, 'f'])('of %o is a TypeError', fn => {
    expect(() => task(fn as never)).toThrow(TypeError)
  })
})
