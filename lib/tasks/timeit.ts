import { Topic } from '../channels.ts'
import { show } from '../options.ts'
import { checkText } from './options.ts'
import type { AnyFunction } from './types.ts'

/** One timed call, as the diagnostics channel `bucketcache:timeit` has it. */
export interface TimeitEvent {
  /** As given to `timeit`. */
  name: string
  /** When the call began. */
  startedAt: Date
  /** Milliseconds until it returned, or its promise was settled. */
  duration: number
  /** What it threw, or its promise was rejected with; the property is absent where all went well. */
  error?: unknown
}

const timings = new Topic<TimeitEvent>('timeit')

/**
 * The function, timed: each call is reported on the diagnostics channel `bucketcache:timeit` (flytekit: `@timeit`). Results,
 * errors and `this` are as before; of a promise the time until it is settled counts.
 *
 * @throws TypeError when `name` is no text, or `fn` no function.
 * @example
 * import { subscribe } from 'node:diagnostics_channel'
 * subscribe('bucketcache:timeit', event => console.log(event))   // { name: 'load', startedAt: …, duration: 12.3 }
 * const load = timeit('load', loadOrders)
 */
export function timeit<F extends AnyFunction>(name: string, fn: F): F {
  checkText(name, 'name')
  if (typeof fn !== 'function') throw new TypeError(`Expected a function to time, got ${show(fn)}`)
  const timed = function (this: unknown, ...args: Parameters<F>): ReturnType<F> {
    const startedAt = new Date()
    const start = performance.now()
    const report = (failure: { error?: unknown }) => {
      if (timings.active) timings.publish({ name, startedAt, duration: performance.now() - start, ...failure })
    }
    let result: ReturnType<F>
    try {
      result = fn.apply(this, args)
    } catch (error) {
      report({ error })
      throw error
    }
    const outcome: unknown = result
    if (outcome instanceof Promise) {
      // Beside the promise that the caller gets, who still sees its rejection.
      outcome.then(
        () => report({}),
        (error: unknown) => report({ error }),
      )
    } else report({})
    return result
  }
  Object.defineProperty(timed, 'name', { value: fn.name, configurable: true })
  Object.defineProperty(timed, 'length', { value: fn.length, configurable: true })
  return timed as F
}
