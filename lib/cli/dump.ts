// Entries as lines of JSON.
//
//   key | keyText     the key as JSON; or, where JSON does not have it, as key text
//   value | v8        the value as JSON; or, where JSON would change it, what v8.serialize makes of it, in base64
//   bytes             in place of both, for bytes that were stored as a stream: in base64; `continues`: the next line, which
//                     has nothing but `bytes` and perhaps `continues`, has more
//   tags, expiresAt   null: it does not expire
//   queue             the entry is an item of the queue with this prefix; null: of the one without
//   purpose           what the package itself has noted about the value
//   storedAt, backend for information

import { deserialize, serialize } from 'node:v8'
import { DefaultKeyMaker } from '../keymakers/default.ts'
import { isTag } from '../log/extras.ts'
import type { Tag } from '../log/record.ts'
import { bytesPurpose } from '../ops/live.ts'
import { isExactJSON } from './exact-json.ts'
import type { Item } from './queues.ts'
import type { Row } from './walk.ts'

/** A line that was read. */
export interface Dumped {
  readonly key: unknown
  /** Of bytes the first piece. */
  readonly value: unknown
  readonly isBytes: boolean
  readonly continues: boolean
  readonly tags: readonly Tag[]
  /** Milliseconds since the epoch; Infinity: never. */
  readonly expires: number
  /** undefined: it is no item of a queue. */
  readonly queue: { readonly prefix: string | undefined } | undefined
  readonly purpose: string
}

const keyMaker = new DefaultKeyMaker()
/** So many bytes of a stream are on one line. */
const pieceLength = 3 * 2 ** 18

/** The lines of one entry. `read`: its bytes, if it was stored as such; else `value` counts. */
export async function* dump(
  row: Row,
  item: Item | undefined,
  value: unknown,
  read: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const { key, keyText, tags, expires, storedAt, purpose, bucket } = row
  const rest = {
    ...(item === undefined ? {} : { queue: item.prefix ?? null }),
    ...(purpose === '' || purpose === bytesPurpose || item !== undefined ? {} : { purpose }),
    tags,
    expiresAt: expires === Number.POSITIVE_INFINITY ? null : new Date(expires),
    storedAt: new Date(storedAt),
    backend: bucket.backend.name,
  }
  const head = isExactJSON(key) ? { key } : { keyText }
  if (purpose !== bytesPurpose) {
    const body = isExactJSON(value) ? { value } : { v8: serialize(value).toString('base64') }
    yield JSON.stringify({ ...head, ...body, ...rest })
    return
  }
  // One piece is held back: only then is it known whether it is the last.
  let held: Buffer | undefined
  let isFirst = true
  const line = (piece: Buffer, continues: boolean): string => {
    const body = { bytes: piece.toString('base64'), ...(continues ? { continues } : {}) }
    const fields = isFirst ? { ...head, ...body, ...rest } : body
    isFirst = false
    return JSON.stringify(fields)
  }
  for await (const piece of inPieces(read())) {
    if (held !== undefined) yield line(held, true)
    held = piece
  }
  yield line(held ?? Buffer.alloc(0), false)
}

/** Pieces of equal length but the last, so that base64 needs no padding in between. */
async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let gathered: Buffer = Buffer.alloc(0)
  for await (const bytes of source) {
    gathered = gathered.length === 0 ? Buffer.from(bytes) : Buffer.concat([gathered, bytes])
    for (; gathered.length >= pieceLength; gathered = gathered.subarray(pieceLength))
      yield gathered.subarray(0, pieceLength)
  }
  if (gathered.length > 0) yield gathered
}

/** What a line says. @throws Error that says what was expected. */
export function undump(line: string): Dumped {
  const parsed: unknown = JSON.parse(line)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('Expected a JSON object')
  const fields = parsed as Record<string, unknown>
  const { tags = [], expiresAt = null, purpose = '', queue, continues = false } = fields
  if (!Array.isArray(tags) || !tags.every(isTag)) throw new Error('Expected tags to be a list of texts and numbers')
  if (typeof purpose !== 'string') throw new Error('Expected purpose to be text')
  if (typeof continues !== 'boolean') throw new Error('Expected continues to be true or false')
  if (queue !== undefined && queue !== null && typeof queue !== 'string')
    throw new Error('Expected queue to be text or null')
  return {
    key: keyIn(fields),
    value: valueIn(fields),
    isBytes: 'bytes' in fields,
    continues,
    tags,
    expires: expiryIn(expiresAt),
    queue: queue === undefined ? undefined : { prefix: queue ?? undefined },
    purpose,
  }
}

/** What a line says that continues another. */
export function undumpMore(line: string): { bytes: Buffer; continues: boolean } {
  const fields = JSON.parse(line) as { bytes?: unknown; continues?: unknown } | null
  if (typeof fields?.bytes !== 'string') throw new Error('Expected more bytes of the entry on the line before')
  return { bytes: Buffer.from(fields.bytes, 'base64'), continues: fields.continues === true }
}

function keyIn(fields: Record<string, unknown>): unknown {
  if ('key' in fields) return fields['key']
  const { keyText } = fields
  if (typeof keyText !== 'string') throw new Error('Expected a key, or a keyText')
  return keyMaker.readKey(keyText)
}

function valueIn(fields: Record<string, unknown>): unknown {
  if ('value' in fields) return fields['value']
  const { v8, bytes } = fields
  if (typeof bytes === 'string') return Buffer.from(bytes, 'base64')
  if (typeof v8 !== 'string') throw new Error('Expected a value: value, v8 or bytes')
  try {
    return deserialize(Buffer.from(v8, 'base64'))
  } catch (cause) {
    throw new Error('Expected v8 to be what v8.serialize makes, in base64', { cause })
  }
}

function expiryIn(expiresAt: unknown): number {
  if (expiresAt === null) return Number.POSITIVE_INFINITY
  const time = typeof expiresAt === 'string' ? new Date(expiresAt).getTime() : Number.NaN
  if (Number.isNaN(time)) throw new Error('Expected expiresAt to be a date or null')
  return time
}
