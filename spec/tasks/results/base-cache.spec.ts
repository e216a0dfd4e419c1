import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { FormatError, StorageIOError, UnserializableError } from '../../../lib/errors.ts'
import { BaseCache } from '../../../lib/tasks/results/base-cache.ts'
import { JSONCache, V8Cache } from '../../../lib/tasks/results/formats.ts'
import { NullCache, ResultCache, type ResultMeta } from '../../../lib/tasks/results/result-cache.ts'
import { StorageError } from '../../../lib/tasks/storage/errors.ts'
import { LocalStorage } from '../../../lib/tasks/storage/local.ts'
import { NullStorage } from '../../../lib/tasks/storage/null.ts'
import { Storage } from '../../../lib/tasks/storage/storage.ts'
import { writeWhole } from '../../../lib/tasks/storage/whole.ts'
import { temporaryFolder } from '../support.ts'

const meta = (more: Partial<ResultMeta> = {}): ResultMeta => ({
  task: 'train',
  inputs: { rate: 0.1 },
  startedAt: new Date('2024-05-01T10:00:00.123Z'),
  duration: 1234.5,
  ...more,
})

/** A format of a user's: text, written and read as streams, in two files. */
class TextCache extends BaseCache {
  static override readonly KEY_PREFIX = 'text__'
  async saveResult(storage: Storage, key: string, result: unknown): Promise<void> {
    const [head, ...tail] = String(result)
    await writeWhole(storage, key, 'head.txt', head ?? '')
    await pipeline(Readable.from(tail), await storage.fileHandle(key, 'tail.txt', 'w'))
  }
  async loadResult(storage: Storage, key: string): Promise<unknown> {
    return (
      (await text(await storage.fileHandle(key, 'head.txt'))) + (await text(await storage.fileHandle(key, 'tail.txt')))
    )
  }
}

/** Files in memory, by the four methods that a user has to give; nothing else of it is known. */
class MapStorage extends Storage {
  readonly files = new Map<string, string>()
  async findKeys() {
    return [...new Set([...this.files.keys()].map(name => name.split('/')[0]!))].sort()
  }
  async exists(key: string) {
    return (await this.findKeys()).includes(key)
  }
  async delete(key: string) {
    for (const name of this.files.keys()) if (name.startsWith(`${key}/`)) this.files.delete(name)
  }
  override async fileHandle(key: string, filename: string, mode: 'r' | 'w' = 'r'): Promise<any> {
    const name = `${key}/${filename}`
    if (mode === 'w') {
      const { PassThrough } = await import('node:stream')
      const target = new PassThrough()
      text(target).then(content => this.files.set(name, content))
      return target
    }
    if (!this.files.has(name)) throw new Error('NoSuchKey')
    return Readable.from([this.files.get(name)!])
  }
}

const setUp = () => {
  const folder = temporaryFolder()
  return { folder, storage: new LocalStorage(folder) }
}

describe.each([
  [
    'V8Cache',
    new V8Cache(),
    { n: 1n, map: new Map([[new Date(0), new Set([undefined])]]), bytes: new Float32Array([1]) },
  ],
  ['JSONCache', new JSONCache(), { list: [1, 'ä', null], nested: { a: true } }],
  ['a cache of one’s own', new TextCache(), 'some text'],
])('%s', (_, cache, value) => {
  test('gives back what was saved, with its record', async () => {
    const { storage } = setUp()
    expect(await cache.load(storage, 'k')).toBeUndefined()
    expect(await cache.loadMeta(storage, 'k')).toBeUndefined()
    const expiresAt = new Date('2030-01-01')
    await cache.save(storage, 'k', value, meta({ expiresAt }))
    expect(await cache.load(storage, 'k')).toEqual({ value, meta: meta({ expiresAt }) })
    expect(await cache.loadMeta(storage, 'k')).toEqual(meta({ expiresAt }))
    await cache.save(storage, 'k', value, meta({ duration: 1 }))
    expect(await cache.load(storage, 'k')).toEqual({ value, meta: meta({ duration: 1 }) })
  })

  test('works over a storage that has only what it must have', async () => {
    const storage = new MapStorage()
    if (cache instanceof V8Cache) return
    await cache.save(storage, 'k', value, meta())
    expect(await cache.load(storage, 'k')).toEqual({ value, meta: meta() })
    storage.files.delete('k/metadata.json')
    expect(await cache.load(storage, 'k')).toBeUndefined()
  })

  test('takes a damaged result for none', async () => {
    const { folder, storage } = setUp()
    const files = ['metadata.json', ...(cache instanceof TextCache ? ['head.txt', 'tail.txt'] : [])]
    await cache.save(storage, 'k', value, meta())
    for (const name of readdirSync(join(folder, 'k'))) if (!files.includes(name)) files.push(name)
    for (const name of files) {
      const path = join(folder, 'k', name)
      for (const damage of ['cut', 'changed', 'longer', 'empty', 'missing']) {
        await cache.save(storage, 'k', value, meta())
        const whole = readFileSync(path)
        if (damage === 'cut') writeFileSync(path, whole.subarray(0, -1))
        if (damage === 'changed') writeFileSync(path, Buffer.concat([Buffer.from('!'), whole.subarray(1)]))
        if (damage === 'longer') writeFileSync(path, Buffer.concat([whole, Buffer.from('}')]))
        if (damage === 'empty') writeFileSync(path, '')
        if (damage === 'missing') rmSync(path)
        // What follows the end of the record's JSON is the only thing that does not matter.
        const expected = name === 'metadata.json' && damage === 'cut' ? { value, meta: meta() } : undefined
        expect(await cache.load(storage, 'k'), `${name} ${damage}`).toEqual(expected)
      }
    }
  })

  test('concurrent saves do not mix', async () => {
    const { storage } = setUp()
    const saves = Array.from({ length: 8 }, (_, index) =>
      cache.save(storage, 'k', `${index}`.repeat(10_000), meta({ duration: index })),
    )
    await Promise.all(saves)
    const found = await cache.load(storage, 'k')
    expect(found?.value).toBe(`${found?.meta.duration}`.repeat(10_000))
  })

  test('a reader sees one of the results, while they are written again and again', async () => {
    const { storage } = setUp()
    let isWriting = true
    const writer = async () => {
      for (let index = 0; index < 30; index += 1)
        await cache.save(storage, 'k', `${index}`.repeat(5000), meta({ duration: index }))
      isWriting = false
    }
    const reader = async () => {
      while (isWriting) {
        const found = await cache.load(storage, 'k')
        if (found) expect(found.value).toBe(`${found.meta.duration}`.repeat(5000))
      }
    }
    await Promise.all([writer(), reader(), reader()])
  })
})

describe('BaseCache', () => {
  test('does not put the files of two saves together', async () => {
    // As two processes might leave them over a storage that cannot exchange all files of a key at once.
    const storage = new MapStorage()
    const cache = new JSONCache()
    await cache.save(storage, 'k', 'first', meta({ duration: 1 }))
    const record = storage.files.get('k/metadata.json')!
    await cache.save(storage, 'k', 'second', meta({ duration: 2 }))
    storage.files.set('k/metadata.json', record)
    expect(await cache.load(storage, 'k')).toBeUndefined()
  })

  test('reads again when a writer came between record and value', async () => {
    const { storage } = setUp()
    let interfere = true
    class Interrupted extends JSONCache {
      override async loadResult(view: Storage, key: string): Promise<unknown> {
        if (interfere) {
          interfere = false
          await new JSONCache().save(storage, key, 'second', meta({ duration: 2 }))
        }
        return super.loadResult(view, key)
      }
    }
    await new JSONCache().save(storage, 'k', 'first', meta({ duration: 1 }))
    expect(await new Interrupted().load(storage, 'k')).toEqual({ value: 'second', meta: meta({ duration: 2 }) })
  })

  test('notices damage that the format itself passes over', async () => {
    class Careless extends TextCache {
      override async loadResult(storage: Storage, key: string): Promise<unknown> {
        return super.loadResult(storage, key).catch(() => 'something')
      }
    }
    const { folder, storage } = setUp()
    await new Careless().save(storage, 'k', 'some text', meta())
    writeFileSync(join(folder, 'k/tail.txt'), 'ome text!')
    expect(await new Careless().load(storage, 'k')).toBeUndefined()
  })

  test('keeps metadata.json for itself', async () => {
    class Greedy extends TextCache {
      override async saveResult(storage: Storage, key: string): Promise<void> {
        await writeWhole(storage, key, 'metadata.json', '{}')
      }
    }
    const { storage } = setUp()
    await expect(new Greedy().save(storage, 'k', '', meta())).rejects.toThrow(StorageError)
    expect(await storage.findKeys()).toEqual([])
  })

  test('waits for streams that a format has ended and not waited for', async () => {
    class Hasty extends TextCache {
      override async saveResult(storage: Storage, key: string, result: unknown): Promise<void> {
        for (const filename of ['head.txt', 'tail.txt'])
          (await storage.fileHandle(key, filename, 'w')).end(String(result))
      }
    }
    const { storage } = setUp()
    await new Hasty().save(storage, 'k', 'x'.repeat(100_000), meta())
    expect((await new Hasty().load(storage, 'k'))?.value).toBe('x'.repeat(200_000))
  })

  test('stores nothing when a format leaves a stream open', async () => {
    class Forgetful extends TextCache {
      override async saveResult(storage: Storage, key: string): Promise<void> {
        const stream = await storage.fileHandle(key, 'head.txt', 'w')
        stream.write('x')
      }
    }
    const { storage } = setUp()
    await expect(new Forgetful().save(storage, 'k', '', meta())).rejects.toThrow(/ended a stream/)
    expect(await storage.findKeys()).toEqual([])
  })

  test('passes on what a stream is refused', async () => {
    class Full extends MapStorage {
      override async fileHandle(): Promise<any> {
        return new Writable({ write: (_chunk, _encoding, done) => done(new StorageIOError('disk full')) })
      }
    }
    await expect(new V8Cache().save(new Full(), 'k', 1, meta())).rejects.toThrow('disk full')
    await expect(new TextCache().save(new Full(), 'k', 'text', meta())).rejects.toThrow('disk full')
  })

  test('stores nothing when the format refuses the value', async () => {
    const { storage } = setUp()
    await expect(new V8Cache().save(storage, 'k', { f: () => {} }, meta())).rejects.toThrow(UnserializableError)
    await expect(new JSONCache().save(storage, 'k', new Map(), meta())).rejects.toThrow(UnserializableError)
    expect(await storage.findKeys()).toEqual([])
  })

  test('passes on what the disk refuses, and results of a newer format', async () => {
    class Broken extends MapStorage {
      override async fileHandle(): Promise<never> {
        throw new StorageIOError('EIO')
      }
    }
    const broken = new Broken()
    broken.files.set('k/metadata.json', '{}')
    await expect(new V8Cache().load(broken, 'k')).rejects.toThrow(StorageIOError)

    const storage = new MapStorage()
    await new JSONCache().save(storage, 'k', 1, meta())
    storage.files.set('k/metadata.json', storage.files.get('k/metadata.json')!.replace('"format": 1', '"format": 2'))
    await expect(new JSONCache().load(storage, 'k')).rejects.toThrow(FormatError)
    await expect(new JSONCache().loadMeta(storage, 'k')).rejects.toThrow(FormatError)
  })

  test('does not take the record of one key for that of another', async () => {
    const storage = new MapStorage()
    await new JSONCache().save(storage, 'k', 1, meta())
    for (const [name, content] of storage.files) storage.files.set(name.replace('k/', 'l/'), content)
    expect(await new JSONCache().load(storage, 'l')).toBeUndefined()
  })

  test('keeps undefined, in both formats', async () => {
    const { storage } = setUp()
    for (const cache of [new V8Cache(), new JSONCache()]) {
      await cache.save(storage, 'k', undefined, meta())
      expect(await cache.load(storage, 'k')).toEqual({ value: undefined, meta: meta() })
    }
  })

  test('over a NullStorage finds nothing', async () => {
    await new V8Cache().save(new NullStorage(), 'k', 1, meta())
    expect(await new V8Cache().load(new NullStorage(), 'k')).toBeUndefined()
  })

  test('bytes that come back share their memory with nothing', async () => {
    const { storage } = setUp()
    await new V8Cache().save(storage, 'k', new Uint8Array(10), meta())
    const found = (await new V8Cache().load(storage, 'k'))?.value as Uint8Array
    expect(found.buffer.byteLength).toBeLessThan(100)
  })
})

test('NullCache keeps nothing', async () => {
  const { folder, storage } = setUp()
  const cache = new NullCache()
  await cache.save()
  expect(await cache.load()).toBeUndefined()
  expect(await cache.loadMeta(storage, 'k')).toBeUndefined()
  expect(readdirSync(folder)).toEqual(['.gitignore'])
})

test('a result cache that only saves and loads has its records too', async () => {
  class Only extends ResultCache {
    async save() {}
    async load() {
      return { value: 1, meta: meta() }
    }
  }
  expect(await new Only().loadMeta(new NullStorage(), 'k')).toEqual(meta())
})

test('prefixes keep the formats apart', () => {
  const prefixes = [V8Cache, JSONCache, NullCache, TextCache].map(({ KEY_PREFIX }) => KEY_PREFIX)
  expect(new Set(prefixes).size).toBe(4)
})
