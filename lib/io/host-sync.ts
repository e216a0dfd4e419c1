// The world as node:fs shows it to a caller that waits. The other world is host-async.ts.

import fs from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { DeadlockError } from '../errors.ts'
import { about, checksumChunk, flags, type Permissions, triesInFolder } from './disk.ts'
import { errnoOf, refused, shortWrite } from './errno.ts'
import { makeFolderSync } from './folders.ts'
import { isAlive } from './identity.ts'
import { Keeper } from './keeper.ts'
import { isHeldHere, lockOptions, lockTimedOut } from './locks.ts'
import { Novelty } from './novelty.ts'
import { atomicWriter, lockfile } from './packages.ts'
import type { SyncHost, Window } from './requests.ts'

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))

/** Blocks this thread. */
function pause(ms: number): void {
  Atomics.wait(nobodyWakes, 0, 0, ms)
}

const noBytes = Buffer.alloc(0)

/** It pays to remember where logs end that are longer than this. */
const longFrom = 8 * 1024
/** Those that are written often are few. */
const endsAtMost = 256

/** Ordinary logs fit; what is larger is read in two steps. */
const scratchLength = 32 * 1024
/** So many files may be on their way to being unlinked while this thread is busy: some 600 bytes of memory each. */
const discardingAtMost = 65_536

/** A host for one bucket: it knows with which bits to create files. */
export function syncHost(bits: Permissions, keeper = new Keeper()): SyncHost {
  // Reused for every `load`: its bytes are good until the next request, see requests.ts.
  const scratch = Buffer.allocUnsafeSlow(scratchLength)
  // Opening a missing file costs an exception, asking first costs a system call: so ask while the answers are no.
  let expectMissing = false

  // Paths of the files that are open, by descriptor: for error messages. What is closed is overwritten by and by.
  const names: string[] = []
  const nameOf = (file: number): string => names[file] ?? `descriptor ${file}`

  const readAt = (fd: number, bytes: Buffer, position: number): number => {
    let done = 0
    while (done < bytes.length) {
      const n = fs.readSync(fd, bytes, done, bytes.length - done, position + done)
      if (n === 0) break
      done += n
    }
    return done
  }

  // Where long logs ended when they were last read: they are written often, and to look there first saves a look at
  // their size.
  const ends = new Map<string, number>()
  const noteEnd = (path: string, end: number): void => {
    if (ends.size >= endsAtMost && !ends.has(path)) ends.clear()
    ends.set(path, end)
  }

  const close = (fd: number, path: string): void => {
    try {
      fs.closeSync(fd)
    } catch (error) {
      throw refused('close', path, error)
    }
  }

  const append = (fd: number, bytes: Uint8Array): void => {
    let written: number
    try {
      written = fs.writeSync(fd, bytes)
    } catch (error) {
      throw refused('append to', nameOf(fd), error)
    }
    if (written !== bytes.length) throw shortWrite(nameOf(fd), written, bytes.length)
  }

  /** Whether there was one. */
  const unlink = (path: string): boolean => {
    try {
      fs.unlinkSync(path)
      return true
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false
      throw refused('remove', path, error)
    }
  }

  let discarding = 0
  const novelty = new Novelty()
  const openOrCreate = (path: string): number => {
    if (novelty.isExpected) {
      try {
        const fd = fs.openSync(path, flags.changeNew, bits.file)
        novelty.made(fd)
        return fd
      } catch (error) {
        novelty.notMade(error)
      }
    }
    const fd = inFolder(path, () => fs.openSync(path, flags.changeOrCreate, bits.file))
    novelty.opened(fd)
    return fd
  }

  const tailOf = (fd: number, path: string, reach: number, keep: boolean): Window => {
    const end = ends.size === 0 ? undefined : ends.get(path)
    const from = end === undefined ? 0 : Math.max(0, end - reach)
    const n = fs.readSync(fd, scratch, 0, scratchLength, from)
    if (n < scratchLength && (n > 0 || from === 0)) {
      if (end !== undefined || n >= longFrom) noteEnd(path, from + n)
      // What is to be kept is no more than was asked for.
      const cut = keep ? Math.max(0, n - reach) : 0
      return { bytes: keep ? copyOf(scratch, cut, n) : scratch.subarray(0, n), start: from + cut, size: from + n }
    }
    const size = fs.fstatSync(fd).size
    const start = Math.max(0, size - reach)
    noteEnd(path, size)
    const bytes = Buffer.allocUnsafe(size - start)
    return { bytes: bytes.subarray(0, readAt(fd, bytes, start)), start, size }
  }

  /** Does it once more after making the folder that was missing; and again, if somebody has removed it as empty, be it while it was
   *  being made. */
  const inFolder = <T>(path: string, create: () => T): T => {
    for (let tries = 1; ; tries++) {
      try {
        if (tries > 1) makeFolderSync(dirname(path), bits.folder)
        return create()
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || tries === triesInFolder) throw error
      }
    }
  }

  return {
    load({ path, reach, stamped }) {
      let fd: number
      try {
        if (expectMissing && fs.statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
        fd = fs.openSync(path, flags.read)
        expectMissing = false
      } catch (error) {
        if (isNoFile(error, path)) return undefined
        if (errnoOf(error) !== 'ENOENT') throw refused('open', path, error)
        expectMissing = true
        return undefined
      }
      return guard('read', path, () => {
        try {
          if (stamped !== true) return tailOf(fd, path, reach, false)
          // Looked at before reading: bytes that are newer than their stamp are only read once more.
          const stamp = fs.fstatSync(fd)
          return { ...tailOf(fd, path, reach, false), stamp }
        } catch (error) {
          if (errnoOf(error) === 'EISDIR') return undefined
          throw error
        } finally {
          fs.closeSync(fd)
        }
      })
    },
    open({ path, create, onlyRead }) {
      if (create) {
        try {
          const fd = openOrCreate(path)
          names[fd] = path
          return fd
        } catch (error) {
          throw refused('open', path, error)
        }
      }
      try {
        if (expectMissing && fs.statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
        const fd = fs.openSync(path, onlyRead === true ? flags.read : flags.change)
        names[fd] = path
        expectMissing = false
        return fd
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw refused('open', path, error)
        expectMissing = true
        return undefined
      }
    },
    tail({ file, reach }) {
      if (novelty.isMade(file)) return { bytes: noBytes, start: 0, size: 0 }
      const path = nameOf(file)
      try {
        const window = tailOf(file, path, reach, true)
        novelty.read(file, window.size)
        return window
      } catch (error) {
        throw refused('read', path, error)
      }
    },
    read({ file, position, length }) {
      try {
        // Mostly a writer's look whether anything stands behind its record, or behind what is known, and nothing does.
        if (length <= scratchLength) {
          const n = fs.readSync(file, scratch, 0, length, position)
          return n === 0 ? noBytes : copyOf(scratch, 0, n)
        }
        const bytes = Buffer.allocUnsafe(length)
        return bytes.subarray(0, readAt(file, bytes, position))
      } catch (error) {
        throw refused('read', nameOf(file), error)
      }
    },
    size: ({ file }) => guard('look at', nameOf(file), () => fs.fstatSync(file).size),
    append: ({ file, bytes }) => append(file, bytes),
    appendShared({ file, bytes, durable, expected: expect }) {
      const expected = expect()
      append(file, bytes)
      try {
        if (durable) fs.fsyncSync(file)
        const { size, nlink } = fs.fstatSync(file)
        return { expected, bytes, size, nlink }
      } catch (error) {
        throw refused('look at', nameOf(file), error)
      }
    },
    sync: ({ file }) => guard('sync', nameOf(file), () => fs.fsyncSync(file)),
    close({ file }) {
      // Another file may get its number.
      novelty.forget(file)
      if (keeper.release(file)) close(file, nameOf(file))
    },
    keep({ file, path }) {
      novelty.forget(file)
      const surplus = keeper.keep(file, path)
      if (surplus !== undefined) close(surplus, nameOf(surplus))
    },
    kept({ path }) {
      const kept = keeper.take(path)
      if (kept !== undefined) names[kept.file] = path
      return kept
    },
    write({ path, bytes, durable }) {
      return guard('write', path, () => {
        const fd = inFolder(path, () => fs.openSync(path, flags.createNew, bits.file))
        try {
          for (let done = 0; done < bytes.length; ) {
            const n = fs.writeSync(fd, bytes, done)
            if (n === 0) throw shortWrite(path, done, bytes.length)
            done += n
          }
          if (durable) fs.fsyncSync(fd)
        } catch (error) {
          fs.rmSync(path, { force: true })
          throw error
        } finally {
          fs.closeSync(fd)
        }
      })
    },
    patch({ path, position, bytes, durable }) {
      guard('write', path, () => {
        const fd = fs.openSync(path, flags.patch)
        try {
          if (fs.writeSync(fd, bytes, 0, bytes.length, position) !== bytes.length)
            throw shortWrite(path, 0, bytes.length)
          if (durable) fs.fsyncSync(fd)
        } finally {
          fs.closeSync(fd)
        }
      })
    },
    checksum({ path, head, from }) {
      return guard('read', path, () => {
        const fd = fs.openSync(path, flags.read)
        try {
          const chunk = Buffer.allocUnsafe(checksumChunk)
          let sum = crc32(head)
          for (let position = from; ; ) {
            const n = fs.readSync(fd, chunk, 0, chunk.length, position)
            if (n === 0) return sum
            sum = crc32(chunk.subarray(0, n), sum)
            position += n
          }
        } finally {
          fs.closeSync(fd)
        }
      })
    },
    publish({ path, bytes, durable }) {
      guard('write', path, () => {
        makeFolderSync(dirname(path), bits.folder)
        atomicWriter().sync(path, Buffer.from(bytes), { mode: bits.file, fsync: durable })
      })
    },
    stampOf: ({ file }) => guard('look at', nameOf(file), () => fs.fstatSync(file)),
    moveAway({ from, to }) {
      try {
        // The name is asked for first: a missing folder to move to looks the same as nothing to move.
        if (fs.lstatSync(from, { throwIfNoEntry: false }) === undefined) return false
        inFolder(to, () => fs.renameSync(from, to))
        return true
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return false
        throw refused('move', from, error)
      }
    },
    rename: ({ from, to }) => guard('put in place', to, () => fs.renameSync(from, to)),
    unlink: ({ path }) => unlink(path),
    discard({ path, done }) {
      // The thread pool unlinks even while this thread is busy; only the news of it waits for the event loop, in memory.
      if (discarding < discardingAtMost) {
        discarding++
        fs.unlink(path, error => {
          discarding--
          done(error === null || errnoOf(error) === 'ENOENT')
        })
        return
      }
      let isGone = false
      try {
        unlink(path)
        isGone = true
      } catch {
        // The caller sees to the file again.
      }
      done(isGone)
    },
    stat({ path }) {
      return guard('look at', path, () => fs.lstatSync(path, { throwIfNoEntry: false }))
    },
    list({ path }) {
      try {
        return fs.readdirSync(path)
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw refused('list', path, error)
      }
    },
    removeFolder({ path }) {
      try {
        fs.rmdirSync(path)
      } catch (error) {
        const errno = errnoOf(error)
        if (errno !== 'ENOENT' && errno !== 'ENOTEMPTY' && errno !== 'EEXIST') throw refused('remove', path, error)
      }
    },
    syncFolder({ path }) {
      // Windows cannot open a folder; its filesystems keep names and contents in order by themselves.
      if (process.platform === 'win32') return
      guard('sync', path, () => {
        const fd = fs.openSync(path, flags.read)
        try {
          fs.fsyncSync(fd)
        } finally {
          fs.closeSync(fd)
        }
      })
    },
    sleep({ ms, own, path }) {
      if (own) throw waitsForItself(path)
      pause(about(ms))
    },
    alive: ({ owner, since, patienceMs }) => isAlive(owner, since, patienceMs),
    lock({ path, timeoutMs }) {
      for (const end = performance.now() + timeoutMs; ; pause(5)) {
        try {
          return { path, release: lockfile().lockSync(path, lockOptions(path)) }
        } catch (error) {
          if (errnoOf(error) !== 'ELOCKED') throw refused('lock', path, error)
          if (isHeldHere(path)) throw waitsForItself(path)
          if (performance.now() >= end) throw lockTimedOut(path, timeoutMs)
        }
      }
    },
    unlock({ lock }) {
      try {
        lock.release()
      } catch {
        // It was taken over as stale; whoever took it releases it.
      }
    },
  }
}

function waitsForItself(path: string): DeadlockError {
  return new DeadlockError(
    `A synchronous call would wait for its own thread: ${path} is held by a transaction, or an asynchronous operation, of ` +
      'this thread, which cannot go on meanwhile. In the body of transact(), use the bucket that it was called on; in that of ' +
      'promises.transact(), the one that is passed to it; else await the other one first, or use the promise interface.',
    { path },
  )
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}

/** Whether it was refused because a symbolic link stands there: to a reader, no file of ours. */
function isNoFile(error: unknown, path: string): boolean {
  if (errnoOf(error) !== 'ELOOP') return false
  try {
    return fs.lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

/** For what is done now and then; where every change comes by, making a function to be called would be felt. */
function guard<T>(what: string, path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw refused(what, path, error)
  }
}
