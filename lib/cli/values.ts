// Values as they are typed and shown.

import { inspect } from 'node:util'
import { JSONBackend } from '../backends/json.ts'
import { isExactJSON } from './exact-json.ts'

/** For a person: as in Node's own prompt, all of it. */
export function showValue(value: unknown, colors: boolean, columns: number): string {
  return inspect(value, {
    colors,
    breakLength: columns,
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
    maxStringLength: null,
  })
}

/** For a program: bytes and text as they are, everything else as JSON, or, where JSON does not have it, as for a person. */
export function plainValue(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return Buffer.from(`${value}\n`)
  return Buffer.from(`${isExactJSON(value) ? JSON.stringify(value) : showValue(value, false, 120)}\n`)
}

/** JSON, or an error that says what JSON cannot hold. @throws UnserializableError */
export function jsonValue(value: unknown): string {
  return Buffer.from(new JSONBackend().encode(value ?? null)).toString()
}
