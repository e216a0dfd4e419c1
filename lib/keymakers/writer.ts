// Writes the text of a key (text.ts has the grammar), as much at a time as is asked for. The one writer makes the whole text
// for one key maker and the chunks for the other, so theirs are the same.

import { types } from 'node:util'
import { UnserializableError } from '../errors.ts'
import { type BytesOf, base64Piece, bytesOf } from './bytes.ts'
import { errorFields, fieldBeside, hidesState, isOfEngine, symbolField } from './classify.ts'
import {
  ArrayFrame,
  BytesFrame,
  FieldsFrame,
  type Frame,
  MapFrame,
  SetFrame,
  type Sink,
  StandInFrame,
  StringFrame,
} from './frames.ts'
import { describe, pathOf } from './path.ts'
import { cacheState } from './state.ts'
import { BYTES_PIECE, MAX_DEPTH, MAX_TEXT, quoted, STRING_PIECE } from './text.ts'

/** The whole text of `value`. `limit` is for the spec.
 *  @throws UnserializableError that names the path to what cannot be in a key, or when the text is longer than `limit`. */
export function textOf(value: unknown, sortKeys: boolean, limit: number = MAX_TEXT): string {
  const writer = new TextWriter(sortKeys)
  if (writer.begin(value, PART)) return writer.text
  const parts: string[] = []
  let length = 0
  let isWhole = false
  while (!isWhole && length <= limit) {
    parts.push(flattened(writer.text))
    length += writer.text.length
    writer.text = ''
    isWhole = writer.resume(PART)
  }
  if (isWhole && length + writer.text.length <= limit) return parts.join('') + writer.text
  throw new UnserializableError(
    `Cannot make one text of a key that takes more than ${limit} characters; ` +
      `use the makeKey() of a StreamingKeyMaker, or put a hash into the key in place of its largest part`,
  )
}

/** Writing one key. */
export class TextWriter implements Sink {
  /** What has been written and not been taken: whoever takes of it sets it to the rest. */
  text = ''
  #limit = 0
  readonly #sortKeys: boolean
  readonly #stack: Frame[] = []

  constructor(sortKeys: boolean) {
    this.#sortKeys = sortKeys
  }

  /** Writes `value` until `text` has `limit` characters, or a few more. True: that is all of it. */
  begin(value: unknown, limit: number): boolean {
    this.#limit = limit
    this.put(value)
    return this.resume(limit)
  }

  /** Writes on, as begin() does. */
  resume(limit: number): boolean {
    this.#limit = limit
    for (let frame = this.#stack.at(-1); frame; frame = this.#stack.at(-1)) {
      if (this.isFull) return false
      if (frame.step(this)) this.#stack.pop()
    }
    return true
  }

  get isFull(): boolean {
    return this.text.length >= this.#limit
  }

  put(value: unknown): boolean {
    switch (typeof value) {
      case 'string':
        if (value.length > STRING_PIECE) return this.#open('"', new StringFrame(value))
        this.text += quoted(value)
        return this.isFull
      case 'number':
      case 'boolean':
      case 'undefined':
        this.text += value // -0 becomes 0
        return this.isFull
      case 'bigint':
        this.text += `${value}n`
        return this.isFull
      case 'object':
        if (value !== null) return this.#putObject(value)
        this.text += 'null'
        return this.isFull
      default:
        return this.#refuse(value, 'leave it out, or give the class that holds it a [cacheState]() method')
    }
  }

  #putObject(value: object): boolean {
    this.#checkNesting(value)
    const state = (value as { [cacheState]?: unknown })[cacheState]
    if (state !== undefined) {
      if (typeof state !== 'function') return this.#refuse(value, 'its [cacheState] must be a method')
      const standIn: unknown = state.call(value)
      if (standIn !== value) return this.#open('', new StandInFrame(value, standIn, '.[cacheState]()'))
      return this.#putFields(value, null)
    }
    const proto: object | null = Object.getPrototypeOf(value)
    if (Array.isArray(value)) {
      this.#refuseFieldBeside(value)
      return this.#open('[', new ArrayFrame(value))
    }
    if (proto !== null && proto !== Object.prototype) {
      const isLeft = this.#putBuiltIn(value)
      if (isLeft !== undefined) return isLeft
    }
    const toJSON = (value as { toJSON?: unknown }).toJSON
    if (typeof toJSON === 'function') {
      const standIn: unknown = toJSON.call(value)
      if (standIn !== value) return this.#open('', new StandInFrame(value, standIn, '.toJSON()'))
    }
    return this.#putFields(value, proto)
  }

  /** Undefined: `value` is of none of the types that are told by something else than their fields. Decided by what an object
   *  is, not by its class: subclasses count, and so do objects of another realm. */
  #putBuiltIn(value: object): boolean | undefined {
    const bytes = this.#bytesOf(value)
    if (bytes) return this.#putBytes(value, bytes)
    if (types.isDate(value)) return this.#putDate(value)
    if (types.isMap(value)) {
      this.#refuseFieldBeside(value)
      return this.#open('Map{', new MapFrame(value))
    }
    if (types.isSet(value)) {
      this.#refuseFieldBeside(value)
      return this.#open('Set[', new SetFrame(value))
    }
    // A DOMException is an Error to some versions of Node only; `instanceof` says so in all.
    if (value instanceof Error || types.isNativeError(value)) {
      const names = errorFields(value)
      return this.#open('Error{', new FieldsFrame(value, this.#sortKeys ? sorted(names) : names))
    }
    if (types.isRegExp(value)) {
      this.#refuseFieldBeside(value)
      this.text += `RegExp(${JSON.stringify(value.source)},${JSON.stringify(value.flags)})`
      return this.isFull
    }
    if (types.isBoxedPrimitive(value)) return this.put(unboxed(value))
    return undefined
  }

  #putDate(date: Date): boolean {
    this.#refuseFieldBeside(date)
    const isValid = !Number.isNaN(Date.prototype.getTime.call(date))
    this.text += isValid ? `Date("${Date.prototype.toISOString.call(date)}")` : 'Date(NaN)'
    return this.isFull
  }

  #putBytes(value: object, from: BytesOf): boolean {
    const { kind, bytes } = from
    const proto: object | null = Object.getPrototypeOf(value)
    if (proto !== Buffer.prototype && proto !== null && !isOfEngine(proto)) this.#refuseFieldBeside(value)
    if (bytes.length > BYTES_PIECE) return this.#open(`${kind.name}("`, new BytesFrame(from))
    this.text += `${kind.name}("${base64Piece(from, 0)}")`
    return this.isFull
  }

  #bytesOf(value: object): BytesOf | undefined {
    try {
      return bytesOf(value)
    } catch (cause) {
      return this.#refuse(value, 'its memory was transferred away or cut off; make the key before that', cause)
    }
  }

  #putFields(value: object, proto: object | null): boolean {
    const names = Object.keys(value)
    if (proto !== null && proto !== Object.prototype && hidesState(value, proto, names)) {
      this.#refuse(value, `what it holds cannot be seen from outside; ${WHAT_TO_DO}`)
    }
    const lost = symbolField(value)
    if (lost !== undefined)
      this.#refuse(value, `it has a field under a symbol (${lost}), which would not count; ${WHAT_TO_DO}`)
    return this.#open('{', new FieldsFrame(value, this.#sortKeys ? sorted(names) : names))
  }

  #open(start: string, frame: Frame): boolean {
    this.text += start
    this.#stack.push(frame)
    // Near the root at once, which costs less than coming back for it.
    if (this.#stack.length > 20 || this.isFull || !frame.step(this)) return true
    this.#stack.pop()
    return this.isFull
  }

  #checkNesting(value: object): void {
    for (let depth = 0; depth < this.#stack.length; depth++) {
      if (this.#stack[depth]!.container !== value) continue
      const path = this.#path(depth)
      this.#refuse(value, `it is part of itself: the same object stands at ${path}; leave one of the two out`)
    }
    if (this.#stack.length >= MAX_DEPTH) {
      this.#refuse(value, `it is nested more than ${MAX_DEPTH} deep; put a hash or a shorter form of it into the key`)
    }
  }

  #refuseFieldBeside(value: object): void {
    const name = fieldBeside(value)
    if (name === undefined) return
    const without = Array.isArray(value) ? `pass [...array] where the elements are all that matters, or ` : ''
    this.#refuse(
      value,
      `it has a field of its own (${name}), which would not count; ${without}give it a [cacheState]() method`,
    )
  }

  #refuse(value: unknown, why: string, cause?: unknown): never {
    throw new UnserializableError(`Cannot make a key of ${describe(value)} at ${this.#path()}: ${why}`, { cause })
  }

  /** To the part that is being written, or to what the frame at `depth` writes. */
  #path(depth = this.#stack.length): string {
    return pathOf(this.#stack.slice(0, depth).map(frame => frame.here()))
  }
}

/** Pieces appended to each other are a tree in memory until somebody looks at a character; to let the tree of a whole long
 *  text grow takes three times as long. */
function flattened(text: string): string {
  text.charCodeAt(0)
  return text
}

/** Characters that are written before they are put by. */
const PART = 2 ** 16

const WHAT_TO_DO = 'leave it out, pass the data that matters, or give its class a [cacheState]() method'

/** In the order of UTF-16 code units, in place. By hand for a few: sort() has a price before it begins. */
function sorted(names: string[]): string[] {
  if (names.length > 20) return names.sort()
  for (let index = 1; index < names.length; index++) {
    const name = names[index]!
    let place = index
    for (; place > 0 && names[place - 1]! > name; place--) names[place] = names[place - 1]!
    names[place] = name
  }
  return names
}

/** Asks the built-in method, not the object, which could say anything. */
function unboxed(value: object): unknown {
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value)
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value)
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value)
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value)
  return Symbol.prototype.valueOf.call(value)
}
