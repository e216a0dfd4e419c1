// Hints: the records of the tag and expiry indexes. Each says that an entry may be worth a look; the entry itself is the truth.
// Layout of the body: FORMAT.md § Hints.
//
//   0 8 time (float64) · 8 32 hash of the key · 40 … extension, a zero byte, name of the backend

import { encodeFrame, type Frame } from './sidecar.ts'

/** On disk. */
const hintKind = 1

export interface Hint {
  /** When it was given, in milliseconds since the epoch. */
  readonly time: number
  readonly hash: string
  readonly extension: string
  readonly backend: string
}

export function encodeHint(id: string, hint: Hint): Buffer {
  const names = Buffer.from(`${hint.extension}\0${hint.backend}`)
  const body = Buffer.allocUnsafe(40 + names.length)
  body.writeDoubleLE(hint.time, 0)
  body.write(hint.hash, 8, 'hex')
  names.copy(body, 40)
  return encodeFrame(hintKind, id, body)
}

/** undefined: nothing that this version knows. */
export function decodeHint({ kind, body }: Frame): Hint | undefined {
  if (kind !== hintKind || body.length < 41) return undefined
  const [extension, backend] = body.toString('utf8', 40).split('\0')
  if (extension === undefined || backend === undefined) return undefined
  return { time: body.readDoubleLE(0), hash: body.toString('hex', 8, 40), extension, backend }
}
