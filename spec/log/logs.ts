// Logs made up for specs, and what they ought to say.

import fc from 'fast-check'
import { type Framing, type KindName, noRef, type RecordFields } from '../../lib/log/record.ts'
import { type LogState, needsMore, readState } from '../../lib/log/state.ts'

let count = 0

export function fieldsOf(fields: Partial<RecordFields> & { kind: KindName }): RecordFields {
  const time = fields.time ?? 1_700_000_000_000
  return {
    id: (++count).toString(16).padStart(16, '0'),
    time,
    storedAt: time,
    expires: Number.POSITIVE_INFINITY,
    pinned: false,
    place: '0123456789abcdef',
    ref: noRef,
    tags: [],
    owner: '',
    purpose: '',
    key: fields.kind === 'put' ? '"key"' : '',
    identity: undefined,
    ...fields,
  }
}

export function put(framing: Framing, value: string | Uint8Array, at: number, fields?: Partial<RecordFields>): Buffer {
  return framing.encode(fieldsOf({ kind: 'put', ...fields }), Buffer.from(value), at)
}

/** What is appended, one after the other. */
export type Piece =
  /** Valid: it says where it stands. */
  | { what: 'put' | 'touch' | 'tombstone' | 'seal' | 'unseal' | 'claim'; value: Uint8Array }
  /** It lost the race: it expected to stand elsewhere. */
  | { what: 'void'; value: Uint8Array; off: number }
  /** A crash: the first bytes of a record, this share of them. */
  | { what: 'torn'; value: Uint8Array; share: number }
  | { what: 'garbage'; value: Uint8Array }

const value = fc.uint8Array({ maxLength: 40 })

export const pieces: fc.Arbitrary<Piece[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ what: fc.constant('put' as const), value }) },
    {
      weight: 4,
      arbitrary: fc.record({ what: fc.constantFrom('touch', 'tombstone', 'seal', 'unseal', 'claim'), value }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ what: fc.constant('void' as const), value, off: fc.integer({ min: 1, max: 500 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('torn' as const),
        value,
        share: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('garbage' as const), value }) },
  ),
  { maxLength: 10 },
)

export interface Log {
  readonly bytes: Buffer
  /** After each piece: how long the log is, and what it says; '': nothing is stored, else the value's bytes in hexadecimal. */
  readonly says: readonly { readonly length: number; readonly last: string; readonly value: string }[]
}

export const nothing = 'nothing'

/** The bytes of such a log, and what it says after each piece. */
export function build(framing: Framing, list: readonly Piece[]): Log {
  const parts: Buffer[] = []
  const says = [{ length: 0, last: nothing, value: nothing }]
  let at = 0
  // The state: the offset of the last put, touch or tombstone, and of the put that it stands for.
  let state = noRef
  let holder = noRef
  let now: { last: string; value: string } = { last: nothing, value: nothing }
  for (const piece of list) {
    let bytes: Buffer
    switch (piece.what) {
      case 'garbage':
        bytes = Buffer.from(piece.value)
        break
      case 'torn': {
        const whole = put(framing, piece.value, at)
        bytes = whole.subarray(0, Math.floor(whole.length * piece.share))
        break
      }
      case 'void':
        bytes = put(framing, piece.value, at + piece.off)
        break
      case 'put':
        bytes = put(framing, piece.value, at)
        state = holder = at
        now = { last: 'put', value: Buffer.from(piece.value).toString('hex') }
        break
      case 'touch':
        // Only what is stored is touched.
        if (holder === noRef) continue
        bytes = framing.encode(fieldsOf({ kind: 'touch', ref: holder }), Buffer.alloc(0), at)
        state = at
        now = { ...now, last: 'touch' }
        break
      case 'tombstone':
        bytes = framing.encode(fieldsOf({ kind: 'tombstone' }), Buffer.alloc(0), at)
        state = at
        holder = noRef
        now = { last: 'tombstone', value: nothing }
        break
      default:
        bytes = framing.encode(fieldsOf({ kind: piece.what, ref: state, owner: 'a b c 1 2 3' }), Buffer.alloc(0), at)
        now = { ...now, last: piece.what }
    }
    at += bytes.length
    parts.push(bytes)
    says.push({ length: at, ...now })
  }
  return { bytes: Buffer.concat(parts), says }
}

/** Reads a log of which `reach` bytes are seen at first, and more when asked for. */
export function readWith(framing: Framing, bytes: Buffer, reach: number): LogState {
  for (let tries = 0; ; tries++) {
    if (tries > 20) throw new Error('asks for more for ever')
    const start = Math.max(0, bytes.length - reach)
    const state = readState(framing, { bytes: bytes.subarray(start), start, size: bytes.length })
    if (!needsMore(state)) return state
    if (state.from >= start) throw new Error('asks for what it has')
    reach = bytes.length - state.from
  }
}

/** What was read, in the words of `Log.says`. */
export function said({ last, value }: LogState): { last: string; value: string } {
  return {
    last: last?.kind ?? nothing,
    value: value === undefined ? nothing : value.bytes.toString('hex', value.valueStart, value.valueEnd),
  }
}
