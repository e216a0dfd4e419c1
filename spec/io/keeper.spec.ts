import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { Keeper } from '../../lib/io/keeper.ts'
import { newFolder } from '../support/folders.ts'

const unixOnly = test.runIf(process.platform !== 'win32')

function opened(path: string): number {
  return fs.openSync(path, 'a')
}

function isOpen(fd: number): boolean {
  try {
    fs.fstatSync(fd)
    return true
  } catch {
    return false
  }
}

unixOnly('gives what it keeps to all who ask, and has the last of them close it', () => {
  const keeper = new Keeper()
  const path = join(newFolder(), 'a')
  const fd = opened(path)
  expect(keeper.take(path)).toBeUndefined()
  expect(keeper.keep(fd, path)).toBeUndefined()
  const kept = keeper.take(path)
  expect(kept?.file).toBe(fd)
  expect([keeper.take(path), keeper.take(`${path}b`)]).toEqual([kept, undefined])
  // It is kept on, and is the same.
  expect(keeper.keep(fd, path)).toBeUndefined()
  expect(keeper.take(path)).toBe(kept)
  // One has found that it is no good any more: nobody gets it from now on, and the other still has it.
  expect(keeper.release(fd)).toBe(false)
  expect(keeper.take(path)).toBeUndefined()
  expect(keeper.keep(fd, path)).toBe(fd)
  fs.closeSync(fd)
})

unixOnly('keeps a few, and has the oldest of them closed when there are more and nobody uses it', () => {
  const keeper = new Keeper()
  const folder = newFolder()
  const files = Array.from({ length: 10 }, (_, i) => {
    const path = join(folder, `${i}`)
    return { path, fd: opened(path) }
  })
  const surplus = files.slice(0, 8).map(({ fd, path }) => keeper.keep(fd, path))
  expect(surplus).toEqual(Array(8).fill(undefined))
  const [first, second] = files as [(typeof files)[0], (typeof files)[0]]
  expect(keeper.take(second.path)?.file).toBe(second.fd)
  expect(keeper.keep(files[8]!.fd, files[8]!.path)).toBe(first.fd)
  // Who still has it closes it.
  expect(keeper.keep(files[9]!.fd, files[9]!.path)).toBeUndefined()
  expect(keeper.take(second.path)).toBeUndefined()
  expect(keeper.keep(second.fd, second.path)).toBe(second.fd)
  // Another descriptor of the same file is not needed.
  const again = opened(files[9]!.path)
  expect(keeper.keep(again, files[9]!.path)).toBe(again)
  for (const fd of [again, first.fd, second.fd]) fs.closeSync(fd)
  keeper.letGo()
  expect(files.filter(({ fd }) => isOpen(fd))).toEqual([])
})

unixOnly('opens anew what it has kept for a while, although the thread was busy', () => {
  const keeper = new Keeper()
  const path = join(newFolder(), 'a')
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    keeper.keep(opened(path), path)
    const kept = keeper.take(path)
    keeper.keep(kept!.file, path)
    vi.setSystemTime(Date.now() + 2000)
    expect(keeper.take(path)).toBeUndefined()
    // Or set back.
    keeper.keep(opened(path), path)
    vi.setSystemTime(Date.now() - 3_600_000)
    expect(keeper.take(path)).toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
})

unixOnly('lets go of what nobody asks for, but not of what is in use', async () => {
  const folder = newFolder()
  const [used, unused] = [new Keeper(), new Keeper()]
  const [a, b] = [opened(join(folder, 'a')), opened(join(folder, 'b'))]
  used.keep(a, join(folder, 'a'))
  used.take(join(folder, 'a'))
  unused.keep(b, join(folder, 'b'))
  const goes = (fd: number): Promise<unknown> =>
    expect.poll(() => isOpen(fd), { timeout: 20_000 }).toBe(false) as Promise<unknown>
  await goes(b)
  expect(isOpen(a)).toBe(true)
  used.keep(a, join(folder, 'a'))
  await goes(a)
})
