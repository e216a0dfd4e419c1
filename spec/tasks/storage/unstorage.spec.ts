import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createStorage, type Driver } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import memoryDriver from 'unstorage/drivers/memory'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StorageError } from '../../../lib/tasks/storage/errors.ts'
import { UnstorageStorage } from '../../../lib/tasks/storage/unstorage.ts'
import { readWhole, writeWhole } from '../../../lib/tasks/storage/whole.ts'
import { temporaryFolder } from '../support.ts'
import { storageSuite } from './suite.ts'

storageSuite('UnstorageStorage over memory', () => new UnstorageStorage(createStorage({ driver: memoryDriver() })))

storageSuite(
  'UnstorageStorage over files',
  () => new UnstorageStorage(createStorage({ driver: fsDriver({ base: join(temporaryFolder(), 'items') }) })),
)

// A driver that keeps text only, as Redis does: unstorage writes bytes as base64 then.
storageSuite('UnstorageStorage over a driver of texts', () => {
  const { getItemRaw, setItemRaw, ...driver } = memoryDriver() as Driver
  return new UnstorageStorage(createStorage({ driver }))
})

/** The client that unstorage's driver for Redis needs. */
function hasClient(): boolean {
  try {
    createRequire(import.meta.url).resolve('ioredis')
    return true
  } catch {
    return false
  }
}

const redisUrl = process.env['REDIS_URL']
if (redisUrl && hasClient()) {
  storageSuite('UnstorageStorage over Redis', async () => {
    const { default: redisDriver } = await import('unstorage/drivers/redis')
    const storage = createStorage({ driver: redisDriver({ url: redisUrl, base: `bucketcache-spec-${randomUUID()}` }) })
    onTestFinished(async () => {
      await storage.clear()
      await storage.dispose()
    })
    return new UnstorageStorage(storage)
  })
} else {
  const missing = redisUrl ? 'the package ioredis is not installed' : 'REDIS_URL is not set'
  test(`UnstorageStorage over Redis is not looked at: ${missing}`, ({ skip }) => skip())
}

describe('UnstorageStorage', () => {
  test('leaves items alone that are not its own', async () => {
    const items = createStorage({ driver: memoryDriver() })
    await items.setItem('alone', 'x')
    const storage = new UnstorageStorage(items)
    await writeWhole(storage, 'k', 'f', 'y')
    expect(await storage.findKeys()).toEqual(['k'])
    await storage.delete('k')
    await storage.delete('alone')
    expect(await items.getKeys()).toEqual(['alone'])
  })

  test('gives each file an item that says what it is', async () => {
    const base = temporaryFolder()
    await writeWhole(new UnstorageStorage(createStorage({ driver: fsDriver({ base }) })), 'v8__t1__0f', 'data.v8', 'x')
    expect(readdirSync(join(base, 'v8__t1__0f'))).toEqual(['data.v8'])
  })

  test('takes bytes in the forms in which drivers give them', async () => {
    const given = [new Uint8Array([104, 105]), new Uint8Array([104, 105]).buffer, 'hi', Buffer.from('hi')]
    for (const value of given) {
      const items = {
        getKeys: async () => [],
        getItemRaw: async () => value,
        setItemRaw: async () => {},
        removeItem: async () => {},
      }
      expect((await readWhole(new UnstorageStorage(items), 'k', 'f')).toString()).toBe('hi')
    }
    const items = {
      getKeys: async () => [],
      getItemRaw: async () => 5,
      setItemRaw: async () => {},
      removeItem: async () => {},
    }
    await expect(new UnstorageStorage(items).fileHandle('k', 'f')).rejects.toThrow(StorageError)
  })

  test('passes on what the driver throws', async () => {
    const fail = async () => {
      throw new Error('no connection')
    }
    const storage = new UnstorageStorage({ getKeys: fail, getItemRaw: fail, setItemRaw: fail, removeItem: fail })
    await expect(storage.findKeys()).rejects.toThrow('no connection')
    await expect(storage.exists('k')).rejects.toThrow('no connection')
    await expect(writeWhole(storage, 'k', 'f', 'x')).rejects.toThrow('no connection')
  })

  test.each([undefined, null, {}, { getKeys() {} }, 'storage'])('over %o is a TypeError', items => {
    expect(() => new UnstorageStorage(items as never)).toThrow(TypeError)
  })
})
