// Files in one piece, for those that do not stream.

import { finished } from 'node:stream/promises'
import type { Storage } from './storage.ts'

/** Writes a file. It is visible when the promise resolves. */
export async function writeWhole(
  storage: Storage,
  key: string,
  filename: string,
  content: Uint8Array | string,
): Promise<void> {
  const target = await storage.fileHandle(key, filename, 'w')
  const done = finished(target)
  target.end(content)
  await done
}

/** Reads a file, into memory that is shared with nothing else. Rejects when there is none. */
export async function readWhole(storage: Storage, key: string, filename: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of await storage.fileHandle(key, filename, 'r')) {
    const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    chunks.push(bytes)
    size += bytes.length
  }
  const whole = Buffer.from(new ArrayBuffer(size))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
