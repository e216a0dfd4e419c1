// AES-256-GCM, which also proves that nobody without the key has changed anything:
//
//   byte 0: the form | 12 bytes of IV | 16 bytes of tag | encrypted, form 1: the bytes of the inner backend, form 2: the
//   value, which is bytes
//
// What is proved besides the bytes is where they belong: form, name of the backend, and key of the entry. A value that is
// moved under another key does not decode there.
//
// The IV is random. With 96 bits the chance that two of 2^32 values under one key share theirs is one in four billion
// (NIST SP 800-38D, 8.3): a key should be changed before so many writes.

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { types } from 'node:util'
import { BackendLoadError } from '../errors.ts'
import type { Backend, BackendName, EntryContext } from './backend.ts'
import { resolveBackend } from './resolve.ts'
import { type Content, Wrapper } from './wrapper.ts'

export interface EncryptedOptions {
  /** 32 bytes, from `crypto.randomBytes(32)` or, out of a pass phrase, `crypto.scryptSync(phrase, salt, 32)`. */
  key: Uint8Array
}

const ALGORITHM = 'aes-256-gcm'
const ENCODED = 1
const PLAIN = 2
const KEY_LENGTH = 32
const IV_LENGTH = 12
const TAG_LENGTH = 16
const HEAD_LENGTH = 1 + IV_LENGTH + TAG_LENGTH

/**
 * A backend that encrypts what another one encodes. Without the same key, after any change to the bytes, and under
 * another key of the bucket than it was stored for, a value reads as missing. Keys, tags, times and sizes are not
 * encrypted. To compress as well, compress first: `encrypted(compressed(backend), { key })`.
 *
 * Its name is that of the inner one and `+aes-256-gcm`; the file extension is the inner one's. The key is copied.
 *
 * @throws TypeError when the key is missing or no bytes; RangeError when it is not 32 bytes long.
 */
export function encrypted(backend: Backend | BackendName, options: EncryptedOptions): Backend {
  const { key, ...rest } = options ?? {}
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined) throw new TypeError(`Expected key as an option, got ${unknown}`)
  if (!types.isUint8Array(key))
    throw new TypeError(
      `Expected a Uint8Array of ${KEY_LENGTH} bytes as key, got ${typeof (key as unknown)}; scryptSync() of node:crypto makes one from text`,
    )
  if (key.length !== KEY_LENGTH) throw new RangeError(`Expected a key of ${KEY_LENGTH} bytes, got ${key.length}`)
  return new EncryptedBackend(resolveBackend(backend), createSecretKey(key))
}

class EncryptedBackend extends Wrapper {
  readonly #key: KeyObject

  constructor(inner: Backend, key: KeyObject) {
    super(inner, ALGORITHM)
    this.#key = key
  }

  protected override wrap({ bytes, isPlain }: Content, context: EntryContext | undefined): Uint8Array {
    const form = isPlain ? PLAIN : ENCODED
    const iv = randomBytes(IV_LENGTH)
    const cipher = createCipheriv(ALGORITHM, this.#key, iv, { authTagLength: TAG_LENGTH })
    cipher.setAAD(this.#place(form, context))
    const content = [cipher.update(bytes), cipher.final()]
    return Buffer.concat([Buffer.of(form), iv, cipher.getAuthTag(), ...content])
  }

  protected override unwrap(bytes: Uint8Array, context: EntryContext | undefined): Content {
    const form = bytes[0]
    if (bytes.length < HEAD_LENGTH || (form !== ENCODED && form !== PLAIN))
      throw new BackendLoadError(`These ${bytes.length} bytes do not begin as those of ${this.name} do.`)
    try {
      const iv = bytes.subarray(1, 1 + IV_LENGTH)
      const decipher = createDecipheriv(ALGORITHM, this.#key, iv, { authTagLength: TAG_LENGTH })
      decipher.setAAD(this.#place(form, context))
      decipher.setAuthTag(bytes.subarray(1 + IV_LENGTH, HEAD_LENGTH))
      const content = Buffer.concat([decipher.update(bytes.subarray(HEAD_LENGTH)), decipher.final()])
      return { bytes: content, isPlain: form === PLAIN }
    } catch (error) {
      // Which of them it is cannot be told, by design of the cipher.
      throw new BackendLoadError(
        `These ${bytes.length} bytes were encrypted with another key, for another entry, or have been changed.`,
        { cause: error },
      )
    }
  }

  /** What the tag covers beside the bytes. UTF-16, because there every text has bytes of its own. */
  #place(form: number, context: EntryContext | undefined): Buffer {
    const place = context === undefined ? '' : `\0${context.key}`
    return Buffer.concat([Buffer.of(form), Buffer.from(`${this.name}${place}`, 'utf16le')])
  }
}
