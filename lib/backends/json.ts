import { BackendLoadError, UnserializableError } from '../errors.ts'
import type { Backend, SliceDecoder } from './backend.ts'
import { isPlainJSON, stringifyExactly } from './json-check.ts'
import { parseJSON } from './json-parse.ts'

/** As the second argument of `JSON.stringify`. */
export type JSONReplacer = ((this: any, key: string, value: any) => any) | (string | number)[]
/** As the second argument of `JSON.parse`. */
export type JSONReviver = (this: any, key: string, value: any) => any

/** What `new JSONBackend()` takes. */
export interface JSONBackendOptions {
  /** With a replacer of your own, it is up to you that values come back as they were: nothing is refused on your behalf. */
  replacer?: JSONReplacer | null
  reviver?: JSONReviver
  /** Indentation, for people: `2`, or `'\t'`. */
  space?: number | string
}

const NOTHING = Buffer.alloc(0)

/**
 * Text that people and other programs can read (BucketCache: JSONBackend, DiskCache: JSONDisk). Where JSON.stringify would
 * change a value silently it refuses it, with the path: Map, Set, RegExp, Error, typed arrays and Buffers, NaN, infinities,
 * bigint, functions, symbols, `undefined` in an array, missing elements, cycles. As usual with JSON, a property that is
 * undefined is left out, an object with `toJSON()` (a Date, a URL) is written as what that returns, -0 as 0, and an
 * instance of a class as its own enumerable properties.
 *
 * `undefined` itself can be stored: it is zero bytes, which no JSON text is. (That a file was not cut off is for its
 * checksum to tell, not for the backend.)
 *
 * @example
 * new JSONBackend({
 *   replacer: (key, value) => (value instanceof Map ? { $map: [...value] } : value),
 *   reviver: (key, value) => (value?.$map ? new Map(value.$map) : value),
 * })
 */
export class JSONBackend implements Backend, SliceDecoder {
  readonly name = 'json'
  readonly fileExtension = 'json'
  readonly #replacer: JSONReplacer | undefined
  readonly #reviver: JSONReviver | undefined
  readonly #space: number | string | undefined

  /** @throws TypeError for an option that JSON.stringify or JSON.parse would ignore. */
  constructor(options: JSONBackendOptions = {}) {
    if (typeof options !== 'object' || options === null)
      throw new TypeError(`Expected an object as the options of JSONBackend, got ${String(options)}`)
    const { replacer, reviver, space, ...rest } = options
    const unknown = Object.keys(rest)[0]
    if (unknown !== undefined) throw new TypeError(`Expected replacer, reviver or space as an option, got ${unknown}`)
    if (replacer !== undefined && replacer !== null && typeof replacer !== 'function' && !Array.isArray(replacer))
      throw new TypeError(`Expected a function or an array as replacer, got ${String(replacer)}`)
    if (reviver !== undefined && typeof reviver !== 'function')
      throw new TypeError(`Expected a function as reviver, got ${String(reviver)}`)
    if (space !== undefined && typeof space !== 'number' && typeof space !== 'string')
      throw new TypeError(`Expected a number or a string as space, got ${String(space)}`)
    this.#replacer = replacer ?? undefined
    this.#reviver = reviver
    this.#space = space
  }

  encode(value: unknown): Uint8Array {
    const text = this.#stringify(value)
    return text === undefined ? NOTHING : Buffer.from(text)
  }

  decode(bytes: Uint8Array): unknown {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.decodeSlice(buffer, 0, buffer.length)
  }

  /** @internal As `decode`, of a part of a buffer. */
  decodeSlice(buffer: Buffer, start: number, end: number): unknown {
    if (start === end) return undefined
    const reviver = this.#reviver
    try {
      const text = buffer.toString('utf8', start, end)
      return reviver === undefined ? parseJSON(text) : revive(text, reviver)
    } catch (error) {
      if (error instanceof RevivalError) throw error.cause
      throw new BackendLoadError(`These ${end - start} bytes are not JSON.`, { cause: error })
    }
  }

  /** undefined: for `undefined` only. */
  #stringify(value: unknown): string | undefined {
    const replacer = this.#replacer
    try {
      if (replacer === undefined) {
        if (value === undefined) return undefined
        if (!isPlainJSON(value)) return stringifyExactly(value, this.#space)
        // With one argument, newer versions of V8 take a way that is twice as fast.
        return this.#space === undefined ? JSON.stringify(value) : JSON.stringify(value, null, this.#space)
      }
      // The two forms of a replacer are two overloads.
      const text: string | undefined = JSON.stringify(value, replacer as (string | number)[], this.#space)
      if (text !== undefined || value === undefined) return text
    } catch (error) {
      if (!isComplaint(error)) throw error
      throw new UnserializableError(`JSONBackend cannot keep the value: ${error.message}`, { cause: error })
    }
    throw new UnserializableError('JSONBackend cannot keep the value: its replacer has made it undefined.')
  }
}

/** Whether JSON.stringify itself has thrown this, rather than a replacer, a getter or a toJSON() that it called. */
function isComplaint(error: unknown): error is Error {
  return (
    (error instanceof TypeError && /circular structure|serialize a BigInt/.test(error.message)) ||
    (error instanceof RangeError && /call stack|string length/.test(error.message))
  )
}

/** Carries what a reviver has thrown past the handling of bytes that are not JSON; both may be a SyntaxError. */
class RevivalError extends Error {}

function revive(text: string, reviver: JSONReviver): unknown {
  try {
    return parseJSON(text, reviver)
  } catch (error) {
    // The reviver is not called before the whole text has been parsed; so if that succeeds, the error is the reviver's.
    JSON.parse(text)
    throw new RevivalError('A reviver has thrown', { cause: error })
  }
}
