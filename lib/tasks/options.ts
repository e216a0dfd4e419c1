// Checks that every constructor and every options object of this folder needs.

import { checkNames, show } from '../options.ts'

/** @throws TypeError when `options` is no object, or has a name that is none of `known`. */
export function checkOptions(options: object, known: readonly string[], of: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`Expected the options of ${of} to be an object, got ${show(options)}`)
  }
  checkNames(options, known, of)
}

/** @throws TypeError when `value` is no string, or empty. */
export function checkText(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(`Expected ${what} to be a text that is not empty, got ${show(value)}`)
  }
}

/** @throws TypeError when `value` is no array of strings. */
export function checkTexts(value: unknown, what: string): asserts value is string[] {
  if (!Array.isArray(value) || value.some(item => typeof item !== 'string')) {
    throw new TypeError(`Expected ${what} to be a list of texts, got ${show(value)}`)
  }
}

/** @throws TypeError when `value` is no boolean. */
export function checkFlag(value: unknown, what: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw new TypeError(`Expected ${what} to be true or false, got ${show(value)}`)
}
