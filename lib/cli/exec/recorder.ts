// Keeps the output of a run while it comes: in memory as long as it is short, then as a stream on its way into the cache,
// so that hundreds of megabytes need no more memory than a few.

import { PassThrough, type Readable } from 'node:stream'
import { drained } from '../drained.ts'
import { type Channel, frameHead, inlineLength } from './recording.ts'

/** Takes long output to where it is kept; the promise is of its id. An abort leaves nothing. */
export type Spool = (source: Readable, signal: AbortSignal) => Promise<string>

export class Recorder {
  readonly #spool: Spool
  readonly #abort = new AbortController()
  #frames: Buffer[] = []
  #length = 0
  #stream: PassThrough | undefined
  #spooled: Promise<string> | undefined
  /** Why nothing can be kept any more. */
  #failure: unknown

  constructor(spool: Spool) {
    this.#spool = spool
  }

  /** How many bytes have come. */
  get length(): number {
    return this.#length
  }

  /** Adds what has come. A promise: wait for it before bringing more. */
  add(channel: Channel, bytes: Buffer): Promise<void> | undefined {
    if (this.#abort.signal.aborted || bytes.length === 0) return undefined
    const head = frameHead(channel, bytes.length)
    this.#length += bytes.length
    if (this.#stream === undefined) {
      this.#frames.push(head, bytes)
      if (this.#length <= inlineLength) return undefined
      this.#begin()
    } else {
      this.#stream.write(head)
      this.#stream.write(bytes)
    }
    return this.#room()
  }

  #begin(): void {
    const stream = new PassThrough({ highWaterMark: 2 ** 20 })
    this.#stream = stream
    this.#spooled = this.#spool(stream, this.#abort.signal)
    // It is looked at in the end; the command must not suffer from a full disk.
    this.#spooled.catch(error => {
      this.#failure ??= error
      this.#abort.abort(error)
      stream.destroy()
    })
    stream.on('error', () => {})
    for (const frame of this.#frames) stream.write(frame)
    this.#frames = []
  }

  #room(): Promise<void> | undefined {
    return this.#stream?.writableNeedDrain === true ? drained(this.#stream) : undefined
  }

  /** The output, whole: frames, or the id under which they are. @throws what prevented that. */
  async finish(): Promise<Uint8Array | string> {
    if (this.#stream === undefined) return Buffer.concat(this.#frames)
    if (this.#failure !== undefined) throw this.#failure
    this.#stream.end()
    return await this.#spooled!
  }

  /** Nothing is to be kept. */
  async discard(): Promise<void> {
    this.#frames = []
    this.#abort.abort(new Error('The output is not to be kept'))
    this.#stream?.destroy()
    await this.#spooled?.catch(() => {})
  }
}
