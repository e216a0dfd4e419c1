// Whether two values are the same to somebody who can look at everything: classes, order, holes, -0, what is hidden, and
// which objects are met twice. (toEqual and deepStrictEqual each overlook something, or are puzzled by NaN in a Set.)

import { types } from 'node:util'

/** undefined, or the path to the first difference. */
export function difference(a: unknown, b: unknown): string | undefined {
  return compare(a, b, 'value', new Map(), new Map())
}

function compare(
  a: unknown,
  b: unknown,
  path: string,
  there: Map<object, object>,
  back: Map<object, object>,
): string | undefined {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null)
    return Object.is(a, b) ? undefined : path
  if (there.has(a) || back.has(b)) return there.get(a) === b && back.get(b) === a ? undefined : `${path} (identity)`
  there.set(a, b)
  back.set(b, a)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path} (class)`
  const inside = (x: unknown, y: unknown, step: string): string | undefined => compare(x, y, path + step, there, back)
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return Buffer.compare(bytes(a), bytes(b)) === 0 ? undefined : path
  if (types.isArrayBuffer(a) && types.isArrayBuffer(b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0 ? undefined : path
  if (types.isDate(a) && types.isDate(b)) return Object.is(a.getTime(), b.getTime()) ? undefined : path
  if (types.isRegExp(a)) return String(a) === String(b) ? undefined : path
  if (types.isBoxedPrimitive(a)) return Object.is(a.valueOf(), b.valueOf()) ? undefined : path
  if (types.isMap(a) && types.isMap(b)) return inside([...a].flat(1), [...b].flat(1), ' entries')
  if (types.isSet(a) && types.isSet(b)) return inside([...a], [...b], ' members')
  const keys = names(a)
  if (JSON.stringify(keys) !== JSON.stringify(names(b))) return `${path} (keys)`
  for (const key of keys) {
    const found = inside((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** Own keys, in order where the order is to be kept; those that are not enumerable have a mark. */
function names(whole: object): string[] {
  const own = Object.getOwnPropertyNames(whole)
  return types.isNativeError(whole) ? own.sort() : own
}

function bytes(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}
