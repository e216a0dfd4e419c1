// What JSON.stringify changes silently: a Map, a Set, an Error, a RegExp become {}, NaN and Infinity null, functions and
// symbols disappear, a typed array becomes an object of its elements, and so on. JSONBackend refuses these.
//
// Two tests, for speed. `isPlainJSON` takes a few percent of the time of JSON.stringify and says yes to what nearly
// everybody stores. Whatever it doubts goes through `stringifyExactly`, which is slow, calls each toJSON() once and no
// more, and knows the path.
//
// Allowed, because everybody who uses JSON expects it: a property that is undefined is left out, an object with toJSON()
// (a Date, a URL) is written as its result, -0 is written as 0, properties under symbols and classes do not count.

import { types } from 'node:util'
import { describe } from '../keymakers/path.ts'
import { follow, isEmptyInstance, isPlain, MAX_DEPTH, partStep, ROOT, refusal, TOO_DEEP, type Trail } from './refuse.ts'

/** Deeper, and a cycle in particular, is left to the slow test. */
const DEEPEST = 100

const name = 'JSONBackend'
const advice = 'Store it in another form, use V8Backend, or give the backend a replacer and a reviver.'

/** Whether JSON.stringify is sure to keep `value`. Never calls a toJSON(). */
export function isPlainJSON(value: unknown): boolean {
  return isPlainLeaf(value) || (typeof value === 'object' && isPlainTree(value as object, 0))
}

function isPlainLeaf(part: unknown): boolean {
  // x - x is 0 for every number but NaN and the infinities.
  return (
    typeof part === 'string' ||
    (typeof part === 'number' && part - part === 0) ||
    part === null ||
    typeof part === 'boolean'
  )
}

// One call for each container and none for a leaf: this function is most of the cost of the check.
function isPlainTree(whole: object, depth: number): boolean {
  if (depth > DEEPEST) return false
  if (Array.isArray(whole)) {
    for (let i = 0; i < whole.length; i += 1) {
      const part: unknown = whole[i]
      if (!isPlainLeaf(part) && (typeof part !== 'object' || !isPlainTree(part as object, depth + 1))) return false
    }
    // An array may have properties beside its elements, as that of a RegExp match has.
    return Object.keys(whole).length === whole.length
  }
  const prototype: unknown = Object.getPrototypeOf(whole)
  if (prototype !== Object.prototype && prototype !== null)
    return prototype === Date.prototype && !Number.isNaN((whole as Date).getTime())
  for (const key in whole) {
    const part = (whole as Record<string, unknown>)[key]
    if (isPlainLeaf(part) || part === undefined) continue
    if (typeof part !== 'object' || !isPlainTree(part as object, depth + 1)) return false
  }
  return true
}

/**
 * JSON.stringify, but an UnserializableError for what it would change. What a toJSON() or a getter throws is thrown as
 * it is.
 */
export function stringifyExactly(value: unknown, space: number | string | undefined): string {
  // The containers from the value down to where JSON.stringify is; it goes depth first.
  const open: { whole: unknown; trail: Trail }[] = []
  function check(this: unknown, key: string, part: unknown): unknown {
    while (open.length > 0 && open.at(-1)?.whole !== this) open.pop()
    const holder = open.at(-1)
    const trail = holder === undefined ? ROOT : follow(holder.trail, partStep(key))
    const why = whyNotJSON(part, this as Record<string, unknown>, key, holder === undefined)
    if (why !== undefined) throw refusal(name, trail, why, advice)
    if (typeof part === 'object' && part !== null) {
      if (open.some(({ whole }) => whole === part)) throw refusal(name, trail, 'an object that it is inside of', advice)
      if (trail.depth > MAX_DEPTH) throw refusal(name, trail, TOO_DEEP, advice)
      open.push({ whole: part, trail })
    }
    return part
  }
  // Not undefined: `check` has refused every root for which it would be.
  return JSON.stringify(value, check, space) as string
}

/** @param part `holder[key]`, or what its toJSON() has returned */
function whyNotJSON(part: unknown, holder: Record<string, unknown>, key: string, isRoot: boolean): string | undefined {
  switch (typeof part) {
    case 'undefined':
      return isRoot || Array.isArray(holder) ? 'undefined, which JSON does not have' : undefined
    case 'number':
      return Number.isFinite(part) ? undefined : `${part}, which JSON does not have`
    case 'bigint':
      return 'a bigint, which JSON does not have'
    case 'function':
    case 'symbol':
      return describe(part)
    case 'object': {
      const before = holder[key]
      if (part === null) return types.isDate(before) ? 'an invalid Date, which JSON would write as null' : undefined
      // Buffer's toJSON() gives an object that does not come back as a Buffer.
      return whyNotContainer(ArrayBuffer.isView(before) ? before : part)
    }
    default:
      return undefined
  }
}

function whyNotContainer(part: object): string | undefined {
  if (Array.isArray(part)) {
    const extra = Object.keys(part).find(key => !/^\d+$/.test(key))
    return extra === undefined ? undefined : `an array that has a property ${JSON.stringify(extra)} too`
  }
  if (isPlain(part)) return undefined
  const isLost =
    types.isMap(part) ||
    types.isSet(part) ||
    types.isRegExp(part) ||
    types.isNativeError(part) ||
    types.isPromise(part) ||
    types.isAnyArrayBuffer(part) ||
    types.isBoxedPrimitive(part) ||
    ArrayBuffer.isView(part) ||
    isEmptyInstance(part)
  return isLost ? `${describe(part)}, which JSON cannot represent` : undefined
}
