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
  expect(keeper.keep(fd, path)).toBe(true)
  expect([keeper.take(path), keeper.take(path), keeper.take(`${path}b`)]).toEqual([fd, fd, undefined])
  // It is kept on.
  expect(keeper.keep(fd, path)).toBe(true)
  expect(keeper.take(path)).toBe(fd)
  // One has found that it is no good any more: nobody gets it from now on, and the other still has it.
  expect(keeper.release(fd)).toBe(false)
  expect(keeper.take(path)).toBeUndefined()
  expect(keeper.keep(fd, path)).toBe(false)
  fs.closeSync(fd)
})

unixOnly('keeps the newest, and closes what it kept before when nobody uses that', async () => {
  const keeper = new Keeper()
  const folder = newFolder()
  const [a, b, c] = ['a', 'b', 'c'].map(name => opened(join(folder, name))) as [number, number, number]
  keeper.keep(a, join(folder, 'a'))
  expect(keeper.keep(b, join(folder, 'b'))).toBe(true)
  await vi.waitFor(() => expect(isOpen(a)).toBe(false))
  expect(keeper.take(join(folder, 'b'))).toBe(b)
  expect(keeper.keep(c, join(folder, 'c'))).toBe(true)
  expect(isOpen(b)).toBe(true)
  // Who still had it closes it.
  expect(keeper.keep(b, join(folder, 'b'))).toBe(false)
  fs.closeSync(b)
  // Another descriptor of the same file is not needed.
  const again = opened(join(folder, 'c'))
  expect(keeper.keep(again, join(folder, 'c'))).toBe(false)
  fs.closeSync(again)
  expect(keeper.release(c)).toBe(true)
  fs.closeSync(c)
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
