// The world as node:fs shows it to a caller that does not wait. The callbacks of node:fs, not its promises: those cost
// several times as much for small files.

import fs from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { about, checksumChunk, flags, type Permissions, triesInFolder } from './disk.ts'
import { errnoOf, refused, shortWrite } from './errno.ts'
import { makeFolder } from './folders.ts'
import { isAlive } from './identity.ts'
import { Keeper } from './keeper.ts'
import { lockOptions, lockTimedOut, noteHeldHere } from './locks.ts'
import { Novelty } from './novelty.ts'
import { atomicWriter, lockfile } from './packages.ts'
import type { AsyncHost, Window } from './requests.ts'
import { SharedAppends } from './shared-appends.ts'

const open = promisify(fs.open)
const close = promisify(fs.close)
const fstat = promisify(fs.fstat)
const fsync = promisify(fs.fsync)
const lstat = promisify(fs.lstat)
const rename = promisify(fs.rename)
const unlink = promisify(fs.unlink)
const rmdir = promisify(fs.rmdir)
const readdir = promisify(fs.readdir)

function read(fd: number, bytes: Buffer, offset: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, bytes, offset, length, position, (error, n) => (error ? reject(error) : resolve(n)))
  })
}

function write(fd: number, bytes: Uint8Array, offset: number, position: number | null = null): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, offset, bytes.length - offset, position, (error, n) => (error ? reject(error) : resolve(n)))
  })
}

const noBytes = Buffer.alloc(0)

/** Ordinary logs fit; what is larger is read in two steps. */
const firstReach = 16 * 1024

/** A host for one bucket: it knows with which bits to create files. `network`: they are on another machine. */
export function asyncHost(bits: Permissions, keeper = new Keeper(), network = false): AsyncHost {
  const waits = network || process.platform === 'win32'
  // Paths of the files that are open, by descriptor: for error messages. What is closed is overwritten by and by.
  const names: string[] = []
  const nameOf = (file: number): string => names[file] ?? `descriptor ${file}`

  const readAt = async (fd: number, bytes: Buffer, position: number): Promise<number> => {
    let done = 0
    while (done < bytes.length) {
      const n = await read(fd, bytes, done, bytes.length - done, position + done)
      if (n === 0) break
      done += n
    }
    return done
  }

  const tailOf = async (fd: number, reach: number): Promise<Window> => {
    const first = Buffer.allocUnsafe(firstReach)
    const n = await read(fd, first, 0, first.length, 0)
    if (n < first.length) return { bytes: first.subarray(0, n), start: 0, size: n }
    const { size } = await fstat(fd)
    const start = Math.max(0, size - reach)
    const bytes = Buffer.allocUnsafe(size - start)
    return { bytes: bytes.subarray(0, await readAt(fd, bytes, start)), start, size }
  }

  const novelty = new Novelty()
  const openOrCreate = async (path: string): Promise<number> => {
    if (novelty.isExpected) {
      try {
        const fd = await open(path, flags.changeNew, bits.file)
        novelty.made(fd)
        return fd
      } catch (error) {
        novelty.notMade(error)
      }
    }
    const fd = await inFolder(path, () => open(path, flags.changeOrCreate, bits.file))
    novelty.opened(fd)
    return fd
  }

  const append = async (fd: number, bytes: Uint8Array): Promise<void> => {
    const written = await guard('append to', nameOf(fd), () => write(fd, bytes, 0))
    if (written !== bytes.length) throw shortWrite(nameOf(fd), written, bytes.length)
  }

  const sharedAppends = new SharedAppends(async ({ file, bytes, durable, expected: expect }) => {
    const expected = expect()
    await append(file, bytes)
    return guard('look at', nameOf(file), async () => {
      if (durable) await fsync(file)
      const { size, nlink } = await fstat(file)
      return { expected, bytes, size, nlink }
    })
  })

  /** On a local filesystem nobody waits for a file to be closed: nothing can be learned from that any more, and it takes as long as
   *  each other request. Where an open file is in others' way, or its end may tell of bytes that were lost, it is waited for. */
  const letGo = (fd: number, path: string): Promise<void> | undefined => {
    if (waits) return guard('close', path, () => close(fd))
    keeper.close(fd)
    return undefined
  }

  /** Does it once more after making the folder that was missing; and again, if somebody has removed it as empty. */
  const inFolder = async <T>(path: string, create: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        if (tries > 1) await makeFolder(dirname(path), bits.folder)
        return await create()
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || tries === triesInFolder) throw error
      }
    }
  }

  return {
    async load({ path, reach, stamped }) {
      let fd: number
      try {
        fd = await open(path, flags.read)
      } catch (error) {
        if (errnoOf(error) === 'ENOENT' || (await isNoFile(error, path))) return undefined
        throw refused('open', path, error)
      }
      return await guard('read', path, async () => {
        try {
          if (stamped !== true) return await tailOf(fd, reach)
          // Looked at before reading: bytes that are newer than their stamp are only read once more.
          const stamp = await fstat(fd)
          return { ...(await tailOf(fd, reach)), stamp }
        } catch (error) {
          if (errnoOf(error) === 'EISDIR') return undefined
          throw error
        } finally {
          await letGo(fd, path)
        }
      })
    },
    async open({ path, create, onlyRead }) {
      try {
        const fd = await (create ? openOrCreate(path) : open(path, onlyRead === true ? flags.read : flags.change))
        names[fd] = path
        return fd
      } catch (error) {
        if (!create && errnoOf(error) === 'ENOENT') return undefined
        throw refused('open', path, error)
      }
    },
    async tail({ file, reach }) {
      if (novelty.isMade(file)) return { bytes: noBytes, start: 0, size: 0 }
      const window = await guard('read', nameOf(file), () => tailOf(file, reach))
      novelty.read(file, window.size)
      return window
    },
    read({ file, position, length }) {
      return guard('read', nameOf(file), async () => {
        const bytes = Buffer.allocUnsafe(length)
        return bytes.subarray(0, await readAt(file, bytes, position))
      })
    },
    size: ({ file }) => guard('look at', nameOf(file), async () => (await fstat(file)).size),
    append: ({ file, bytes }) => append(file, bytes),
    appendShared: request => sharedAppends.append(request),
    sync: ({ file }) => guard('sync', nameOf(file), () => fsync(file)),
    async close({ file }) {
      // Another file may get its number.
      novelty.forget(file)
      if (keeper.release(file)) await letGo(file, nameOf(file))
    },
    async keep({ file, path }) {
      novelty.forget(file)
      const surplus = keeper.keep(file, path)
      if (surplus !== undefined) await letGo(surplus, nameOf(surplus))
    },
    async kept({ path }) {
      const kept = keeper.take(path)
      if (kept !== undefined) names[kept.file] = path
      return kept
    },
    write({ path, bytes, durable }) {
      return guard('write', path, async () => {
        const fd = await inFolder(path, () => open(path, flags.createNew, bits.file))
        try {
          for (let done = 0; done < bytes.length; ) {
            const n = await write(fd, bytes, done)
            if (n === 0) throw shortWrite(path, done, bytes.length)
            done += n
          }
          if (durable) await fsync(fd)
        } catch (error) {
          await unlink(path).catch(() => {})
          throw error
        } finally {
          await close(fd)
        }
      })
    },
    patch({ path, position, bytes, durable }) {
      return guard('write', path, async () => {
        const fd = await open(path, flags.patch)
        try {
          if ((await write(fd, bytes, 0, position)) !== bytes.length) throw shortWrite(path, 0, bytes.length)
          if (durable) await fsync(fd)
        } finally {
          await close(fd)
        }
      })
    },
    checksum({ path, head, from }) {
      return guard('read', path, async () => {
        const fd = await open(path, flags.read)
        try {
          const chunk = Buffer.allocUnsafe(checksumChunk)
          let sum = crc32(head)
          for (let position = from; ; ) {
            const n = await read(fd, chunk, 0, chunk.length, position)
            if (n === 0) return sum
            sum = crc32(chunk.subarray(0, n), sum)
            position += n
          }
        } finally {
          await close(fd)
        }
      })
    },
    publish({ path, bytes, durable }) {
      return guard('write', path, async () => {
        await makeFolder(dirname(path), bits.folder)
        await atomicWriter()(path, Buffer.from(bytes), { mode: bits.file, fsync: durable })
      })
    },
    stampOf: ({ file }) => guard('look at', nameOf(file), () => fstat(file)),
    async moveAway({ from, to }) {
      try {
        // The name is asked for first: a missing folder to move to looks the same as nothing to move.
        await lstat(from)
        await inFolder(to, () => rename(from, to))
        return true
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return false
        throw refused('move', from, error)
      }
    },
    rename: ({ from, to }) => guard('put in place', to, () => rename(from, to)),
    async unlink({ path }) {
      try {
        await unlink(path)
        return true
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return false
        throw refused('remove', path, error)
      }
    },
    async discard({ path, done }) {
      fs.unlink(path, error => done(error === null || errnoOf(error) === 'ENOENT'))
    },
    async stat({ path }) {
      try {
        return await lstat(path)
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw refused('look at', path, error)
      }
    },
    async list({ path }) {
      try {
        return await readdir(path)
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw refused('list', path, error)
      }
    },
    async removeFolder({ path }) {
      try {
        await rmdir(path)
      } catch (error) {
        const errno = errnoOf(error)
        if (errno !== 'ENOENT' && errno !== 'ENOTEMPTY' && errno !== 'EEXIST') throw refused('remove', path, error)
      }
    },
    async syncFolder({ path }) {
      // Windows cannot open a folder; its filesystems keep names and contents in order by themselves.
      if (process.platform === 'win32') return
      await guard('sync', path, async () => {
        const fd = await open(path, flags.read)
        await fsync(fd).finally(() => close(fd))
      })
    },
    async sleep({ ms }) {
      await delay(about(ms))
    },
    async alive({ owner, since, patienceMs }) {
      return isAlive(owner, since, patienceMs)
    },
    async lock({ path, timeoutMs }) {
      for (const end = performance.now() + timeoutMs; ; await delay(5)) {
        try {
          // From before it is asked for: that takes several steps, in which a synchronous caller may find it taken.
          noteHeldHere(path, 1)
          const release = await lockfile().lock(path, lockOptions(path))
          return { path, release }
        } catch (error) {
          noteHeldHere(path, -1)
          if (errnoOf(error) !== 'ELOCKED') throw refused('lock', path, error)
          if (performance.now() >= end) throw lockTimedOut(path, timeoutMs)
        }
      }
    },
    async unlock({ lock }) {
      try {
        await lock.release()
      } catch {
        // It was taken over as stale; whoever took it releases it.
      } finally {
        noteHeldHere(lock.path, -1)
      }
    },
  }
}

/** Whether it was refused because a symbolic link stands there: to a reader, no file of ours. */
async function isNoFile(error: unknown, path: string): Promise<boolean> {
  if (errnoOf(error) !== 'ELOOP') return false
  return await lstat(path).then(
    stats => stats.isSymbolicLink(),
    () => false,
  )
}

async function guard<T>(what: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw refused(what, path, error)
  }
}
