// Frames of the sidecar logs. They are only read forwards and adding to them commutes, so a frame is valid wherever it
// lands, as long as no `end` frame stands before it.
// Layout: FORMAT.md § Sidecar frames. Little-endian.
//
//   0  3  magic 'bks'              12  1  kind (a number that the sidecar gives a meaning)
//   3  1  format version (1)       13  3  zero
//   4  4  crc32 of bytes 8 to end  16  8  id
//   8  4  length of the frame      24  …  body     end-1  1  'e'
//
// No head begins with an 'e'. So the next frame's first bytes make a torn one whole only if its body ended as that head begins, and
// one of the checksum's bytes is an 'e': `readFrames` passes over such a one.

import { crc32 } from 'node:zlib'
import { formatVersion } from './binary.ts'
import { idAt, putId } from './ids.ts'

const magic = Buffer.from('bks')
/** Where a frame's body begins. */
export const frameHeadLength = 24
const ending = 0x65

export interface Frame {
  readonly kind: number
  /** Sixteen hexadecimal digits. */
  readonly id: string
  readonly body: Buffer
  /** Bytes of the whole frame. */
  readonly length: number
}

/** `body`: its parts, one behind the other. */
export function encodeFrame(kind: number, id: string, ...body: readonly Uint8Array[]): Buffer {
  let length = 0
  for (const part of body) length += part.length
  const bytes = beginFrame(kind, id, length)
  let at = frameHeadLength
  for (const part of body) {
    bytes.set(part, at)
    at += part.length
  }
  return endFrame(bytes)
}

/** Bytes of a frame around such a body. */
export function frameLength(bodyLength: number): number {
  return frameHeadLength + bodyLength + 1
}

/** A frame whose body, from `frameHeadLength` on, is still to be written; at the beginning of `room`, or by itself. */
export function beginFrame(kind: number, id: string, bodyLength: number, room?: Buffer): Buffer {
  const length = frameLength(bodyLength)
  const bytes = room?.subarray(0, length) ?? Buffer.allocUnsafe(length)
  bytes.set(magic, 0)
  bytes[3] = formatVersion
  bytes.writeUInt32LE(length, 8)
  bytes.writeUInt32LE(kind, 12)
  putId(bytes, id, 16)
  bytes[length - 1] = ending
  return bytes
}

/** The frame, made whole. */
export function endFrame(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  return bytes
}

/** The whole, undamaged frame that starts at `start`. */
export function decodeFrame(bytes: Buffer, start: number): Frame | undefined {
  if (start + frameHeadLength > bytes.length || bytes.compare(magic, 0, 3, start, start + 3) !== 0) return undefined
  if (bytes[start + 3] !== formatVersion) return undefined
  const length = bytes.readUInt32LE(start + 8)
  if (length <= frameHeadLength || start + length > bytes.length || bytes[start + length - 1] !== ending)
    return undefined
  if (crc32(bytes.subarray(start + 8, start + length)) !== bytes.readUInt32LE(start + 4)) return undefined
  return {
    kind: bytes[start + 12]!,
    id: idAt(bytes, start + 16),
    body: bytes.subarray(start + frameHeadLength, start + length - 1),
    length,
  }
}

export interface FramesRead {
  readonly frames: readonly { readonly frame: Frame; readonly at: number }[]
  readonly settled: number
}

/** All frames in `bytes`, with where they start, and up to where the bytes are settled: a torn frame at the very end may
 *  be one that is still being written, and is to be read again. */
export function readFrames(bytes: Buffer): FramesRead {
  const frames: { frame: Frame; at: number }[] = []
  let settled = 0
  for (let at = 0; at >= 0 && at < bytes.length; ) {
    const frame = decodeFrame(bytes, at)
    if (frame === undefined) at = bytes.indexOf(magic, at + 1)
    else {
      const end = at + frame.length
      const next = startWithin(bytes, end)
      if (next === undefined) frames.push({ frame, at })
      settled = next ?? end
      at = settled
    }
  }
  return { frames, settled }
}

/** Where a frame starts in the last bytes before `end`, if one does: its magic, version and some of its checksum. */
function startWithin(bytes: Buffer, end: number): number | undefined {
  for (let start = end - 8; start <= end - 5; start++)
    if (bytes[start] === magic[0] && decodeFrame(bytes, start) !== undefined) return start
  return undefined
}
