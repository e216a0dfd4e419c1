import { Readable, Writable } from 'node:stream'
import { checkFilename, checkKey, checkMode, Storage } from './storage.ts'

/** Reads as empty, writes to nowhere: for running tasks without keeping anything (labtech: NullStorage). */
export class NullStorage extends Storage {
  async findKeys(): Promise<string[]> {
    return []
  }
  async exists(key: string): Promise<boolean> {
    checkKey(key)
    return false
  }
  async delete(key: string): Promise<void> {
    checkKey(key)
  }
  fileHandle(key: string, filename: string, mode?: 'r'): Promise<Readable>
  fileHandle(key: string, filename: string, mode: 'w'): Promise<Writable>
  async fileHandle(key: string, filename: string, mode: 'r' | 'w' = 'r'): Promise<Readable | Writable> {
    checkKey(key)
    checkFilename(filename)
    checkMode(mode)
    return mode === 'r' ? Readable.from([]) : new Writable({ write: (_chunk, _encoding, done) => done() })
  }
}
