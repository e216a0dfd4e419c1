/** @throws TypeError when `options` has a name that is none of `known`. */
export function checkNames(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`Expected one of the options ${known.join(', ')}, got ${name}`)
  }
}
