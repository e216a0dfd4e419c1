// Writing to standard output and standard error at once, without Node's streams, whose making alone takes as long as the rest
// of a hit. In order, and all of it, or OutputClosed.

import { writeSync } from 'node:fs'
import { OutputClosed } from '../errors.ts'
import { type Channel, FrameReader } from './recording.ts'

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))

/** Writes all bytes. @throws OutputClosed when nobody reads any more. */
export function emit(channel: Channel, bytes: Uint8Array): void {
  let at = 0
  while (at < bytes.length) {
    try {
      at += writeSync(channel, bytes, at)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') throw new OutputClosed('Nobody reads the output any more')
      // A pipe that somebody else has made non-blocking is full: wait for its reader.
      if (code !== 'EAGAIN') throw error
      Atomics.wait(nobodyWakes, 0, 0, 5)
    }
  }
}

/** A line to the person, on standard error, if anybody reads that. */
export function tell(text: string): void {
  try {
    emit(2, Buffer.from(`bucketcache: ${text}\n`))
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error
  }
}

/** Gives recorded frames out again. */
export function replay(frames: Uint8Array): void {
  new FrameReader(emit).read(frames)
}
