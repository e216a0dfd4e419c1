/** What a backend may know about the entry whose value it encodes. */
export interface EntryContext {
  /** The key, as the text that stands in the entry's file: the same for every process and for ever. */
  readonly key: string
}

/**
 * How values become bytes and come back (BucketCache: Backend). Any object of this shape will do.
 *
 * @example
 * const upper: Backend = {
 *   name: 'upper', fileExtension: 'txt',
 *   encode: value => Buffer.from(String(value).toUpperCase()),
 *   decode: bytes => Buffer.from(bytes).toString(),
 * }
 */
export interface Backend {
  /** Also part of the hash of every key: two backends never share a file. At most 64 characters, none of them a control. */
  readonly name: string
  /** Without the dot: 1 to 16 letters, digits, `-` and `_`. */
  readonly fileExtension: string
  /**
   * The bytes are the caller's to keep: no later call writes to them.
   * @param context which entry the value is for. Only a backend that binds a value to its key needs it.
   * @throws UnserializableError that names the path to the part that cannot be encoded.
   */
  encode(value: unknown, context?: EntryContext): Uint8Array
  /**
   * The bytes are the callee's to keep: nobody else writes to them, so a decoded Buffer may be a view of them.
   * @param context the same as it was for `encode`.
   * @throws BackendLoadError when the bytes are not its own: the key then reads as missing. Any other error goes to
   *   the caller of the bucket.
   */
  decode(bytes: Uint8Array, context?: EntryContext): unknown
}

/** The backends that come with the package, without options; `msgpack` needs the optional package msgpackr. */
export type BackendName = 'v8' | 'json' | 'cbor' | 'msgpack'

/**
 * What a backend may have beside `decode`, so that a read which finds the value in the middle of a buffer need not make
 * a copy of that piece of it. `decodeSlice(b, s, e)` gives what `decode(b.subarray(s, e))` gives, and throws the same; but
 * the buffer is not its own to keep: it is written to again.
 * @internal
 */
export interface SliceDecoder {
  decodeSlice(buffer: Buffer, start: number, end: number): unknown
}

/** Whether a backend has the faster way in. @internal */
export function isSliceDecoder(backend: Backend): backend is Backend & SliceDecoder {
  return typeof (backend as Partial<SliceDecoder>).decodeSlice === 'function'
}
