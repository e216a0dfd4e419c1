// The key maker that a bucket has unless it is told otherwise: the whole text in one piece.

import type { ReadableKeyMaker } from './keymaker.ts'
import { checkNames } from './options.ts'
import { keyFrom } from './reader.ts'
import { quoted, STRING_PIECE } from './text.ts'
import { textOf } from './writer.ts'

/** What a {@link DefaultKeyMaker} can be told. */
export interface KeyMakerOptions {
  /** Whether `{ a, b }` and `{ b, a }` are one key. Default true; false: the order of fields counts, in objects and Errors. */
  sortKeys?: boolean
}

/**
 * Makes keys of nearly any value (BucketCache: DefaultKeyMaker). Two values are the same key exactly when they are equal in
 * kind and contents, whatever the process, machine or version of Node: `1` and `'1'` are two keys, `{ a: undefined }` and `{}`
 * are, `{ a, b }` and `{ b, a }` are one.
 *
 * - As themselves: undefined, null, booleans, numbers (-0 is 0), bigints, strings, arrays (holes are undefined), plain
 *   objects, Date, RegExp, Error (name, message, cause, errors, own fields), and, in their order, Map and Set.
 * - By their bytes: typed arrays, DataView, ArrayBuffer. A Buffer equals the Uint8Array of its bytes.
 * - As what stands for them: what `[cacheState]()` returns, else what `toJSON()` returns (a URL equals its string), else
 *   their own enumerable fields, as a plain object: neither class nor `#private` fields count.
 * - Refused: functions, symbols, cycles, nesting deeper than 1000; fields that would not count: under a symbol, or of an array
 *   beside its elements (a match of a RegExp: pass `[...match]`, or `{ ...match }`); and objects whose contents are out of
 *   sight: Promise, WeakMap, URLSearchParams, Headers, Blob, streams …; pass what they hold, `[...headers]` for instance.
 *
 * The text is JSON when the key is made of JSON types only, and similar to it otherwise: `Map{"a":12n}`.
 *
 * @example
 * const keyMaker = new DefaultKeyMaker()
 * keyMaker.keyText({ b: [1, 'x'], a: 2n })   // → {"a":2n,"b":[1,"x"]}
 */
export class DefaultKeyMaker implements ReadableKeyMaker {
  /** Whether the order of fields does not count. */
  readonly sortKeys: boolean

  /** @throws TypeError when `sortKeys` is no boolean, or an option is unknown. */
  constructor(options: KeyMakerOptions = {}) {
    checkNames(options, ['sortKeys'])
    const { sortKeys = true } = options
    if (typeof sortKeys !== 'boolean') throw new TypeError(`Expected sortKeys to be a boolean, got ${String(sortKeys)}`)
    this.sortKeys = sortKeys
  }

  /** {@link keyText} as the only piece. @throws UnserializableError as keyText() does. */
  makeKey(value: unknown): Iterable<string | Uint8Array> {
    return [this.keyText(value)]
  }

  /**
   * The one text of `value`: a line of well-formed Unicode. What a getter, `toJSON()` or `[cacheState]()` throws comes through.
   * @throws UnserializableError that names the path to the part that cannot be in a key, or when the text would be longer
   *   than 2 ** 28 characters.
   */
  keyText(value: unknown): string {
    // Nearly all keys are short strings or numbers, and every look-up comes by here.
    if (typeof value === 'string' && value.length <= STRING_PIECE) return quoted(value)
    if (typeof value === 'number') return `${value}`
    return textOf(value, this.sortKeys)
  }

  /**
   * The inverse of {@link keyText}: a value that gives `text` again. Instances come back as what stood for them.
   * @throws BackendLoadError when `text` is none that `keyText` gives, or tells of a class that this Node has not
   *   (a Float16Array before Node 24).
   */
  readKey(text: string): unknown {
    return keyFrom(text, this.sortKeys)
  }
}
