import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { StorageIOError } from '../../../lib/errors.ts'
import { StorageError } from '../../../lib/tasks/storage/errors.ts'
import { LocalStorage } from '../../../lib/tasks/storage/local.ts'
import { writeWhole } from '../../../lib/tasks/storage/whole.ts'
import { temporaryFolder } from '../support.ts'
import { badFilenames, badKeys, storageSuite } from './suite.ts'

storageSuite('LocalStorage', () => new LocalStorage(join(temporaryFolder(), 'results')))

/** All paths below a folder, with what the files hold. */
function tree(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries.map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort()
}

test('a file stands under the name of its key', async () => {
  const folder = temporaryFolder()
  await writeWhole(new LocalStorage(folder), 'key', 'data.json', '[1]')
  expect(readFileSync(join(folder, 'key/data.json'), 'utf8')).toBe('[1]')
  expect(readdirSync(join(folder, 'key'))).toEqual(['data.json'])
  expect(readdirSync(join(folder, '.tmp'))).toEqual([])
})

describe('.gitignore', () => {
  test('keeps the folder out of version control', () => {
    const folder = join(temporaryFolder(), 'a/b')
    new LocalStorage(folder)
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n')
  })

  test('is not written without being wanted, nor over one that is there', () => {
    const folder = temporaryFolder()
    new LocalStorage(folder, { withGitignore: false })
    expect(readdirSync(folder)).toEqual([])
    writeFileSync(join(folder, '.gitignore'), 'mine')
    new LocalStorage(folder)
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('mine')
  })
})

test.runIf(process.platform !== 'win32')('only the owner can read what is stored', async () => {
  const folder = join(temporaryFolder(), 'results')
  await writeWhole(new LocalStorage(folder), 'key', 'f', 'x')
  const modes = ['', 'key', 'key/f'].map(path => statSync(join(folder, path)).mode & 0o777)
  expect(modes).toEqual([0o700, 0o700, 0o600])
})

test('what tries to escape touches nothing', async () => {
  const outer = temporaryFolder()
  const storage = new LocalStorage(join(outer, 'results'))
  writeFileSync(join(outer, 'f'), 'outside')
  await writeWhole(storage, 'key', 'f', 'inside')
  const before = tree(outer)
  for (const key of [...badKeys, 'key/../..', './key', 'key/']) {
    await expect(storage.delete(key)).rejects.toThrow(StorageError)
    await expect(storage.fileHandle(key, 'f', 'w')).rejects.toThrow(StorageError)
    await expect(storage.replace(key, async () => {})).rejects.toThrow(StorageError)
  }
  for (const filename of [...badFilenames, '../../f', '../f']) {
    await expect(storage.fileHandle('key', filename)).rejects.toThrow(StorageError)
    await expect(storage.fileHandle('key', filename, 'w')).rejects.toThrow(StorageError)
  }
  expect(tree(outer)).toEqual(before)
  expect(readFileSync(join(outer, 'f'), 'utf8')).toBe('outside')
})

describe('symbolic links', () => {
  const setUp = () => {
    const outer = temporaryFolder()
    const folder = join(outer, 'results')
    const storage = new LocalStorage(folder)
    mkdirSync(join(outer, 'elsewhere'))
    writeFileSync(join(outer, 'elsewhere/f'), 'outside')
    return { outer, folder, storage }
  }

  test('in the place of a key are not followed', async () => {
    const { outer, folder, storage } = setUp()
    symlinkSync(join(outer, 'elsewhere'), join(folder, 'key'))
    const before = tree(outer)
    expect(await storage.findKeys()).toEqual([])
    await expect(storage.exists('key')).rejects.toThrow(StorageError)
    await expect(storage.delete('key')).rejects.toThrow(StorageError)
    await expect(storage.fileHandle('key', 'f')).rejects.toThrow(StorageError)
    await expect(storage.fileHandle('key', 'f', 'w')).rejects.toThrow(StorageError)
    await expect(storage.replace('key', staged => writeWhole(staged, 'key', 'f', 'x'))).rejects.toThrow(StorageError)
    expect(tree(outer).filter(path => !path.includes('.tmp'))).toEqual(before.filter(path => !path.includes('.tmp')))
    expect(readFileSync(join(outer, 'elsewhere/f'), 'utf8')).toBe('outside')
  })

  test('in the place of a file are not followed', async () => {
    const { outer, folder, storage } = setUp()
    mkdirSync(join(folder, 'key'))
    symlinkSync(join(outer, 'elsewhere/f'), join(folder, 'key/f'))
    await expect(storage.fileHandle('key', 'f')).rejects.toThrow(StorageError)
    await expect(storage.fileHandle('key', 'f', 'w')).rejects.toThrow(StorageError)
    await storage.delete('key')
    expect(readFileSync(join(outer, 'elsewhere/f'), 'utf8')).toBe('outside')
  })

  test('in the place of the storage’s own folders are not followed', async () => {
    const { outer, folder, storage } = setUp()
    symlinkSync(join(outer, 'elsewhere'), join(folder, '.tmp'))
    await expect(storage.fileHandle('key', 'f', 'w')).rejects.toThrow(StorageError)
    expect(readdirSync(join(outer, 'elsewhere'))).toEqual(['f'])
  })

  test('in the path to the storage lead where the user has pointed them', async () => {
    const { outer } = setUp()
    symlinkSync(join(outer, 'elsewhere'), join(outer, 'link'))
    await writeWhole(new LocalStorage(join(outer, 'link')), 'key', 'f', 'x')
    expect(existsSync(join(outer, 'elsewhere/key/f'))).toBe(true)
  })
})

test('what is no key is passed over', async () => {
  const folder = temporaryFolder()
  const storage = new LocalStorage(folder)
  mkdirSync(join(folder, '.locks'))
  mkdirSync(join(folder, 'with.dot'))
  mkdirSync(join(folder, 'empty'))
  if (process.platform !== 'win32') mkdirSync(join(folder, 'back\\slash'))
  writeFileSync(join(folder, 'file'), '')
  expect(await storage.findKeys()).toEqual([])
  expect(await storage.exists('empty')).toBe(false)
})

test('replace() takes away the files that the new ones do not replace', async () => {
  const folder = temporaryFolder()
  const storage = new LocalStorage(folder)
  await writeWhole(storage, 'key', 'old', 'x')
  await storage.replace('key', staged => writeWhole(staged, 'key', 'new', 'y'))
  expect(readdirSync(join(folder, 'key'))).toEqual(['new'])
  expect(readdirSync(join(folder, '.tmp'))).toEqual([])
})

test('replace() leaves the old files when its writer fails', async () => {
  const folder = temporaryFolder()
  const storage = new LocalStorage(folder)
  await writeWhole(storage, 'key', 'f', 'old')
  const failing = storage.replace('key', async staged => {
    await writeWhole(staged, 'key', 'f', 'new')
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(readFileSync(join(folder, 'key/f'), 'utf8')).toBe('old')
  expect(readdirSync(join(folder, '.tmp'))).toEqual([])
})

test('what a crash has left is removed a day later, and not before', async () => {
  const folder = temporaryFolder()
  const old = join(folder, '.tmp/old')
  const young = join(folder, '.tmp/young')
  for (const path of [old, young]) mkdirSync(path, { recursive: true })
  writeFileSync(join(old, 'f'), '')
  const past = new Date(Date.now() - 90_000_000)
  utimesSync(old, past, past)
  await writeWhole(new LocalStorage(folder), 'key', 'f', 'x')
  expect(readdirSync(join(folder, '.tmp'))).toEqual(['young'])
})

test('a folder that cannot be made is a StorageIOError that names it', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  expect(() => new LocalStorage(join(file, 'results'))).toThrow(StorageIOError)
  expect(() => new LocalStorage(join(file, 'results'))).toThrow(/results.*ENOTDIR/)
})

test('a file in the place of the folder is a StorageIOError', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  expect(() => new LocalStorage(file)).toThrow(StorageIOError)
})

test.each<[unknown, unknown]>([
  ['', {}],
  [1, {}],
  ['x', { gitignore: true }],
  ['x', { withGitignore: 1 }],
  ['x', null],
])('new LocalStorage(%o, %o) is a TypeError', (directory, options) => {
  expect(() => new LocalStorage(directory as never, options as never)).toThrow(TypeError)
})
