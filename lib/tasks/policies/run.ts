// Keys made of what is being run, and of the flow around it.

import { isNative } from '../../memo/signature.ts'
import { digest } from '../digest.ts'
import type { KeyRequest } from '../types.ts'
import { INPUTS } from './inputs.ts'
import { CachePolicy } from './policy.ts'

/** The source text of the task's function. Bound and native functions have none, so no key either (Prefect: TaskSource). */
export class TaskSource extends CachePolicy {
  computeKey({ context }: KeyRequest): string | undefined {
    if (context === undefined) return undefined
    const source = Function.prototype.toString.call(context.task.original)
    return isNative(source) ? undefined : digest(['source', source])
  }
}

/** The arguments of the flow around the task; without a flow, or without arguments, no key (Prefect: FlowParameters). */
export class FlowParameters extends CachePolicy {
  computeKey({ context, flowParameters = context?.flowParameters }: KeyRequest): string | undefined {
    if (flowParameters === undefined || Object.keys(flowParameters).length === 0) return undefined
    return digest(['flow parameters', flowParameters])
  }
}

/** The id of the flow's run, else that of the task's: results are used within a run, and not across (Prefect: RunId). */
export class RunId extends CachePolicy {
  computeKey({ context }: KeyRequest): string | undefined {
    return context?.flowRunId ?? context?.taskRunId
  }
}

/** The source text of the task (Prefect: TASK_SOURCE). */
export const TASK_SOURCE: TaskSource = new TaskSource()
/** The arguments of the flow (Prefect: FLOW_PARAMETERS). */
export const FLOW_PARAMETERS: FlowParameters = new FlowParameters()
/** The run (Prefect: RUN_ID). */
export const RUN_ID: RunId = new RunId()
/** Same inputs, same source, same run: a repeated call within one flow run is answered from the cache (Prefect: DEFAULT). */
export const DEFAULT: CachePolicy = INPUTS.plus(TASK_SOURCE).plus(RUN_ID)
