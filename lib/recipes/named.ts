// Names for recipes around a function.

import { callerOf } from '../memo/caller.ts'
import { checkName } from './gate.ts'

type AnyFunction = (this: any, ...args: any[]) => any

/** What a wrapped function gives: a promise of what the function gives. */
export type Wrapped<F extends AnyFunction> = (
  this: ThisParameterType<F>,
  ...args: Parameters<F>
) => Promise<Awaited<ReturnType<F>>>

/**
 * The name that is given, or that of the calling module and of the function.
 * @param below - The function of this package that was called.
 */
export function nameFor(fn: AnyFunction, given: string | undefined, below: AnyFunction, kind: string): string {
  if (typeof fn !== 'function') throw new TypeError(`Expected a function, got ${typeof fn}`)
  if (given !== undefined) {
    checkName(given, kind)
    return given
  }
  if (fn.name === '')
    throw new TypeError(`Expected the option name, since the function has none: other processes know the ${kind} by it`)
  return `${callerOf(below) ?? ''} ${fn.name}`
}
