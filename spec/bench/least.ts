// The least that the design asks for, in straight-line code: the system calls of the operations with what has to be computed between
// them (key text, hash, value, checksums), and nothing else: no options, no errors, no other processes. Held against the same
// measures as the operations, it tells whether a limit can be met at all, and how much the package itself takes.

import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, unlink, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Article } from './stage.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants
const page = Buffer.allocUnsafeSlow(32 * 1024)
/** As long as a record's header before its key, a note in the order log, and what stands in the bounds of a queue. */
const header = Buffer.alloc(170, ' ')
const noteLength = 94
const boundsLength = 260

export class LeastFiles {
  readonly #folder: string
  readonly #order: number
  readonly #bounds: number
  #orderSize = 0
  #boundsSize = 0
  #pushed = 0
  #pulled = 0

  constructor(folder: string) {
    this.#folder = folder
    for (let first = 0; first < 256; first++)
      mkdirSync(join(folder, first.toString(16).padStart(2, '0')), { recursive: true })
    this.#order = openSync(join(folder, 'order'), O_RDWR | O_APPEND | O_CREAT, 0o600)
    this.#bounds = openSync(join(folder, 'bounds'), O_RDWR | O_APPEND | O_CREAT, 0o600)
  }

  /** A new key: exclusive create, note in the order log, look, write, look, close. */
  set(key: unknown, value: Article): void {
    const text = JSON.stringify(key)
    const record = recordOf(text, Buffer.from(JSON.stringify(value)))
    const file = openSync(this.#pathOf(text), O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0o600)
    this.#note()
    this.#append(file, record, 0)
    closeSync(file)
  }

  /** A stored key: open, read, append, look, close. */
  overwrite(key: string, value: Article): void {
    const text = JSON.stringify(key)
    const record = recordOf(text, Buffer.from(JSON.stringify(value)))
    const file = openSync(this.#pathOf(text), O_RDWR | O_APPEND)
    this.#append(file, record, readWhole(file).length)
    closeSync(file)
  }

  /** A new number in the queue's bounds, and a new key. */
  push(value: Article): void {
    if (readSync(this.#bounds, page, 0, page.length, this.#boundsSize) !== 0) throw new Error('Nobody else is here')
    const record = Buffer.alloc(boundsLength)
    writeSync(this.#bounds, withChecksum(record))
    this.#boundsSize += record.length
    if (fstatSync(this.#bounds).size !== this.#boundsSize) throw new Error('Nobody else is here')
    this.set(this.#pushed, value)
    this.#pushed++
  }

  /** Look at the bounds; open, read, append a tombstone, look, close; note in the order log, look; unlink, by the system's threads. */
  pull(): Article {
    if (fstatSync(this.#bounds).size !== this.#boundsSize) throw new Error('Nobody else is here')
    const text = JSON.stringify(this.#pulled)
    this.#pulled++
    const path = this.#pathOf(text)
    const file = openSync(path, O_RDWR | O_APPEND)
    const record = readWhole(file)
    this.#append(file, recordOf('', new Uint8Array()), record.length)
    closeSync(file)
    this.#note()
    unlink(path, failed => {
      if (failed !== null) throw failed
    })
    return JSON.parse(record.toString('utf8', header.length + text.length, record.length - 1)) as Article
  }

  #pathOf(text: string): string {
    const digest = hash('sha256', `json\0${text}`)
    return `${this.#folder}/${digest.slice(0, 2)}/${digest.slice(2)}.json`
  }

  #note(): void {
    const note = withChecksum(Buffer.alloc(noteLength))
    writeSync(this.#order, note)
    this.#orderSize += note.length
    const { size, nlink } = fstatSync(this.#order)
    if (size !== this.#orderSize || nlink === 0) throw new Error('Nobody else is here')
  }

  #append(file: number, record: Buffer, size: number): void {
    writeSync(file, record)
    if (readSync(file, page, 0, 1, size + record.length) !== 0) throw new Error('Nobody else is here')
  }

  /** Whether the last records of these keys are of these values. */
  check(key: string, value: Article): void {
    const text = JSON.stringify(key)
    const file = openSync(this.#pathOf(text), O_RDWR)
    const bytes = readWhole(file)
    closeSync(file)
    const record = recordOf(text, Buffer.from(JSON.stringify(value)))
    if (!bytes.subarray(bytes.length - record.length).equals(record)) throw new Error(`Not the value of ${key}`)
  }
}

/** The bytes of a log whose last record has the checksum that it says. All records of one log are of one length here. */
function readWhole(file: number): Buffer {
  const length = readSync(file, page, 0, page.length, 0)
  const bytes = Buffer.from(page.subarray(0, length))
  const last = bytes.subarray(bytes.readUInt32LE(4) === length ? 0 : length / 2)
  if (crc32(last.subarray(8)) !== last.readUInt32LE(0)) throw new Error('Not what was written')
  return bytes
}

function recordOf(text: string, value: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(header.length + Buffer.byteLength(text) + value.length + 1)
  record.set(header, 0)
  const keyLength = record.write(text, header.length)
  record.set(value, header.length + keyLength)
  record[record.length - 1] = 0x0a
  return withChecksum(record)
}

/** Its length, and the checksum of all behind the checksum. */
function withChecksum(record: Buffer): Buffer {
  record.writeUInt32LE(record.length, 4)
  record.writeUInt32LE(crc32(record.subarray(8)), 0)
  return record
}
