// Typed arrays, ArrayBuffers and DataViews: what they are called in a key, and their bytes as base64 and back. The text is
// the same on every machine: elements are little-endian, and NaN, whose bits differ from one way of computing it to the next
// (0 / 0 and NaN do, in one process), has one form.

import { endianness } from 'node:os'
import { types } from 'node:util'
import { BYTES_PIECE } from './text.ts'

/** One class of byte holders. */
export interface BytesKind {
  readonly name: string
  /** Bytes an element. */
  readonly size: number
  /** What NaN looks like, little-endian; undefined where elements are not floats. */
  readonly nan?: readonly number[]
  /** Undefined where this Node has no such class. */
  readonly view?: (new (buffer: ArrayBufferLike, offset?: number, length?: number) => ArrayLike<unknown>) | undefined
}

// Float16Array came with Node 24, so the types do not know it.
const newer = globalThis as { Float16Array?: BytesKind['view'] }

const kinds: readonly BytesKind[] = [
  { name: 'ArrayBuffer', size: 1 },
  { name: 'DataView', size: 1 },
  { name: 'Int8Array', size: 1, view: Int8Array },
  { name: 'Uint8Array', size: 1, view: Uint8Array },
  { name: 'Uint8ClampedArray', size: 1, view: Uint8ClampedArray },
  { name: 'Int16Array', size: 2, view: Int16Array },
  { name: 'Uint16Array', size: 2, view: Uint16Array },
  { name: 'Int32Array', size: 4, view: Int32Array },
  { name: 'Uint32Array', size: 4, view: Uint32Array },
  { name: 'BigInt64Array', size: 8, view: BigInt64Array },
  { name: 'BigUint64Array', size: 8, view: BigUint64Array },
  { name: 'Float16Array', size: 2, view: newer.Float16Array, nan: [0, 0x7e] },
  { name: 'Float32Array', size: 4, view: Float32Array, nan: [0, 0, 0xc0, 0x7f] },
  { name: 'Float64Array', size: 8, view: Float64Array, nan: [0, 0, 0, 0, 0, 0, 0xf8, 0x7f] },
]
const kindOfName = new Map(kinds.map(kind => [kind.name, kind]))

// The getter on %TypedArray%.prototype, which a subclass (Buffer) cannot hide.
const typedArrayName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!
  .get!

/** A byte holder's kind and its bytes, which are not copied. */
export interface BytesOf {
  readonly kind: BytesKind
  readonly bytes: Uint8Array
}

/**
 * The bytes of a typed array, DataView, ArrayBuffer or SharedArrayBuffer; undefined for any other object, and for a kind of
 * typed array that is not known here.
 * @throws TypeError when its memory was transferred away.
 */
export function bytesOf(value: object): BytesOf | undefined {
  if (ArrayBuffer.isView(value)) {
    const kind = kindOfName.get(typedArrayName.call(value) ?? 'DataView')
    return kind && { kind, bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) }
  }
  return types.isAnyArrayBuffer(value)
    ? { kind: kindOfName.get('ArrayBuffer')!, bytes: new Uint8Array(value) }
    : undefined
}

/** The base64 text of `from`'s bytes from `start` on, at most BYTES_PIECE of them; `start` is a multiple of that. */
export function base64Piece({ kind, bytes }: BytesOf, start: number): string {
  const piece = bytes.subarray(start, start + BYTES_PIECE)
  const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  const nans = kind.nan && indexesOfNaN(kind, piece)
  if (nans === undefined && (kind.size === 1 || !bigEndian)) return buffer.toString('base64')
  const copy = Buffer.from(buffer)
  if (bigEndian) reverseElements(copy, kind.size)
  for (const index of nans ?? []) copy.set(kind.nan!, index * kind.size)
  return copy.toString('base64')
}

/** What `base64` holds as the object called `name`. @throws Error of any kind when it cannot be that. */
export function bytesFrom(name: string, base64: string): object | undefined {
  const kind = kindOfName.get(name)
  if (!kind) return undefined
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
  if (bigEndian) reverseElements(bytes, kind.size)
  if (name === 'ArrayBuffer') return bytes.buffer
  if (name === 'DataView') return new DataView(bytes.buffer)
  if (!kind.view) throw new TypeError(`This Node has no ${name}`)
  return new kind.view(bytes.buffer)
}

const bigEndian = endianness() === 'BE'

function indexesOfNaN(kind: BytesKind, piece: Uint8Array): number[] | undefined {
  let found: number[] | undefined
  const elements = new kind.view!(piece.buffer, piece.byteOffset, piece.byteLength / kind.size)
  for (let index = 0; index < elements.length; index++) {
    if (Number.isNaN(elements[index])) {
      found ??= []
      found.push(index)
    }
  }
  return found
}

/** Turns every element of `size` bytes round, in place. Exported for its spec: most machines are little-endian. */
export function reverseElements(bytes: Uint8Array, size: number): void {
  for (let start = 0; size > 1 && start + size <= bytes.length; start += size) {
    bytes.subarray(start, start + size).reverse()
  }
}
