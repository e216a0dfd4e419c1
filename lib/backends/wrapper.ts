// What compressed() and encrypted() have in common: they do something to the bytes of another backend. What they are
// given to keep may also be bytes themselves, as a stream brings them. A backend that has no such values (JSON) is not
// asked about those: the wrapper stores them in a form of its own, which only it tells from what the backend has encoded.
// So nothing outside of it decides whether bytes are opened, and nobody who changes the file can.

import type { Backend, EntryContext } from './backend.ts'
import { ownBuffer } from './own.ts'
import { storesBytesAsTheyAre } from './resolve.ts'

/** What a wrapper has been given: what the backend inside has encoded, or bytes that nobody has. */
export interface Content {
  readonly bytes: Uint8Array
  readonly isPlain: boolean
}

export abstract class Wrapper implements Backend {
  readonly name: string
  readonly fileExtension: string
  readonly #inner: Backend

  constructor(inner: Backend, suffix: string) {
    this.name = `${inner.name}+${suffix}`
    this.fileExtension = inner.fileExtension
    this.#inner = inner
  }

  protected abstract wrap(content: Content, context: EntryContext | undefined): Uint8Array
  /** @throws BackendLoadError */
  protected abstract unwrap(bytes: Uint8Array, context: EntryContext | undefined): Content

  encode(value: unknown, context?: EntryContext): Uint8Array {
    return this.wrap({ bytes: this.#inner.encode(value, context), isPlain: false }, context)
  }

  decode(bytes: Uint8Array, context?: EntryContext): unknown {
    const content = this.unwrap(bytes, context)
    return content.isPlain ? ownBuffer(content.bytes) : this.#inner.decode(content.bytes, context)
  }

  /** As `encode`, of bytes that `decode` is to give back as a Buffer, also where the backend inside has none. */
  encodeBytes(bytes: Uint8Array, context: EntryContext): Uint8Array {
    const isPlain = storesBytesAsTheyAre(this.#inner)
    return this.wrap({ bytes: isPlain ? bytes : encodeBytes(this.#inner, bytes, context), isPlain }, context)
  }

  /** What the innermost backend has encoded. */
  unwrapAll(bytes: Uint8Array, context: EntryContext): Uint8Array {
    const content = this.unwrap(bytes, context)
    return content.isPlain ? content.bytes : unwrapAll(this.#inner, content.bytes, context)
  }
}

/** As `encode`, of bytes that a stream has brought. A backend of one's own has to know bytes itself. */
export function encodeBytes(backend: Backend, bytes: Uint8Array, context: EntryContext): Uint8Array {
  return backend instanceof Wrapper ? backend.encodeBytes(bytes, context) : backend.encode(bytes, context)
}

/** The bytes of a value as its backend has encoded it, without what is wrapped around that. */
export function unwrapAll(backend: Backend, bytes: Uint8Array, context: EntryContext): Uint8Array {
  return backend instanceof Wrapper ? backend.unwrapAll(bytes, context) : bytes
}
