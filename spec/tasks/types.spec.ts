// What the compiler knows of tasks. Nothing of this runs for long; the types are checked by `tsc -p spec/tsconfig.json`.

import { expectTypeOf, test } from 'vitest'
import {
  type CachePolicy,
  currentTask,
  flow,
  hashed,
  INPUTS,
  type Inputs,
  Lab,
  type StoredTask,
  type Task,
  type TaskContext,
  task,
  timeit,
} from '../../lib/tasks/index.ts'

const train = task(async (rate: number, options?: { epochs: number }) => ({ rate, loss: options?.epochs ?? 0 }))
const sync = task((name: string) => name.length)

test('a task has the parameters of its function, and a promise of its result', () => {
  expectTypeOf(train).parameters.toEqualTypeOf<[rate: number, options?: { epochs: number }]>()
  expectTypeOf(train).returns.toEqualTypeOf<Promise<{ rate: number; loss: number }>>()
  expectTypeOf(sync).returns.toEqualTypeOf<Promise<number>>()
  expectTypeOf(sync.isCached).toEqualTypeOf<(name: string) => Promise<boolean>>()
  expectTypeOf(sync.refresh).returns.toEqualTypeOf<Promise<number>>()
  expectTypeOf(sync.original).toEqualTypeOf<(name: string) => number>()
  // @ts-expect-error
  train('0.1').catch(() => {})
  // @ts-expect-error
  sync.forget().catch(() => {})
})

test('every task is a Task<any>', () => {
  expectTypeOf(train).toExtend<Task<any>>()
  expectTypeOf<TaskContext['task']>().toEqualTypeOf<Task<any>>()
  expectTypeOf(currentTask()).toEqualTypeOf<TaskContext | undefined>()
})

test('a flow and a timed function have the type of the function', () => {
  const add = (a: number, b: number) => a + b
  expectTypeOf(flow(add)).toEqualTypeOf(add)
  expectTypeOf(timeit('add', add)).toEqualTypeOf(add)
})

test('a marked value has the type of the value', () => {
  expectTypeOf(hashed({ rows: [1] }, 'v1')).toEqualTypeOf<{ rows: number[] }>()
})

test('a configured policy is of the same kind', () => {
  expectTypeOf(INPUTS.configure({ isolationLevel: 'SERIALIZABLE' })).toEqualTypeOf<Inputs>()
  expectTypeOf(INPUTS.plus(INPUTS)).toEqualTypeOf<CachePolicy>()
})

test('a lab gives each call its own type', () => {
  const lab = new Lab({ storage: null })
  const results = lab.run([() => train(0.1), () => sync('a'), () => 'text'])
  expectTypeOf(results).resolves.toEqualTypeOf<[{ rate: number; loss: number }, number, string]>()
  const list = lab.run([1, 2].map(n => () => sync(`${n}`)))
  expectTypeOf(list).resolves.toExtend<number[]>()
  const settled = lab.runSettled([() => sync('a')])
  expectTypeOf(settled).resolves.toEqualTypeOf<[PromiseSettledResult<number>]>()
  expectTypeOf(lab.cachedTasks(train)).resolves.toEqualTypeOf<StoredTask[]>()
  expectTypeOf(lab.isCached(train, 0.1)).resolves.toEqualTypeOf<boolean>()
  // @ts-expect-error
  lab.isCached(sync, 1).catch(() => {})
  return Promise.all([results, list, settled])
})
