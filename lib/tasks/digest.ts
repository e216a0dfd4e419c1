// One hash for every key of this folder, made of the canonical text of keys, which is the same in every process and every
// version of Node.

import { createHash } from 'node:crypto'
import { StreamingKeyMaker } from '../keymakers/streaming.ts'

// In pieces, so that an input may be longer than the longest string.
const keyMaker = new StreamingKeyMaker()

/**
 * SHA-256 over the key text of `value`, as 64 hexadecimal digits. Callers put what they hash into an array that begins
 * with a word of their own, so that no two of them ever hash the same text.
 * @throws UnserializableError that names the path to what cannot be in a key.
 */
export function digest(value: unknown): string {
  const hash = createHash('sha256')
  for (const piece of keyMaker.makeKey(value)) hash.update(piece)
  return hash.digest('hex')
}
