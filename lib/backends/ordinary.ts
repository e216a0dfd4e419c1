// The quick test: is this value, as far as can be told at a glance, of parts that every backend of the structured clone
// kind keeps? It runs on every write, so it knows no paths, makes no text, and when in doubt says no: then the exact
// walk decides (refuse.ts, flatten.ts).
//
// `true` promises that the value is not deep and, under `exact`, a tree: no object is met twice, so there is no cycle.

import { bigintArrays, numberArrays } from './views.ts'

/** What the caller's codec does not keep by itself, although V8 does. */
export interface Strictness {
  /**
   * Also doubt what cbor-x and msgpackr change silently: an object that is met twice, -0, half a surrogate pair, a
   * property of an array, a key `__proto__`, a Date millennia away.
   */
  readonly exact: boolean
  /** Also doubt Maps. */
  readonly maps: boolean
}

const DEEPEST = 100

/** Milliseconds, in the year 33658: later, or as much earlier, seconds with a fraction no longer tell each from the next. */
const LATEST = 1e15

/** Typed arrays by their exact class; a subclass comes back as its base, which the exact walk is to decide. */
const arrayViews = new Set<object>([Buffer, ...numberArrays, ...bigintArrays].map(view => view.prototype))

/** Whether `value` is sure to be kept. */
export function isOrdinary(value: unknown, strictness: Strictness): boolean {
  return accepts(value, strictness, new Set(), 0)
}

function accepts(part: unknown, strictness: Strictness, seen: Set<object>, depth: number): boolean {
  switch (typeof part) {
    case 'object':
      return part === null || isTree(part, strictness, seen, depth)
    case 'function':
    case 'symbol':
      return false
    default:
      return !strictness.exact || isExact(part)
  }
}

function isTree(whole: object, strictness: Strictness, seen: Set<object>, depth: number): boolean {
  if (seen.has(whole)) return !strictness.exact
  if (depth > DEEPEST) return false
  seen.add(whole)
  const prototype: object | null = Object.getPrototypeOf(whole)
  if (prototype === Object.prototype || prototype === null) {
    for (const key in whole) {
      if (strictness.exact && (key === '__proto__' || !isWellFormed(key))) return false
      if (!accepts((whole as Record<string, unknown>)[key], strictness, seen, depth + 1)) return false
    }
    return true
  }
  if (prototype === Array.prototype) {
    const list = whole as unknown[]
    for (let i = 0; i < list.length; i += 1) {
      const part = list[i]
      if (part === undefined ? !(i in list) : !accepts(part, strictness, seen, depth + 1)) return false
    }
    return !strictness.exact || Object.keys(list).length === list.length
  }
  if (prototype === Map.prototype) {
    if (strictness.maps || hasFields(whole)) return false
    for (const [key, part] of whole as Map<unknown, unknown>)
      if (!accepts(key, strictness, seen, depth + 1) || !accepts(part, strictness, seen, depth + 1)) return false
    return true
  }
  if (prototype === Set.prototype) {
    if (hasFields(whole)) return false
    for (const part of whole as Set<unknown>) if (!accepts(part, strictness, seen, depth + 1)) return false
    return true
  }
  if (prototype === Date.prototype) return !strictness.exact || !(Math.abs((whole as Date).getTime()) > LATEST)
  if (prototype === RegExp.prototype) return !strictness.exact || isWellFormed((whole as RegExp).source)
  return arrayViews.has(prototype)
}

/** Properties beside its contents, which structured clone drops. */
function hasFields(whole: object): boolean {
  return Object.keys(whole).length > 0
}

function isExact(leaf: unknown): boolean {
  if (typeof leaf === 'string') return isWellFormed(leaf)
  return leaf !== 0 || Object.is(leaf, 0)
}

/** Whether every surrogate has its other half: then, and only then, UTF-8 keeps the text. */
export function isWellFormed(text: string): boolean {
  // In Node since version 20, not yet in the library types of ES2023.
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}
