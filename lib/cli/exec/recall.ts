// The fast way to a recording: two small files are read, and nothing of the package is loaded but what takes a log's bytes
// apart. It answers in the plain case only: a live value, stored by itself, in a folder that wants nothing noted of look-ups.
// In every other (a claim, a seal, damage, statistics, a newer format) it says nothing, and the bucket is asked.

import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { binaryFraming } from '../../log/binary.ts'
import { entryName, folderFormat, settingsName } from '../../log/names.ts'
import { readState } from '../../log/state.ts'
import { looksAtReads } from '../../settings.ts'
import { type Recording, readRecording } from './recording.ts'

export interface Recalled {
  readonly recording: Recording
  /** In milliseconds since the epoch. */
  readonly storedAt: number
  readonly version: string
}

/** undefined: ask the bucket. */
export function recall(folder: string, keyText: string, now: number): Recalled | undefined {
  try {
    if (!isPlain(JSON.parse(readFileSync(`${folder}/${settingsName}`, 'utf8')))) return undefined
    const bytes = readFileSync(`${folder}/${entryName(hash('sha256', `v8\0${keyText}`), 'v8')}`)
    const state = readState(binaryFraming, { bytes, start: 0, size: bytes.length })
    if ('from' in state || state.last === undefined || state.last !== state.value) return undefined
    const { value: put } = state
    if (put.purpose !== '' || put.expires <= now || !put.isOf(keyText, undefined)) return undefined
    const recording = readRecording(deserialize(bytes.subarray(put.valueStart, put.valueEnd)))
    return recording && { recording, storedAt: put.storedAt, version: put.id }
  } catch {
    // Not there, or not as it should be: the bucket knows what to do about it.
    return undefined
  }
}

/** Whether a look-up leaves no trace under these settings. */
function isPlain(settings: unknown): boolean {
  if (typeof settings !== 'object' || settings === null) return false
  const { format, statistics, evictionPolicy } = settings as Record<string, unknown>
  return format === folderFormat && statistics !== true && !looksAtReads(evictionPolicy)
}
