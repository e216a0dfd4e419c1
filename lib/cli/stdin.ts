// Standard input.

import type { Readable } from 'node:stream'
import type { Io } from './command.ts'

/** All of it as text, without the end of its last line. */
export async function readText(io: Io): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of io.stdin) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
    .toString()
    .replace(/\r?\n$/, '')
}

/** Its bytes as they come. */
export function asStream(io: Io): Readable {
  return io.stdin as Readable
}
