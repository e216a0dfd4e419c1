// What is stored of a run: how it ended, and its output as one row of frames, so that what came on standard output and on
// standard error comes back in the order in which it came.
//
//   frame = 1 byte: 1 standard output, 2 standard error | 4 bytes: length, little-endian | so many bytes
//
// Up to `inlineLength` the frames are in the recording itself, and a hit reads one small file. Longer output is an entry
// of its own that is written and read as a stream, named in the recording by its id.

export type Channel = 1 | 2

export interface Recording {
  readonly status: number
  /** How long it ran, in milliseconds. */
  readonly took: number
  /** For how long it was to be fresh, in milliseconds; null: for ever. */
  readonly lifetime: number | null
  /** Frames, or the id of the entry that has them. */
  readonly output: Uint8Array | string
}

export const inlineLength = 256 * 1024
const format = 1
const headLength = 5

/** The key of the entry with the frames of a long output. */
export function outputKey(id: string): unknown {
  return ['exec output', id]
}

/** The value as it is stored. */
export function writeRecording({ status, took, lifetime, output }: Recording): object {
  return { format, status, took, lifetime, output }
}

/** undefined: that is no recording, or one of a newer version. */
export function readRecording(value: unknown): Recording | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { format: its, status, took, lifetime, output } = value as Record<string, unknown>
  if (its !== format || typeof status !== 'number' || typeof took !== 'number') return undefined
  if (lifetime !== null && typeof lifetime !== 'number') return undefined
  if (typeof output !== 'string' && !(output instanceof Uint8Array)) return undefined
  return { status, took, lifetime, output }
}

/** What stands before the bytes of a frame. */
export function frameHead(channel: Channel, length: number): Buffer {
  const head = Buffer.allocUnsafe(headLength)
  head[0] = channel
  head.writeUInt32LE(length, 1)
  return head
}

/** Takes frames apart, however the bytes come; a long frame is passed on piece by piece. */
export class FrameReader {
  readonly #emit: (channel: Channel, bytes: Uint8Array) => void
  readonly #head = Buffer.alloc(headLength)
  #headRead = 0
  #left = 0

  constructor(emit: (channel: Channel, bytes: Uint8Array) => void) {
    this.#emit = emit
  }

  read(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#left === 0 && this.#headRead < headLength) {
        this.#head[this.#headRead++] = bytes[at++]!
        if (this.#headRead < headLength) continue
        this.#left = this.#head.readUInt32LE(1)
        if (this.#head[0] !== 1 && this.#head[0] !== 2) throw new RangeError('Expected a frame of output')
      } else {
        const piece = bytes.subarray(at, at + this.#left)
        this.#emit(this.#head[0] as Channel, piece)
        at += piece.length
        this.#left -= piece.length
      }
      if (this.#left === 0) this.#headRead = 0
    }
  }
}
