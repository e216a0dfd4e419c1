import fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { makeFolder, makeFolderSync } from '../../lib/io/folders.ts'
import { newFolder } from '../support/folders.ts'

afterEach(() => void vi.restoreAllMocks())

describe.each([
  ['makeFolderSync', async (path: string, mode: number) => makeFolderSync(path, mode)],
  ['makeFolder', makeFolder],
])('%s()', (name, make) => {
  test('makes a folder with those above it, and leaves what is there', async () => {
    const path = join(newFolder(), 'a/b/c')
    await make(path, 0o700)
    fs.writeFileSync(join(path, 'file'), 'x')
    await make(path, 0o700)
    expect(fs.readdirSync(path)).toEqual(['file'])
    if (process.platform !== 'win32') expect(fs.statSync(path).mode & 0o777).toBe(0o700)
  })

  test('says what the system says, of whichever folder', async () => {
    const path = join(newFolder(), 'a/b/c')
    const refusal = Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
    const { mkdir, mkdirSync } = fs
    vi.spyOn(fs, 'mkdirSync').mockImplementation(((at: string, options: object) => {
      if (at.endsWith('a')) throw refusal
      return mkdirSync(at, options)
    }) as never)
    vi.spyOn(fs, 'mkdir').mockImplementation(((at: string, options: object, done: (error: Error | null) => void) =>
      at.endsWith('a') ? done(refusal) : mkdir(at, options, done)) as never)
    await expect(make(path, 0o700)).rejects.toBe(refusal)
  })

  test.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    await expect(make('/proc/none/a/b', 0o700)).rejects.toMatchObject({ code: 'ENOENT' })
    if (name !== 'makeFolder')
      expect(() => new Bucket('/proc/none/a')).toThrow(expect.objectContaining({ code: 'ERR_IO' }))
  })
})
