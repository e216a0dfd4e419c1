import { describe } from './path.ts'

/** @throws TypeError when `options` is no object, or has a name that is none of `known`. */
export function checkNames(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`Expected the options of a key maker to be an object, got ${describe(options)}`)
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`Expected one of the options ${known.join(', ')}, got ${name}`)
  }
}
