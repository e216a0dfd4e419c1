// What a bucket does when it may not write, or the disk will not have it.

import fs, {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Bucket, type BucketOptions, DeadlockError, ReadOnlyError, StorageIOError, TimeoutError } from '../lib/index.ts'
import { listen } from './support/channels.ts'
import { entryFile, entryFiles, filesIn, newBucket, newFolder } from './support/folders.ts'
import { faces } from './support/twins.ts'

afterEach(() => vi.restoreAllMocks())

/** What is in a folder, byte for byte, with the times of the files. */
function picture(folder: string): unknown {
  return filesIn(folder).map(name => {
    const path = join(folder, name)
    const { mtimeMs, ino, mode } = lstatSync(path)
    return [name, mtimeMs, ino, mode, readFileSync(path, 'latin1')]
  })
}

for (const [name, face] of faces) {
  describe(`${name}, readOnly`, () => {
    test('reads what is there, and writes not a byte', async () => {
      const writer = newBucket()
      writer.set('a', 1, { tag: 'red' })
      writer.set('b', 'x'.repeat(50_000))
      writer.set('gone', 1, { expire: 0 })
      writer.delete('b')
      writer.set('b', 2)
      writer.close()
      const before = picture(writer.path)
      const opened = vi.spyOn(fs, 'openSync')
      const bucket = new Bucket(writer.path, { readOnly: true, sizeLimit: 5, statistics: true })
      const reader = face(bucket)
      expect(await reader.get('a')).toBe(1)
      expect(await reader.get('gone')).toBeUndefined()
      expect(await reader.getOrSet('a', () => 5)).toBe(1)
      expect(await reader.entries()).toEqual([
        ['a', 1],
        ['b', 2],
      ])
      expect(await reader.sortedKeys()).toEqual(['a', 'b'])
      expect(await reader.size()).toBeGreaterThanOrEqual(2)
      expect(await reader.volume()).toBeGreaterThan(0)
      expect(await reader.list({ tag: 'red' })).toHaveLength(1)
      await reader.close()
      expect(picture(writer.path)).toEqual(before)
      // A folder that may only be read cannot be opened to be written.
      const writable = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT
      for (const [path, flags] of opened.mock.calls) expect([path, Number(flags) & writable]).toEqual([path, 0])
    })

    test.each<[string, (twin: ReturnType<typeof face>) => Promise<unknown>]>([
      ['set', twin => twin.set('a', 2)],
      ['add', twin => twin.add('new', 2)],
      ['delete', twin => twin.delete('a')],
      ['pop', twin => twin.pop('a')],
      ['touch', twin => twin.touch('a')],
      ['incr', twin => twin.incr('a')],
      ['decr', twin => twin.decr('a')],
      ['update', twin => twin.update('a', () => 2)],
      ['setMany', twin => twin.setMany([['a', 2]])],
      ['deleteMany', twin => twin.deleteMany(['a'])],
      ['clear', twin => twin.clear()],
      ['prune', twin => twin.prune()],
      ['reset', twin => twin.reset('sizeLimit', 1)],
    ])('%s() throws ReadOnlyError', async (_, call) => {
      const writer = newBucket()
      writer.set('a', 1)
      const reader = face(new Bucket(writer.path, { readOnly: true }))
      await expect(call(reader)).rejects.toThrow(ReadOnlyError)
      await expect(call(reader)).rejects.toMatchObject({ code: 'ERR_READ_ONLY' })
      expect(await reader.entries()).toEqual([['a', 1]])
    })

    test('getOrSet() throws ReadOnlyError for what is missing, before the work is done', async () => {
      const writer = newBucket()
      const compute = vi.fn(() => 1)
      const reader = face(new Bucket(writer.path, { readOnly: true }))
      await expect(reader.getOrSet('a', compute)).rejects.toThrow(ReadOnlyError)
      expect(compute).not.toHaveBeenCalled()
    })

    test('of a folder that is not there reads as empty, and makes none', async () => {
      const folder = join(newFolder(), 'none')
      const reader = face(new Bucket(folder, { readOnly: true }))
      expect(await reader.get('a')).toBeUndefined()
      expect(await reader.keys()).toEqual([])
      expect(await reader.size()).toBe(0)
      await reader.close()
      expect(existsSync(folder)).toBe(false)
    })
  })

  const open = (options?: BucketOptions) => {
    const bucket = newBucket(options)
    return { bucket, twin: face(bucket) }
  }

  describe(`${name}, with something else in the place of an entry`, () => {
    test('a symbolic link is not followed, and its target is left as it is', async () => {
      const { bucket, twin } = open()
      await twin.set('a', 'of a')
      const file = entryFile(bucket.path)
      const target = join(newFolder(), 'target')
      writeFileSync(target, readFileSync(file))
      rmSync(file)
      symlinkSync(target, file)
      const before = readFileSync(target, 'latin1')
      expect(await twin.get('a', 'missing')).toBe('missing')
      expect(await twin.has('a')).toBe(false)
      for (const call of [
        () => twin.set('a', 'new'),
        () => twin.set('a', 'x'.repeat(50_000)),
        () => twin.delete('a'),
        () => twin.incr('a'),
        () => twin.touch('a', 5),
      ]) {
        await expect(call()).rejects.toThrow(StorageIOError)
        await expect(call()).rejects.toMatchObject({ code: 'ERR_IO', errno: 'ELOOP', path: file })
      }
      expect(readFileSync(target, 'latin1')).toBe(before)
      expect(lstatSync(file).isSymbolicLink()).toBe(true)
    })

    test.each(['link', 'folder'])('a %s does not keep clear(), prune() and iteration from the rest', async kind => {
      const { bucket, twin } = open()
      await twin.set('a', 1)
      const file = entryFile(bucket.path)
      for (let i = 0; i < 5; i++) await twin.set(i, i)
      rmSync(file)
      const target = join(newFolder(), 'target')
      writeFileSync(target, 'precious')
      if (kind === 'link') symlinkSync(target, file)
      else mkdirSync(file)
      expect(await twin.entries()).toEqual([0, 1, 2, 3, 4].map(i => [i, i]))
      expect(await twin.prune()).toEqual({ count: 0, size: 0 })
      expect(await twin.clear()).toBe(5)
      expect(existsSync(file)).toBe(true)
      expect(readFileSync(target, 'utf8')).toBe('precious')
    })

    test('clear() and prune() leave alone what is not theirs', async () => {
      const { bucket, twin } = open()
      await twin.set('a', 1)
      const foreign = [
        'notes.txt',
        'ab/readme.md',
        `ab/${'0'.repeat(61)}.v8`,
        `ab/${'0'.repeat(62)}.v8`,
        `ab/${'0'.repeat(62)}.v8.bak`,
        `ab/${'F'.repeat(62)}.v8`,
        `AB/${'0'.repeat(62)}.v8`,
        `abc/${'0'.repeat(62)}.v8`,
        'ab/.hidden',
        'tmp/mine.tmp',
        'order/notes',
      ]
      for (const path of foreign) {
        mkdirSync(dirname(join(bucket.path, path)), { recursive: true })
        writeFileSync(join(bucket.path, path), 'precious')
      }
      expect(await twin.prune()).toEqual({ count: 0, size: 0 })
      expect(await twin.clear()).toBe(1)
      for (const path of foreign) expect(readFileSync(join(bucket.path, path), 'utf8')).toBe('precious')
    })
  })

  describe(`${name} on a disk that refuses`, () => {
    /** In the place of the folder of one entry, what cannot be entered: as ELOOP it stops even root. */
    const blocked = async (options?: BucketOptions) => {
      const { bucket, twin } = open(options)
      await twin.set('a', 1)
      const folder = dirname(entryFile(bucket.path))
      rmSync(folder, { recursive: true })
      symlinkSync(folder, folder)
      return { bucket, twin }
    }

    test('throws StorageIOError with the cause, the path and the errno', async () => {
      const { twin } = await blocked()
      for (const call of [
        () => twin.get('a'),
        () => twin.get('a'),
        () => twin.get('never stored'),
        () => twin.get('a'),
        () => twin.set('a', 2),
        () => twin.set('a', 'x'.repeat(50_000)),
        () => twin.delete('a'),
        () => twin.incr('a'),
        () => twin.getMany(['a']),
      ]) {
        const error = await call().catch((thrown: unknown) => thrown)
        if (error === undefined) continue
        expect(error).toBeInstanceOf(StorageIOError)
        expect(error).toMatchObject({ code: 'ERR_IO', errno: 'ELOOP', path: expect.stringMatching(/^\//) })
        expect((error as Error).cause).toBeInstanceOf(Error)
      }
    })

    test("under onError: 'degrade' reads miss, writes are dropped, and each is told on a channel", async () => {
      const { bucket, twin } = await blocked({ onError: 'degrade' })
      const events = listen('error')
      expect(await twin.get('a', 'missing')).toBe('missing')
      expect(await twin.has('a')).toBe(false)
      expect(await twin.getEntry('a')).toBeUndefined()
      await twin.set('a', 2)
      expect(await twin.add('a', 2)).toBe(false)
      expect(await twin.delete('a')).toBe(false)
      expect(await twin.pop('a', 'missing')).toBe('missing')
      expect(await twin.touch('a')).toBe(false)
      await twin.incr('a')
      expect(await twin.getOrSet('a', () => 'computed')).toBe('computed')
      expect(await twin.getMany(['a'])).toEqual(new Map())
      await twin.setMany([['a', 1]])
      expect(events.length).toBeGreaterThanOrEqual(10)
      for (const event of events) {
        expect(event).toMatchObject({ folder: bucket.path, operation: expect.any(String) })
        expect((event as { error: unknown }).error).toBeInstanceOf(StorageIOError)
      }
      await twin.set('elsewhere', 1)
      expect(await twin.get('elsewhere')).toBe(1)
    })

    test("a folder that cannot be made: StorageIOError, or under 'degrade' a bucket that holds nothing", async () => {
      const file = join(newFolder(), 'file')
      writeFileSync(file, '')
      expect(() => new Bucket(join(file, 'cache'))).toThrow(StorageIOError)
      const twin = face(new Bucket(join(file, 'cache'), { onError: 'degrade' }))
      await twin.set('a', 1)
      expect(await twin.get('a')).toBeUndefined()
      expect(await twin.keys()).toEqual([])
      expect(await twin.size()).toBe(0)
      expect(await twin.clear()).toBe(0)
      expect(await twin.reset('sizeLimit')).toBe(2 ** 30)
      expect(await twin.reset('tagIndex', true)).toBe(false)
      expect(await twin.reset('lifetime', 1000)).toBe(1000)
      await twin.close()
    })

    test("a file where the folder was: StorageIOError, also for a stream, or under 'degrade' nothing is there", async () => {
      const { bucket, twin } = open()
      const isBlocking = name === 'Bucket'
      const check = async (one: Bucket) => (isBlocking ? one.check() : await one.promises.check())
      await twin.set('a', 1)
      rmSync(bucket.path, { recursive: true })
      writeFileSync(bucket.path, '')
      const stream = Readable.from(['bytes'])
      for (const call of [() => twin.set('a', 1), () => bucket.promises.set('a', stream), () => check(bucket)])
        await expect(call()).rejects.toMatchObject({ code: 'ERR_IO', errno: 'ENOTDIR' })
      expect(stream.destroyed).toBe(true)
      const degraded = new Bucket(bucket.path, { onError: 'degrade' })
      const dropped = Readable.from(['bytes'])
      await degraded.promises.set('a', dropped)
      expect(dropped.destroyed).toBe(true)
      expect(await face(degraded).get('a')).toBeUndefined()
      expect(await check(degraded)).toMatchObject([{ path: bucket.path, code: 'refused', fixed: false }])
      const events = listen('error')
      const [deque, index] = [degraded.deque('d'), degraded.index('i')]
      for await (const item of isBlocking ? deque : deque.promises) expect(item).toBe('never')
      const side = isBlocking ? deque : deque.promises
      expect(await side.push(1)).toBe(0)
      expect(await side.unshift(1)).toBe(0)
      expect(await side.shift()).toBeUndefined()
      expect(await side.at(0)).toBeUndefined()
      expect(await side.set(0, 1)).toBe(false)
      expect(await side.indexOf(1)).toBe(-1)
      expect(await side.remove(1)).toBe(false)
      await side.rotate()
      await side.reverse()
      await side.clear()
      expect(events.length).toBeGreaterThanOrEqual(10)
      expect(await deque.promises.transact(inside => inside.push(1))).toBe(0)
      expect(await (isBlocking ? index : index.promises).setDefault('a', 1)).toBe(1)
    })

    test('a stream that fails before anybody has begun to read it rejects the promise, and nothing else', async () => {
      const { bucket } = open()
      const stream = new PassThrough()
      const setting = bucket.promises.set('a', stream)
      stream.destroy(new Error('of the stream'))
      await expect(setting).rejects.toThrow('of the stream')
    })

    test('an error of the caller is told under degrade as well', async () => {
      const { twin } = open({ onError: 'degrade' })
      await twin.set('a', 'text')
      await expect(twin.incr('a')).rejects.toThrow(TypeError)
      await expect(twin.getOrThrow('b')).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
      await expect(twin.set('a', () => 1)).rejects.toMatchObject({ code: 'ERR_UNSERIALIZABLE' })
    })
  })

  test(`${name} leaves no file behind for what was looked at and not written`, async () => {
    const { bucket, twin } = open()
    await twin.update('a', () => undefined)
    await twin.set('b', 1, { ifVersion: 'another' }).catch(() => {})
    await twin.incr('c', 1, { default: null }).catch(() => {})
    await twin
      .update('d', () => {
        throw new Error('no')
      })
      .catch(() => {})
    await twin
      .getOrSet('e', () => {
        throw new Error('no')
      })
      .catch(() => {})
    await twin.delete('f')
    await twin.close()
    await expect.poll(() => entryFiles(bucket.path)).toEqual([])
  })

  test(`${name} unlinks the files of what was deleted, within seconds`, async () => {
    const { bucket, twin } = open()
    for (let i = 0; i < 20; i++) await twin.set(i, i)
    for (let i = 0; i < 15; i++) await twin.delete(i)
    await twin.set(0, 'again')
    await expect.poll(() => entryFiles(bucket.path).length).toBe(6)
    expect(await twin.entries()).toEqual([
      [15, 15],
      [16, 16],
      [17, 17],
      [18, 18],
      [19, 19],
      [0, 'again'],
    ])
  })
}

test('an entry that was truncated reads as it was before the lost record', () => {
  const bucket = newBucket()
  bucket.set('a', 'old')
  const file = entryFile(bucket.path)
  const length = lstatSync(file).size
  bucket.set('a', 'new')
  truncateSync(file, length + 20)
  expect(bucket.get('a')).toBe('old')
  bucket.set('a', 'newer')
  expect(bucket.get('a')).toBe('newer')
})

test('a synchronous call that would wait for its own thread fails at once', async () => {
  // Longer than this may take: who waited would not come to an end.
  const bucket = newBucket({ timeout: 100_000 })
  bucket.set('a', 1)
  let release!: () => void
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const transaction = bucket.promises.transact(async inside => {
    await inside.set('a', 2)
    await held
  })
  await expect.poll(() => readFileSync(entryFile(bucket.path), 'latin1')).toContain('transaction')
  expect(() => bucket.set('a', 3)).toThrow(DeadlockError)
  expect(bucket.get('a')).toBe(1)
  release()
  await transaction
  expect(bucket.get('a')).toBe(2)
})

test('an update whose callback writes its own key anew every time comes to an end', async () => {
  const bucket = newBucket<string, number>({ timeout: 50 })
  const change = (n = 0): number => {
    bucket.incr('a', 10)
    return n + 1
  }
  expect(() => bucket.update('a', change)).toThrow(TimeoutError)
  await expect(bucket.promises.update('a', change)).rejects.toThrow(TimeoutError)
  bucket.set('a', 1)
  expect([...bucket]).toEqual([['a', 1]])
  expect(bucket.size).toBe(1)
})

test('a folder that was removed does not come back when the process ends', () => {
  const folder = newFolder()
  const bucket = new Bucket<string, string>(join(folder, 'cache'))
  for (let i = 0; i < 3; i++) bucket.set('a', 'x'.repeat(100))
  rmSync(bucket.path, { recursive: true })
  bucket.close()
  expect(existsSync(bucket.path)).toBe(false)
})

test.skipIf(process.getuid?.() === 0)('a folder without the right to write is told as EACCES', () => {
  const bucket = newBucket()
  bucket.set('a', 1)
  const folder = dirname(entryFile(bucket.path))
  chmodSync(folder, 0o500)
  onTestFinished(() => chmodSync(folder, 0o700))
  bucket.set('a', 2)
  expect(bucket.get('a')).toBe(2)
  expect(() => bucket.clear()).toThrow(StorageIOError)
  expect(bucket.get('a')).toBe(2)
})
