// JSON.parse, without a bug of V8 (nodejs/node#63785; Node.js 24 and 26, not 20 and 22): where an object of the same form
// has, or had, a key with a backslash, another key that is written with an escape may be taken for that one.
//
//   JSON.parse('{"a":0,"\\\\":0}'); JSON.parse('{"a":0,"\\n":0}')   // the second has the key '\\', not '\n'
//
// Only keys with escapes are concerned. Where there are any, they are replaced in the text by names without escapes, and
// put back afterwards. Elsewhere, and in every V8 that has been mended, nothing is done, and this file can go some day.

import type { JSONReviver } from './json.ts'

const isConcerned = ((): boolean => {
  const kept: unknown[] = [JSON.parse('{"bucketcache":0,"\\\\":0}')]
  // The first object is kept, because what it was made of is forgotten with it.
  kept.push(JSON.parse('{"bucketcache":0,"\\n":0}'))
  return Object.keys(kept[1] as object)[1] !== '\n'
})()

/** @throws SyntaxError, or what the reviver throws. */
export function parseJSON(text: string, reviver?: JSONReviver): unknown {
  return isConcerned && text.includes('\\') ? parseCarefully(text, reviver) : JSON.parse(text, reviver)
}

/** What `parseJSON` does where it must; the same everywhere. */
export function parseCarefully(text: string, reviver?: JSONReviver): unknown {
  // A prefix with which no key in the text begins.
  let prefix = '~'
  while (text.includes(`"${prefix}`)) prefix += '~'
  const keys: string[] = []
  const replaced = text.replace(/"(?:[^"\\]|\\.)*"\s*:?/g, token => {
    if (!token.endsWith(':') || !token.includes('\\')) return token
    return `"${prefix}${keys.push(JSON.parse(token.slice(0, -1))) - 1}":`
  })
  if (keys.length === 0) return JSON.parse(text, reviver)
  const trueKey = (key: string): string => (key.startsWith(prefix) ? keys[Number(key.slice(prefix.length))]! : key)
  return JSON.parse(replaced, function (this: unknown, key: string, part: unknown, ...rest: []): unknown {
    const whole = typeof part === 'object' && part !== null && !Array.isArray(part) ? renamed(part, trueKey) : part
    return reviver === undefined ? whole : reviver.call(this, trueKey(key), whole, ...rest)
  })
}

function renamed(whole: object, trueKey: (key: string) => string): object {
  if (Object.keys(whole).every(key => trueKey(key) === key)) return whole
  const result = {}
  for (const [key, value] of Object.entries(whole))
    Object.defineProperty(result, trueKey(key), { value, enumerable: true, writable: true, configurable: true })
  return result
}
