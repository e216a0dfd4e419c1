import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { UnserializableError } from '../../lib/errors.ts'
import { hashed } from '../../lib/tasks/hashed.ts'
import { LocalTaskCache } from '../../lib/tasks/local-task-cache.ts'
import { LocalStorage } from '../../lib/tasks/storage/local.ts'
import { task } from '../../lib/tasks/task.ts'
import { setEnvironment, temporaryFolder } from './support.ts'

function open(directory?: string): LocalTaskCache {
  const cache = new LocalTaskCache(directory)
  onTestFinished(() => cache.close())
  return cache
}

describe('LocalTaskCache', () => {
  test('keeps results by name, version and inputs', () => {
    const cache = open(temporaryFolder())
    expect(cache.get('t1', '1.0', { n: 1 })).toBeUndefined()
    expect(cache.has('t1', '1.0', { n: 1 })).toBe(false)
    cache.set('t1', '1.0', { n: 1, o: { b: 2, a: 1 } }, [], new Map([[1, 2n]]))
    expect(cache.get('t1', '1.0', { o: { a: 1, b: 2 }, n: 1 })).toEqual(new Map([[1, 2n]]))
    expect(cache.has('t1', '1.1', { n: 1, o: { b: 2, a: 1 } })).toBe(false)
    expect(cache.has('t2', '1.0', { n: 1, o: { b: 2, a: 1 } })).toBe(false)
    expect(cache.has('t1', '1.0', { n: 1 })).toBe(false)
    cache.set('t1', '1.0', { n: 1, o: { b: 2, a: 1 } }, [], 'changed')
    expect(cache.get('t1', '1.0', { n: 1, o: { b: 2, a: 1 } })).toBe('changed')
  })

  test('does not join name and version', () => {
    const cache = open(temporaryFolder())
    cache.set('a-b', 'c', {}, [], 1)
    expect(cache.has('a', 'b-c', {})).toBe(false)
  })

  test('leaves out inputs that are to be ignored', () => {
    const cache = open(temporaryFolder())
    cache.set('t1', '1', { n: 1, client: () => {} }, ['client'], 'result')
    expect(cache.get('t1', '1', { n: 1, client: 5 }, ['client'])).toBe('result')
    expect(cache.get('t1', '1', { n: 1 })).toBe('result')
    expect(cache.has('t1', '1', { n: 2, client: 5 }, ['client'])).toBe(false)
  })

  test('takes a marked input by its hash, in collections and maps too', () => {
    const cache = open(temporaryFolder())
    cache.set('t1', '1', { list: [hashed({ rows: [1] }, 'v1')], map: { a: hashed(1, 'v1') } }, [], 'result')
    expect(cache.get('t1', '1', { list: [hashed(0, 'v1')], map: { a: hashed({}, 'v1') } })).toBe('result')
    expect(cache.has('t1', '1', { list: [hashed(0, 'v2')], map: { a: hashed({}, 'v1') } })).toBe(false)
    cache.set('t1', '2', {}, [], { rows: hashed([1, 2], 'v') })
    expect(cache.get('t1', '2', {})).toEqual({ rows: [1, 2] })
  })

  test('tells undefined from nothing', () => {
    const cache = open(temporaryFolder())
    cache.set('t1', '1', {}, [], undefined)
    expect(cache.has('t1', '1', {})).toBe(true)
    expect(cache.get('t1', '1', {})).toBeUndefined()
  })

  test('is emptied by clear(), and nothing else of the folder is', () => {
    const folder = temporaryFolder()
    const cache = open(folder)
    writeFileSync(join(folder, 'mine'), '')
    cache.set('t1', '1', {}, [], 1)
    cache.clear()
    expect(cache.has('t1', '1', {})).toBe(false)
    expect(existsSync(join(folder, 'mine'))).toBe(true)
  })

  test('is seen by another that is open', () => {
    const folder = temporaryFolder()
    open(folder).set('t1', '1', {}, [], 1)
    expect(open(folder).get('t1', '1', {})).toBe(1)
  })

  test('has a folder of its own beside the results of tasks', async () => {
    const folder = temporaryFolder()
    setEnvironment('BUCKETCACHE_TASKS_DIR', folder)
    open().set('t1', '1', {}, [], 1)
    await task(() => 1, { name: 't1', cache: true, cacheVersion: '1' })()
    expect(open().get('t1', '1', {})).toBe(1)
    expect(await new LocalStorage(folder).findKeys()).toHaveLength(1)
  })

  test('is with the nearest package by default', () => {
    const root = temporaryFolder()
    writeFileSync(join(root, 'package.json'), '{}')
    setEnvironment('BUCKETCACHE_TASKS_DIR', undefined)
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(join(root, 'src'))
    onTestFinished(() => cwd.mockRestore())
    open().set('t1', '1', {}, [], 1)
    expect(existsSync(join(root, 'node_modules/.cache/bucketcache-tasks'))).toBe(true)
  })

  test('refuses what cannot be in a key, or be kept', () => {
    const cache = open(temporaryFolder())
    expect(() => cache.has('t1', '1', { f: () => {} })).toThrow(UnserializableError)
    expect(() => cache.set('t1', '1', {}, [], () => {})).toThrow(UnserializableError)
  })

  test.each<[unknown, unknown, unknown, unknown]>([
    ['', '1', {}, []],
    [1, '1', {}, []],
    ['t1', 1, {}, []],
    ['t1', '1', null, []],
    ['t1', '1', [1], []],
    ['t1', '1', {}, 'n'],
  ])('takes (%j, %j, %j, %j) for misuse', (name, version, inputs, ignore) => {
    const cache = open(temporaryFolder())
    expect(() => cache.get(name as never, version as never, inputs as never, ignore as never)).toThrow(TypeError)
  })

  test('takes another directory than a text for misuse', () => {
    expect(() => new LocalTaskCache(5 as never)).toThrow(TypeError)
  })
})
