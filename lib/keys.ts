// From a key to its identity: the readable text that a record stores, the bytes that tell it from others, and their hash.

import { createHash, hash } from 'node:crypto'
import { DefaultKeyMaker } from './keymakers/default.ts'
import type { KeyMaker, ReadableKeyMaker } from './keymakers/keymaker.ts'
import { describe, shortened } from './keymakers/path.ts'
import { entryName } from './log/names.ts'

/** A key, and where its log is. */
export class Slot {
  /** Readable text; with a key maker of the package it is also what tells keys apart. */
  readonly text: string
  /** What tells keys apart, where that is not the text: the bytes of a key maker of one's own, a character each. */
  readonly identity: string | undefined
  /** A log of the package's own, that is no entry: it has no place in iteration and is not counted. */
  readonly hidden: boolean
  readonly #places: Places
  #hash: string | undefined
  #path: string | undefined
  #name: string | undefined

  constructor(places: Places, text: string, identity: string | undefined, hiddenPath?: string, name?: string) {
    this.#places = places
    this.text = text
    this.identity = identity
    this.hidden = hiddenPath !== undefined
    this.#path = hiddenPath
    this.#name = name
  }
  /** What memory knows the key by: no other key has the same. A string is its own name, because the engine is quick to find
   *  what it has met before; all others, and strings that look like one of them, start with a zero. */
  get name(): string {
    this.#name ??= nameOf(this, this.#places)
    return this.#name
  }
  /** The text, for messages. */
  get shown(): string {
    return shortened(this.text)
  }
  /** SHA-256 of backend name, a zero byte, and the bytes that tell keys apart; 64 hexadecimal digits. Made when it is
   *  needed: what is found in memory needs none. */
  get hash(): string {
    this.#hash ??=
      this.identity === undefined
        ? hash('sha256', this.#places.salt + this.text)
        : createHash('sha256').update(this.#places.salt).update(this.identity, 'latin1').digest('hex')
    return this.#hash
  }
  get path(): string {
    this.#path ??= `${this.#places.folder}/${entryName(this.hash, this.#places.extension)}`
    return this.#path
  }
}

function nameOf({ text, identity }: Slot, { namesStrings }: Places): string {
  const key = namesStrings && text.startsWith('"') ? readable.readKey(text) : undefined
  return typeof key === 'string' && isOwnName(key) ? key : `\0${identity ?? text}`
}

function isOwnName(key: string): boolean {
  return key.charCodeAt(0) !== 0
}

/** Where the logs of one backend's entries are. */
interface Places {
  readonly folder: string
  readonly salt: string
  readonly extension: string
  /** Whether each string is a key of its own: with another's key maker, two may be one. */
  readonly namesStrings: boolean
}

/** Makes and reads keys for one bucket. */
export interface KeyCodec {
  slot(key: unknown): Slot
  /** The slot of a key as a record has it. */
  slotOf(record: { key: string; identity: string | undefined }): Slot
  /** A log of the package's own, by its name in the folder. */
  hiddenSlot(name: string): Slot
  /** The key of a stored text. */
  read(text: string): unknown
}

const readable = new DefaultKeyMaker()

function isReadable(keyMaker: KeyMaker): keyMaker is ReadableKeyMaker {
  const { keyText, readKey } = keyMaker as Partial<ReadableKeyMaker>
  return typeof keyText === 'function' && typeof readKey === 'function'
}

export function keyCodec(
  keyMaker: KeyMaker,
  folder: string,
  backend: { name: string; fileExtension: string },
): KeyCodec {
  const namesStrings = (keyMaker as Partial<ReadableKeyMaker>).keyText === DefaultKeyMaker.prototype.keyText
  const places: Places = { folder, salt: `${backend.name}\0`, extension: backend.fileExtension, namesStrings }
  const slotOf: KeyCodec['slotOf'] = ({ key, identity }) => new Slot(places, key, identity)
  const hiddenSlot: KeyCodec['hiddenSlot'] = name =>
    new Slot(places, JSON.stringify(name), undefined, `${folder}/${name}`)
  if (isReadable(keyMaker)) {
    // The same key is often asked for again at once: it is looked up, then stored; or counted, and counted again.
    let lastName: string | undefined
    let last: Slot | undefined
    return {
      slot(key) {
        const name = namesStrings && typeof key === 'string' && isOwnName(key) ? key : undefined
        if (name !== undefined && name === lastName) return last!
        const slot = new Slot(places, keyMaker.keyText(key), undefined, undefined, name)
        if (name !== undefined) {
          lastName = name
          last = slot
        }
        return slot
      },
      slotOf,
      hiddenSlot,
      read: text => keyMaker.readKey(text),
    }
  }
  return {
    hiddenSlot,
    slot(key) {
      let identity = ''
      for (const piece of keyMaker.makeKey(key)) {
        if (typeof piece !== 'string' && !ArrayBuffer.isView(piece))
          throw new TypeError(`Expected makeKey() of the key maker to give strings or bytes, got ${describe(piece)}`)
        identity += (
          typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
        ).toString('latin1')
      }
      return new Slot(places, readableText(key, identity), identity)
    },
    slotOf,
    read: text => readable.readKey(text),
  }
}

/** What iteration will show: the key itself, or, where it is of no kind that can be stored, what its maker made of it. */
function readableText(key: unknown, identity: string): string {
  try {
    return readable.keyText(key)
  } catch {
    return readable.keyText(identity)
  }
}
