// What of `this` is in the key of a memoized method.

import { cacheState } from '../keymakers/state.ts'

/** The class of an instance, by name; of a static method, the class itself. '' where there is none. */
export function classOf(self: unknown): string {
  if (typeof self === 'function') return nameOf(self)
  if (typeof self !== 'object' || self === null) return ''
  const maker: unknown = Object.getPrototypeOf(self)?.constructor
  return typeof maker === 'function' ? nameOf(maker) : ''
}

// A class may have a static member called `name`.
function nameOf(maker: { readonly name: unknown }): string {
  return typeof maker.name === 'string' ? maker.name : ''
}

/** What stands for `this` in a key. An instance stands for itself: the key maker asks for its [cacheState]() or toJSON(), or
 *  takes its own fields. A class, `this` of a static method, stands for its static fields, inherited ones too. */
export function stateOf(self: unknown): unknown {
  if (typeof self !== 'function') return self
  const state: unknown = (self as { [cacheState]?: unknown })[cacheState]
  if (typeof state === 'function') return state.call(self)
  const fields: Record<string, unknown> = {}
  for (let link: unknown = self; typeof link === 'function' && link !== Function.prototype; ) {
    for (const name of Object.keys(link)) {
      if (!Object.hasOwn(fields, name)) fields[name] = (self as unknown as Record<string, unknown>)[name]
    }
    link = Object.getPrototypeOf(link)
  }
  return fields
}
