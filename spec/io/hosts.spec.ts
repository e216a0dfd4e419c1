// The two doors to the world do the same, and refuse alike.

import fs, { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type BucketCacheError, StorageIOError, TimeoutError } from '../../lib/errors.ts'
import { permissions } from '../../lib/io/disk.ts'
import { asyncHost } from '../../lib/io/host-async.ts'
import { syncHost } from '../../lib/io/host-sync.ts'
import { thisOwner } from '../../lib/io/identity.ts'
import type { AsyncHost, Op, Reply, RequestOf } from '../../lib/io/requests.ts'
import { newFolder } from '../support/folders.ts'

afterEach(() => vi.restoreAllMocks())

const bits = permissions(0o600)
type Perform = <K extends Exclude<Op, 'all'>>(request: RequestOf<K>) => Promise<Reply<K>>

function asPerform(host: object): Perform {
  const methods = host as AsyncHost
  return async request => {
    const { op } = request as { op: keyof AsyncHost }
    return (await (methods[op] as (request: unknown) => unknown)(request)) as never
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code })
}

describe.each([
  ['syncHost', () => asPerform(syncHost(bits)), 'Sync'],
  ['asyncHost', () => asPerform(asyncHost(bits)), ''],
  ['asyncHost of a network', () => asPerform(asyncHost(bits, undefined, true)), ''],
] as const)('%s', (name, make, kind) => {
  test('load: the whole of a short file, the tail of a long one, undefined for none', async () => {
    const perform = make()
    const folder = newFolder()
    const path = join(folder, 'file')
    const load = (reach: number, stamped = false) => perform<'load'>({ op: 'load', path, reach, stamped })
    expect(await load(100)).toBeUndefined()
    expect(await load(100)).toBeUndefined()
    writeFileSync(path, '')
    expect(await load(100)).toMatchObject({ start: 0, size: 0 })
    for (const length of [1, 99, 100, 101, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 200_000]) {
      const bytes = Buffer.from(Array.from({ length }, (_, i) => i % 251))
      writeFileSync(path, bytes)
      for (const reach of [1, 100, 32 * 1024, 50_000, Number.MAX_SAFE_INTEGER]) {
        const window = (await load(reach, true))!
        expect(window.size).toBe(length)
        // Never less than asked for.
        expect(window.start).toBeLessThanOrEqual(Math.max(0, length - reach))
        expect(Buffer.compare(window.bytes, bytes.subarray(window.start))).toBe(0)
        const { ino, size, mtimeMs, ctimeMs } = statSync(path)
        expect(window.stamp).toMatchObject({ ino, size, mtimeMs, ctimeMs })
      }
    }
  })

  test('open: makes folders and file if told to, and not otherwise', async () => {
    const perform = make()
    const path = join(newFolder(), 'a/b/file')
    const open = (create: boolean) => perform<'open'>({ op: 'open', path, create })
    expect(await open(false)).toBeUndefined()
    expect(await open(false)).toBeUndefined()
    const file = (await open(true))!
    await perform<'append'>({ op: 'append', file, bytes: Buffer.from('one') })
    await perform<'append'>({ op: 'append', file, bytes: Buffer.from('two') })
    expect(await perform<'size'>({ op: 'size', file })).toBe(6)
    expect((await perform<'tail'>({ op: 'tail', file, reach: 100 })).bytes.toString()).toBe('onetwo')
    expect((await perform<'read'>({ op: 'read', file, position: 2, length: 100 })).toString()).toBe('etwo')
    await perform<'sync'>({ op: 'sync', file })
    expect(await perform<'stampOf'>({ op: 'stampOf', file })).toMatchObject({ size: 6, ino: statSync(path).ino })
    await perform<'close'>({ op: 'close', file })
    const again = (await open(false))!
    await perform<'append'>({ op: 'append', file: again, bytes: Buffer.from('!') })
    await perform<'close'>({ op: 'close', file: again })
    expect(readFileSync(path, 'utf8')).toBe('onetwo!')
  })

  test('open: a folder that somebody removes as soon as it is made is made again', async () => {
    const { mkdir, mkdirSync: makeFolder } = fs
    let removals = 5
    // Once while it is being made, which is told then.
    const remove = (path: string): Error | null => {
      if (removals-- <= 0) return null
      fs.rmdirSync(path)
      return removals === 2 ? Object.assign(new Error('no such file or directory'), { code: 'ENOENT' }) : null
    }
    vi.spyOn(fs, 'mkdirSync').mockImplementation(((path: string, options: fs.MakeDirectoryOptions) => {
      makeFolder(path, options)
      const error = remove(path)
      if (error !== null) throw error
    }) as never)
    vi.spyOn(fs, 'mkdir').mockImplementation(((path: string, options: object, done: (error: Error | null) => void) =>
      mkdir(path, options, error => done(error ?? remove(path)))) as never)
    // The host takes hold of node:fs when it is loaded.
    vi.resetModules()
    const host = kind === 'Sync' ? syncHost(bits) : (await import('../../lib/io/host-async.ts')).asyncHost(bits)
    const perform = asPerform(host)
    const path = join(newFolder(), 'ab/file')
    const file = await perform<'open'>({ op: 'open', path, create: true })
    await perform<'close'>({ op: 'close', file: file! })
    expect(removals).toBeLessThan(0)
    expect(existsSync(path)).toBe(true)
  })

  test('tail: what it gives is not changed by what is read later', async () => {
    const perform = make()
    const folder = newFolder()
    const files: number[] = []
    for (const name of ['x', 'y']) {
      writeFileSync(join(folder, name), name.repeat(100))
      files.push((await perform<'open'>({ op: 'open', path: join(folder, name), create: false }))!)
    }
    const windows = []
    for (const file of files) windows.push(await perform<'tail'>({ op: 'tail', file, reach: 1000 }))
    expect(windows.map(window => window.bytes.toString())).toEqual(['x'.repeat(100), 'y'.repeat(100)])
    for (const file of files) await perform<'close'>({ op: 'close', file })
  })

  test('write: a new file whole, never over another', async () => {
    const perform = make()
    const path = join(newFolder(), 'tmp/file')
    const bytes = Buffer.alloc(3_000_000, 7)
    await perform<'write'>({ op: 'write', path, bytes, durable: true })
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0)
    await expect(
      perform<'write'>({ op: 'write', path, bytes: Buffer.from('x'), durable: false }),
    ).rejects.toMatchObject({
      code: 'ERR_IO',
      errno: 'EEXIST',
      path,
    })
    expect(statSync(path).size).toBe(3_000_000)
  })

  test('publish: replaces as one step, and makes the folder', async () => {
    const perform = make()
    const folder = newFolder()
    const path = join(folder, 'deep/settings')
    for (const text of ['first', 'second']) {
      await perform<'publish'>({ op: 'publish', path, bytes: Buffer.from(text), durable: true })
      expect(readFileSync(path, 'utf8')).toBe(text)
    }
    expect(readdirSync(join(folder, 'deep'))).toEqual(['settings'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('moveAway, rename, unlink, stat, list and removeFolder take what is missing for an answer', async () => {
    const perform = make()
    const folder = newFolder()
    const from = join(folder, 'from')
    const to = join(folder, 'new/to')
    expect(await perform<'moveAway'>({ op: 'moveAway', from, to })).toBe(false)
    expect(await perform<'unlink'>({ op: 'unlink', path: from })).toBe(false)
    expect(await perform<'stat'>({ op: 'stat', path: from })).toBeUndefined()
    expect(await perform<'list'>({ op: 'list', path: from })).toBeUndefined()
    await perform<'removeFolder'>({ op: 'removeFolder', path: from })
    writeFileSync(from, 'text')
    expect(await perform<'stat'>({ op: 'stat', path: from })).toMatchObject({ size: 4 })
    expect(await perform<'moveAway'>({ op: 'moveAway', from, to })).toBe(true)
    expect(existsSync(from)).toBe(false)
    expect(await perform<'list'>({ op: 'list', path: join(folder, 'new') })).toEqual(['to'])
    await perform<'removeFolder'>({ op: 'removeFolder', path: join(folder, 'new') })
    writeFileSync(from, 'newer')
    await perform<'rename'>({ op: 'rename', from, to })
    expect(readFileSync(to, 'utf8')).toBe('newer')
    expect(await perform<'unlink'>({ op: 'unlink', path: to })).toBe(true)
    await perform<'syncFolder'>({ op: 'syncFolder', path: join(folder, 'new') })
    await perform<'removeFolder'>({ op: 'removeFolder', path: join(folder, 'new') })
    expect(existsSync(join(folder, 'new'))).toBe(false)
    writeFileSync(from, '')
    const discarded = (path: string): Promise<boolean> =>
      new Promise(done => void perform<'discard'>({ op: 'discard', path, done }))
    expect(await discarded(from)).toBe(true)
    expect(existsSync(from)).toBe(false)
    expect(await discarded(from)).toBe(true)
    expect(await discarded(folder)).toBe(false)
  })

  test('lock: one at a time, TimeoutError for the others', async () => {
    const perform = make()
    const path = join(newFolder(), 'change')
    const lock = await perform<'lock'>({ op: 'lock', path, timeoutMs: 0 })
    expect(existsSync(`${path}.lock`)).toBe(true)
    await expect(perform<'lock'>({ op: 'lock', path, timeoutMs: 20 })).rejects.toThrow(TimeoutError)
    await perform<'unlock'>({ op: 'unlock', lock })
    await perform<'unlock'>({ op: 'unlock', lock })
    expect(existsSync(`${path}.lock`)).toBe(false)
    await perform<'unlock'>({ op: 'unlock', lock: await perform<'lock'>({ op: 'lock', path, timeoutMs: 0 }) })
  })

  test('alive: this thread is', async () => {
    const perform = make()
    expect(await perform<'alive'>({ op: 'alive', owner: thisOwner(), since: 0, patienceMs: 0 })).toBe(true)
  })

  test('a symbolic link is not followed: reading takes it for no file, opening refuses', async () => {
    const perform = make()
    const folder = newFolder()
    writeFileSync(join(folder, 'target'), 'secret')
    const path = join(folder, 'link')
    symlinkSync(join(folder, 'target'), path)
    for (let i = 0; i < 2; i++) {
      expect(await perform<'load'>({ op: 'load', path, reach: 100 })).toBeUndefined()
      for (const create of [true, false]) {
        await expect(perform<'open'>({ op: 'open', path, create })).rejects.toMatchObject({ errno: 'ELOOP', path })
      }
      await perform<'load'>({ op: 'load', path: join(folder, 'none'), reach: 100 })
    }
    await expect(
      perform<'write'>({ op: 'write', path, bytes: Buffer.from('x'), durable: false }),
    ).rejects.toBeInstanceOf(StorageIOError)
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('secret')
  })

  test('every refusal is our own error with path, errno and cause', async () => {
    const perform = make()
    const folder = newFolder()
    const loop = join(folder, 'loop')
    symlinkSync(loop, loop)
    const path = join(loop, 'file')
    const good = join(folder, 'good')
    writeFileSync(good, '')
    const calls: [string, () => Promise<unknown>][] = [
      [path, () => perform<'load'>({ op: 'load', path, reach: 1 })],
      [path, () => perform<'open'>({ op: 'open', path, create: true })],
      [path, () => perform<'open'>({ op: 'open', path, create: false })],
      [path, () => perform<'write'>({ op: 'write', path, bytes: Buffer.alloc(1), durable: false })],
      [path, () => perform<'publish'>({ op: 'publish', path, bytes: Buffer.alloc(1), durable: false })],
      [path, () => perform<'moveAway'>({ op: 'moveAway', from: path, to: good })],
      [path, () => perform<'rename'>({ op: 'rename', from: good, to: path })],
      [path, () => perform<'unlink'>({ op: 'unlink', path })],
      [path, () => perform<'stat'>({ op: 'stat', path })],
      [path, () => perform<'list'>({ op: 'list', path })],
      [path, () => perform<'removeFolder'>({ op: 'removeFolder', path })],
      [path, () => perform<'syncFolder'>({ op: 'syncFolder', path })],
      [path, () => perform<'lock'>({ op: 'lock', path, timeoutMs: 0 })],
    ]
    // While what was looked for last was there, and while it was missing: the host remembers.
    for (const before of [good, join(folder, 'missing')]) {
      for (const [expected, call] of calls) {
        await perform<'load'>({ op: 'load', path: before, reach: 1 })
        const error = await call().then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect([String(call), error]).toEqual([String(call), expect.any(StorageIOError)])
        expect(error).toMatchObject({ code: 'ERR_IO', path: expected, errno: expect.stringMatching(/^E[A-Z]+$/) })
        expect((error as BucketCacheError).cause).toBeInstanceOf(Error)
        expect((error as Error).message).toContain(expected)
      }
    }
  })

  test('what fails on an open file is told with its path', async () => {
    const perform = make()
    const path = join(newFolder(), 'file')
    const file = (await perform<'open'>({ op: 'open', path, create: true }))!
    fs.closeSync(file)
    const calls = [
      () => perform<'append'>({ op: 'append', file, bytes: Buffer.from('x') }),
      () => perform<'tail'>({ op: 'tail', file, reach: 1 }),
      () => perform<'read'>({ op: 'read', file, position: 0, length: 1 }),
      () => perform<'size'>({ op: 'size', file }),
      () => perform<'sync'>({ op: 'sync', file }),
      () => perform<'stampOf'>({ op: 'stampOf', file }),
    ]
    // Nobody waits for it, unless it may tell of something.
    if (name !== 'asyncHost') calls.push(() => perform<'close'>({ op: 'close', file }))
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'ERR_IO', errno: 'EBADF', path })
  })

  test('a write that falls short is told, with the path', async () => {
    const perform = make()
    const path = join(newFolder(), 'file')
    const file = (await perform<'open'>({ op: 'open', path, create: true }))!
    if (kind === 'Sync') vi.spyOn(fs, 'writeSync').mockReturnValueOnce(3)
    else {
      vi.spyOn(fs, 'write').mockImplementationOnce(((...args: unknown[]) =>
        (args.at(-1) as (error: null, n: number) => void)(null, 3)) as never)
    }
    await expect(perform<'append'>({ op: 'append', file, bytes: Buffer.from('12345') })).rejects.toMatchObject({
      code: 'ERR_IO',
      errno: 'ENOSPC',
      path,
    })
    await perform<'close'>({ op: 'close', file })
  })

  test('write: a file that could not be written whole is not left behind', async () => {
    const perform = make()
    const folder = newFolder()
    const path = join(folder, 'tmp/file')
    mkdirSync(join(folder, 'tmp'))
    if (kind === 'Sync') {
      const write = fs.writeSync
      vi.spyOn(fs, 'writeSync')
        .mockImplementationOnce(((fd: number) => write(fd, 'half')) as never)
        .mockImplementationOnce(() => {
          throw systemError('ENOSPC')
        })
    } else {
      const write = fs.write
      vi.spyOn(fs, 'write')
        .mockImplementationOnce(((fd: number, ...args: unknown[]) => write(fd, 'half', args.at(-1) as never)) as never)
        .mockImplementationOnce(((...args: unknown[]) =>
          (args.at(-1) as (error: Error) => void)(systemError('ENOSPC'))) as never)
    }
    await expect(
      perform<'write'>({ op: 'write', path, bytes: Buffer.from('half and half'), durable: false }),
    ).rejects.toMatchObject({ code: 'ERR_IO', errno: 'ENOSPC', path })
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  })
})

test.each([
  ['syncHost', () => asPerform(syncHost(bits))],
  ['asyncHost', () => asPerform(asyncHost(bits))],
])('%s: while files turn out to be new, the next is made as one that must be, and not read', async (_, make) => {
  const perform = make()
  const folder = newFolder()
  const sizeOf = async (path: string, meanwhile = () => {}): Promise<number> => {
    const file = (await perform<'open'>({ op: 'open', path, create: true }))!
    meanwhile()
    const { size } = await perform<'tail'>({ op: 'tail', file, reach: 100 })
    await perform<'close'>({ op: 'close', file })
    return size
  }
  for (let i = 0; i < 20; i++) expect(await sizeOf(join(folder, `${i}`))).toBe(0)
  const path = join(folder, 'new')
  // What others write before it would be read shows only to who reads it.
  expect(await sizeOf(path, () => writeFileSync(path, 'theirs'))).toBe(0)
  expect(await sizeOf(path)).toBe(6)
  const other = join(folder, 'other')
  expect(await sizeOf(other, () => writeFileSync(other, 'theirs'))).toBe(6)
})

test('syncHost: a file that gets the number of a new one that was kept, and dropped, is not taken for new', () => {
  const host = syncHost(bits)
  const folder = newFolder()
  const make = (name: string): number => host.open({ op: 'open', path: join(folder, name), create: true })!
  for (let i = 0; i < 20; i++) {
    const file = make(`${i}`)
    expect(host.tail({ op: 'tail', file, reach: 100 }).size).toBe(0)
    host.close({ op: 'close', file })
  }
  const path = join(folder, 'old')
  writeFileSync(path, 'old')
  const kept = make('kept')
  host.keep({ op: 'keep', file: kept, path: join(folder, 'kept') })
  expect(host.kept({ op: 'kept', path: join(folder, 'kept') })?.file).toBe(kept)
  // By another host, or by the clock.
  fs.closeSync(kept)
  const file = host.open({ op: 'open', path, create: false })!
  expect(file).toBe(kept)
  expect(host.tail({ op: 'tail', file, reach: 100 }).bytes.toString()).toBe('old')
  host.close({ op: 'close', file })
})
