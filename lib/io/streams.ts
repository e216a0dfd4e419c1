// Values that come and go as streams, so that they need never be in memory as a whole.

import fs from 'node:fs'
import { dirname } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Permissions } from './disk.ts'
import { refused } from './errno.ts'
import { makeFolder } from './folders.ts'

/** The bytes `[start, end)` of an open file, which is closed with the stream. */
export function streamOf(file: number, start: number, end: number): Readable {
  // A range of no bytes cannot be said to a read stream, whose end counts.
  if (start === end) {
    fs.closeSync(file)
    return Readable.from([])
  }
  return fs.createReadStream('', { fd: file, start, end: end - 1, autoClose: true })
}

/** A piece of a stream as bytes: strings as UTF-8. */
export function bytesOf(chunk: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (ArrayBuffer.isView(chunk)) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw new TypeError(`Expected the stream to bring bytes or text, got a piece of type ${typeof chunk}`)
}

/**
 * Writes a new file: so many zero bytes, then what the stream brings. How many bytes that was. An abort, or an error of the
 * stream or the disk, leaves no file, and the stream destroyed.
 */
export async function writeFromStream(
  path: string,
  zeros: number,
  source: Readable,
  bits: Permissions,
  signal: AbortSignal | undefined,
  checkLength: (length: number) => void = () => {},
): Promise<number> {
  let length = 0
  const counter = new Transform({
    // It is to see whatever the stream brings: what is no bytes would otherwise be thrown where nobody can catch it.
    writableObjectMode: true,
    writableHighWaterMark: 1,
    transform(chunk: unknown, _encoding, done) {
      try {
        const bytes = bytesOf(chunk)
        length += bytes.length
        checkLength(length)
        done(null, bytes)
      } catch (error) {
        done(error as Error)
      }
    },
  })
  // It may fail while the folder is made, when nobody listens yet. It is remembered, and told by the pipeline.
  source.on('error', () => {})
  let target: fs.WriteStream | undefined
  try {
    await makeFolder(dirname(path), bits.folder)
    target = fs.createWriteStream(path, { flags: 'wx', mode: bits.file })
    target.write(Buffer.alloc(zeros))
    await pipeline(source, counter, target, signal === undefined ? {} : { signal })
    return length
  } catch (error) {
    // The file may be on its way to being made, and would be there again.
    if (target !== undefined && !target.closed)
      await new Promise<void>(resolve => target?.once('close', () => resolve()))
    // If it cannot be removed either, that says no more than the error that there is.
    await fs.promises.rm(path, { force: true }).catch(() => {})
    source.destroy()
    if (signal?.aborted) throw signal.reason
    // What the stream itself brought goes to the caller as it is.
    throw (error as NodeJS.ErrnoException).syscall === undefined || source.errored === error
      ? error
      : refused('write', path, error)
  }
}
