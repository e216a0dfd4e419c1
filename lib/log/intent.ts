// The intent of a transaction: what its keys are to become. The file appears whole (it is renamed into place), and its
// appearing is the commit.
// Layout: FORMAT.md § Intents. A frame for each key, then one that counts them.
//
//   body of a key's frame:   0 8 id of the seal · 8 2 length of the path · 10 … path in the folder · … record (none: tombstone)
//   body of the last frame:  0 4 number of keys

import { idAt, putId } from './ids.ts'
import { beginFrame, endFrame, frameHeadLength, frameLength, readFrames } from './sidecar.ts'

/** On disk. Never renumber or reuse. */
const frameKinds = { key: 1, count: 2 } as const

/** What one key becomes. */
export interface Intention {
  /** Of the key's log, within the folder. */
  readonly path: string
  /** Id of the seal over which the record is to be written: once it is not the log's last record, that was done. */
  readonly seal: string
  /** A put as it is to stand behind the seal; undefined: the key is removed. */
  readonly record: Buffer | undefined
}

export function encodeIntent(id: string, intentions: readonly Intention[]): Buffer {
  const lengths = intentions.map(({ path, record }) => 10 + Buffer.byteLength(path) + (record?.length ?? 0))
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + frameLength(length), frameLength(4)))
  let at = 0
  // Into their places at once: there may be many, and large ones.
  const frame = (kind: number, bodyLength: number, write: (bytes: Buffer) => void): void => {
    const room = beginFrame(kind, id, bodyLength, bytes.subarray(at))
    write(room)
    endFrame(room)
    at += room.length
  }
  for (const [index, { path, seal, record }] of intentions.entries()) {
    frame(frameKinds.key, lengths[index]!, room => {
      putId(room, seal, frameHeadLength)
      const nameLength = room.write(path, frameHeadLength + 10)
      room.writeUInt16LE(nameLength, frameHeadLength + 8)
      if (record !== undefined) room.set(record, frameHeadLength + 10 + nameLength)
    })
  }
  frame(frameKinds.count, 4, room => room.writeUInt32LE(intentions.length, frameHeadLength))
  return bytes
}

/** undefined: the bytes are not a whole intent. */
export function decodeIntent(bytes: Buffer): Intention[] | undefined {
  const intentions: Intention[] = []
  for (const { frame } of readFrames(bytes).frames) {
    const { kind, body } = frame
    if (kind === frameKinds.count) {
      return body.length === 4 && body.readUInt32LE(0) === intentions.length ? intentions : undefined
    }
    if (kind !== frameKinds.key || body.length < 10) return undefined
    const pathEnd = 10 + body.readUInt16LE(8)
    const record = body.subarray(pathEnd)
    intentions.push({
      path: body.toString('utf8', 10, pathEnd),
      seal: idAt(body, 0),
      record: record.length === 0 ? undefined : Buffer.from(record),
    })
  }
  return undefined
}
