// What memoizing is told, and what it gives back.

import type { Duration } from '../duration.ts'
import type { Tag } from '../log/record.ts'

export type AnyFunction = (...args: any[]) => any

/** How a function is memoized. */
export interface MemoizeOptions {
  /**
   * What the function is called in keys. Default: its module, its name and its source text, so that a function whose text
   * was changed begins anew, and functions of one name in two modules never share. Give one where the code is bundled or
   * minified, where the cache's folder and the code move apart, and to closures that differ only in what they close over.
   */
  name?: string
  /** Keep f(3), f('3') and f(3n) apart even under a key maker that joins them. DiskCache: `typed`. */
  typed?: boolean
  /** How long results live: over the bucket's lifetime; null: for ever; 0: look up, never store. */
  expire?: Duration | null
  /** One label for all results, or several. */
  tag?: Tag | readonly Tag[]
  /**
   * Parameters left out of the key: by name, by position, or as a path into one: `'options.signal'`. The name of a rest
   * parameter leaves out all that it gathers; a field of a destructured parameter is a name like any other.
   * BucketCache: `ignore`.
   */
  ignore?: readonly (string | number)[]
  /** The parameter which, when truthy, skips the look-up; the result is stored. It is not part of the key. BucketCache:
   *  `nocache`. */
  nocache?: string | number
  /** Parameter names, where the source text cannot tell: minified code, bound functions. `'...rest'` for a rest parameter. */
  params?: readonly string[]
  /** Whether the state of `this` is part of the key: what its [cacheState]() or toJSON() returns, else its own fields, and
   *  the name of its class. Default: true for decorators, false for `wrap`. BucketCache: `method`. */
  method?: boolean
  /** Identical concurrent calls share one run. undefined: within this process, which only asynchronous functions can have;
   *  true: across processes too; false: not at all. */
  singleFlight?: boolean
  /** So long past its lifetime the old result is served while one caller, of all processes, computes it anew: asynchronous
   *  functions in the background, synchronous ones in that caller. The others never wait. */
  staleWhileRevalidate?: Duration
  /** Above 0: results are computed anew before they expire, the likelier the nearer that is and the longer a run takes, so
   *  that many processes do not all miss at once; 1 is the best for most, more is earlier. DiskCache: memoize_stampede. */
  beta?: number
}

/** What is told of a call that was answered from the cache. */
export interface CachedCallInfo {
  /** The arguments as they were passed. */
  args: unknown[]
  /** The arguments by the names of their parameters; those without a name by position. */
  params: Record<string, unknown>
  /** The result; of asynchronous functions what their promise comes to. */
  returnValue: unknown
  /** undefined: it does not expire. */
  expiresAt: Date | undefined
}

/**
 * A memoized function: called as the original is, with its `this`, `name` and `length`. For a method, pass the instance as
 * `this`: `obj.sum.forget.call(obj, 1)`.
 */
export type Memoized<F extends AnyFunction> = F & {
  /** The function itself: never looks anything up. */
  readonly original: F
  /** The key of a call's result: `bucket.get(fn.cacheKey(…))` is the result. DiskCache: `__cache_key__`. */
  cacheKey(...args: Parameters<F>): unknown
  /** Has `callback` called whenever a call is answered from the cache, with the instance as `this`. Returns the same function;
   *  callbacks add up. BucketCache: `callback`. */
  onHit(callback: (info: CachedCallInfo) => void): Memoized<F>
  /** Removes the result of a call; whether there was one. A run that is going on is not stored. */
  forget(...args: Parameters<F>): boolean
  /** Runs the function whatever is stored, and stores the result. */
  refresh(...args: Parameters<F>): ReturnType<F>
}

/** Decorates a method, getter or accessor; or is told options, and gives the decorator. */
export interface CachedDecorator {
  (value: any, context: any, descriptor?: any): any
  (options?: MemoizeOptions): (value: any, context: any, descriptor?: any) => any
}
