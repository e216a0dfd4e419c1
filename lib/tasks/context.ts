// What runs around the present code: the task, the flow, the lab. Each follows the chain of calls, through every `await`.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { LockManager } from './locks/lock-manager.ts'
import type { Storage } from './storage/storage.ts'
import type { TaskContext } from './types.ts'

/** The innermost flow. */
export interface FlowScope {
  readonly runId: string
  readonly parameters: Record<string, unknown>
}

/** The innermost lab. */
export interface LabScope {
  readonly storage: Storage
  readonly signal: AbortSignal | undefined
}

/** A lock that a task around this code has taken. */
export interface HeldLock {
  readonly manager: LockManager
  readonly key: string
  /** False afterwards, for what it has started without waiting. */
  isHeld: boolean
}

export const taskScope: AsyncLocalStorage<TaskContext> = new AsyncLocalStorage()
export const flowScope: AsyncLocalStorage<FlowScope> = new AsyncLocalStorage()
export const labScope: AsyncLocalStorage<LabScope> = new AsyncLocalStorage()
export const heldLocks: AsyncLocalStorage<readonly HeldLock[]> = new AsyncLocalStorage()

/**
 * Inside a running task: its context. Its signal is aborted by `timeout`; hand it to what can be aborted.
 *
 * @example
 * const download = task(async function download(url: string) {
 *   const response = await fetch(url, { signal: currentTask()?.signal })
 *   return response.text()
 * }, { timeout: { seconds: 10 }, retries: 3 })
 */
export function currentTask(): TaskContext | undefined {
  return taskScope.getStore()
}
