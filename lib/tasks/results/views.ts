// The views of a storage that a BaseCache gives out for one result: one notes what goes into each file, the other checks
// that what comes out of it is what was noted.

import { createHash } from 'node:crypto'
import { finished, pipeline, type Readable, Transform, Writable } from 'node:stream'
import { finished as finish } from 'node:stream/promises'
import { StorageError } from '../storage/errors.ts'
import { noSuchFile, Storage } from '../storage/storage.ts'
import { type Files, metadataName } from './metadata.ts'

/** A storage as it is, but for the files of one key. */
abstract class View extends Storage {
  protected readonly storage: Storage
  protected readonly key: string

  constructor(storage: Storage, key: string) {
    super()
    this.storage = storage
    this.key = key
  }
  findKeys(): Promise<string[]> {
    return this.storage.findKeys()
  }
  exists(key: string): Promise<boolean> {
    return this.storage.exists(key)
  }
  delete(key: string): Promise<void> {
    return this.storage.delete(key)
  }
  fileHandle(key: string, filename: string, mode?: 'r'): Promise<Readable>
  fileHandle(key: string, filename: string, mode: 'w'): Promise<Writable>
  async fileHandle(key: string, filename: string, mode: 'r' | 'w' = 'r'): Promise<Readable | Writable> {
    if (mode === 'w') {
      const target = await this.storage.fileHandle(key, filename, mode)
      return key === this.key ? this.written(filename, target) : target
    }
    if (key === this.key) this.checkKnown(filename)
    const source = await this.storage.fileHandle(key, filename, mode)
    return key === this.key ? this.read(filename, source) : source
  }

  protected written(_filename: string, target: Writable): Writable {
    return target
  }
  protected checkKnown(_filename: string): void {}
  protected read(_filename: string, source: Readable): Readable {
    return source
  }
}

/** For writing. */
export class NotingView extends View {
  /** What the finished files hold. */
  readonly files: Files = {}
  readonly #streams: Writable[] = []

  /** Waits for the streams that have been ended. @throws StorageError when one was left open. */
  async settle(): Promise<void> {
    const open = this.#streams.find(stream => !stream.writableEnded && !stream.destroyed)
    if (open) {
      open.destroy()
      throw new StorageError(`Cannot store the result ${this.key}: saveResult() has returned before it ended a stream`)
    }
    await Promise.all(this.#streams.map(stream => finish(stream)))
  }

  protected override written(filename: string, target: Writable): Writable {
    if (filename === metadataName) {
      target.destroy()
      throw new StorageError(`Cannot write a file ${metadataName}: that is the record of the result`)
    }
    const hash = createHash('sha256')
    let size = 0
    const pass = (chunk: Uint8Array, done: (error?: Error | null) => void) => {
      hash.update(chunk)
      size += chunk.length
      target.write(chunk, done)
    }
    const noting = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => pass(chunk, done),
      writev: (chunks, done) => pass(Buffer.concat(chunks.map(({ chunk }) => chunk)), done),
      // Finished when the target is, and not before.
      final: done => {
        finished(target, error => {
          if (!error) this.files[filename] = { size, sha256: hash.digest('hex') }
          done(error)
        })
        target.end()
      },
      destroy(error, done) {
        target.destroy()
        done(error)
      },
    })
    target.on('error', error => noting.destroy(error))
    // Whoever writes is told by the stream, or by settle().
    noting.on('error', () => {})
    this.#streams.push(noting)
    return noting
  }
}

/** For reading. */
export class CheckingView extends View {
  /** Whether a file was not what it should be. Also for those who pass over the error of its stream. */
  isDamaged = false
  readonly #files: Files

  constructor(storage: Storage, key: string, files: Files) {
    super(storage, key)
    this.#files = files
  }

  protected override checkKnown(filename: string): void {
    // One that another save has left.
    if (!Object.hasOwn(this.#files, filename)) throw noSuchFile(this.key, filename)
  }

  protected override read(filename: string, source: Readable): Readable {
    const expected = this.#files[filename]
    const hash = createHash('sha256')
    let size = 0
    const checking = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        hash.update(chunk)
        size += chunk.length
        done(null, chunk)
      },
      flush: done => {
        if (expected?.size === size && expected.sha256 === hash.digest('hex')) return done()
        this.isDamaged = true
        done(new StorageError(`The file ${filename} of the result ${this.key} is not what its record says`))
      },
    })
    // Errors reach whoever reads; that is enough.
    pipeline(source, checking, () => {})
    return checking
  }
}
