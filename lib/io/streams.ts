// Values that come and go as streams, so that they need never be in memory as a whole.

import fs from 'node:fs'
import { dirname } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Permissions } from './disk.ts'
import { refused } from './errno.ts'

/** The bytes `[start, end)` of an open file, which is closed with the stream. */
export function streamOf(file: number, start: number, end: number): Readable {
  // A range of no bytes cannot be said to a read stream, whose end counts.
  if (start === end) {
    fs.closeSync(file)
    return Readable.from([])
  }
  return fs.createReadStream('', { fd: file, start, end: end - 1, autoClose: true })
}

/**
 * Writes a new file: so many zero bytes, then what the stream brings. How many bytes that was. An abort, or an error of the
 * stream or the disk, leaves no file.
 */
export async function writeFromStream(
  path: string,
  zeros: number,
  source: Readable,
  bits: Permissions,
  signal: AbortSignal | undefined,
): Promise<number> {
  let length = 0
  const counter = new Transform({
    transform(chunk: Uint8Array | string, encoding, done) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
      length += bytes.length
      done(null, bytes)
    },
  })
  try {
    await fs.promises.mkdir(dirname(path), { recursive: true, mode: bits.folder })
    const target = fs.createWriteStream(path, { flags: 'wx', mode: bits.file })
    target.write(Buffer.alloc(zeros))
    await pipeline(source, counter, target, signal === undefined ? {} : { signal })
    return length
  } catch (error) {
    await fs.promises.rm(path, { force: true })
    if (signal?.aborted) throw signal.reason
    // What the stream itself brought goes to the caller as it is.
    throw (error as NodeJS.ErrnoException).syscall === undefined || source.errored === error
      ? error
      : refused('write', path, error)
  }
}
