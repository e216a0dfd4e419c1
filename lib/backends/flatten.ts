// Any object graph as one flat list, so that a codec which knows only lists, text, numbers and bytes keeps all that
// structured clone keeps: cycles, objects that are met twice, Maps, Errors, -0, and any depth.
//
//   table  = [slot of the value, entry 1, entry 2, …]
//   slot   = null | boolean | undefined | number | text       itself
//          | [n]                                              the object of entry n
//          | ['-0'] | ['bigint', hexadecimal] | ['utf16', bytes]
//   entry  = ['array', slot …] | ['sparse', length, (key slot, slot) …] | ['object', (key slot, slot) …]
//          | ['map', (slot, slot) …] | ['set', slot …] | ['date', milliseconds or NaN] | ['regexp', slot, flags]
//          | ['error', slot of name, (key slot, slot) …] | ['view', class name, bytes] | ['boxed', slot]
//
// 'utf16' is for text with half a surrogate pair, which UTF-8 does not have; 'sparse' is an array with elements missing,
// or with properties beside its elements. unflatten.ts reads it back. The form is on disk: it may grow, not change.

import { types } from 'node:util'
import { fieldStep, keyStep } from '../keymakers/path.ts'
import { isWellFormed } from './ordinary.ts'
import { follow, mapKey, partStep, ROOT, refusal, setMember, type Trail, whyNotCloneable } from './refuse.ts'

/** What an Error has although it is not enumerable. */
export const ERROR_FIELDS = ['message', 'stack', 'cause', 'errors']

/** @throws UnserializableError with the path to a part that cannot be copied. What a getter throws is thrown as it is. */
export function flatten(value: unknown, backend: string): unknown[] {
  return new Flattener(backend).table(value)
}

class Flattener {
  readonly #backend: string
  readonly #numbers = new Map<object, number>()
  readonly #found: { whole: object; trail: Trail }[] = []

  constructor(backend: string) {
    this.#backend = backend
  }

  table(value: unknown): unknown[] {
    const table = [this.#slot(value, ROOT, noStep)]
    // Grows while it is walked; no recursion, so depth does not matter.
    for (const { whole, trail } of this.#found) table.push(this.#entry(whole, trail))
    return table
  }

  /** @param step from `parent` to `part`: made into text only for an object, which may be refused */
  #slot(part: unknown, parent: Trail, step: () => string): unknown {
    switch (typeof part) {
      case 'string':
        return isWellFormed(part) ? part : ['utf16', Buffer.from(part, 'utf16le')]
      case 'number':
        return Object.is(part, -0) ? ['-0'] : part
      case 'bigint':
        return ['bigint', part.toString(16)]
      case 'object':
      case 'function':
      case 'symbol':
        if (part === null) return null
        break
      default:
        return part
    }
    const known = typeof part === 'symbol' ? undefined : this.#numbers.get(part)
    if (known !== undefined) return [known]
    const trail = step === noStep ? parent : follow(parent, step())
    const why = whyNotCloneable(part)
    if (why !== undefined) throw refusal(this.#backend, trail, why)
    const whole = part as object
    const number = this.#found.push({ whole, trail })
    this.#numbers.set(whole, number)
    return [number]
  }

  #entry(whole: object, trail: Trail): unknown[] {
    if (Array.isArray(whole)) {
      const keys = Object.keys(whole)
      // Indexes come first, in order: so many keys, and the last one the last index, leaves no room for anything else.
      if (keys.length !== whole.length || (keys.length > 0 && keys.at(-1) !== String(whole.length - 1)))
        return this.#pairs(['sparse', whole.length], whole, keys, trail)
      const entry: unknown[] = ['array']
      for (let i = 0; i < whole.length; i += 1) entry.push(this.#slot(whole[i], trail, () => `[${i}]`))
      return entry
    }
    if (types.isMap(whole)) {
      const entry: unknown[] = ['map']
      let i = 0
      for (const [key, part] of Map.prototype.entries.call(whole)) {
        const index = i++
        entry.push(this.#slot(key, trail, () => mapKey(index)))
        entry.push(this.#slot(part, trail, () => keyStep(key, index)))
      }
      return entry
    }
    if (types.isSet(whole)) {
      const entry: unknown[] = ['set']
      let i = 0
      for (const part of Set.prototype.values.call(whole)) {
        const index = i++
        entry.push(this.#slot(part, trail, () => setMember(index)))
      }
      return entry
    }
    return this.#exotic(whole, trail) ?? this.#pairs(['object'], whole, Object.keys(whole), trail)
  }

  #exotic(whole: object, trail: Trail): unknown[] | undefined {
    if (types.isDate(whole)) return ['date', Date.prototype.getTime.call(whole)]
    if (types.isRegExp(whole)) return ['regexp', this.#slot(whole.source, trail, noStep), whole.flags]
    if (types.isArrayBuffer(whole)) return ['view', 'ArrayBuffer', Buffer.from(whole)]
    if (ArrayBuffer.isView(whole)) {
      const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength)
      return ['view', viewName(whole), bytes]
    }
    if (types.isNativeError(whole)) {
      const hidden = ERROR_FIELDS.filter(key => Object.hasOwn(whole, key))
      const keys = [...hidden, ...Object.keys(whole).filter(key => !hidden.includes(key))]
      const name = typeof whole.name === 'string' ? whole.name : 'Error'
      return this.#pairs(['error', this.#slot(name, trail, noStep)], whole, keys, trail)
    }
    return types.isBoxedPrimitive(whole) ? ['boxed', this.#slot(whole.valueOf(), trail, noStep)] : undefined
  }

  #pairs(entry: unknown[], whole: object, keys: string[], trail: Trail): unknown[] {
    for (const key of keys) {
      const step = (): string => (Array.isArray(whole) ? partStep(key) : fieldStep(key))
      entry.push(this.#slot(key, trail, noStep), this.#slot((whole as Record<string, unknown>)[key], trail, step))
    }
    return entry
  }
}

const noStep = (): string => ''

/** The name of the class that a view comes back as: of a subclass, the class that it extends. */
function viewName(view: ArrayBufferView): string {
  if (Buffer.isBuffer(view)) return 'Buffer'
  if (types.isDataView(view)) return 'DataView'
  // The getter on %TypedArray%.prototype tells the true class, whatever a subclass is called.
  return String(Reflect.get(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag, view))
}
