// One byte, then the inner backend's bytes: as they are (0), or compressed (the algorithm's own number). Small values
// stay raw, because compressing them costs tens of microseconds and saves nothing. With 128 added to the byte, they are the
// value itself.

import * as zlib from 'node:zlib'
import { BackendLoadError } from '../errors.ts'
import type { Backend, BackendName } from './backend.ts'
import { resolveBackend } from './resolve.ts'
import { type Content, Wrapper } from './wrapper.ts'

export interface CompressedOptions {
  /** `gzip` (default) and `brotli` are everywhere; `zstd`, the fastest, is in Node.js 22.15, 23.8 and newer. */
  algorithm?: 'gzip' | 'brotli' | 'zstd'
  /** Values of fewer bytes are stored as they are. Default 1024. */
  threshold?: number
}

interface Algorithm {
  readonly marker: number
  readonly pack: (bytes: Uint8Array) => Buffer
  readonly unpack: (bytes: Uint8Array) => Buffer
}

const RAW = 0
/** Added to the first byte. */
const PLAIN = 0x80

/**
 * A backend that compresses what another one encodes (DiskCache: JSONDisk with compress_level). Its name is that of the
 * inner one and the algorithm, `v8+gzip`; the file extension is the inner one's. What does not become smaller is stored
 * as it is.
 *
 * @throws TypeError for an unknown option or algorithm, and for zstd where this Node.js has none; RangeError for a
 *   negative threshold.
 * @example new Bucket('cache', { backend: compressed(new JSONBackend(), { algorithm: 'brotli' }) })
 */
export function compressed(backend: Backend | BackendName, options: CompressedOptions = {}): Backend {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`Expected an object as the options of compressed(), got ${String(options)}`)
  const { algorithm: name = 'gzip', threshold = 1024, ...rest } = options
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined) throw new TypeError(`Expected algorithm or threshold as an option, got ${unknown}`)
  if (typeof threshold !== 'number') throw new TypeError(`Expected a number as threshold, got ${String(threshold)}`)
  if (!(threshold >= 0)) throw new RangeError(`Expected a threshold of 0 bytes or more, got ${threshold}`)
  return new CompressedBackend(resolveBackend(backend), name, findAlgorithm(name), threshold)
}

class CompressedBackend extends Wrapper {
  readonly #algorithm: Algorithm
  readonly #threshold: number

  constructor(inner: Backend, name: string, algorithm: Algorithm, threshold: number) {
    super(inner, name)
    this.#algorithm = algorithm
    this.#threshold = threshold
  }

  protected override wrap({ bytes, isPlain }: Content): Uint8Array {
    const mark = isPlain ? PLAIN : 0
    if (bytes.length >= this.#threshold) {
      const packed = this.#algorithm.pack(bytes)
      if (packed.length < bytes.length) return Buffer.concat([Buffer.of(mark | this.#algorithm.marker), packed])
    }
    return Buffer.concat([Buffer.of(mark | RAW), bytes])
  }

  protected override unwrap(bytes: Uint8Array): Content {
    const content = bytes.subarray(1)
    const first = bytes[0] ?? Number.NaN
    const isPlain = first >= PLAIN
    const marker = isPlain ? first - PLAIN : first
    if (marker === RAW) return { bytes: content, isPlain }
    try {
      if (marker === this.#algorithm.marker) return { bytes: this.#algorithm.unpack(content), isPlain }
    } catch (error) {
      throw new BackendLoadError(`These ${bytes.length} bytes cannot be decompressed as ${this.name}.`, {
        cause: error,
      })
    }
    throw new BackendLoadError(`These ${bytes.length} bytes do not begin as those of ${this.name} do.`)
  }
}

function findAlgorithm(name: string): Algorithm {
  switch (name) {
    case 'gzip':
      return { marker: 1, pack: bytes => zlib.gzipSync(bytes), unpack: bytes => zlib.gunzipSync(bytes) }
    case 'brotli':
      return { marker: 2, pack: packBrotli, unpack: bytes => zlib.brotliDecompressSync(bytes) }
    case 'zstd':
      return findZstd()
    default:
      throw new TypeError(`Expected 'gzip', 'brotli' or 'zstd' as algorithm, got ${String(name)}`)
  }
}

function packBrotli(bytes: Uint8Array): Buffer {
  // The default, 11, is for files that are packed once and served for years: a hundred times slower, some percent smaller.
  return zlib.brotliCompressSync(bytes, {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  })
}

function findZstd(): Algorithm {
  // Newer than the types of the oldest Node.js that is supported.
  const { zstdCompressSync: pack, zstdDecompressSync: unpack } = zlib as typeof zlib & {
    zstdCompressSync?: (bytes: Uint8Array) => Buffer
    zstdDecompressSync?: (bytes: Uint8Array) => Buffer
  }
  if (pack === undefined || unpack === undefined)
    throw new TypeError(
      `Expected an algorithm that this Node.js has, got 'zstd', which is in 22.15, 23.8 and newer; this is ${process.version}`,
    )
  return { marker: 3, pack, unpack }
}
