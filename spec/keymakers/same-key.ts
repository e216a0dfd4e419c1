// When two values are the same key: said once more, by comparing values, for the properties to hold the texts against.

import { types } from 'node:util'

export function sameKey(left: unknown, right: unknown): boolean {
  const [a, b] = [unbox(left), unbox(right)]
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return a === b || (Number.isNaN(a) && Number.isNaN(b))
  }
  const kind = kindOf(a)
  return kind === kindOf(b) && allSame(parts(kind, a), parts(kind, b))
}

function allSame(a: unknown[], b: unknown[]): boolean {
  return a.length === b.length && a.every((part, index) => sameKey(part, b[index]))
}

function unbox(value: unknown): unknown {
  return typeof value === 'object' && value !== null && types.isBoxedPrimitive(value) ? value.valueOf() : value
}

function kindOf(value: object): string {
  if (Array.isArray(value)) return 'array'
  if (value instanceof Uint8Array) return 'Uint8Array'
  const kind = Object.prototype.toString.call(value)
  return value instanceof Error || kind !== '[object Object]' ? kind : 'fields'
}

/** What must be the same, in order. */
function parts(kind: string, value: object): unknown[] {
  if (value instanceof Date) return [value.getTime()]
  if (value instanceof RegExp) return [value.source, value.flags]
  if (value instanceof Map) return [...value].flat(1)
  if (value instanceof Set) return [...value]
  if (value instanceof Error)
    return [value.name, value.message, value.cause, Object.hasOwn(value, 'cause'), { ...value }]
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)]
  // As texts, because -0 and 0 have different bytes.
  if (ArrayBuffer.isView(value))
    return Array.from(value as Float64Array, element => (Object.is(element, -0) ? '-0' : element))
  if (kind === 'array') return Array.from(value as unknown[])
  return Object.keys(value)
    .sort()
    .flatMap(name => [name, (value as Record<string, unknown>)[name]])
}
