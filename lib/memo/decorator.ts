// `@bucket.cached`: the same as `wrap`, for members of classes. It is called in three ways: as a standard decorator
// (value, context), as one of TypeScript's experimental kind (class or prototype, name, descriptor), or with options, and
// then gives a decorator.

import { show } from '../options.ts'
import { callerOf } from './caller.ts'
import { memoize } from './memoize.ts'
import type { Shelf } from './shelf.ts'
import type { AnyFunction, CachedDecorator, Memoized, MemoizeOptions } from './types.ts'

/** What is used of a standard decorator's context. */
interface Context {
  readonly kind: string
  readonly name: string | symbol
  readonly private?: boolean
  readonly addInitializer?: (initializer: (this: unknown) => void) => void
}

type Decorator = (value: any, context: any, descriptor?: any) => any

export function cachedDecorator(shelf: Shelf): CachedDecorator {
  const cached = (value?: unknown, context?: unknown, descriptor?: unknown): unknown => {
    const module = callerOf(cached)
    if (context !== undefined) return decorate(shelf, {}, module, value, context, descriptor)
    // Outside of classes there is nothing to decorate, but the meaning is plain.
    if (typeof value === 'function') return memoize(shelf, value as AnyFunction, {}, { module, isMember: false })
    const options = (value ?? {}) as MemoizeOptions
    const decorator: Decorator = (member, where, itsDescriptor) =>
      decorate(shelf, options, module, member, where, itsDescriptor)
    return decorator
  }
  return cached as CachedDecorator
}

/** `written`: instances whose result is no longer to be taken from the cache. */
type Wrap = <F extends AnyFunction>(fn: F, written?: WeakSet<object>) => Memoized<F>

function decorate(
  shelf: Shelf,
  options: MemoizeOptions,
  module: string | undefined,
  value: unknown,
  context: unknown,
  descriptor: unknown,
): unknown {
  const wrap: Wrap = (fn, written) => memoize(shelf, fn, options, { module, isMember: true, written })
  if (isContext(context)) return standard(wrap, value, context)
  if (typeof context !== 'string' && typeof context !== 'symbol') {
    throw new TypeError(`Expected cached to decorate a member of a class, got ${show(value)} and ${show(context)}`)
  }
  if (typeof descriptor !== 'object' || descriptor === null) throw wrongKind('field', context)
  return legacy(wrap, context, descriptor as PropertyDescriptor)
}

function isContext(context: unknown): context is Context {
  return typeof context === 'object' && context !== null && typeof (context as Partial<Context>).kind === 'string'
}

function standard(wrap: Wrap, value: any, context: Context): unknown {
  switch (context.kind) {
    case 'method':
      return wrap(value)
    case 'getter': {
      const written = new WeakSet<object>()
      const get = wrap(value, written)
      // The setter is another member, that this decorator is not shown.
      if (context.private !== true) context.addInitializer?.(watchSetter(context.name, get, written))
      return get
    }
    case 'accessor': {
      const written = new WeakSet<object>()
      return { get: wrap(value.get, written), set: noting(value.set, written) }
    }
    default:
      throw wrongKind(context.kind, context.name)
  }
}

function legacy(wrap: Wrap, name: string | symbol, descriptor: PropertyDescriptor): PropertyDescriptor {
  const { value, get, set } = descriptor
  if (typeof value === 'function') return { ...descriptor, value: wrap(value as AnyFunction) }
  if (get === undefined) throw wrongKind(set === undefined ? 'field' : 'setter', name)
  const written = new WeakSet<object>()
  return { ...descriptor, get: wrap(get, written), set: set && noting(set, written) }
}

function wrongKind(kind: string, name: string | symbol): TypeError {
  return new TypeError(`Expected cached to decorate a method, getter or accessor, got the ${kind} ${String(name)}`)
}

/** What a getter gives after a write to its property depends on what was written, which need not be in the key: from then on
 *  it is asked itself. */
function noting(set: (value: unknown) => void, written: WeakSet<object>): (this: object, value: unknown) => void {
  const noted = function (this: object, value: unknown): void {
    written.add(this)
    set.call(this, value)
  }
  return Object.defineProperty(noted, 'name', { value: set.name, configurable: true })
}

/** Finds, when the first instance is made (of a static property: the class), the setter that belongs to `get`. */
function watchSetter(name: string | symbol, get: unknown, written: WeakSet<object>): (this: unknown) => void {
  let watched = false
  return function () {
    for (let link: unknown = this; !watched && link !== null; link = Object.getPrototypeOf(link)) {
      const descriptor = Object.getOwnPropertyDescriptor(link, name)
      if (descriptor?.get !== get) continue
      watched = true
      const { set } = descriptor as PropertyDescriptor
      if (set !== undefined) Object.defineProperty(link, name, { ...descriptor, set: noting(set, written) })
    }
  }
}
