import { describe, expect, test } from 'vitest'
import { currentTask } from '../../lib/tasks/context.ts'
import { flow } from '../../lib/tasks/flow.ts'
import { INPUTS } from '../../lib/tasks/policies/inputs.ts'
import { DEFAULT, FLOW_PARAMETERS } from '../../lib/tasks/policies/run.ts'
import { task } from '../../lib/tasks/task.ts'
import { temporaryFolder } from './support.ts'

const contextOf = task(async function contextOf() {
  const { flowRunId, flowParameters } = currentTask()!
  return { flowRunId, flowParameters }
})

describe('a flow', () => {
  test('gives id and parameters to the tasks inside, however deep', async () => {
    const deep = task(async () => contextOf())
    const nightly = flow(async function nightly(_day: string, { full = false } = {}) {
      await new Promise(resolve => setImmediate(resolve))
      return [await contextOf(), await deep(), full]
    })
    const [first, second] = (await nightly('monday', { full: true })) as Awaited<ReturnType<typeof contextOf>>[]
    expect(first?.flowParameters).toEqual({ _day: 'monday', 1: { full: true } })
    expect(first?.flowRunId).toMatch(/^[0-9a-f-]{36}$/)
    expect(second).toEqual(first)
    const [again] = (await nightly('monday')) as Awaited<ReturnType<typeof contextOf>>[]
    expect(again?.flowRunId).not.toBe(first?.flowRunId)
  })

  test('within a flow has an id and parameters of its own', async () => {
    const inner = flow(async (_b: number) => contextOf())
    const outer = flow(async (_a: number) => [await contextOf(), await inner(2), await contextOf()])
    const [before, inside, after] = await outer(1)
    expect(inside?.flowRunId).not.toBe(before?.flowRunId)
    expect(inside?.flowParameters).toEqual({ _b: 2 })
    expect(after).toEqual(before)
  })

  test('ends with its call', async () => {
    await flow(async () => contextOf())()
    expect(await contextOf()).toEqual({ flowRunId: undefined, flowParameters: undefined })
  })

  test('runs of it side by side are kept apart', async () => {
    const nightly = flow(async (_n: number) => contextOf())
    const all = await Promise.all([1, 2, 3].map(n => nightly(n)))
    expect(all.map(({ flowParameters }) => flowParameters)).toEqual([{ _n: 1 }, { _n: 2 }, { _n: 3 }])
    expect(new Set(all.map(({ flowRunId }) => flowRunId)).size).toBe(3)
  })

  test('calls the function as it is', () => {
    const counter = {
      base: 1,
      add: flow(function add(this: { base: number }, n: number) {
        return this.base + n
      }),
    }
    expect(counter.add(2)).toBe(3)
    expect(counter.add.name).toBe('add')
    expect(counter.add.length).toBe(1)
    expect(flow(() => 1, { name: 'one' }).name).toBe('one')
    expect(() =>
      flow(() => {
        throw new Error('thrown at once')
      })(),
    ).toThrow('thrown at once')
  })

  test('takes names of parameters', async () => {
    const minified = flow(async (..._: unknown[]) => contextOf(), { params: ['days'] })
    expect((await minified(1, 2)).flowParameters).toEqual({ days: [1, 2] })
  })

  test.each([
    [undefined, {}],
    ['f', {}],
    [() => 1, { name: '' }],
    [() => 1, { name: 1 }],
    [() => 1, { params: 'a' }],
    [() => 1, { param: ['a'] }],
  ])('flow(%o, %o) is a TypeError', (fn, options) => {
    expect(() => flow(fn as never, options as never)).toThrow(TypeError)
  })
})

test('DEFAULT caches within a run of a flow, and not across', async () => {
  let runs = 0
  const load = task(async (_n: number) => ++runs, { name: 'load', policy: DEFAULT, storage: temporaryFolder() })
  const nightly = flow(async () => [await load(1), await load(1), await load(2), await load.isCached(1)])
  expect(await nightly()).toEqual([1, 1, 2, true])
  expect(await nightly()).toEqual([3, 3, 4, true])
})

test('FLOW_PARAMETERS tells runs with different parameters apart', async () => {
  let runs = 0
  const load = task(async () => ++runs, {
    name: 'load',
    policy: INPUTS.plus(FLOW_PARAMETERS),
    storage: temporaryFolder(),
  })
  const nightly = flow(async (_day: string) => load())
  expect([await nightly('mon'), await nightly('mon'), await nightly('tue'), await load(), await load()]).toEqual([
    1, 1, 2, 3, 3,
  ])
})
