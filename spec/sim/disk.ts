// A filesystem in memory, with what matters to algorithms that share files: a file is an inode, so whoever has it open
// keeps it when its name is removed or given to another; an append lands whole, at the end, wherever that is by then;
// rename replaces. It implements what FORMAT.md assumes of a disk, and nothing kinder.
//
// For the power cut it also keeps what a medium keeps: the bytes of a file up to its last sync, and the names of a folder as
// of its last sync.

import { dirname } from 'node:path'
import type { FileStamp } from '../../lib/io/requests.ts'
import { Interner } from './intern.ts'

/** A file, whatever its name, if it still has one. */
export interface SimFile {
  /** Who created it, and their how-manieth it was: the same in every schedule, unlike a number that is given out. */
  readonly name: string
  readonly ino: number
  bytes: Buffer
  mtimeMs: number
  ctimeMs: number
  /** Names: 1, or 0 if only those who have it open still do. */
  nlink: number
  /** Bytes that are on the medium. */
  synced: number
  /** Stands for `bytes` and the times: equal if they are. */
  content: number
}

/** What a power cut leaves of names and bytes that were not brought to the medium: each may be there or not. */
export interface Remains {
  readonly names: boolean
  /** Of the bytes that were not synced, so much: 0 none, 1 all. */
  readonly bytes: 0 | 0.5 | 1
}

const interner = new Interner()

/** An error as the system gives it. */
export function system(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated`), { code })
}

export class Disk {
  #files = new Map<string, SimFile>()
  #folders = new Set<string>(['/'])
  #durableFiles = new Map<string, SimFile>()
  #durableFolders = new Set<string>(['/'])
  #fingerprint: string | undefined
  /** Files that somebody has had open since before the beginning, by who that is. */
  readonly heldOpen = new Map<string, SimFile>()
  /** How often anything has changed. */
  changes = 0

  /** The same files, to be changed on their own. Nothing may be open. */
  clone(): Disk {
    const other = new Disk()
    const copies = new Map<SimFile, SimFile>()
    const copy = (file: SimFile): SimFile => {
      let it = copies.get(file)
      if (it === undefined) {
        it = { ...file }
        copies.set(file, it)
      }
      return it
    }
    for (const [path, file] of this.#files) other.#files.set(path, copy(file))
    for (const [path, file] of this.#durableFiles) other.#durableFiles.set(path, copy(file))
    for (const [who, file] of this.heldOpen) other.heldOpen.set(who, copy(file))
    other.#folders = new Set(this.#folders)
    other.#durableFolders = new Set(this.#durableFolders)
    return other
  }

  /** Everything that an algorithm could find out, as text. */
  get fingerprint(): string {
    if (this.#fingerprint === undefined) {
      const parts: string[] = []
      for (const [path, file] of this.#files) parts.push(`${interner.number(path)}=${file.name}:${file.content}`)
      for (const path of this.#folders) parts.push(`${interner.number(path)}`)
      this.#fingerprint = parts.sort().join(' ')
    }
    return this.#fingerprint
  }

  /** As `fingerprint`, with what a power cut would leave. */
  get durableFingerprint(): string {
    const parts: string[] = []
    for (const file of this.#files.values()) parts.push(`${file.name}:${file.synced}`)
    for (const [path, file] of this.#durableFiles) parts.push(`${interner.number(path)}=${file.name}`)
    for (const path of this.#durableFolders) parts.push(`${interner.number(path)}`)
    return parts.sort().join(' ')
  }

  find(path: string): SimFile | undefined {
    if (this.#folders.has(path)) throw system('EISDIR')
    return this.#files.get(path)
  }

  /** A new, empty file under a name that nobody has. */
  create(path: string, name: string, now: number): SimFile {
    if (this.#files.has(path)) throw system('EEXIST')
    if (!this.#folders.has(dirname(path))) throw system('ENOENT')
    const ino = 1000 + interner.number(`ino ${name}`)
    const content = interner.number(`empty ${now}`)
    const file: SimFile = {
      name,
      ino,
      bytes: Buffer.alloc(0),
      mtimeMs: now,
      ctimeMs: now,
      nlink: 1,
      synced: 0,
      content,
    }
    this.#files.set(path, file)
    this.#changed()
    return file
  }

  /** Adds to a file, named or not. */
  append(file: SimFile, bytes: Uint8Array, now: number): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    file.bytes = Buffer.concat([file.bytes, bytes])
    file.mtimeMs = now
    file.ctimeMs = now
    file.content = interner.number(`${file.content} ${now} ${text}`)
    this.#changed()
  }

  /** Overwrites bytes of a file. */
  patch(path: string, position: number, bytes: Uint8Array, now: number): void {
    const file = this.#files.get(path)
    if (file === undefined) throw system('ENOENT')
    const patched = Buffer.alloc(Math.max(file.bytes.length, position + bytes.length))
    file.bytes.copy(patched)
    patched.set(bytes, position)
    file.bytes = patched
    file.mtimeMs = now
    file.ctimeMs = now
    file.synced = Math.min(file.synced, position)
    file.content = interner.number(`patched ${now} ${patched.toString('latin1')}`)
    this.#changed()
  }

  rename(from: string, to: string, now: number): void {
    const file = this.#files.get(from)
    if (file === undefined || !this.#folders.has(dirname(to))) throw system('ENOENT')
    if (this.#folders.has(to)) throw system('EISDIR')
    this.#files.delete(from)
    const replaced = this.#files.get(to)
    if (replaced !== undefined) replaced.nlink = 0
    this.#files.set(to, file)
    if (file.ctimeMs !== now) file.content = interner.number(`${file.content} named ${now}`)
    file.ctimeMs = now
    this.#changed()
  }

  unlink(path: string): boolean {
    if (this.#folders.has(path)) throw system('EISDIR')
    const file = this.#files.get(path)
    if (file === undefined) return false
    file.nlink = 0
    this.#files.delete(path)
    this.#changed()
    return true
  }

  /** With the folders that it is in. */
  makeFolder(path: string): void {
    for (let at = path; !this.#folders.has(at); at = dirname(at)) {
      if (this.#files.has(at)) throw system('ENOTDIR')
      this.#folders.add(at)
      this.#changed()
    }
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path)
  }

  removeFolder(path: string): void {
    if (!this.#folders.has(path)) throw system('ENOENT')
    if (this.#namesIn(path).length > 0) throw system('ENOTEMPTY')
    this.#folders.delete(path)
    this.#changed()
  }

  list(path: string): string[] | undefined {
    if (this.#files.has(path)) throw system('ENOTDIR')
    return this.#folders.has(path) ? this.#namesIn(path).sort() : undefined
  }

  stat(path: string): FileStamp | undefined {
    const file = this.#files.get(path)
    return file === undefined ? undefined : stampOf(file)
  }

  /** Paths of all files. */
  paths(): string[] {
    return [...this.#files.keys()].sort()
  }

  sync(file: SimFile): void {
    file.synced = file.bytes.length
  }

  syncFolder(path: string): void {
    if (!this.#folders.has(path)) throw system('ENOENT')
    for (const known of [this.#durableFiles, this.#durableFolders]) {
      for (const name of known.keys()) if (dirname(name) === path && name !== '/') known.delete(name)
    }
    for (const [name, file] of this.#files) if (dirname(name) === path) this.#durableFiles.set(name, file)
    for (const name of this.#folders) if (dirname(name) === path) this.#durableFolders.add(name)
  }

  /** Everything there is counts as being on the medium. */
  syncAll(): void {
    for (const file of this.#files.values()) this.sync(file)
    this.#durableFiles = new Map(this.#files)
    this.#durableFolders = new Set(this.#folders)
  }

  /** The power goes: what was not synced is gone, but for what `remains`. */
  cutPower(remains: Remains): void {
    if (!remains.names) {
      this.#folders = new Set(this.#durableFolders)
      // A name in a folder that is not on the medium leads nowhere.
      const reachable = (path: string): boolean => path === '/' || (this.#folders.has(path) && reachable(dirname(path)))
      for (const path of this.#folders) if (!reachable(path)) this.#folders.delete(path)
      this.#files = new Map([...this.#durableFiles].filter(([path]) => this.#folders.has(dirname(path))))
      for (const file of this.#files.values()) file.nlink = 1
    }
    for (const file of this.#files.values()) {
      const lost = file.bytes.length - file.synced
      const kept = file.synced + Math.floor(lost * remains.bytes)
      if (kept === file.bytes.length) continue
      file.bytes = file.bytes.subarray(0, kept)
      file.content = interner.number(`cut ${kept} ${file.content}`)
    }
    this.#changed()
  }

  #namesIn(folder: string): string[] {
    const names: string[] = []
    for (const path of [...this.#files.keys(), ...this.#folders]) {
      if (path !== '/' && dirname(path) === folder) names.push(path.slice(folder === '/' ? 1 : folder.length + 1))
    }
    return names
  }

  #changed(): void {
    this.#fingerprint = undefined
    this.changes++
  }
}

export function stampOf(file: SimFile): FileStamp {
  const { bytes, ino, mtimeMs, ctimeMs, nlink } = file
  return { size: bytes.length, ino, mtimeMs, ctimeMs, nlink }
}
