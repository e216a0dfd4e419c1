import { expect, test } from 'vitest'
import { StorageError } from '../../../lib/tasks/storage/errors.ts'
import { NullStorage } from '../../../lib/tasks/storage/null.ts'
import { readWhole, writeWhole } from '../../../lib/tasks/storage/whole.ts'
import { badFilenames, badKeys } from './suite.ts'

test('NullStorage reads as empty, whatever was written', async () => {
  const storage = new NullStorage()
  await writeWhole(storage, 'key', 'f', 'x'.repeat(1_000_000))
  await storage.delete('key')
  expect(await storage.findKeys()).toEqual([])
  expect(await storage.exists('key')).toBe(false)
  expect(await readWhole(storage, 'key', 'f')).toEqual(Buffer.alloc(0))
})

test('NullStorage refuses names that other storages refuse', async () => {
  const storage = new NullStorage()
  for (const key of badKeys) {
    await expect(storage.exists(key)).rejects.toThrow(StorageError)
    await expect(storage.delete(key)).rejects.toThrow(StorageError)
    await expect(storage.fileHandle(key, 'f', 'w')).rejects.toThrow(StorageError)
  }
  for (const filename of badFilenames) await expect(storage.fileHandle('k', filename)).rejects.toThrow(StorageError)
})
