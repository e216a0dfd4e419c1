// Records as two lines of text, for the JSON backend: a header in JSON, then the value, so that `tail -n 1 FILE | jq` shows
// the current value and `head -n 1 FILE | jq` what is known about it. The header begins with columns of fixed width (JSON
// allows blanks between tokens), which are read without parsing; the rest is parsed only when somebody asks for it.
// Layout: FORMAT.md § Text records.
//
// {"bucketcache":1,"crc":"…8","length":…10,"value":…10,"at":…10,"kind":…11,"id":"…16","time":…13,"expires":…16,
//  "pinned":…5,"place":"…16","ref":…10 then, where needed, extras, then ,"key":… }

import { crc32 } from 'node:zlib'
import { type Extras, extraMembers, extrasFrom, parseExtras } from './extras.ts'
import { type Framing, type KindName, kindNames, type LogRecord, noRef, type RecordFields, type Tag } from './record.ts'

const opening = '{"bucketcache":1,"crc":"'
const openingBytes = Buffer.from(opening)
const newline = 0x0a
const keyName = ',"key":'

/** A place in the header: from `start` up to `end`. */
interface Column {
  readonly start: number
  readonly end: number
}

/** The header's fixed part with blank columns; grows with the columns below, so that they cannot disagree. */
let template = opening

/** Where each column starts and ends. */
const columns = (() => {
  const column = (before: string, width: number): Column => {
    const start = template.length + before.length
    template += before + ' '.repeat(width)
    return { start, end: template.length }
  }
  return {
    crc: column('', 8),
    length: column('","length":', 10),
    value: column(',"value":', 10),
    at: column(',"at":', 10),
    kind: column(',"kind":', 11),
    id: column(',"id":"', 16),
    time: column('","time":', 13),
    expires: column(',"expires":', 16),
    pinned: column(',"pinned":', 5),
    place: column(',"place":"', 16),
    ref: column('","ref":', 10),
  }
})()
const fixedLength = columns.ref.end
const noExtras: Extras = {}
/** The fixed part of what is written most: a put that does not expire. */
const plainPut = Buffer.from(template)
plainPut.write('"put"', columns.kind.start)
plainPut.write('null', columns.expires.end - 4)
plainPut.write('false', columns.pinned.start)
plainPut.write('null', columns.ref.end - 4)
/** The time that stands in it: mostly many records are written in one millisecond. */
let plainPutTime = Number.NaN
const kindsByLetters = new Map<number, KindName>(kindNames.map(name => [lettersOf(name), name]))

/** The second and third letter tell the kinds apart. */
function lettersOf(name: KindName): number {
  return name.charCodeAt(1) * 256 + name.charCodeAt(2)
}

class TextRecord implements LogRecord {
  readonly bytes: Buffer
  readonly start: number
  readonly length: number
  readonly kind: KindName
  readonly valueStart: number
  readonly valueEnd: number
  #rest: { key: string; extras: Extras } | undefined
  #extrasAlone: Extras | undefined

  constructor(bytes: Buffer, start: number, length: number, kind: KindName, valueLength: number) {
    this.bytes = bytes
    this.start = start
    this.length = length
    this.kind = kind
    this.valueEnd = start + length - 1
    this.valueStart = this.valueEnd - valueLength
  }
  get at(): number {
    return readNumber(this.bytes, this.start, columns.at)
  }
  get id(): string {
    return this.#digits(columns.id)
  }
  get time(): number {
    return readNumber(this.bytes, this.start, columns.time)
  }
  get storedAt(): number {
    return this.#extras.storedAt ?? this.time
  }
  get expires(): number {
    // 'null' for never: its last letter is none of a number's.
    if (this.bytes[this.start + columns.expires.end - 1] === 0x6c) return Number.POSITIVE_INFINITY
    return readNumber(this.bytes, this.start, columns.expires)
  }
  get pinned(): boolean {
    return this.bytes[this.start + columns.pinned.end - 4] === 0x74 // the t of ' true', the a of 'false'
  }
  get place(): string {
    return this.#digits(columns.place)
  }
  get ref(): number {
    return this.bytes[this.start + columns.ref.end - 1] === 0x6c
      ? noRef
      : readNumber(this.bytes, this.start, columns.ref)
  }
  get tags(): readonly Tag[] {
    return this.#extras.tags ?? []
  }
  get owner(): string {
    return this.#extras.owner ?? ''
  }
  get purpose(): string {
    return this.#extras.purpose ?? ''
  }
  get key(): string {
    return this.#parsed.key
  }
  get identity(): string | undefined {
    return this.#extras.identity
  }
  isOf(keyText: string, identity: string | undefined): boolean {
    if (identity !== undefined) return this.identity === identity
    // The key is the header's last member, so comparing the header's end is enough; no text that is whole JSON can end
    // as another key's header does.
    const braces = this.valueStart - 2
    const from = startBefore(this.bytes, braces, keyText)
    if (from !== undefined && startBefore(this.bytes, from, keyName) !== undefined) return true
    return this.key === keyText && this.identity === undefined
  }
  /** Of sixteen digits. To ask the engine for a string from codes takes a third of what it takes to decode bytes. */
  #digits(column: Column): string {
    const { bytes: b, start } = this
    const i = start + column.start
    // biome-ignore format: sixteen lines would say no more
    return String.fromCharCode(
      b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!, b[i + 14]!, b[i + 15]!,
    )
  }
  get #extras(): Extras {
    // Asked for with every read: extras come before the key, so where the key comes first there are none.
    const from = this.start + fixedLength
    if (this.bytes[from + 2] === keyName.charCodeAt(2)) return noExtras
    if (this.#rest !== undefined) return this.#rest.extras
    this.#extrasAlone ??= this.#extrasBeforeKey(from)
    return this.#extrasAlone ?? this.#parsed.extras
  }
  #extrasBeforeKey(from: number): Extras | undefined {
    // In their strings a quote is escaped, so this is where they end.
    const end = this.bytes.indexOf(keyName, from)
    return end < 0 || end >= this.valueStart
      ? undefined
      : parseExtras(`{${this.bytes.toString('utf8', from + 1, end)}}`)
  }
  get #parsed(): { key: string; extras: Extras } {
    if (this.#rest === undefined) {
      const text = this.bytes.toString('utf8', this.start, this.valueStart - 1)
      let parsed: Record<string, unknown> = {}
      try {
        parsed = JSON.parse(text) as Record<string, unknown>
      } catch {
        // A header that its checksum vouches for and that is no JSON was not written by us: it has no extras and no key.
      }
      // The extras come before the key, and in their strings a quote is escaped: the first occurrence is the member's name.
      const from = text.indexOf(keyName, fixedLength)
      this.#rest = {
        key:
          typeof parsed['keyText'] === 'string'
            ? parsed['keyText']
            : from < 0
              ? ''
              : text.slice(from + keyName.length, -1),
        extras: extrasFrom(parsed),
      }
    }
    return this.#rest
  }
}

/** Framing of the JSON backend. */
export const textFraming: Framing = {
  checksumFrom: columns.crc.end,
  longest: 10 ** (columns.length.end - columns.length.start) - 1,

  encode(fields: RecordFields, value: Uint8Array, at: number): Buffer {
    const { rest, headLength } = restOf(fields)
    const length = headLength + value.length + 1
    const bytes = Buffer.allocUnsafe(length)
    writeHead(bytes, fields, rest, length, value.length, at)
    bytes.set(value, headLength)
    bytes[length - 1] = newline
    writeChecksum(bytes, crc32(bytes.subarray(columns.crc.end)))
    return bytes
  },

  again({ bytes: from, valueEnd, length }, at, changes): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    from.copy(bytes, 0, valueEnd + 1 - length, valueEnd + 1)
    writeNumber(bytes, columns.at, at)
    if (changes !== undefined) {
      writeDigits(bytes, columns.id, changes.id)
      writeNumber(bytes, columns.time, changes.time)
      writeRef(bytes, changes.ref)
    }
    writeChecksum(bytes, crc32(bytes.subarray(columns.crc.end)))
    return bytes
  },

  surround(fields: RecordFields, valueLength: number, at: number): { head: Buffer; tail: Buffer } {
    const { rest, headLength } = restOf(fields)
    const head = Buffer.allocUnsafe(headLength)
    writeHead(head, fields, rest, headLength + valueLength + 1, valueLength, at)
    return { head, tail: Buffer.from('\n') }
  },

  putChecksum: writeChecksum,

  decode(bytes: Buffer, start: number): LogRecord | undefined {
    if (start < 0 || start + fixedLength > bytes.length || !opensAt(bytes, start)) return undefined
    const length = readNumber(bytes, start, columns.length)
    const valueLength = readNumber(bytes, start, columns.value)
    const end = start + length
    if (!(end <= bytes.length && length >= fixedLength + valueLength + 3)) return undefined
    const kind = kindAt(bytes, start)
    if (kind === undefined) return undefined
    if (crc32(bytes.subarray(start + columns.crc.end, end)) !== readHex(bytes, start + columns.crc.start))
      return undefined
    return new TextRecord(bytes, start, length, kind, valueLength)
  },

  decodeHead(head: Buffer, size: number): LogRecord | undefined {
    if (head.length < fixedLength || !opensAt(head, 0) || readNumber(head, 0, columns.length) !== size) return undefined
    const kind = kindAt(head, 0)
    const valueLength = readNumber(head, 0, columns.value)
    if (kind === undefined || !(size >= fixedLength + valueLength + 3)) return undefined
    const record = new TextRecord(head, 0, size, kind, valueLength)
    return record.valueStart <= head.length ? record : undefined
  },

  checksumIn(head: Buffer): number {
    return readHex(head, columns.crc.start)
  },

  startOfLast(bytes: Buffer, end: number): number | undefined {
    if (end === 0 || bytes[end - 1] !== newline) return undefined
    // The common case, told without a search: a log of one record, or of records of one length.
    const guess = end - readNumber(bytes, 0, columns.length)
    if (guess === 0 || (guess > 0 && readNumber(bytes, guess, columns.length) === end - guess && opensAt(bytes, guess)))
      return guess
    // Nearly as common: a value is a line, and so is the header before it.
    const line = bytes.lastIndexOf(newline, bytes.lastIndexOf(newline, end - 2) - 1) + 1
    if (opensAt(bytes, line) && line + readNumber(bytes, line, columns.length) === end) return line
    // A value may hold what looks like a header (an object with our member names, or lines of its own under `space`):
    // the header sought is the one whose length leads to `end`.
    for (let from = end - 1; from >= 0; ) {
      const start = bytes.lastIndexOf(openingBytes, from)
      if (start < 0) break
      if (start + fixedLength <= end && start + readNumber(bytes, start, columns.length) === end) return start
      from = start - 1
    }
    return Number.NEGATIVE_INFINITY
  },

  findStart(bytes: Buffer, from: number): number {
    return bytes.indexOf(openingBytes, from)
  },
}

/** The key text itself where it is JSON, so that `jq .key` shows the key; else the text as a string, under another name. */
function keyMember(keyText: string): string {
  return isJSON(keyText) ? keyName + keyText : `,"keyText":${JSON.stringify(keyText)}`
}

function isJSON(text: string): boolean {
  if (text.charCodeAt(0) === 0x22) return true // key text that opens a string is one, see the key maker's grammar
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Where `text` starts if it is what the bytes before `end` say. Of ASCII, which keys mostly are, no string need be made. */
function startBefore(bytes: Buffer, end: number, text: string): number | undefined {
  let at = end
  for (let i = text.length; i > 0; ) {
    const code = text.charCodeAt(--i)
    if (code > 0x7f) {
      const start = end - Buffer.byteLength(text)
      return bytes.toString('utf8', start, end) === text ? start : undefined
    }
    if (bytes[--at] !== code) return undefined
  }
  return at
}

function opensAt(bytes: Buffer, start: number): boolean {
  for (let i = 0; i < openingBytes.length; i++) if (bytes[start + i] !== openingBytes[i]) return false
  return true
}

function kindAt(bytes: Buffer, start: number): KindName | undefined {
  const at = start + columns.kind.start + 2 // behind the quote and the first letter
  return kindsByLetters.get(bytes[at]! * 256 + bytes[at + 1]!)
}

/** A column's number; NaN where something else stands there. Faster than making a string of it. */
function readNumber(bytes: Buffer, start: number, column: { start: number; end: number }): number {
  let value = 0
  let blank = true
  for (let i = start + column.start; i < start + column.end; i++) {
    const digit = bytes[i]! - 0x30
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      blank = false
    } else if (!blank || digit !== -16) return Number.NaN
  }
  return blank ? Number.NaN : value
}

function readHex(bytes: Buffer, start: number): number {
  let value = 0
  for (let i = start; i < start + 8; i++) {
    const code = bytes[i]!
    const digit = code >= 0x61 && code <= 0x66 ? code - 0x57 : code - 0x30
    if (digit < 0 || digit > 15) return Number.NaN
    value = value * 16 + digit
  }
  return value
}

/** What follows the columns, and the bytes of the whole header. */
function restOf(fields: RecordFields): { rest: string; headLength: number } {
  const key = fields.key === '' ? '' : keyMember(fields.key)
  const rest = `${extraMembers(fields)}${key}}\n`
  return { rest, headLength: fixedLength + Buffer.byteLength(rest) }
}

/** Writes the header's line, without its checksum. Every set comes by here: to write into the columns takes half the time
 *  of making one string of them. */
function writeHead(
  bytes: Buffer,
  fields: RecordFields,
  rest: string,
  length: number,
  valueLength: number,
  at: number,
): void {
  if (fields.time !== plainPutTime) {
    plainPutTime = fields.time
    writeNumber(plainPut, columns.time, plainPutTime)
  }
  bytes.set(plainPut, 0)
  writeNumber(bytes, columns.length, length)
  writeNumber(bytes, columns.value, valueLength)
  writeNumber(bytes, columns.at, at)
  // The other kinds have longer names.
  if (fields.kind !== 'put') bytes.write(`"${fields.kind}"`, columns.kind.start, 'latin1')
  writeDigits(bytes, columns.id, fields.id)
  if (fields.expires !== Number.POSITIVE_INFINITY) writeNumber(bytes, columns.expires, fields.expires)
  if (fields.pinned) bytes.write(' true', columns.pinned.start, 'latin1')
  writeDigits(bytes, columns.place, fields.place)
  if (fields.ref !== noRef) writeRef(bytes, fields.ref)
  bytes.write(rest, fixedLength)
}

/** Puts the sixteen digits of an id into a column: sooner than to have the engine write a string. */
function writeDigits(bytes: Buffer, column: Column, digits: string): void {
  for (let i = 0; i < 16; i++) bytes[column.start + i] = digits.charCodeAt(i)
}

function writeRef(bytes: Buffer, ref: number): void {
  if (ref === noRef) bytes.write('null'.padStart(columns.ref.end - columns.ref.start), columns.ref.start, 'latin1')
  else writeNumber(bytes, columns.ref, ref)
}

/** Puts a whole number into a column, at its right. */
function writeNumber(bytes: Buffer, column: Column, value: number): void {
  let rest = value
  let at = column.end
  do {
    const tenth = Math.floor(rest / 10)
    bytes[--at] = 0x30 + rest - tenth * 10
    rest = tenth
  } while (rest > 0)
  while (at > column.start) bytes[--at] = 0x20
}

function writeChecksum(head: Buffer, checksum: number): void {
  let rest = checksum
  for (let at = columns.crc.end - 1; at >= columns.crc.start; at--) {
    const digit = rest & 15
    head[at] = digit < 10 ? 0x30 + digit : 0x57 + digit
    rest >>>= 4
  }
}
