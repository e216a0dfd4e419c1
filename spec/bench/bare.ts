// The bare system calls that the operations are held against: what it takes to have one file a key with nothing else, neither
// checksums nor other processes nor a key in the file. Paths, and bytes to be written, are there beforehand.

import { hash } from 'node:crypto'
import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { articleOf, keyOf } from './stage.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } = constants
const page = Buffer.allocUnsafeSlow(32 * 1024)

export class BareFiles {
  readonly #folder: string
  readonly #paths: string[] = []
  readonly #values: Buffer[] = []

  constructor(folder: string, count: number) {
    this.#folder = folder
    for (let first = 0; first < 256; first++)
      mkdirSync(join(folder, first.toString(16).padStart(2, '0')), { recursive: true })
    for (let index = 0; index < count; index++) {
      this.#paths.push(this.#pathOf(keyOf(index)))
      this.#values.push(Buffer.from(JSON.stringify(articleOf(index))))
    }
  }

  #pathOf(key: string): string {
    const digest = hash('sha256', key)
    return `${this.#folder}/${digest.slice(0, 2)}/${digest.slice(2)}.json`
  }

  /** Hash, open, read, close, JSON.parse. */
  get(key: string): unknown {
    const file = openSync(this.#pathOf(key), O_RDONLY)
    const length = readSync(file, page, 0, page.length, 0)
    closeSync(file)
    return JSON.parse(page.toString('utf8', 0, length))
  }

  exists(index: number): boolean {
    return existsSync(this.#paths[index]!)
  }

  /** Exclusive create, write, close. */
  create(index: number): void {
    const file = openSync(this.#paths[index]!, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    writeSync(file, this.#values[index]!)
    closeSync(file)
  }

  /** Open, append, close. */
  append(index: number): void {
    const file = openSync(this.#paths[index]!, O_WRONLY | O_APPEND)
    writeSync(file, this.#values[index]!)
    closeSync(file)
  }

  /** Open, fstat, read, append, fstat, close. */
  readAndAppend(index: number): void {
    const file = openSync(this.#paths[index]!, O_RDWR | O_APPEND)
    fstatSync(file)
    readSync(file, page, 0, page.length, 0)
    writeSync(file, aNumber)
    fstatSync(file)
    closeSync(file)
  }
}

const aNumber = Buffer.from('1\n')
