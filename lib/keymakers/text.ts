// The text of a key: one canonical, typed form that can be read back. FROZEN: these texts are hashed into file names and
// stand in logs, so a change to any of them loses caches. New kinds of value may be added under new names.
//
//   key       = 'null' | 'true' | 'false' | number | string | array | object | special
//   number    = what String(number) gives for a finite number ('-0' does not occur: it is '0')
//   string    = what JSON.stringify gives for it: '"', '\' and control characters escaped, lone surrogates as \udXXX
//   array     = '[' [ key *( ',' key ) ] ']'                                    a hole is 'undefined'
//   object    = '{' [ field *( ',' field ) ] '}'
//   field     = string ':' key                                                  sorted by UTF-16 code unit of the names
//   special   = 'undefined' | 'NaN' | 'Infinity' | '-Infinity'
//             | bigint                                                          [ '-' ] digits 'n'
//             | 'Date(' string ')' | 'Date(NaN)'                                as toISOString() gives it; the invalid Date
//             | 'RegExp(' string ',' string ')'                                 source, flags; lastIndex does not count
//             | 'Map{' [ key ':' key *( ',' key ':' key ) ] '}'                 in the order of the Map
//             | 'Set' array                                                     in the order of the Set
//             | 'Error' object                                                  `name`, `message`, own `cause` and `errors`,
//                                                                               and enumerable own fields; never `stack`
//             | bytes '("' base64 '")'                                          with padding; elements little-endian, and
//                                                                               every NaN of a float array as the one quiet NaN
//   bytes     = 'ArrayBuffer' | 'DataView' | 'Int8Array' | 'Uint8Array' | …     (bytes.ts has the list)
//
// No white space anywhere. Consequences, which the specs hold on to:
// - A key of JSON types only is JSON, and canonical. Any other holds a word that is not JSON, so it can equal none of those;
//   and every special begins with a name of its own, so values of two types are never the same key.
// - The text is one line, and well-formed Unicode: UTF-8 keeps it, so equal bytes are equal texts.
// - With `sortKeys: false` fields stand in the order of the object (for an Error: name, message, cause, errors, the rest).
//
// What a value counts as, in this order: what its [cacheState]() returns; its own type, if that is named above (a Buffer is
// a Uint8Array, a SharedArrayBuffer an ArrayBuffer, a boxed primitive what it boxes); what its toJSON() returns; its own
// enumerable fields. classify.ts knows the objects for which that would leave out what they hold: those are refused, and so
// are enumerable fields of an array beside its elements, and those under symbols. Fields of bytes that are of the engine's
// own classes, and of an Error under symbols, do not count.

/** The most containers one inside the other, on writing and on reading. Keys nested deeper are refused: looking for cycles
 *  compares with every enclosing container, so this also bounds the work that a hostile key can ask for. */
export const MAX_DEPTH = 1000

/** The longest text given in one piece, in UTF-16 code units: what a string may hold on every Node, with room to spare. */
export const MAX_TEXT = 2 ** 28

/** Strings longer than this (in UTF-16 code units) are written in pieces of this length, so that a writer needs no more. */
export const STRING_PIECE = 2 ** 15

/** Bytes are written in pieces of this many: whole base64 quanta and whole elements of every size. */
export const BYTES_PIECE = 3 * 2 ** 14

/** Whether cutting `text` before `at` would part a surrogate pair, neither half of which has a form in UTF-8. */
export function partsPair(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1)
  const after = text.charCodeAt(at)
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff
}

/** Printable ASCII without quotes and backslashes: nothing that JSON.stringify would escape. */
const plain = /^[ !#-[\]-~]*$/

/** What JSON.stringify gives; for nearly all strings in half the time. */
export function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}
