// Keys as they are typed and shown.

import { DefaultKeyMaker } from '../keymakers/default.ts'
import { flag } from './arguments.ts'
import { UsageError } from './errors.ts'
import { printable, readTyped, showText } from './typed.ts'

const keyMaker = new DefaultKeyMaker()

export const keyOptions = {
  asListed: flag('KEY is typed as ls shows it: for keys that JSON does not have, such as 3n or Date("2030-01-31…")'),
}

/** The key that was typed. @throws UsageError if it is to be one as `ls` shows it, and is none. */
export function readKey(typed: string, asListed: boolean): unknown {
  if (!asListed || isPlain(typed)) return readTyped(typed)
  const value = keyOf(unescaped(typed)) ?? keyOf(typed)
  if (value !== undefined) return value.key
  throw new UsageError(`Expected KEY as ls shows it, got ${JSON.stringify(typed)}`)
}

function keyOf(text: string): { key: unknown } | undefined {
  try {
    return { key: keyMaker.readKey(text) }
  } catch {
    return undefined
  }
}

/** Takes back what `printable` did: key texts have these characters as they are, and only half surrogates escaped. */
function unescaped(text: string): string {
  return text.replace(
    /(\\\\)|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u([0-9a-f]{4})/g,
    (all, backslashes, high, low, unit) => {
      if (backslashes !== undefined) return all
      if (high !== undefined) return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16))
      const code = Number.parseInt(unit, 16)
      return code < 0x7f || (code >= 0xd800 && code < 0xe000) ? all : String.fromCharCode(code)
    },
  )
}

/** How a key is typed: text plain if it is read as that text again, everything else as key text. On one line, and nothing in
 *  it moves a cursor. */
export function showKey(key: unknown, keyText: string): string {
  return typeof key === 'string' && isPlain(key) ? key : printable(keyText)
}

/** Neither JSON nor a key text of another kind, nor in need of quotes. */
function isPlain(text: string): boolean {
  return showText(text) === text && keyOf(text) === undefined && keyOf(unescaped(text)) === undefined
}
