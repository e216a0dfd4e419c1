// From a function to its memoized form.

import { show } from '../options.ts'
import { Layout } from './layout.ts'
import { Memo } from './memo.ts'
import { defaultName } from './name.ts'
import { resolveMemoize } from './options.ts'
import type { Shelf } from './shelf.ts'
import type { AnyFunction, Memoized, MemoizeOptions } from './types.ts'

/** Where a function comes from. */
export interface Origin {
  /** The module that wraps it; undefined: the stack did not tell. */
  readonly module: string | undefined
  /** It is a member of a class. */
  readonly isMember: boolean
  /** Instances for which the function is only run. */
  readonly written?: WeakSet<object> | undefined
}

/** @throws TypeError or RangeError for what cannot be memoized, and for options that do not fit the function. */
export function memoize<F extends AnyFunction>(
  shelf: Shelf,
  fn: F,
  options: MemoizeOptions,
  { module, isMember, written }: Origin,
): Memoized<F> {
  checkFunction(fn)
  const settings = resolveMemoize(options, isMember)
  const memo = new Memo(shelf, {
    fn,
    name: settings.name ?? defaultName(fn, shelf.core.path, module),
    settings,
    layout: new Layout(fn, settings),
    ofClass: isMember && settings.name === undefined,
    written,
  })
  const memoized = rejecting(memo, function (this: unknown, ...args: unknown[]): unknown {
    return memo.call(this, args)
  })
  return dress(memoized, memo) as Memoized<F>
}

/** An asynchronous function never throws, it rejects. */
function rejecting(memo: Memo, fn: AnyFunction): AnyFunction {
  if (!memo.isAsync) return fn
  return function (this: unknown, ...args: unknown[]): unknown {
    try {
      return fn.apply(this, args)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

const itsOwn = new Set<string | symbol>(['length', 'name', 'prototype', 'arguments', 'caller'])

/** Gives the memoized form what the function has: name, length and properties; and what it has beyond. */
function dress(memoized: AnyFunction, memo: Memo): AnyFunction {
  const { fn } = memo
  for (const property of Reflect.ownKeys(fn)) {
    if (!itsOwn.has(property)) Object.defineProperty(memoized, property, Object.getOwnPropertyDescriptor(fn, property)!)
  }
  const members: Record<string, unknown> = {
    name: fn.name,
    length: fn.length,
    original: fn,
    cacheKey(this: unknown, ...args: unknown[]) {
      return memo.key(this, args)
    },
    onHit(callback: unknown) {
      if (typeof callback !== 'function')
        throw new TypeError(`Expected a function to call on a hit, got ${show(callback)}`)
      memo.callbacks.push(callback as () => void)
      return memoized
    },
    forget(this: unknown, ...args: unknown[]) {
      return memo.forget(this, args)
    },
    refresh: rejecting(memo, function (this: unknown, ...args: unknown[]) {
      return memo.refresh(this, args)
    }),
  }
  for (const [name, value] of Object.entries(members))
    Object.defineProperty(memoized, name, { value, configurable: true })
  return memoized
}

function checkFunction(fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`Expected a function to memoize, got ${show(fn)}`)
  if (/^class\b/.test(Function.prototype.toString.call(fn))) {
    throw new TypeError(`Expected a function to memoize, got the class ${fn.name}: memoize what it computes`)
  }
  if (/Generator/.test(Object.prototype.toString.call(fn))) {
    throw new TypeError(
      `Expected a function that returns its result, got the generator function ${fn.name}: let it return an array`,
    )
  }
}
