// Whether JSON keeps a value exactly, so that nothing need be said beside it.

/** Whether `JSON.parse(JSON.stringify(value))` is the same in every respect that structured clone would keep: no Dates or
 *  other classes, no undefined, no -0, no holes or extra properties in arrays, no object that is met twice. */
export function isExactJSON(value: unknown): boolean {
  return isExact(value, new Set(), 0)
}

/** Deeper ones are taken for what they may well be: more than a JSON parser bears. */
const deepest = 500

function isExact(value: unknown, met: Set<object>, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || isTree(value, met, depth)
    default:
      return false
  }
}

function isTree(whole: object, met: Set<object>, depth: number): boolean {
  if (met.has(whole) || depth > deepest) return false
  met.add(whole)
  if (Array.isArray(whole)) {
    const names = Object.keys(whole)
    // Neither holes nor named properties.
    if (names.length !== whole.length || names.some((name, i) => name !== String(i))) return false
    return Object.getPrototypeOf(whole) === Array.prototype && whole.every(part => isExact(part, met, depth + 1))
  }
  const prototype: unknown = Object.getPrototypeOf(whole)
  if (prototype !== Object.prototype || 'toJSON' in whole) return false
  return Object.entries(whole).every(([name, part]) => name !== '__proto__' && isExact(part, met, depth + 1))
}
