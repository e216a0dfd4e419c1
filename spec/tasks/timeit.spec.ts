import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import { timeit } from '../../lib/tasks/timeit.ts'
import { gate } from './support.ts'

function listen(): any[] {
  const events: unknown[] = []
  const listener = (event: unknown) => void events.push(event)
  subscribe('bucketcache:timeit', listener)
  onTestFinished(() => void unsubscribe('bucketcache:timeit', listener))
  return events
}

test('timeit() reports each call', () => {
  const events = listen()
  const before = Date.now()
  const add = timeit('add', (a: number, b: number) => a + b)
  expect(add(1, 2)).toBe(3)
  expect(add(1, 3)).toBe(4)
  expect(events).toHaveLength(2)
  expect(events[0]).toEqual({ name: 'add', startedAt: expect.any(Date), duration: expect.any(Number) })
  expect(events[0].startedAt.getTime()).toBeGreaterThanOrEqual(before)
  expect(events[0].duration).toBeGreaterThanOrEqual(0)
})

test('timeit() waits for a promise', async () => {
  const events = listen()
  const { opened, open } = gate()
  const promise = opened.then(() => 'done')
  const result = timeit('slow', () => promise)()
  expect(result).toBe(promise)
  await new Promise(resolve => setImmediate(resolve))
  expect(events).toEqual([])
  open()
  expect(await result).toBe('done')
  expect(events).toHaveLength(1)
})

test('timeit() reports errors, and passes them on', async () => {
  const events = listen()
  const error = new Error('no')
  const throws = timeit('throws', () => {
    throw error
  })
  expect(throws).toThrow(error)
  await expect(timeit('rejects', () => Promise.reject(error))()).rejects.toBe(error)
  expect(events).toMatchObject([
    { name: 'throws', error },
    { name: 'rejects', error },
  ])
})

test('timeit() leaves the function as it is', () => {
  const counter = {
    n: 1,
    add: timeit('add', function add(this: { n: number }, m: number): number {
      return this.n + m
    }),
  }
  expect(counter.add(2)).toBe(3)
  expect([counter.add.name, counter.add.length]).toEqual(['add', 1])
})

test.each<[unknown, unknown]>([
  ['', () => 1],
  [1, () => 1],
  ['x', 'x'],
])('timeit(%o, %o) is a TypeError', (name, fn) => {
  expect(() => timeit(name as never, fn as never)).toThrow(TypeError)
})
