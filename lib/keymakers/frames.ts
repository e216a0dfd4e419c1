// What is being written, one frame for each value that is written in parts. Writing keeps a stack of frames instead of
// calling itself, so that it can stop at any part and go on later (a streaming key maker gives out what there is), and so
// that the stack tells the path to the part being written. A frame counts a part before it puts it: `here()` names that part
// until the next one is begun. Who opens a frame has written what stands before its first part; the frame writes the rest.

import { type BytesOf, base64Piece } from './bytes.ts'
import { fieldStep, keyStep } from './path.ts'
import { BYTES_PIECE, partsPair, quoted, STRING_PIECE } from './text.ts'

/** Where frames write to. */
export interface Sink {
  text: string
  readonly isFull: boolean
  /** Writes a value, or opens a frame for it. True: the frame must return, unfinished, to be called again later. */
  put(value: unknown): boolean
}

/** One value that is being written. */
export interface Frame {
  /** The object that must not occur inside itself; undefined for what holds nothing. */
  readonly container: object | undefined
  /** Writes on. True: all is written; false: the sink is full, or another frame was opened. */
  step(sink: Sink): boolean
  /** The part that is being written, as a step of a path: `.name`, `[3]`. */
  here(): string
}

/** Elements by index, so that the holes of a sparse array are read as undefined. */
export class ArrayFrame implements Frame {
  readonly container: readonly unknown[]
  readonly #length: number
  #next = 0

  constructor(array: readonly unknown[]) {
    this.container = array
    this.#length = array.length
  }

  step(sink: Sink): boolean {
    while (this.#next < this.#length) {
      if (this.#next > 0) sink.text += ','
      if (sink.put(this.container[this.#next++])) return false
    }
    sink.text += ']'
    return true
  }

  here(): string {
    return `[${this.#next - 1}]`
  }
}

/** The fields `names` of an object or Error, each read once. */
export class FieldsFrame implements Frame {
  readonly container: object
  readonly #names: readonly string[]
  #next = 0

  constructor(object: object, names: readonly string[]) {
    this.container = object
    this.#names = names
  }

  step(sink: Sink): boolean {
    const fields = this.container as Record<string, unknown>
    while (this.#next < this.#names.length) {
      const name = this.#names[this.#next++]!
      sink.text += `${(this.#next === 1 ? '' : ',') + quoted(name)}:`
      if (sink.put(fields[name])) return false
    }
    sink.text += '}'
    return true
  }

  here(): string {
    return fieldStep(this.#names[this.#next - 1]!)
  }
}

/** Keys and values in turn. */
export class MapFrame implements Frame {
  readonly container: object
  readonly #entries: Iterator<[unknown, unknown]>
  #entry: [unknown, unknown] | undefined
  #next = 0
  #atValue = false

  constructor(map: Map<unknown, unknown>) {
    this.container = map
    this.#entries = Map.prototype.entries.call(map)
  }

  step(sink: Sink): boolean {
    for (;;) {
      if (this.#entry && !this.#atValue) {
        this.#atValue = true
        sink.text += ':'
        if (sink.put(this.#entry[1])) return false
      }
      const { done, value } = this.#entries.next()
      if (done) break
      if (this.#next++ > 0) sink.text += ','
      this.#entry = value
      this.#atValue = false
      if (sink.put(value[0])) return false
    }
    sink.text += '}'
    return true
  }

  here(): string {
    return this.#atValue ? keyStep(this.#entry?.[0], this.#next - 1) : `.<key ${this.#next - 1}>`
  }
}

/** Items in the order of the Set. */
export class SetFrame implements Frame {
  readonly container: object
  readonly #items: Iterator<unknown>
  #next = 0

  constructor(set: Set<unknown>) {
    this.container = set
    this.#items = Set.prototype.values.call(set)
  }

  step(sink: Sink): boolean {
    for (let item = this.#items.next(); !item.done; item = this.#items.next()) {
      if (this.#next++ > 0) sink.text += ','
      if (sink.put(item.value)) return false
    }
    sink.text += ']'
    return true
  }

  here(): string {
    return `.<item ${this.#next - 1}>`
  }
}

/** What a method of `container` returned, which stands for it. The frame stays open so that a cycle of such is noticed. */
export class StandInFrame implements Frame {
  readonly container: object
  readonly #standIn: unknown
  readonly #method: string
  #begun = false

  constructor(container: object, standIn: unknown, method: string) {
    this.container = container
    this.#standIn = standIn
    this.#method = method
  }

  step(sink: Sink): boolean {
    if (this.#begun) return true
    this.#begun = true
    return !sink.put(this.#standIn)
  }

  here(): string {
    return this.#method
  }
}

/** A string in pieces. */
export class StringFrame implements Frame {
  readonly container = undefined
  readonly #string: string
  #next = 0

  constructor(string: string) {
    this.#string = string
  }

  step(sink: Sink): boolean {
    while (this.#next < this.#string.length) {
      let end = this.#next + STRING_PIECE
      // The halves of a pair, taken alone, would be written as lone surrogates.
      if (partsPair(this.#string, end)) end++
      sink.text += JSON.stringify(this.#string.slice(this.#next, end)).slice(1, -1)
      this.#next = end
      if (sink.isFull) return false
    }
    sink.text += '"'
    return true
  }

  here(): string {
    return ''
  }
}

/** Bytes in pieces of base64. */
export class BytesFrame implements Frame {
  readonly container = undefined
  readonly #from: BytesOf
  #next = 0

  constructor(from: BytesOf) {
    this.#from = from
  }

  step(sink: Sink): boolean {
    while (this.#next < this.#from.bytes.length) {
      sink.text += base64Piece(this.#from, this.#next)
      this.#next += BYTES_PIECE
      if (sink.isFull) return false
    }
    sink.text += '")'
    return true
  }

  here(): string {
    return ''
  }
}
