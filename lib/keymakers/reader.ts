// Reads the text of a key back (text.ts has the grammar). The parser is lax: it takes `1.0`, unsorted fields, an Error
// without a name. What makes reading strict is that the value is written again and must give the same text, so there is no
// second set of rules that could differ from the writer's.

import { BackendLoadError } from '../errors.ts'
import { bytesFrom } from './bytes.ts'
import { cacheState } from './state.ts'
import { MAX_DEPTH } from './text.ts'
import { textOf } from './writer.ts'

/** The value whose text `text` is.
 *  @throws BackendLoadError when `text` is no text of a key. */
export function keyFrom(text: string, sortKeys: boolean): unknown {
  let problem: string
  let cause: unknown
  try {
    const value = new Reader(text).whole()
    if (textOf(value, sortKeys) === text) return value
    problem = 'it is not in the one form that a key maker gives'
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
    cause = error
  }
  const start = JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 60)}…`)
  throw new BackendLoadError(
    `Cannot read a key from ${start}: ${problem}. It is damaged, or was written by another key maker or a newer version`,
    { cause },
  )
}

const wordPattern = /[A-Za-z]\w*/y
const numberPattern = /-?(?:Infinity|\d[\d.e+-]*)n?/y

const constants = new Map<string, unknown>([
  ['null', null],
  ['true', true],
  ['false', false],
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
])

class Reader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): unknown {
    const value = this.#value()
    return this.#at === this.#text.length ? value : this.#fail('its end')
  }

  #value(): unknown {
    switch (this.#text[this.#at]) {
      case '"':
        return this.#string()
      case '[':
        return this.#array()
      case '{':
        return this.#object()
    }
    const word = this.#match(wordPattern)
    if (word === undefined) return this.#number()
    if (constants.has(word)) return constants.get(word)
    switch (word) {
      case 'Map':
        return this.#map()
      case 'Set':
        return this.#set()
      case 'Error':
        return this.#error()
      case 'Date':
        return new Date(this.#arguments(1)[0] ?? Number.NaN)
      case 'RegExp': {
        const [source, flags] = this.#arguments(2)
        return new RegExp(source!, flags)
      }
      default:
        return bytesFrom(word, this.#arguments(1)[0]!) ?? this.#fail(`a known name in place of ${word}`)
    }
  }

  #number(): number | bigint {
    const digits = this.#match(numberPattern) ?? this.#fail('a value')
    return digits.endsWith('n') ? BigInt(digits.slice(0, -1)) : Number(digits)
  }

  #string(): string {
    this.#expect('"')
    const start = this.#at
    for (let end = this.#text.indexOf('"', start); end >= 0; end = this.#text.indexOf('"', end + 1)) {
      let backslashes = 0
      while (this.#text[end - 1 - backslashes] === '\\') backslashes++
      if (backslashes % 2 === 1) continue
      this.#at = end + 1
      const inside = this.#text.slice(start, end)
      return backslashes > 0 || inside.includes('\\') ? JSON.parse(`"${inside}"`) : inside
    }
    return this.#fail('the end of a string')
  }

  #array(): unknown[] {
    const array: unknown[] = []
    this.#each('[', ']', () => array.push(this.#value()))
    return array
  }

  #object(): object {
    const object = {}
    this.#each('{', '}', () => {
      const name = this.#string()
      this.#expect(':')
      define(object, name, this.#value(), true)
    })
    return object
  }

  #error(): Error {
    const error = new Error()
    this.#each('{', '}', () => {
      const name = this.#string()
      this.#expect(':')
      define(error, name, this.#value(), !['name', 'message', 'cause', 'errors'].includes(name))
    })
    return error
  }

  #map(): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    this.#each('{', '}', () => {
      const key = this.#value()
      this.#expect(':')
      map.set(map.has(key) ? again(key) : key, this.#value())
    })
    return map
  }

  #set(): Set<unknown> {
    const set = new Set<unknown>()
    this.#each('[', ']', () => {
      const item = this.#value()
      set.add(set.has(item) ? again(item) : item)
    })
    return set
  }

  /** Calls `readPart` at each part of a list. */
  #each(open: string, close: string, readPart: () => void): void {
    this.#expect(open)
    if (++this.#depth > MAX_DEPTH) this.#fail(`at most ${MAX_DEPTH} levels`)
    if (this.#text[this.#at] !== close) {
      readPart()
      while (this.#text[this.#at] === ',') {
        this.#at++
        readPart()
      }
    }
    this.#expect(close)
    this.#depth--
  }

  /** `count` strings in parentheses; none for `(NaN)`. */
  #arguments(count: number): string[] {
    this.#expect('(')
    const strings: string[] = []
    if (this.#text.startsWith('NaN', this.#at)) {
      this.#at += 3
    } else {
      strings.push(this.#string())
      while (strings.length < count) {
        this.#expect(',')
        strings.push(this.#string())
      }
    }
    this.#expect(')')
    return strings
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) this.#fail(`'${character}'`)
    this.#at++
  }

  #fail(expected: string): never {
    throw new SyntaxError(`expected ${expected} at character ${this.#at}`)
  }
}

/** A plain assignment of `__proto__` would change the object's prototype. */
function define(object: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, name, { value, enumerable, writable: true, configurable: true })
}

/** Stands for a primitive that a Map or Set already has, where what was written had an object that counts as it (a URL
 *  beside its string, say): an object too, or the two would become one. */
function again(primitive: unknown): object {
  return primitive === null || primitive === undefined ? { [cacheState]: () => primitive } : Object(primitive)
}
