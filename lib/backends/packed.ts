// What CBORBackend and MessagePackBackend have in common. Both packages are fast and have their own ideas of which values
// are the same: they write -0 as 0, replace half a surrogate pair, forget the class of an Error, rename the key
// `__proto__`, read a cycle through a Map wrongly. So a package is given only what it is known to keep, trees of ordinary
// parts; these are then CBOR or MessagePack as anybody else would write it. Everything else goes through flatten.ts, as
// a list that the package keeps too, behind a prefix that the package itself never begins with.

import { createRequire } from 'node:module'
import { BackendLoadError } from '../errors.ts'
import { flatten } from './flatten.ts'
import { isOrdinary, type Strictness } from './ordinary.ts'
import { unflatten } from './unflatten.ts'

/** The part of a package that is used. */
export interface Codec {
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}

export interface PackedFormat {
  /** The class, for messages. */
  readonly backend: string
  readonly codec: Codec
  /** Before a table. */
  readonly prefix: Uint8Array
  /** What the codec keeps by itself. */
  readonly strictness: Strictness
}

export function encodePacked(format: PackedFormat, value: unknown): Uint8Array {
  const { backend, codec, prefix, strictness } = format
  const isNative = isOrdinary(value, strictness)
  const bytes = codec.encode(isNative ? value : flatten(value, backend))
  // A copy: the codec's bytes lie in a buffer that it goes on using, and would keep all of it in memory.
  return isNative ? Buffer.from(bytes) : Buffer.concat([prefix, bytes])
}

export function decodePacked(format: PackedFormat, bytes: Uint8Array): unknown {
  const { backend, codec, prefix } = format
  // As a Buffer, so that byte strings come back as Buffers.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    if (prefix.every((byte, i) => buffer[i] === byte)) return unflatten(codec.decode(buffer.subarray(prefix.length)))
    return codec.decode(buffer)
  } catch (error) {
    throw new BackendLoadError(`These ${bytes.length} bytes are not what ${backend} writes.`, { cause: error })
  }
}

const require = createRequire(import.meta.url)

/**
 * Loads a package when it is needed first, so that importing bucketcache does not.
 * @throws TypeError that says what to install when there is no such package.
 */
export function loadPackage(name: string, path: string, backend: string): any {
  try {
    return require(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new TypeError(
      `Expected the package ${name} to be installed, which ${backend} needs. Run: npm install ${name}`,
      { cause: error },
    )
  }
}

const STATEFUL = ['sequential', 'structures', 'getStructures', 'saveStructures', 'getShared', 'saveShared']

/**
 * Copies options. Refused are those under which a message can be read only after those that were written before it,
 * which a cache does not read in order, or not at all.
 * @throws TypeError
 */
export function statelessOptions(options: object, backend: string): Record<string, unknown> {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`Expected an object as the options of ${backend}, got ${String(options)}`)
  const copy: Record<string, unknown> = { ...options }
  for (const name of STATEFUL) {
    if (copy[name])
      throw new TypeError(`Expected options of ${backend} under which every value can be read by itself, got ${name}`)
  }
  return copy
}
