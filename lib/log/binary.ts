// Records as bytes: a fixed head, the parts whose lengths it names, and the length once more for those who come from behind.
// Layout: FORMAT.md § Binary records. Little-endian throughout.
//
//   0  3  magic 'bkc'                 32  8  time (float64)
//   3  1  format version (1)          40  8  expires (float64, Infinity: never)
//   4  4  crc32 of bytes 8 to end     48  8  place
//   8  6  length of the record        56  6  ref (0xffffffffffff: none)
//  14  1  kind                        62  4  length of the extras (JSON; 0: none)
//  15  1  flags (1: pinned)           66  4  length of the key
//  16  6  at: offset in the file      70  …  key, extras, value
//  22  2  zero                       end-8  6  length again
//  24  8  id                         end-2  2  'ke'
//
// No record ends as a head begins, so a torn one is never made whole by the first bytes of the next.

import { crc32 } from 'node:zlib'
import { type Extras, extrasOf, parseExtras } from './extras.ts'
import { idAt, putId } from './ids.ts'
import {
  type Framing,
  type KindName,
  kindNames,
  kinds,
  type LogRecord,
  noRef,
  type RecordFields,
  type Tag,
} from './record.ts'

export const formatVersion = 1
const magic = Buffer.from('bkc')
const headLength = 70
const trailerLength = 8
const pinnedFlag = 1
const noRefOnDisk = 2 ** 48 - 1
const kindOfNumber: readonly (KindName | undefined)[] = (() => {
  const names: (KindName | undefined)[] = []
  for (const name of kindNames) names[kinds[name]] = name
  return names
})()

class BinaryRecord implements LogRecord {
  readonly bytes: Buffer
  readonly start: number
  readonly length: number
  #extras: Extras | undefined

  constructor(bytes: Buffer, start: number, length: number) {
    this.bytes = bytes
    this.start = start
    this.length = length
  }
  get kind(): KindName {
    // `decode` let no other number through.
    return kindOfNumber[this.bytes[this.start + 14]!]!
  }
  get at(): number {
    return readU48(this.bytes, this.start + 16)
  }
  get id(): string {
    return idAt(this.bytes, this.start + 24)
  }
  get time(): number {
    return this.bytes.readDoubleLE(this.start + 32)
  }
  get storedAt(): number {
    return this.extras.storedAt ?? this.time
  }
  get expires(): number {
    return this.bytes.readDoubleLE(this.start + 40)
  }
  get pinned(): boolean {
    return (this.bytes[this.start + 15]! & pinnedFlag) !== 0
  }
  get place(): string {
    return idAt(this.bytes, this.start + 48)
  }
  get ref(): number {
    const ref = readU48(this.bytes, this.start + 56)
    return ref === noRefOnDisk ? noRef : ref
  }
  get tags(): readonly Tag[] {
    return this.extras.tags ?? []
  }
  get owner(): string {
    return this.extras.owner ?? ''
  }
  get purpose(): string {
    return this.extras.purpose ?? ''
  }
  get key(): string {
    const from = this.start + headLength
    return this.bytes.toString('utf8', from, from + this.#keyLength)
  }
  get identity(): string | undefined {
    return this.extras.identity
  }
  get extras(): Extras {
    const from = this.start + headLength + this.#keyLength
    this.#extras ??= parseExtras(this.bytes.toString('utf8', from, from + this.#extrasLength))
    return this.#extras
  }
  get valueStart(): number {
    return this.start + headLength + this.#keyLength + this.#extrasLength
  }
  get valueEnd(): number {
    return this.start + this.length - trailerLength
  }
  isOf(keyText: string, identity: string | undefined): boolean {
    return identity === undefined ? this.key === keyText && this.identity === undefined : this.identity === identity
  }
  get #keyLength(): number {
    return this.bytes.readUInt32LE(this.start + 66)
  }
  get #extrasLength(): number {
    return this.bytes.readUInt32LE(this.start + 62)
  }
}

/** Framing of all backends but JSON, and of no sidecar (see `sidecar.ts`). */
export const binaryFraming: Framing = {
  checksumFrom: 8,
  longest: 2 ** 48 - 2,

  encode(fields: RecordFields, value: Uint8Array, at: number): Buffer {
    const parts = partsOf(fields)
    const length = parts.headLength + value.length + trailerLength
    const bytes = Buffer.allocUnsafe(length)
    writeHead(bytes, fields, parts, length, at)
    bytes.set(value, parts.headLength)
    writeTrailer(bytes, length, length - trailerLength)
    bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
    return bytes
  },

  again({ bytes: from, valueEnd, length }, at, changes): Buffer {
    const end = valueEnd + trailerLength
    const bytes = Buffer.allocUnsafe(length)
    from.copy(bytes, 0, end - length, end)
    writeU48(bytes, at, 16)
    if (changes !== undefined) {
      putId(bytes, changes.id, 24)
      bytes.writeDoubleLE(changes.time, 32)
      writeRef(bytes, changes.ref)
    }
    bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
    return bytes
  },

  surround(fields: RecordFields, valueLength: number, at: number): { head: Buffer; tail: Buffer } {
    const parts = partsOf(fields)
    const length = parts.headLength + valueLength + trailerLength
    const head = Buffer.alloc(parts.headLength)
    writeHead(head, fields, parts, length, at)
    const tail = Buffer.alloc(trailerLength)
    writeTrailer(tail, length, 0)
    return { head, tail }
  },

  putChecksum(head: Buffer, checksum: number): void {
    head.writeUInt32LE(checksum, 4)
  },

  decode(bytes: Buffer, start: number): LogRecord | undefined {
    if (start < 0 || start + headLength + trailerLength > bytes.length) return undefined
    if (bytes[start] !== 0x62 || bytes[start + 1] !== 0x6b || bytes[start + 2] !== 0x63) return undefined
    if (bytes[start + 3] !== formatVersion || kindOfNumber[bytes[start + 14]!] === undefined) return undefined
    const length = readU48(bytes, start + 8)
    const parts = headLength + bytes.readUInt32LE(start + 66) + bytes.readUInt32LE(start + 62) + trailerLength
    if (length < parts || start + length > bytes.length) return undefined
    if (crc32(bytes.subarray(start + 8, start + length)) !== bytes.readUInt32LE(start + 4)) return undefined
    return new BinaryRecord(bytes, start, length)
  },

  decodeHead(head: Buffer, size: number): LogRecord | undefined {
    if (head.length < headLength || !head.subarray(0, 3).equals(magic)) return undefined
    if (head[3] !== formatVersion || kindOfNumber[head[14]!] === undefined) return undefined
    const valueStart = headLength + head.readUInt32LE(66) + head.readUInt32LE(62)
    if (readU48(head, 8) !== size || valueStart > head.length || valueStart + trailerLength > size) return undefined
    return new BinaryRecord(head, 0, size)
  },

  checksumIn(head: Buffer): number {
    return head.readUInt32LE(4)
  },

  startOfLast(bytes: Buffer, end: number): number | undefined {
    if (end < trailerLength || bytes[end - 2] !== 0x6b || bytes[end - 1] !== 0x65) return undefined
    const length = readU48(bytes, end - trailerLength)
    return length < headLength + trailerLength ? undefined : end - length
  },

  findStart(bytes: Buffer, from: number): number {
    return bytes.indexOf(magic, from)
  },
}

function readU48(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt16LE(at + 4) * 2 ** 32
}

function writeU48(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % 2 ** 32, at)
  bytes.writeUInt16LE(Math.floor(value / 2 ** 32), at + 4)
}

interface Parts {
  readonly extras: string
  readonly keyLength: number
  readonly extrasLength: number
  /** Of everything before the value. */
  readonly headLength: number
}

function partsOf(fields: RecordFields): Parts {
  const extras = extrasOf(fields)
  const keyLength = Buffer.byteLength(fields.key)
  const extrasLength = extras === '' ? 0 : Buffer.byteLength(extras)
  return { extras, keyLength, extrasLength, headLength: headLength + keyLength + extrasLength }
}

/** All before the value but the checksum. */
function writeHead(bytes: Buffer, fields: RecordFields, parts: Parts, length: number, at: number): void {
  magic.copy(bytes, 0)
  bytes[3] = formatVersion
  writeU48(bytes, length, 8)
  bytes[14] = kinds[fields.kind]
  bytes[15] = fields.pinned ? pinnedFlag : 0
  writeU48(bytes, at, 16)
  bytes.writeUInt16LE(0, 22)
  putId(bytes, fields.id, 24)
  bytes.writeDoubleLE(fields.time, 32)
  bytes.writeDoubleLE(fields.expires, 40)
  putId(bytes, fields.place, 48)
  writeRef(bytes, fields.ref)
  bytes.writeUInt32LE(parts.extrasLength, 62)
  bytes.writeUInt32LE(parts.keyLength, 66)
  bytes.write(fields.key, headLength)
  if (parts.extrasLength > 0) bytes.write(parts.extras, headLength + parts.keyLength)
}

function writeRef(bytes: Buffer, ref: number): void {
  writeU48(bytes, ref === noRef ? noRefOnDisk : ref, 56)
}

function writeTrailer(bytes: Buffer, length: number, at: number): void {
  writeU48(bytes, length, at)
  bytes[at + 6] = 0x6b
  bytes[at + 7] = 0x65
}
