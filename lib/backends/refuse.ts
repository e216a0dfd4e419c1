// Saying no, and where. A cache that changes a value silently is worse than one that does not store it, so each
// backend refuses what it cannot keep, with the path to it: `value.options.callback`.
//
// Looking for such parts costs time, so it is done twice: a quick test of ordinary values (ordinary.ts, json-check.ts)
// that knows no paths and may say "not sure", and, only then, the exact walk here.
//
// The walk follows structured clone: a class instance counts as its own enumerable properties and comes back as a plain
// object, a Map's subclass as a Map. Refused is what would come back as nothing at all: a URL or Blob, whose state is
// not in properties, reads as `{}` after structured clone.

import { types } from 'node:util'
import { UnserializableError } from '../errors.ts'
import { hidesState } from '../keymakers/classify.ts'
import { describe, fieldStep, keyStep } from '../keymakers/path.ts'

/** One step on the way from the value to a part of it. */
export interface Trail {
  readonly parent: Trail | undefined
  readonly step: string
  readonly depth: number
}

/** The value itself. */
export const ROOT: Trail = { parent: undefined, step: 'value', depth: 0 }

/**
 * How deep containers may lie in each other for V8Backend and JSONBackend. Both use the stack in native code, and V8
 * writes about 3,000 levels of objects but reads only 1,900 of them back; what is stored must be readable, also by a
 * caller who has used part of the stack.
 */
export const MAX_DEPTH = 1000

/** A part of the part at `parent`. */
export function follow(parent: Trail, step: string): Trail {
  return { parent, step, depth: parent.depth + 1 }
}

/** The step to a property or, when its key is digits, an element. */
export function partStep(key: string): string {
  return /^\d+$/.test(key) ? `[${key}]` : fieldStep(key)
}

/** The step to a Map's key, by its place. */
export function mapKey(index: number): string {
  return `.keys()[${index}]`
}

/** The step to a member of a Set, by its place. */
export function setMember(index: number): string {
  return `.values()[${index}]`
}

/** `value.options.callback`; the middle of a very long path is left out. */
export function pathOf(trail: Trail): string {
  const steps: string[] = []
  for (let at: Trail | undefined = trail; at !== undefined; at = at.parent) steps.push(at.step)
  const path = steps.reverse().join('')
  return path.length <= 200 ? path : `${path.slice(0, 120)}…${path.slice(-60)}`
}

/** The error for a part that a backend cannot keep. `why` goes on after "it is", `advice` says what to do. */
export function refusal(
  backend: string,
  trail: Trail,
  why: string,
  advice = 'Leave it out, or store plain data instead of it.',
): UnserializableError {
  return new UnserializableError(`${backend} cannot keep ${pathOf(trail)}: it is ${why}. ${advice}`)
}

/** For `refusal`: nested too deeply. */
export const TOO_DEEP = `nested more than ${MAX_DEPTH} levels deep`

/** Why structured clone would lose this part (its own parts aside), or undefined when it would not. */
export function whyNotCloneable(part: unknown): string | undefined {
  if (typeof part === 'function' || typeof part === 'symbol') return describe(part)
  if (typeof part !== 'object' || part === null || isPlain(part)) return undefined
  if (types.isMap(part) || types.isSet(part)) {
    const field = Object.keys(part)[0]
    return field === undefined ? undefined : `${describe(part)}, whose property ${JSON.stringify(field)} would be lost`
  }
  if (isKnown(part)) return undefined
  return isOpaque(part) || isEmptyInstance(part) ? `${describe(part)}, whose state cannot be copied` : undefined
}

/** Whether an instance of a class has nothing to show for itself: it would come back as {}, whatever it is. */
export function isEmptyInstance(part: object): boolean {
  const keys = Object.keys(part)
  return keys.length === 0 || hidesState(part, Object.getPrototypeOf(part), keys)
}

/** Whether an object has no class: `{}`, also from another realm, or `Object.create(null)`. */
export function isPlain(part: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(part)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** The other classes of which structured clone takes care. */
function isKnown(part: object): boolean {
  return (
    Array.isArray(part) ||
    types.isDate(part) ||
    types.isRegExp(part) ||
    (types.isNativeError(part) && !isDomException(part)) ||
    types.isArrayBufferView(part) ||
    types.isArrayBuffer(part) ||
    (types.isBoxedPrimitive(part) && !types.isSymbolObject(part))
  )
}

/** Newer versions of Node take one for an Error; but its message is no property of its own, and would be lost. */
function isDomException(part: object): boolean {
  return part instanceof DOMException
}

function isOpaque(part: object): boolean {
  return (
    types.isPromise(part) ||
    types.isWeakMap(part) ||
    types.isWeakSet(part) ||
    types.isSharedArrayBuffer(part) ||
    types.isGeneratorObject(part) ||
    types.isSymbolObject(part) ||
    types.isExternal(part)
  )
}

/** Refused by V8 although they look like plain objects. */
function whyNotV8(part: unknown): string | undefined {
  if (types.isProxy(part)) return 'a Proxy'
  if (types.isArgumentsObject(part)) return 'an arguments object'
  return types.isModuleNamespaceObject(part) ? 'a module' : undefined
}

/**
 * The exact walk for V8Backend. It goes in the order in which V8 does, depth first, so that the depth it finds is the
 * depth that V8 will need; with a stack of its own, so that no value can exhaust the real one.
 * @throws UnserializableError for the first part that would be lost. What a getter throws is thrown as it is.
 */
export function refuseUncloneable(value: unknown, backend: string): void {
  const seen = new Set<object>()
  const waiting: { part: object; trail: Trail }[] = []
  const look = (part: unknown, trail: Trail): void => {
    const why = whyNotV8(part) ?? whyNotCloneable(part)
    if (why !== undefined) throw refusal(backend, trail, why)
    if (typeof part === 'object' && part !== null) waiting.push({ part, trail })
  }
  look(value, ROOT)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.part)) continue
    seen.add(next.part)
    if (next.trail.depth > MAX_DEPTH) throw refusal(backend, next.trail, TOO_DEEP)
    const from = waiting.length
    lookInside(next.part, next.trail, look)
    reverse(waiting, from)
  }
}

function lookInside(whole: object, trail: Trail, look: (part: unknown, trail: Trail) => void): void {
  if (types.isMap(whole)) {
    let index = 0
    for (const [key, value] of Map.prototype.entries.call(whole)) {
      if (!isPrimitive(key)) look(key, follow(trail, mapKey(index)))
      if (!isPrimitive(value)) look(value, follow(trail, keyStep(key, index)))
      index += 1
    }
  } else if (types.isSet(whole)) {
    let index = 0
    for (const member of Set.prototype.values.call(whole)) {
      if (!isPrimitive(member)) look(member, follow(trail, setMember(index)))
      index += 1
    }
  } else if (types.isNativeError(whole)) {
    if (!isPrimitive(whole.cause)) look(whole.cause, follow(trail, '.cause'))
  } else if (!ArrayBuffer.isView(whole)) {
    for (const key of Object.keys(whole)) {
      const part: unknown = (whole as Record<string, unknown>)[key]
      if (!isPrimitive(part)) look(part, follow(trail, partStep(key)))
    }
  }
}

function isPrimitive(part: unknown): boolean {
  return part === null || !(typeof part === 'object' || typeof part === 'function' || typeof part === 'symbol')
}

function reverse<T>(list: T[], from: number): void {
  for (let low = from, high = list.length - 1; low < high; low += 1, high -= 1) {
    const item = list[low]!
    list[low] = list[high]!
    list[high] = item
  }
}
