// Results in anything that unstorage has a driver for: S3, Redis, Azure, Cloudflare … Each file is one item, `key:filename`.
//
// The package is not imported: the storage that is passed in is used by its methods. unstorage rewrites the keys that it is
// given (slashes and runs of colons become one colon, a question mark ends the key) and has a meaning for '$' at the end, so
// everything but letters, digits, `_`, `-` and single dots is written as %XX.

import { Readable, Writable } from 'node:stream'
import { show } from '../../options.ts'
import { StorageError } from './errors.ts'
import { checkFilename, checkKey, checkMode, isKey, noSuchFile, Storage } from './storage.ts'

/** What is used of an unstorage Storage. */
interface Items {
  getKeys(base?: string): Promise<string[]>
  getItemRaw(key: string): Promise<unknown>
  setItemRaw(key: string, value: unknown): Promise<void>
  removeItem(key: string): Promise<void>
}

const methods = ['getKeys', 'getItemRaw', 'setItemRaw', 'removeItem'] as const

/**
 * A storage over any unstorage Storage: `createStorage({ driver: redisDriver({ … }) })`. Files are written and read whole,
 * in one item each.
 *
 * @example
 * const storage = new UnstorageStorage(createStorage({ driver: s3Driver({ … }) }))
 * const lab = new Lab({ storage })
 */
export class UnstorageStorage extends Storage {
  readonly #items: Items

  /** @throws TypeError when `storage` has not the methods of one. */
  constructor(storage: object) {
    super()
    if (!isItems(storage))
      throw new TypeError(`Expected an unstorage Storage with ${methods.join(', ')}, got ${show(storage)}`)
    this.#items = storage
  }

  async findKeys(): Promise<string[]> {
    const keys = new Set<string>()
    for (const item of await this.#items.getKeys()) {
      const [key] = item.split(':')
      // Items that stand for themselves, not under a key, are somebody else's.
      if (key && key.length < item.length) keys.add(decode(key))
    }
    return [...keys].filter(isKey).sort()
  }

  async exists(key: string): Promise<boolean> {
    return (await this.#itemsOf(key)).length > 0
  }

  async delete(key: string): Promise<void> {
    await Promise.all((await this.#itemsOf(key)).map(item => this.#items.removeItem(item)))
  }

  fileHandle(key: string, filename: string, mode?: 'r'): Promise<Readable>
  fileHandle(key: string, filename: string, mode: 'w'): Promise<Writable>
  async fileHandle(key: string, filename: string, mode: 'r' | 'w' = 'r'): Promise<Readable | Writable> {
    checkKey(key)
    checkFilename(filename)
    checkMode(mode)
    const item = `${encode(key)}:${encode(filename)}`
    if (mode === 'w') return this.#writable(item)
    const bytes = bytesOf(await this.#items.getItemRaw(item))
    if (bytes === undefined) throw noSuchFile(key, filename)
    return Readable.from(bytes.length === 0 ? [] : [bytes])
  }

  async #itemsOf(key: string): Promise<string[]> {
    checkKey(key)
    const base = `${encode(key)}:`
    return (await this.#items.getKeys(base)).filter(item => item.startsWith(base))
  }

  #writable(item: string): Writable {
    const chunks: Buffer[] = []
    return new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk)
        done()
      },
      final: done => {
        this.#items.setItemRaw(item, Buffer.concat(chunks)).then(() => done(), done)
      },
    })
  }
}

function isItems(storage: object): storage is Items {
  return (
    typeof storage === 'object' &&
    storage !== null &&
    methods.every(name => typeof (storage as Partial<Items>)[name] === 'function')
  )
}

function encode(name: string): string {
  // Two dots in a row, or one at an end, are refused by drivers that keep files.
  return name.replace(/[^\w.-]|\.(?=\.|$)|^\./gu, character =>
    [...Buffer.from(character)].map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

/** A name that is none of ours comes back as it is. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** Drivers give bytes as what they are most at ease with. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value === null || value === undefined) return undefined
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (typeof value === 'string') return Buffer.from(value)
  throw new StorageError(`Expected the unstorage driver to give bytes, got ${show(value)}`)
}
