import fs, { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { StorageIOError } from '../../../lib/errors.ts'
import { hashOfFile } from '../../../lib/tasks/policies/contents.ts'
import { FILES } from '../../../lib/tasks/policies/files.ts'
import { INPUTS } from '../../../lib/tasks/policies/inputs.ts'
import { temporaryFolder } from '../support.ts'

/** Calls `onOpen` with each path that is going to be read. */
function watchReading(onOpen: (path: unknown) => void): void {
  const { createReadStream } = fs
  fs.createReadStream = ((path: string, ...rest: []) => {
    onOpen(path)
    return createReadStream(path, ...rest)
  }) as typeof createReadStream
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.createReadStream = createReadStream
    syncBuiltinESMExports()
  })
}

const longAgo = new Date('2020-01-01')

describe('FILES', () => {
  const setUp = () => {
    const cwd = temporaryFolder()
    const put = (path: string, text: string) => {
      mkdirSync(join(cwd, path, '..'), { recursive: true })
      writeFileSync(join(cwd, path), text)
    }
    const key = (patterns: string | string[] = '**') => FILES(patterns, { cwd }).computeKey({})
    return { cwd, put, key }
  }

  test('changes with contents, names and the set of files', async () => {
    const { cwd, put, key } = setUp()
    put('a.txt', 'one')
    put('sub/b.txt', 'two')
    const keys = [await key()]
    put('a.txt', 'ONE')
    keys.push(await key())
    renameSync(join(cwd, 'a.txt'), join(cwd, 'c.txt'))
    keys.push(await key())
    put('d.txt', '')
    keys.push(await key())
    rmSync(join(cwd, 'd.txt'))
    rmSync(join(cwd, 'c.txt'))
    keys.push(await key())
    expect(new Set(keys).size).toBe(5)
  })

  test('does not change with time stamps, nor from one folder to another', async () => {
    const [one, other] = [setUp(), setUp()]
    for (const { put } of [one, other]) put('sub/a.txt', 'same')
    const before = await one.key()
    utimesSync(join(one.cwd, 'sub/a.txt'), longAgo, longAgo)
    expect(await one.key()).toBe(before)
    expect(await other.key()).toBe(before)
  })

  test('tells apart what is joined in the same way', async () => {
    const [one, other] = [setUp(), setUp()]
    one.put('a', 'b')
    one.put('c', 'd')
    other.put('a', 'd')
    other.put('c', 'b')
    expect(await one.key()).not.toBe(await other.key())
  })

  test('takes patterns of fast-glob, in any order', async () => {
    const { put, key } = setUp()
    put('src/a.ts', 'a')
    put('src/generated/b.ts', 'b')
    const before = await key(['src/**', '!src/generated/**'])
    expect(await key(['!src/generated/**', 'src/**'])).toBe(before)
    put('src/generated/b.ts', 'changed')
    expect(await key(['src/**', '!src/generated/**'])).toBe(before)
    expect(await key('src/**')).not.toBe(before)
  })

  test('has a key of its own when nothing matches', async () => {
    const { put, key } = setUp()
    const none = await key('*.none')
    expect(none).toMatch(/^[0-9a-f]{64}$/)
    put('a.none', '')
    expect(await key('*.none')).not.toBe(none)
  })

  test('notices a change that leaves size and time as they were', async () => {
    const { cwd, put, key } = setUp()
    const path = join(cwd, 'a.txt')
    const seen = new Set<string | undefined>()
    // Faster than the clock of any filesystem ticks, and with times set back to old ones.
    for (let round = 0; round < 20; round += 1) {
      put('a.txt', `content ${String(round).padStart(2, '0')}`)
      if (round % 2) utimesSync(path, longAgo, longAgo)
      seen.add(await key())
    }
    expect(seen.size).toBe(20)
  })

  test('follows a link to a file, and passes over a broken one', async () => {
    const { cwd, put, key } = setUp()
    put('data.txt', 'one')
    symlinkSync(join(cwd, 'data.txt'), join(cwd, 'link.txt'))
    symlinkSync(join(cwd, 'nowhere'), join(cwd, 'broken.txt'))
    const before = await key('link.txt')
    put('data.txt', 'two')
    expect(await key('link.txt')).not.toBe(before)
    expect(await key('broken.txt')).toBe(await key('other.txt'))
  })

  test('fails, also in a sum, when a file cannot be read', async () => {
    const { cwd, put } = setUp()
    put('secret.txt', 'x')
    watchReading(() => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' })
    })
    const sum = INPUTS.plus(FILES('*', { cwd }))
    await expect(sum.computeKey({ inputs: {} })).rejects.toThrow(StorageIOError)
    await expect(sum.computeKey({ inputs: {} })).rejects.toThrow(/secret.txt: EACCES/)
  })

  test.each([[[]], [''], [[1]], [['a', '']], [null]])('FILES(%o) is a TypeError', patterns => {
    expect(() => FILES(patterns as never)).toThrow(TypeError)
  })

  test('an unknown option, or one of the wrong kind, is a TypeError', () => {
    expect(() => FILES('*', { dir: '.' } as never)).toThrow(/dir/)
    expect(() => FILES('*', { cwd: 1 } as never)).toThrow(TypeError)
  })
})

describe('hashOfFile()', () => {
  test('is that of what is in the file', async () => {
    const path = join(temporaryFolder(), 'a')
    writeFileSync(path, 'abc')
    expect(await hashOfFile(path)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    writeFileSync(path, '')
    expect(await hashOfFile(path)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  test('of a file that is not there is undefined', async () => {
    expect(await hashOfFile(join(temporaryFolder(), 'a'))).toBeUndefined()
  })

  test('reads a file again only when it may have changed, and always while it is young', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    onTestFinished(() => void vi.useRealTimers())
    const path = join(temporaryFolder(), 'a')
    writeFileSync(path, 'abc')
    const read: unknown[] = []
    watchReading(opened => read.push(opened))
    const first = await hashOfFile(path)
    await hashOfFile(path)
    expect(read).toEqual([path, path])
    // An hour later it is at rest, and read once more.
    vi.setSystemTime(Date.now() + 3_600_000)
    for (let round = 0; round < 3; round += 1) expect(await hashOfFile(path)).toBe(first)
    expect(read).toHaveLength(3)
    // Same size, and its time set back: the time of the inode's change tells.
    const { mtime } = statSync(path)
    writeFileSync(path, 'xyz')
    utimesSync(path, mtime, mtime)
    expect(await hashOfFile(path)).not.toBe(first)
  })

  test('of what is no file is an error', async () => {
    await expect(hashOfFile(temporaryFolder())).rejects.toThrow(StorageIOError)
  })
})
