// Keys, tags and values as they are typed in a shell: as JSON, or as plain text.

import type { Tag } from '../log/record.ts'

/**
 * `42`, `true`, `null`, `"text"`, `[1]` and `{"a": 1}` are JSON; what is none is text, as it stands: `greeting`, `user:1`. A
 * number counts as one only if it is written as JavaScript would write it, so that nothing is lost: `007`, `1.0` and
 * `12345678901234567890` are text.
 */
export function readTyped(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  return typeof value === 'number' && String(value) !== text ? text : value
}

/** A tag: a number, or text. */
export function readTag(text: string): Tag {
  const value = readTyped(text)
  return typeof value === 'number' || typeof value === 'string' ? value : text
}

/** The text that is read as this text again, and can be printed anywhere. */
export function showText(text: string): string {
  const isPlain = text !== '' && !/^[-\s]|\s$/.test(text) && !unprintable.test(text) && readTyped(text) === text
  return isPlain ? text : quote(text)
}

/** A tag as it would be typed. */
export function showTag(tag: Tag): string {
  return typeof tag === 'string' ? showText(tag) : String(tag)
}

/** Control and format characters, half surrogates: what moves a cursor, hides, or turns text around. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const everyUnprintable = new RegExp(unprintable, 'gu')

/** JSON text with nothing in it that a terminal would act upon. */
export function quote(value: unknown): string {
  return printable(JSON.stringify(value))
}

/** JSON, or any text in which `\uXXXX` is understood, with its unprintable characters written so. */
export function printable(json: string): string {
  return json.replace(everyUnprintable, found =>
    [...Array(found.length).keys()].map(i => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
}
