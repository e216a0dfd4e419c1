// What a constructor takes and refuses, and what it makes of a folder.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Bucket, type BucketOptions, DefaultKeyMaker, FormatError, V8Backend } from '../lib/index.ts'
import { entryFiles, filesIn, newBucket, newFolder } from './support/folders.ts'

const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('new Bucket(), its options', () => {
  test.each<[object, RegExp]>([
    [{ lifetme: 1 }, /"lifetme".*"lifetime"/],
    [{ ttl: 1 }, /"ttl".*"lifetime"/],
    [{ size_limit: 1 }, /"size_limit".*"sizeLimit"/],
    [{ readonly: true }, /"readonly".*"readOnly"/],
    [{ keymaker: new DefaultKeyMaker() }, /"keymaker".*"keyMaker"/],
    [{ quite: 1, unlike: 2 }, /"quite"/],
  ])('an unknown one is a TypeError that names it and the likely one: %j', (options, message) => {
    const path = join(newFolder(), 'cache')
    expect(() => new Bucket(path, options as BucketOptions)).toThrow(TypeError)
    expect(() => new Bucket(path, options as BucketOptions)).toThrow(message)
    expect(existsSync(path)).toBe(false)
  })

  test.each<[object, typeof TypeError | typeof RangeError]>([
    [{ lifetime: 1000, hours: 1 }, TypeError],
    [{ lifetime: '1h' }, TypeError],
    [{ lifetime: { fortnights: 1 } }, TypeError],
    [{ lifetime: 0 }, RangeError],
    [{ lifetime: -1 }, RangeError],
    [{ hours: -1 }, RangeError],
    [{ seconds: 0 }, RangeError],
    [{ seconds: '1' }, TypeError],
    [{ backend: 'xml' }, TypeError],
    [{ backend: V8Backend }, TypeError],
    [{ backend: { name: 'x' } }, TypeError],
    [{ keyMaker: {} }, TypeError],
    [{ memory: 'yes' }, TypeError],
    [{ memory: { entries: 1 } }, TypeError],
    [{ memory: { maxEntries: 0 } }, RangeError],
    [{ durability: 'none' }, TypeError],
    [{ readOnly: 1 }, TypeError],
    [{ onError: 'ignore' }, TypeError],
    [{ filesystem: 'nfs' }, TypeError],
    [{ timeout: -1 }, RangeError],
    [{ mode: 0o1777 }, RangeError],
    [{ mode: '600' }, TypeError],
    [{ sizeLimit: -1 }, RangeError],
    [{ cullLimit: 1.5 }, RangeError],
    [{ maxEntries: 'many' }, TypeError],
    [{ sizeLimit: '1 GB' }, TypeError],
    [{ sizeLimit: Number.NaN }, RangeError],
    [{ memory: { maxBytes: '1 MB' } }, TypeError],
    [{ evictionPolicy: 'random' }, TypeError],
    [{ statistics: 'on' }, TypeError],
    [{ tagIndex: 1 }, TypeError],
  ])('an impossible one is refused before anything is touched: %j', (options, kind) => {
    const path = join(newFolder(), 'cache')
    expect(() => new Bucket(path, options as BucketOptions)).toThrow(kind)
    expect(existsSync(path)).toBe(false)
  })

  test('options that are no object are a TypeError', () => {
    const path = join(newFolder(), 'cache')
    expect(() => new Bucket(path, null as never)).toThrow(TypeError)
    expect(() => new Bucket(path, 'json' as never)).toThrow(TypeError)
  })

  test('one that is undefined counts as not given, and the object is left as it was', () => {
    const options = Object.freeze({ lifetime: undefined, hours: undefined, backend: undefined, mode: undefined })
    const bucket = newBucket(options)
    expect(bucket.lifetime).toBeNull()
    expect(bucket.backend.name).toBe('v8')
  })

  test('the lifetime may be given whole or in parts', () => {
    expect(newBucket({ lifetime: 1500 }).lifetime).toBe(1500)
    expect(newBucket({ lifetime: { minutes: 1, seconds: 30 } }).lifetime).toBe(90_000)
    expect(newBucket({ weeks: 1, days: 1, hours: 1 }).lifetime).toBe(694_800_000)
    expect(newBucket({ microseconds: 500 }).lifetime).toBe(0.5)
    expect(newBucket({ lifetime: null }).lifetime).toBeNull()
    expect(newBucket().lifetime).toBeNull()
  })

  test('backend and keyMaker are there to be seen', () => {
    const backend = new V8Backend()
    const keyMaker = new DefaultKeyMaker()
    const bucket = newBucket({ backend, keyMaker })
    expect(bucket.backend).toBe(backend)
    expect(bucket.keyMaker).toBe(keyMaker)
  })
})

describe('new Bucket(), its folder', () => {
  test('makes the folder, for its owner only, with CACHEDIR.TAG and .gitignore', () => {
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    const bucket = newBucket()
    expect(readFileSync(join(bucket.path, 'CACHEDIR.TAG'), 'utf8')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55\n/,
    )
    expect(readFileSync(join(bucket.path, '.gitignore'), 'utf8').split('\n')).toContain('*')
    for (let i = 0; i < 20; i++) bucket.set(i, i, { expire: 1000, tag: 'red' })
    bucket.set('large', 'x'.repeat(50_000))
    const folders = readdirSync(bucket.path, { recursive: true, encoding: 'utf8' })
      .map(name => join(bucket.path, name))
      .filter(path => statSync(path).isDirectory())
    for (const folder of [bucket.path, ...folders]) expect([folder, modeOf(folder)]).toEqual([folder, 0o700])
    for (const file of filesIn(bucket.path)) expect([file, modeOf(join(bucket.path, file))]).toEqual([file, 0o600])
  })

  test('the promise twin creates with the same bits', async () => {
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    const bucket = newBucket()
    await bucket.promises.set('a', 1)
    await bucket.promises.set('large', 'x'.repeat(50_000))
    for (const file of entryFiles(bucket.path)) {
      expect(modeOf(file)).toBe(0o600)
      expect(modeOf(join(file, '..'))).toBe(0o700)
    }
  })

  test('`mode` says otherwise: folders may be entered by those who may read', () => {
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    const bucket = newBucket({ mode: 0o640 })
    bucket.set('a', 1)
    bucket.set('large', 'x'.repeat(50_000))
    expect(modeOf(bucket.path)).toBe(0o750)
    for (const file of entryFiles(bucket.path)) {
      expect(modeOf(file)).toBe(0o640)
      expect(modeOf(join(file, '..'))).toBe(0o750)
    }
  })

  test('a folder that was there keeps its bits', () => {
    const folder = join(newFolder(), 'cache')
    mkdirSync(folder)
    chmodSync(folder, 0o755)
    new Bucket(folder).set('a', 1)
    expect(modeOf(folder)).toBe(0o755)
  })

  test("somebody else's folder may be used, and none of its files is replaced or hidden from git and backups", () => {
    const folder = newFolder()
    writeFileSync(join(folder, '.gitignore'), 'node_modules\n')
    writeFileSync(join(folder, 'thesis.txt'), 'years of work')
    const bucket = new Bucket(folder)
    bucket.set('a', 1)
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('node_modules\n')
    expect(existsSync(join(folder, 'CACHEDIR.TAG'))).toBe(false)
    bucket.clear()
    expect(readFileSync(join(folder, 'thesis.txt'), 'utf8')).toBe('years of work')
    expect(new Bucket(folder).set('a', 2).get('a')).toBe(2)
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('node_modules\n')
  })

  test('a folder whose making was interrupted is completed', () => {
    const bucket = newBucket()
    const whole = filesIn(bucket.path)
    const folder = join(newFolder(), 'cache')
    mkdirSync(folder)
    writeFileSync(join(folder, 'CACHEDIR.TAG'), '')
    new Bucket(folder)
    expect(filesIn(folder)).toEqual(whole)
  })

  test.each([
    ['newer', '{"format": 2, "what": "ever"}'],
    ['much newer', '{"format": 99}'],
  ])('a folder of a %s format is refused, and not a byte of it is touched', (_, settings) => {
    const folder = newFolder()
    const bucket = new Bucket(folder)
    bucket.set('a', 1)
    bucket.close()
    writeFileSync(join(folder, 'bucketcache.json'), settings)
    const before = filesIn(folder).map(name => [name, readFileSync(join(folder, name), 'latin1')])
    for (const options of [{}, { sizeLimit: 5 }, { readOnly: true }, { onError: 'degrade' }] as BucketOptions[]) {
      expect(() => new Bucket(folder, options)).toThrow(FormatError)
    }
    try {
      new Bucket(folder)
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_FORMAT', path: join(folder, 'bucketcache.json') })
    }
    expect(filesIn(folder).map(name => [name, readFileSync(join(folder, name), 'latin1')])).toEqual(before)
  })

  test.each(['', 'garbage', '[]', 'null', '{}', '{"format":"x"}', '{"format":1,"sizeLimit":"much","cullLimit":-1}'])(
    'damaged settings are passed over: %s',
    settings => {
      const folder = newFolder()
      new Bucket(folder).set('a', 1)
      writeFileSync(join(folder, 'bucketcache.json'), settings)
      const bucket = new Bucket(folder)
      expect(bucket.get('a')).toBe(1)
      expect(bucket.reset('sizeLimit')).toBe(2 ** 30)
      expect(bucket.set('b', 2).get('b')).toBe(2)
    },
  )
})

describe('reset()', () => {
  test('settings of the folder are kept there, and are for everybody', async () => {
    const first = newBucket({ sizeLimit: 5_000_000, cullLimit: 3 })
    const second = new Bucket(first.path)
    expect(second.reset('sizeLimit')).toBe(5_000_000)
    expect(second.reset('cullLimit', 7)).toBe(7)
    expect(first.reset('cullLimit')).toBe(7)
    expect(await first.promises.reset('maxEntries', 100)).toBe(100)
    expect(await second.promises.reset('maxEntries')).toBe(100)
    expect(second.reset('sizeLimit', Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    expect(new Bucket(first.path).reset('sizeLimit')).toBe(Number.POSITIVE_INFINITY)
    expect(first.reset('cullLimit')).toBe(7)
  })

  test('other settings belong to the instance', () => {
    const bucket = newBucket({ timeout: { seconds: 2 } })
    expect(bucket.reset('timeout')).toBe(2000)
    expect(bucket.reset('timeout', 10)).toBe(10)
    expect(bucket.reset('lifetime', 500)).toBe(500)
    expect(bucket.lifetime).toBe(500)
    expect(bucket.reset('lifetime', null)).toBeNull()
    expect(bucket.reset('readOnly', true)).toBe(true)
    expect(() => bucket.set('a', 1)).toThrow(/readOnly/)
    expect(new Bucket(bucket.path).reset('timeout')).toBe(60_000)
  })

  test('a bucket that was opened to read, and may write from now on, makes its folder', () => {
    const path = join(newFolder(), 'cache')
    const bucket = new Bucket<string, number>(path, { readOnly: true, cullLimit: 3, tagIndex: true })
    expect(existsSync(path)).toBe(false)
    expect(bucket.reset('readOnly', false)).toBe(false)
    bucket.set('a', 1, { tag: 'red' })
    bucket.set('a', 2, { tag: 'red' })
    bucket.close()
    const other = new Bucket(path)
    expect([other.reset('cullLimit'), other.reset('tagIndex'), other.evict('red')]).toEqual([3, true, 1])
    expect(other.check()).toEqual([])
  })

  test('what cannot be is refused', () => {
    const bucket = newBucket()
    expect(() => bucket.reset('cullLimit', -1)).toThrow(RangeError)
    // How files are closed hangs on it from the beginning.
    expect(() => bucket.reset('filesystem', 'network')).toThrow(TypeError)
    expect(bucket.reset('filesystem')).toBe('local')
    // What every object has is no setting.
    for (const name of ['toString', 'constructor', '__proto__']) {
      expect(() => bucket.reset(name as 'mode')).toThrow(TypeError)
    }
    expect(() => bucket.reset('onError', 'what' as never)).toThrow(TypeError)
    expect(() => bucket.reset('nonsense' as never)).toThrow(TypeError)
    expect(() => bucket.reset('nonsense' as never, 1 as never)).toThrow(TypeError)
    expect(bucket.reset('cullLimit')).toBe(10)
  })
})
