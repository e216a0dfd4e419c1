// What the requests of lib/io/requests.ts do to a simulated disk. Each is a row of steps; between two steps, where this yields,
// another process may come in. Several system calls are one step where nothing that comes between could be told afterwards:
//
// - `tail`: read, and fstat and a second read for a longer file. A log is only appended to, and the bytes below its size never
//   change, so reading what was there at the first call is what reading at the second would have been told, or earlier.
// - `write`: nobody else knows the name of a temporary file.
// - `publish`: a file nobody knows, and a rename.
// - `list`: readdir is one step here. (A real one may miss names that come and go while it runs.)
// A file that the synchronous host has just created it takes for empty without a look: that is one of the schedules of
// `open` and `tail` as they are here.
// `load` is two steps, or three: from the first one on it reads the file that it opened, be it unlinked or replaced.

import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { DeadlockError } from '../../lib/errors.ts'
import { refused } from '../../lib/io/errno.ts'
import { lockTimedOut } from '../../lib/io/locks.ts'
import type { File, FileStamp, Kept, Lock, Op, Reply, Request, Window } from '../../lib/io/requests.ts'
import { type Disk, type SimFile, stampOf, system } from './disk.ts'

export interface OpenFile {
  readonly file: SimFile
  readonly path: string
}

/** A file that a process keeps open between its operations. */
export interface KeptFile extends OpenFile {
  /** What the operations are given of it. */
  readonly kept: Kept
}

/** The caller, as far as its requests are concerned. */
export interface Caller {
  readonly disk: Disk
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Descriptors. */
  readonly files: Map<File, OpenFile>
  /** A call that blocks its thread: it cannot wait for itself. */
  readonly blocking: boolean
  /** A name for the next file it creates. */
  newFileName(): string
  newDescriptor(): File
  /** Keeps an open file for later, if it can. */
  keep(open: OpenFile): void
  /** What is kept under this path. */
  takeKept(path: string): KeptFile | undefined
  /** Keeps this file no longer, if it was kept. */
  release(file: SimFile): void
  isAlive(owner: string, since: number, patienceMs: number): boolean
  /** Whether it got the lock. */
  lock(path: string): boolean
  unlock(path: string): void
  /** Unlinks later; `done` is called then. */
  later(path: string, done: (isGone: boolean) => void): void
}

/** Yields, between two steps, what the next ones hang on, in words. */
export type Steps = Generator<string, unknown>

type Performers = {
  [K in Exclude<Op, 'all' | 'sleep'>]: (caller: Caller, request: Request & { op: K }) => Generator<string, Reply<K>>
}

/** The steps of a request; the last one gives the reply. */
export function perform(caller: Caller, request: Request): Steps {
  return (performers[request.op as keyof Performers] as (caller: Caller, request: Request) => Steps)(caller, request)
}

function tail(file: SimFile, reach: number): Window {
  const size = file.bytes.length
  const start = Math.max(0, size - reach)
  // A copy: algorithms may keep it, and must not be able to write to the disk through it.
  return { bytes: Buffer.from(file.bytes.subarray(start)), start, size }
}

function* opened(caller: Caller, path: string, create: boolean): Generator<string, SimFile | undefined> {
  const { disk } = caller
  for (;;) {
    const file = disk.find(path)
    if (file !== undefined || !create) return file
    const folder = dirname(path)
    if (disk.hasFolder(folder)) return disk.create(path, caller.newFileName(), caller.now)
    yield 'no folder'
    disk.makeFolder(folder)
    yield 'made folder'
  }
}

const performers: Performers = {
  *load(caller, { path, reach, stamped }) {
    const file = guard('open', path, () => caller.disk.find(path))
    if (file === undefined) return undefined
    yield file.name
    if (stamped !== true) return tail(file, reach)
    const stamp: FileStamp = stampOf(file)
    yield `${file.name} ${file.content}`
    return { ...tail(file, reach), stamp }
  },
  *open(caller, { path, create }) {
    let file: SimFile | undefined
    try {
      file = yield* opened(caller, path, create)
    } catch (error) {
      throw refused('open', path, error)
    }
    if (file === undefined) return undefined
    const descriptor = caller.newDescriptor()
    caller.files.set(descriptor, { file, path })
    return descriptor
  },
  *tail(caller, { file, reach }) {
    return tail(fileOf(caller, file), reach)
  },
  *read(caller, { file, position, length }) {
    return Buffer.from(fileOf(caller, file).bytes.subarray(position, position + length))
  },
  *size(caller, { file }) {
    return fileOf(caller, file).bytes.length
  },
  *append(caller, { file, bytes }) {
    caller.disk.append(fileOf(caller, file), bytes, caller.now)
  },
  *appendShared(caller, { file, bytes, durable, expected: expect }) {
    const open = fileOf(caller, file)
    const expected = expect()
    caller.disk.append(open, bytes, caller.now)
    yield `${open.name} ${expected}`
    if (durable) caller.disk.sync(open)
    const { size, nlink } = stampOf(open)
    return { expected, bytes, size, nlink }
  },
  *sync(caller, { file }) {
    caller.disk.sync(fileOf(caller, file))
  },
  *close(caller, { file }) {
    caller.release(fileOf(caller, file))
    caller.files.delete(file)
  },
  *keep(caller, { file, path }) {
    caller.keep({ file: fileOf(caller, file), path })
    caller.files.delete(file)
  },
  *kept(caller, { path }) {
    const it = caller.takeKept(path)
    if (it !== undefined) caller.files.set(it.kept.file, it)
    return it?.kept
  },
  *write(caller, { path, bytes, durable }) {
    guard('write', path, () => {
      caller.disk.makeFolder(dirname(path))
      const file = caller.disk.create(path, caller.newFileName(), caller.now)
      caller.disk.append(file, bytes, caller.now)
      if (durable) caller.disk.sync(file)
    })
  },
  *patch(caller, { path, position, bytes, durable }) {
    guard('write', path, () => {
      caller.disk.patch(path, position, bytes, caller.now)
      if (durable) caller.disk.sync(caller.disk.find(path)!)
    })
  },
  *checksum(caller, { path, head, from }) {
    return guard('read', path, () => {
      const file = caller.disk.find(path)
      if (file === undefined) throw system('ENOENT')
      return crc32(file.bytes.subarray(from), crc32(head))
    })
  },
  *publish(caller, { path, bytes, durable }) {
    guard('write', path, () => {
      const { disk, now } = caller
      disk.makeFolder(dirname(path))
      const name = caller.newFileName()
      const temporary = `${path}.${name}`
      const file = disk.create(temporary, name, now)
      disk.append(file, bytes, now)
      if (durable) disk.sync(file)
      disk.rename(temporary, path, now)
    })
  },
  *rename(caller, { from, to }) {
    guard('put in place', to, () => caller.disk.rename(from, to, caller.now))
  },
  *stampOf(caller, { file }) {
    return stampOf(fileOf(caller, file))
  },
  *moveAway(caller, { from, to }) {
    return guard('move', from, () => {
      const { disk } = caller
      if (disk.stat(from) === undefined) return false
      disk.makeFolder(dirname(to))
      disk.rename(from, to, caller.now)
      return true
    })
  },
  *unlink(caller, { path }) {
    return guard('remove', path, () => caller.disk.unlink(path))
  },
  *discard(caller, { path, done }) {
    caller.later(path, done)
  },
  *stat(caller, { path }) {
    return guard('look at', path, () => caller.disk.stat(path))
  },
  *list(caller, { path }) {
    return guard('list', path, () => caller.disk.list(path))
  },
  *removeFolder(caller, { path }) {
    const { disk } = caller
    if (disk.hasFolder(path) && disk.list(path)!.length === 0) disk.removeFolder(path)
  },
  *syncFolder(caller, { path }) {
    guard('sync', path, () => caller.disk.syncFolder(path))
  },
  *alive(caller, { owner, since, patienceMs }) {
    return caller.isAlive(owner, since, patienceMs)
  },
  *lock(caller, { path, timeoutMs }): Generator<string, Lock> {
    // Who is ready to wait is not run before the lock is free.
    if (!caller.lock(path)) throw lockTimedOut(path, timeoutMs)
    return { path, release: () => {} }
  },
  *unlock(caller, { lock }) {
    caller.unlock(lock.path)
  },
}

function fileOf(caller: Caller, descriptor: File): SimFile {
  const open = caller.files.get(descriptor)
  if (open !== undefined) return open.file
  throw refused('use', `descriptor ${descriptor}`, system('EBADF'))
}

/** What a call that blocks its thread is told when it would wait for that very thread. */
export function deadlock(path: string): DeadlockError {
  return new DeadlockError(`A synchronous call would wait for its own thread: ${path}`, { path })
}

function guard<T>(what: string, path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw refused(what, path, error)
  }
}
