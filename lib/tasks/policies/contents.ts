// The hash of a file's contents, remembered within the process as long as the file's metadata show that it is the same.
//
// The rule is git's for its index: metadata that were taken while the file's own times were still young prove nothing, for
// a write right afterwards could leave the same times, in the same tick of the clock. So a hash is remembered only if, when
// the reading began, the file had been at rest for `settledAfterMs`. The time of the last change of the inode (ctime) cannot
// be set back as that of the contents can, so a file that was rewritten and touched to look old is noticed.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { errnoOf, refused } from '../../io/errno.ts'
import { Recency } from '../../recency.ts'

/** The coarsest clock of a filesystem in use ticks every 2 s (FAT); the rest allows for a server whose clock is slow. */
const settledAfterMs = 3000

/** Most files remembered; the ones longest unused are forgotten first. */
const rememberedMax = 10_000

interface Remembered {
  readonly identity: string
  readonly hash: string
}

const remembered = new Recency<string, Remembered>()

/**
 * SHA-256 of what is in the file, in hexadecimal digits; undefined when there is no such file.
 * @throws StorageIOError when it cannot be read.
 */
export async function hashOfFile(path: string): Promise<string | undefined> {
  try {
    const startedAt = Date.now()
    const { identity, changedAt } = await identify(path)
    const known = remembered.use(path)
    if (known?.identity === identity) return known.hash
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    const result = { identity, hash: hash.digest('hex') }
    if (startedAt - changedAt > settledAfterMs && (await identify(path)).identity === identity) remember(path, result)
    return result.hash
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw refused('read', path, error)
  }
}

async function identify(path: string): Promise<{ identity: string; changedAt: number }> {
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs } = await stat(path, { bigint: true })
  return {
    identity: [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    changedAt: Math.max(Number(mtimeMs), Number(ctimeMs)),
  }
}

function remember(path: string, entry: Remembered): void {
  remembered.set(path, entry)
  if (remembered.size > rememberedMax) remembered.delete(remembered.oldest!)
}
