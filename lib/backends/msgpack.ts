import type { Backend, SliceDecoder } from './backend.ts'
import { type Codec, decodePacked, encodePacked, loadPackage, type PackedFormat, statelessOptions } from './packed.ts'

/** Before a table (flatten.ts): the one byte that no MessagePack value begins with. */
const PREFIX = Buffer.of(0xc1)

/**
 * MessagePack, by the optional package msgpackr: `npm install msgpackr`. Keeps the same values as CBORBackend.
 *
 * Ordinary values are plain MessagePack, objects as maps with text keys. A value with Maps, cycles, repeated objects,
 * Errors or other parts that msgpackr would change begins with the byte 0xc1, behind which there is a table. A typed
 * array or Buffer that comes back has a `buffer` of its own, of exactly its length.
 *
 * @param options of msgpackr, except those that make messages depend on each other. Some (`useFloat32`) are there to
 *   lose something, and do. Whatever `structuredClone` and `copyBuffers` say, cycles are kept and bytes copied.
 */
export class MessagePackBackend implements Backend, SliceDecoder {
  readonly name = 'msgpack'
  readonly fileExtension = 'msgpack'
  readonly #format: PackedFormat

  /** @throws TypeError when msgpackr is not installed, and for options like `sequential` or `structures`. */
  constructor(options: object = {}) {
    const given = statelessOptions(options, 'MessagePackBackend')
    // As in cbor.ts: the build that never makes functions from text.
    const { Packr } = loadPackage('msgpackr', 'msgpackr/index-no-eval', 'MessagePackBackend') as {
      Packr: new (options: object) => Codec
    }
    const codec = new Packr({
      useRecords: false,
      mapsAsObjects: true,
      variableMapSize: true,
      moreTypes: true,
      useToJSON: false,
      ...given,
      structuredClone: false,
      copyBuffers: true,
    })
    this.#format = { backend: 'MessagePackBackend', codec, prefix: PREFIX, strictness: { exact: true, maps: true } }
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
