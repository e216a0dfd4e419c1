// Checks that every constructor and every options object of this folder needs.

/** What a value is, for a message: `a string`, `null`, `an array`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'without a class'})`
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a ${typeof value}`
}

/** @throws TypeError when `options` is no object, or has a field that is none of `known`. */
export function checkOptions(options: object, known: readonly string[], what: string): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`Expected ${what} to be an object, got ${describe(options)}`)
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`Expected ${what} to have only ${known.join(', ')}, got ${JSON.stringify(name)}`)
  }
}

/** @throws TypeError when `value` is no string, or empty. */
export function checkText(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`Expected ${what} to be a text that is not empty, got ${describe(value)}`)
}

/** @throws TypeError when `value` is no array of strings. */
export function checkTexts(value: unknown, what: string): asserts value is string[] {
  if (!Array.isArray(value) || value.some(item => typeof item !== 'string')) {
    throw new TypeError(`Expected ${what} to be a list of texts, got ${describe(value)}`)
  }
}
