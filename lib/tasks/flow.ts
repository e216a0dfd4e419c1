// flow(): the frame around some tasks, which their policies may take into account (Prefect: flows).

import { randomUUID } from 'node:crypto'
import { show } from '../options.ts'
import { flowScope } from './context.ts'
import { checkOptions, checkText, checkTexts } from './options.ts'
import { namingOf } from './params.ts'
import type { AnyFunction } from './types.ts'

/**
 * Makes a flow of a function: each call has an id of its own, and the policies of the tasks that are called in it, however
 * deep, are told that id and the arguments. A flow in a flow is told its own. The function is called as it was: a synchronous
 * one stays synchronous.
 *
 * @param options - `name`: the name of the function that comes back, default: the same. `params`: the names of the
 *   parameters, where the source text does not tell them.
 * @throws TypeError when `fn` is no function, or an option unknown or of the wrong kind.
 * @example
 * const nightly = flow(async function nightly(day: string) {
 *   const orders = await load(day)          // a task with policy DEFAULT:
 *   return summarize(await load(day))       // within one run its second call is answered from the cache
 * })
 */
export function flow<F extends AnyFunction>(fn: F, options: { name?: string; params?: string[] } = {}): F {
  if (typeof fn !== 'function') throw new TypeError(`Expected a function to make a flow of, got ${show(fn)}`)
  checkOptions(options, ['name', 'params'], 'a flow')
  const { name = fn.name, params } = options
  if (options.name !== undefined) checkText(options.name, 'name')
  if (params !== undefined) checkTexts(params, 'params')
  const naming = namingOf(fn, params)
  const made = function (this: unknown, ...args: Parameters<F>): ReturnType<F> {
    return flowScope.run({ runId: randomUUID(), parameters: naming.inputs(args) }, () => fn.apply(this, args))
  }
  Object.defineProperty(made, 'name', { value: name, configurable: true })
  Object.defineProperty(made, 'length', { value: fn.length, configurable: true })
  return made as F
}
