// A bucket's entries as the properties of an object.

import type { Bucket } from './bucket.ts'

export function dictOf<V>(bucket: Bucket<string, V>): Record<string, V> {
  return new Proxy(Object.create(null) as Record<string, V>, {
    get: (_, name) => (typeof name === 'string' ? bucket.get(name) : undefined),
    has: (_, name) => typeof name === 'string' && bucket.has(name),
    set(_, name, value: V) {
      if (typeof name !== 'string')
        throw new TypeError(`Expected the name of an entry to be a string, got ${String(name)}`)
      bucket.set(name, value)
      return true
    },
    deleteProperty(_, name) {
      if (typeof name === 'string') bucket.delete(name)
      return true
    },
    preventExtensions: () => false,
    ownKeys: () => [...bucket.keys()].filter(key => typeof key === 'string'),
    getOwnPropertyDescriptor(_, name) {
      const entry = typeof name === 'string' ? bucket.getEntry(name) : undefined
      return entry && { value: entry.value, writable: true, enumerable: true, configurable: true }
    },
    defineProperty(_, name, descriptor) {
      if (typeof name !== 'string' || !('value' in descriptor)) return false
      bucket.set(name, descriptor.value as V)
      return true
    },
  })
}
