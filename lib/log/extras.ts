// What few records have, and is therefore kept as JSON in a part that is empty in the others: tags, who seals, …

import type { RecordFields, Tag } from './record.ts'

export interface Extras {
  readonly storedAt?: number
  readonly tags?: readonly Tag[]
  readonly owner?: string
  readonly purpose?: string
  readonly identity?: string
}

/** The members as JSON text without the braces, or ''. */
export function extraMembers(fields: RecordFields): string {
  let text = ''
  if (fields.storedAt !== fields.time) text += `,"storedAt":${fields.storedAt}`
  if (fields.tags.length > 0) text += `,"tags":${JSON.stringify(fields.tags)}`
  if (fields.owner !== '') text += owners.of(fields.owner)
  if (fields.purpose !== '') text += purposes.of(fields.purpose)
  if (fields.identity !== undefined) text += `,"identity":${JSON.stringify(fields.identity)}`
  return text
}

/** A member as text, which is mostly the one that was asked for last: all seals of a transaction have the same. */
class Member {
  readonly #name: string
  #last = ''
  #text = ''

  constructor(name: string) {
    this.#name = name
  }

  of(value: string): string {
    if (value !== this.#last) {
      this.#text = `,"${this.#name}":${JSON.stringify(value)}`
      this.#last = value
    }
    return this.#text
  }
}
const owners = new Member('owner')
const purposes = new Member('purpose')

export function extrasOf(fields: RecordFields): string {
  const members = extraMembers(fields)
  return members === '' ? '' : `{${members.slice(1)}}`
}

const none: Extras = {}

let lastText = ''
let lastParsed = none

/** Total: bytes that a checksum vouches for may still be of another mind than this version; what is odd is left out. Mostly it is
 *  the text that was met last: the items of queues have one and the same, and so have entries of one tag. */
export function parseExtras(text: string): Extras {
  if (text === '') return none
  if (text !== lastText) {
    lastParsed = extrasFrom(parse(text))
    lastText = text
  }
  return lastParsed
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function extrasFrom(parsed: unknown): Extras {
  if (typeof parsed !== 'object' || parsed === null) return none
  const { storedAt, tags, owner, purpose, identity } = parsed as Record<string, unknown>
  return {
    ...(typeof storedAt === 'number' ? { storedAt } : {}),
    ...(Array.isArray(tags) && tags.every(isTag) ? { tags } : {}),
    ...(typeof owner === 'string' ? { owner } : {}),
    ...(typeof purpose === 'string' ? { purpose } : {}),
    ...(typeof identity === 'string' ? { identity } : {}),
  }
}

export function isTag(value: unknown): value is Tag {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
}
