// metadata.json: the record of a result, for people and for cachedTasks(). It is written last, and says what the files
// beside it hold, so files of another writer, or of one that was interrupted, are noticed.
//
//   {
//     "format": 1,                              a reader refuses a greater one
//     "key": "v8__train__3f…",                  the storage key
//     "task": "train",
//     "inputs": { "rate": 0.1, "since": { "$key": "Date(\"2024-01-01T00:00:00.000Z\")" } },
//     "startedAt": "2024-05-01T10:00:00.000Z",
//     "duration": 1234.5,                       milliseconds
//     "expiresAt": "2024-05-02T10:00:00.000Z",  absent: never
//     "files": { "data.v8": { "size": 99, "sha256": "…" } }
//   }
//
// Inputs are JSON where they are made of JSON types; others stand as the text that the key has of them, which can be read
// back. What cannot be in a key (it was excluded from it, or it would have failed) is left out.

import { FormatError } from '../../errors.ts'
import { DefaultKeyMaker } from '../../keymakers/default.ts'
import { HashedValue } from '../hashed.ts'
import type { ResultMeta } from './result-cache.ts'

export const metadataName = 'metadata.json'
const format = 1

/** What the files of a result hold, by name. */
export type Files = Record<string, { size: number; sha256: string }>

const keyMaker = new DefaultKeyMaker()

export function writeMetadata(
  key: string,
  { task, inputs, startedAt, duration, expiresAt }: ResultMeta,
  files: Files,
): string {
  const written: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(inputs)) {
    const input = writeInput(value)
    if (input !== undefined) Object.defineProperty(written, name, { value: input, enumerable: true })
  }
  const record = { format, key, task, inputs: written, startedAt, duration, expiresAt, files }
  return `${JSON.stringify(record, null, 2)}\n`
}

/** A record that is not ours, or damaged, is undefined. @throws FormatError when it is of a newer format. */
export function readMetadata(key: string, text: string): { meta: ResultMeta; files: Files } | undefined {
  const record = parse(text)
  if (!isObject(record)) return undefined
  if (typeof record['format'] === 'number' && record['format'] > format) {
    throw new FormatError(
      `The result ${key} was stored by a newer version of this package (format ${record['format']}); upgrade, or use another storage`,
    )
  }
  const { task, inputs, duration, files } = record
  const startedAt = readDate(record['startedAt'])
  const expiresAt = record['expiresAt'] === undefined ? undefined : readDate(record['expiresAt'])
  if (record['format'] !== format || record['key'] !== key) return undefined
  if (typeof task !== 'string' || typeof duration !== 'number' || !isObject(inputs) || !isFiles(files)) return undefined
  if (startedAt === undefined || (record['expiresAt'] !== undefined && expiresAt === undefined)) return undefined
  const read = Object.entries(inputs).map(([name, input]) => [name, readInput(input)])
  const meta: ResultMeta = { task, inputs: Object.fromEntries(read), startedAt, duration }
  if (expiresAt) meta.expiresAt = expiresAt
  return { meta, files }
}

function writeInput(value: unknown): unknown {
  if (value instanceof HashedValue) return { hash: value.hash }
  let text: string
  try {
    text = keyMaker.keyText(value)
  } catch {
    return undefined
  }
  const json = parse(text)
  const isPlain = json !== undefined && !(isObject(json) && '$key' in json)
  return isPlain ? json : { $key: text }
}

function readInput(input: unknown): unknown {
  if (!isObject(input) || typeof input['$key'] !== 'string') return input
  try {
    return keyMaker.readKey(input['$key'])
  } catch {
    // Of a type that this Node has not: its text says what it was.
    return input['$key']
  }
}

/** undefined for text that is no JSON; no JSON text means undefined. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFiles(value: unknown): value is Files {
  return (
    isObject(value) &&
    Object.values(value).every(
      file => isObject(file) && typeof file['size'] === 'number' && typeof file['sha256'] === 'string',
    )
  )
}

function readDate(value: unknown): Date | undefined {
  const date = typeof value === 'string' ? new Date(value) : undefined
  return date && !Number.isNaN(date.getTime()) ? date : undefined
}
