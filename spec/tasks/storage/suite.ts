// What is true of every storage that keeps what it is given.

import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { StorageError } from '../../../lib/tasks/storage/errors.ts'
import type { Storage } from '../../../lib/tasks/storage/storage.ts'
import { readWhole, writeWhole } from '../../../lib/tasks/storage/whole.ts'

export const badKeys = ['', '.', '..', 'a.b', 'a/b', '/a', '../a', 'a\\b', 'a\0b', '\0']
export const badFilenames = ['', '.', '..', '/', 'a/b', '../a', '/etc/passwd', 'a\\b', 'a\0']

const text = async (storage: Storage, key: string, filename: string) =>
  (await readWhole(storage, key, filename)).toString()

export function storageSuite(name: string, make: () => Promise<Storage> | Storage): void {
  describe(name, () => {
    test('is empty in the beginning', async () => {
      const storage = await make()
      expect(await storage.findKeys()).toEqual([])
      expect(await storage.exists('k')).toBe(false)
      await storage.delete('k')
      await expect(storage.fileHandle('k', 'a')).rejects.toThrow(StorageError)
    })

    test('keeps the files of keys', async () => {
      const storage = await make()
      const bytes = Buffer.from([0, 255, 128, 10, 13])
      await writeWhole(storage, 'k', 'a.bin', bytes)
      await writeWhole(storage, 'k', 'empty', '')
      await writeWhole(storage, 'l', 'a.bin', 'other')
      expect(await readWhole(storage, 'k', 'a.bin')).toEqual(bytes)
      expect(await text(storage, 'k', 'empty')).toBe('')
      expect(await text(storage, 'l', 'a.bin')).toBe('other')
      await expect(storage.fileHandle('k', 'missing')).rejects.toThrow(StorageError)
      await expect(storage.fileHandle('k', 'missing')).rejects.toThrow(/missing/)
    })

    test('finds keys, sorted, as long as they have files', async () => {
      const storage = await make()
      const keys = ['b', 'a', 'B', 'v8__task_name__0f', 'ä ü', 'a:b', 'a?b$', '%41', '-', '__proto__']
      for (const key of keys) await writeWhole(storage, key, 'f', key)
      expect(await storage.findKeys()).toEqual([...keys].sort())
      for (const key of keys) expect(await text(storage, key, 'f')).toBe(key)
      await storage.delete('a')
      expect(await storage.exists('a')).toBe(false)
      expect(await storage.exists('a:b')).toBe(true)
      expect(await storage.findKeys()).toEqual(keys.filter(key => key !== 'a').sort())
    })

    test('takes any segment for a file name', async () => {
      const storage = await make()
      const names = ['a.b.c', '.hidden', 'a..b', 'a b', 'ä', 'a:b', 'a?b', 'a%2Fb', '...', 'x$', '-']
      for (const filename of names) await writeWhole(storage, 'k', filename, filename)
      for (const filename of names) expect(await text(storage, 'k', filename)).toBe(filename)
      await storage.delete('k')
      expect(await storage.findKeys()).toEqual([])
    })

    test('shows a file when its stream has finished, whole, and not before', async () => {
      const storage = await make()
      await writeWhole(storage, 'k', 'f', 'old')
      const stream = await storage.fileHandle('k', 'f', 'w')
      await new Promise(resolve => stream.write('new, ', resolve))
      expect(await text(storage, 'k', 'f')).toBe('old')
      const done = finished(stream)
      stream.end('and whole')
      await done
      expect(await text(storage, 'k', 'f')).toBe('new, and whole')
    })

    test('a first file that is being written does not make a key', async () => {
      const storage = await make()
      const stream = await storage.fileHandle('k', 'f', 'w')
      await new Promise(resolve => stream.write('x', resolve))
      expect(await storage.exists('k')).toBe(false)
      expect(await storage.findKeys()).toEqual([])
      stream.destroy()
    })

    test('a stream that is destroyed leaves what was there', async () => {
      const storage = await make()
      await writeWhole(storage, 'k', 'f', 'old')
      const source = Readable.from(
        (async function* () {
          yield 'half'
          throw new Error('broken off')
        })(),
      )
      await expect(pipeline(source, await storage.fileHandle('k', 'f', 'w'))).rejects.toThrow('broken off')
      expect(await text(storage, 'k', 'f')).toBe('old')
    })

    test('one of several writers at once wins, whole', async () => {
      const storage = await make()
      const contents = ['a', 'b', 'c', 'd'].map(letter => letter.repeat(100_000))
      await Promise.all(contents.map(content => writeWhole(storage, 'k', 'f', content)))
      expect(contents).toContain(await text(storage, 'k', 'f'))
    })

    test('replace() gives a key new files, whose writers never mix', async () => {
      const storage = await make()
      await writeWhole(storage, 'k', 'one', 'old')
      const writers = ['a', 'b', 'c'].map(letter =>
        storage.replace('k', async staged => {
          for (const filename of ['one', 'two']) await writeWhole(staged, 'k', filename, letter)
        }),
      )
      await Promise.all(writers)
      const [one, two] = [await text(storage, 'k', 'one'), await text(storage, 'k', 'two')]
      expect(one).toBe(two)
      expect(['a', 'b', 'c']).toContain(one)
    })

    test('replace() passes on the error of its writer, and the next one has its turn', async () => {
      const storage = await make()
      const failing = storage.replace('k', async () => {
        throw new Error('no')
      })
      const next = storage.replace('k', staged => writeWhole(staged, 'k', 'f', 'x'))
      await expect(failing).rejects.toThrow('no')
      await next
      expect(await text(storage, 'k', 'f')).toBe('x')
    })

    test('refuses keys that are none', async () => {
      const storage = await make()
      for (const key of badKeys) {
        await expect(storage.exists(key)).rejects.toThrow(StorageError)
        await expect(storage.delete(key)).rejects.toThrow(StorageError)
        await expect(storage.fileHandle(key, 'f')).rejects.toThrow(StorageError)
        await expect(storage.fileHandle(key, 'f', 'w')).rejects.toThrow(StorageError)
      }
      expect(await storage.findKeys()).toEqual([])
    })

    test('refuses file names that are none', async () => {
      const storage = await make()
      for (const filename of badFilenames) {
        await expect(storage.fileHandle('k', filename)).rejects.toThrow(StorageError)
        await expect(storage.fileHandle('k', filename, 'w')).rejects.toThrow(StorageError)
      }
      expect(await storage.findKeys()).toEqual([])
    })

    test('takes a key, file name or mode of the wrong type for misuse', async () => {
      const storage = await make()
      await expect(storage.exists(1 as never)).rejects.toThrow(TypeError)
      await expect(storage.fileHandle('k', undefined as never)).rejects.toThrow(TypeError)
      await expect(storage.fileHandle('k', 'f', 'a' as never)).rejects.toThrow(TypeError)
    })
  })
}
