import type { Options } from 'cbor-x'
import type { Backend, SliceDecoder } from './backend.ts'
import { decodePacked, encodePacked, loadPackage, type PackedFormat, statelessOptions } from './packed.ts'

/** Tag 25187 ('bc'), before a table (flatten.ts). It is free for anybody to use, and not taken. */
const PREFIX = Buffer.of(0xd9, 0x62, 0x63)

/**
 * CBOR (RFC 8949), by the package cbor-x. Smaller than V8Backend's bytes, and the same for every version of Node.js.
 * Keeps what structured clone keeps: Map, Set, Date, RegExp, Error (here also with its own properties), bigint, typed
 * arrays, Buffer, `undefined`, -0, sparse arrays, cycles and objects that are met twice, at any depth; instances of a
 * class come back as plain objects of their own enumerable properties. Functions, symbols, Promises, a URL or Blob are
 * refused, with the path.
 *
 * What other CBOR readers know is written in the usual way; a value with cycles, repeated objects, Errors or other
 * parts that cbor-x would change is a table under the tag 25187. A typed array or Buffer that comes back has a `buffer`
 * of its own, of exactly its length.
 *
 * @param options of cbor-x, except those that make messages depend on each other. Some (`useFloat32`) are there to
 *   lose something, and do. Whatever `structuredClone` and `copyBuffers` say, cycles are kept and bytes copied.
 */
export class CBORBackend implements Backend, SliceDecoder {
  readonly name = 'cbor'
  readonly fileExtension = 'cbor'
  readonly #format: PackedFormat

  /** @throws TypeError for options like `sequential` or `structures`. */
  constructor(options: Options = {}) {
    const given = statelessOptions(options, 'CBORBackend')
    // The build that never makes functions from text: it works under a content security policy, and bytes from a file
    // get nowhere near a compiler. Its instance is not shared, so extensions that others register do not reach it.
    const { Encoder } = loadPackage('cbor-x', 'cbor-x/index-no-eval', 'CBORBackend') as typeof import('cbor-x')
    const codec = new Encoder({
      useRecords: false,
      mapsAsObjects: true,
      variableMapSize: true,
      ...given,
      // Trees only come here, and for them it is the same, but slower.
      structuredClone: false,
      copyBuffers: true,
    })
    this.#format = { backend: 'CBORBackend', codec, prefix: PREFIX, strictness: { exact: true, maps: false } }
  }

  encode(value: unknown): Uint8Array {
    return encodePacked(this.#format, value)
  }

  decode(bytes: Uint8Array): unknown {
    return decodePacked(this.#format, bytes)
  }

  /** @internal As `decode`, of a part of a buffer. Nothing that comes back lies in it. */
  decodeSlice(buffer: Buffer, start: number, end: number): unknown {
    return this.decode(buffer.subarray(start, end))
  }
}
