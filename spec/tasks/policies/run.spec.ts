import { describe, expect, test } from 'vitest'
import type { CompoundCachePolicy } from '../../../lib/tasks/policies/policy.ts'
import { DEFAULT, FLOW_PARAMETERS, RUN_ID, TASK_SOURCE } from '../../../lib/tasks/policies/run.ts'
import { task } from '../../../lib/tasks/task.ts'
import type { AnyFunction, TaskContext } from '../../../lib/tasks/types.ts'

const contextOf = (fn: AnyFunction, more: Partial<TaskContext> = {}): TaskContext => ({
  task: task(fn),
  taskRunId: 'task-run',
  attempt: 1,
  signal: new AbortController().signal,
  ...more,
})

describe('TASK_SOURCE', () => {
  const sourceKey = (fn: AnyFunction) => TASK_SOURCE.computeKey({ context: contextOf(fn) })

  test('is the source text', () => {
    expect(sourceKey(() => 1)).toBe(sourceKey(() => 1))
    expect(sourceKey(() => 1)).not.toBe(sourceKey(() => 2))
  })

  test('of native and bound functions there is none', () => {
    expect(sourceKey(Math.max)).toBeUndefined()
    expect(sourceKey((() => 1).bind(null))).toBeUndefined()
  })

  test('without a task there is none', () => {
    expect(TASK_SOURCE.computeKey({ inputs: {} })).toBeUndefined()
  })
})

describe('FLOW_PARAMETERS', () => {
  test('are the arguments of the flow, from the request or its context', () => {
    const key = FLOW_PARAMETERS.computeKey({ flowParameters: { a: 1, b: 2 } })
    expect(FLOW_PARAMETERS.computeKey({ flowParameters: { b: 2, a: 1 } })).toBe(key)
    expect(FLOW_PARAMETERS.computeKey({ context: contextOf(() => 1, { flowParameters: { a: 1, b: 2 } }) })).toBe(key)
    expect(FLOW_PARAMETERS.computeKey({ flowParameters: { a: 1 } })).not.toBe(key)
  })

  test('that are none or empty give no key', () => {
    expect(FLOW_PARAMETERS.computeKey({})).toBeUndefined()
    expect(FLOW_PARAMETERS.computeKey({ flowParameters: {} })).toBeUndefined()
  })
})

test('RUN_ID is that of the flow, else that of the task', () => {
  expect(RUN_ID.computeKey({ context: contextOf(() => 1, { flowRunId: 'flow-run' }) })).toBe('flow-run')
  expect(RUN_ID.computeKey({ context: contextOf(() => 1) })).toBe('task-run')
  expect(RUN_ID.computeKey({})).toBeUndefined()
})

test('DEFAULT is inputs, source and run', () => {
  expect((DEFAULT as CompoundCachePolicy).policies).toHaveLength(3)
  const key = (inputs: Record<string, unknown>, fn: AnyFunction, flowRunId: string) =>
    DEFAULT.computeKey({ inputs, context: contextOf(fn, { flowRunId }) })
  const fn = () => 1
  expect(key({ a: 1 }, fn, 'x')).toBe(key({ a: 1 }, fn, 'x'))
  const keys = [key({ a: 1 }, fn, 'x'), key({ a: 2 }, fn, 'x'), key({ a: 1 }, () => 2, 'x'), key({ a: 1 }, fn, 'y')]
  expect(new Set(keys).size).toBe(4)
})
