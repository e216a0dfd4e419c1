// ls, get, set, delete, info, tags, queue, stats: run in this process, in folders of their own.

import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { main } from '../../lib/cli/main.ts'
import { Bucket, compressed, encrypted } from '../../lib/index.ts'
import { newFolder } from '../support/folders.ts'
import { type Said, Sink, sayIn } from './support.ts'

/** A cache with some entries, and the program that looks into it. */
function newCache(options?: ConstructorParameters<typeof Bucket>[1]): {
  folder: string
  bucket: Bucket<any, any>
  say: ReturnType<typeof sayIn>
} {
  const folder = join(newFolder(), 'cache')
  const bucket = new Bucket<any, any>(folder, options)
  return { folder, bucket, say: sayIn(folder) }
}

const ok = (said: Said): string => {
  expect(said).toMatchObject({ status: 0, stderr: '' })
  return said.stdout
}
const firsts = (text: string): string[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => line.split('\t')[0]!)

describe('ls', () => {
  test('sorts by key, and tells size, times and tags', async () => {
    const { bucket, say } = newCache()
    bucket
      .set('b', 'x', { tag: ['t', 1] })
      .set(7, 1, { expire: { days: 1 } })
      .set('a', 1)
      .set({ z: 1 }, 1)
    const lines = ok(await say(['ls'])).split('\n')
    expect(firsts(lines.join('\n'))).toEqual(['7', 'a', 'b', '{"z":1}'])
    const [, size, stored, expires, tags, backend] = lines[2]!.split('\t')
    expect(size).toBe('5')
    expect(new Date(stored!).toISOString()).toBe(stored)
    expect([expires, tags, backend]).toEqual(['', '["t",1]', 'v8'])
    expect(Date.parse(lines[0]!.split('\t')[3]!) - Date.now()).toBeGreaterThan(86_000_000)
  })

  test('shows keys as they are typed', async () => {
    const { bucket, say } = newCache()
    for (const key of ['42', 42, 'tab\there', '-x', 3n, undefined, 'undefined', '\u001b[31m']) bucket.set(key, 1)
    const keys = firsts(ok(await say(['ls', '--sort', 'none'])))
    expect(keys).toEqual(['"42"', '42', '"tab\\there"', '"-x"', '3n', 'undefined', '"undefined"', '"\\u001b[31m"'])
    for (const key of keys) expect(ok(await say(['get', '--as-listed', '--', key]))).toBe('1\n')
  })

  test('filters by tag, prefix, size', async () => {
    const { bucket, say } = newCache()
    bucket.set('user:1', 'x'.repeat(2000), { tag: 1 }).set('user:2', 1, { tag: '1' }).set('other', 1, { tag: 1 })
    expect(firsts(ok(await say(['ls', '--tag', '1'])))).toEqual(['other', 'user:1'])
    expect(firsts(ok(await say(['ls', '--tag', '"1"'])))).toEqual(['user:2'])
    expect(firsts(ok(await say(['ls', '--prefix', 'user:'])))).toEqual(['user:1', 'user:2'])
    expect(firsts(ok(await say(['ls', '-p', 'user:', '-t1', '--larger-than', '1k'])))).toEqual(['user:1'])
  })

  test('sorts by what is asked for', async () => {
    const { bucket, say } = newCache()
    bucket.set('b', 'long', { expire: 20_000 }).set('c', 'longer', { expire: 10_000 }).set('a', '')
    expect(firsts(ok(await say(['ls', '-s', 'none'])))).toEqual(['b', 'c', 'a'])
    expect(firsts(ok(await say(['ls', '-s', 'size'])))).toEqual(['a', 'b', 'c'])
    expect(firsts(ok(await say(['ls', '-s', 'expires'])))).toEqual(['c', 'b', 'a'])
    expect(firsts(ok(await say(['ls', '-s', 'size', '-r', '-n', '2'])))).toEqual(['c', 'b'])
    expect(firsts(ok(await say(['ls', '-s', 'none', '--reverse'])))).toEqual(['a', 'c', 'b'])
    expect(firsts(ok(await say(['ls', '-s', 'none', '-n1'])))).toEqual(['b'])
  })

  test('what has expired is shown when it is asked for', async () => {
    const { bucket, say } = newCache()
    bucket.set('gone', 1, { expire: 0 }).set('here', 1)
    expect(firsts(ok(await say(['ls'])))).toEqual(['here'])
    expect(firsts(ok(await say(['ls', '--expired'])))).toEqual(['gone'])
    expect(firsts(ok(await say(['ls', '--all'])))).toEqual(['gone', 'here'])
  })

  test('--json writes an object a line; a key that JSON does not have as its text', async () => {
    const { bucket, say } = newCache()
    bucket.set({ a: 1 }, 'x', { tag: 't' }).set(1n, 1)
    const [first, second] = ok(await say(['ls', '--json', '-s', 'none'])).split('\n')
    const { storedAt, version, ...rest } = JSON.parse(first!)
    expect(rest).toEqual({ key: { a: 1 }, size: 5, expiresAt: null, tags: ['t'], backend: 'v8' })
    expect([new Date(storedAt).toISOString(), version]).toEqual([storedAt, bucket.getEntry({ a: 1 })!.version])
    expect(JSON.parse(second!)).toMatchObject({ keyText: '1n' })
  })

  test('draws a table on a terminal, with the backend if there are several', async () => {
    const { folder, bucket, say } = newCache()
    bucket.set('greeting', 'hello', { tag: 't' })
    const table = (await say(['ls'], { tty: true, env: { NO_COLOR: '1' } })).stdout
    expect(table).toMatch(/^KEY +SIZE +STORED +EXPIRES +TAGS\ngreeting +9 B +\w+ ago +never +t\n$/)
    new Bucket(folder, { backend: 'json' }).set('other', 1)
    const wider = (await say(['ls'], { tty: true, env: { NO_COLOR: '1' } })).stdout
    expect(wider).toMatch(/BACKEND\ngreeting .* v8\nother .* json\n$/)
    expect((await say(['ls'], { tty: true })).stdout).toContain('\u001b[')
  })
})

describe('get', () => {
  test('gives text and bytes as they are, other values as JSON', async () => {
    const { bucket, say } = newCache()
    bucket
      .set('text', 'ä')
      .set('bytes', Buffer.of(0, 255, 10))
      .set('json', { a: [1] })
      .set('map', new Map([[1, 2]]))
    expect(ok(await say(['get', 'text']))).toBe('ä\n')
    expect((await say(['get', 'bytes'])).bytes).toEqual(Buffer.of(0, 255, 10))
    expect(ok(await say(['get', 'json']))).toBe('{"a":[1]}\n')
    expect(ok(await say(['get', 'map']))).toBe('Map(1) { 1 => 2 }\n')
    expect(ok(await say(['get', 'text', '--json']))).toBe('"ä"\n')
  })

  test('bytes that were streamed in come as they are', async () => {
    const { say, bucket } = newCache()
    const input = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i & 255))
    expect(ok(await say(['set', '--bytes', 'stream', '--tag', 't'], { input }))).toBe('')
    expect((await say(['get', 'stream'])).bytes).toEqual(input)
    expect(bucket.getEntry('stream')!.tags).toEqual(['t'])
  })

  test('shows values on a terminal as Node does, and nothing in them acts upon it', async () => {
    const { bucket, say } = newCache()
    bucket.set('a', { text: '\u001b[2J', list: Array.from({ length: 200 }, (_, i) => i) })
    const { stdout } = await say(['get', 'a'], { tty: true, env: { NO_COLOR: '1' } })
    expect(stdout).toContain("text: '\\x1B[2J'")
    expect(stdout).toContain('199')
  })

  test('--details tells all but the value', async () => {
    const { bucket, say } = newCache()
    bucket.set('a', 'b', { tag: 't' })
    const lines = Object.fromEntries(
      ok(await say(['get', 'a', '--details']))
        .split('\n')
        .map(line => line.split('\t')),
    )
    expect(lines).toMatchObject({ key: 'a', size: '5', expires: '', tags: '["t"]', backend: 'v8' })
    expect(JSON.parse(ok(await say(['get', 'a', '-dj'])))).toMatchObject({ key: 'a', tags: ['t'] })
    expect((await say(['get', 'a', '-d'], { tty: true, env: { NO_COLOR: '1' } })).stdout).toMatch(
      /^key {6}a\nsize {5}5 B\n/,
    )
  })

  test('a key that is missing or has expired is status 1, and one line', async () => {
    const { bucket, say } = newCache()
    bucket.set('gone', 1, { expire: 0 })
    expect(await say(['get', 'gone'])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'bucketcache: There is no key gone\n',
      bytes: Buffer.alloc(0),
    })
    expect(await say(['get', '1'])).toMatchObject({ status: 1 })
  })

  test('--json refuses what JSON cannot hold, and says which part', async () => {
    const { bucket, say } = newCache()
    bucket.set('map', { inside: new Map() })
    const said = await say(['get', 'map', '--json'])
    expect(said).toMatchObject({ status: 3, stdout: '' })
    expect(said.stderr).toMatch(/inside/)
  })

  test('a miss leaves no trace: what looks in writes nothing', async () => {
    const folder = join(newFolder(), 'none')
    expect(await sayIn(folder)(['get', 'a'])).toMatchObject({
      status: 1,
      stderr: `bucketcache: There is no cache at ${folder}: the folder does not exist\n`,
    })
    expect(existsSync(folder)).toBe(false)
    mkdirSync(folder)
    expect(await sayIn(folder)(['ls'])).toMatchObject({
      status: 1,
      stderr: `bucketcache: There is no cache in ${folder}\n`,
    })
  })
})

describe('set', () => {
  test.each([
    ['JSON', ['{"a": 1}'], { a: 1 }],
    ['text', ['hello world'], 'hello world'],
    ['a number', ['42'], 42],
    ['text that looks like a number', ['42', '--text'], '42'],
    ['JSON that would be text', ['1.0', '--json'], 1],
  ])('stores %s', async (_, words, value) => {
    const { bucket, say } = newCache()
    expect(ok(await say(['set', 'key', ...words]))).toBe('')
    expect(bucket.get('key')).toEqual(value)
  })

  test('reads the value from standard input', async () => {
    const { bucket, say } = newCache()
    await say(['set', 'a'], { input: '{"from": "stdin"}\n' })
    await say(['set', 'b', '-'], { input: 'two\nlines\n' })
    expect([bucket.get('a'), bucket.get('b')]).toEqual([{ from: 'stdin' }, 'two\nlines'])
  })

  test('leaves Ctrl-C to the system while it waits for a value', async () => {
    const { bucket, folder } = newCache()
    const before = process.listenerCount('SIGINT')
    const taken: number[] = []
    const stdin = new Readable({
      read() {
        taken.push(process.listenerCount('SIGINT') - before)
        this.push(taken.length === 1 ? 'text\n' : null)
      },
    })
    const io = { stdin, stdout: new Sink(), stderr: new Sink(), env: { BUCKETCACHE_FOLDER: folder } }
    expect(await main(['set', 'a'], io)).toBe(0)
    expect(bucket.get('a')).toBe('text')
    expect(taken).toEqual([0, 0])
  })

  test('takes a lifetime and tags', async () => {
    const { bucket, say } = newCache()
    await say(['set', 'a', '1', '--lifetime', '1h', '-t', 'x', '-t', '2'])
    const { expiresAt, tags, storedAt } = bucket.getEntry('a')!
    expect(tags).toEqual(['x', 2])
    expect(expiresAt!.getTime() - storedAt.getTime()).toBe(3_600_000)
  })

  test('--if-absent leaves what is there', async () => {
    const { bucket, say } = newCache()
    expect(await say(['set', 'a', '1', '--if-absent'])).toMatchObject({ status: 0 })
    expect(await say(['set', 'a', '2', '--if-absent'])).toMatchObject({ status: 1 })
    expect(bucket.get('a')).toBe(1)
  })

  test('makes a folder that is new or empty, and no other', async () => {
    const root = newFolder()
    expect(await sayIn(root)(['set', 'a', '1'])).toMatchObject({ status: 0 })
    expect(await sayIn(join(root, 'new'))(['set', 'a', '1'])).toMatchObject({ status: 0 })
    const other = newFolder()
    writeFileSync(join(other, 'precious'), '')
    expect(await sayIn(other)(['set', 'a', '1'])).toMatchObject({
      status: 2,
      stderr: `bucketcache: Expected a cache folder, or one that is new or empty, got ${other} (see: bucketcache set --help)\n`,
    })
    expect(existsSync(join(other, 'bucketcache.json'))).toBe(false)
    expect(await sayIn(join(other, 'precious'))(['set', 'a', '1'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Expected a cache folder, or one that is new or empty, got '),
    })
  })

  test('a folder that may not be looked into is not said to be none', async () => {
    // Not by permission bits, which do not keep everybody out.
    const loop = join(newFolder(), 'loop')
    symlinkSync(loop, loop)
    for (const argv of [['ls'], ['set', 'a', '1']]) {
      const said = await sayIn(loop)(argv)
      expect(said).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(/^bucketcache: Could not look into .*ELOOP/),
      })
    }
  })

  test('uses the backend that the folder’s entries have', async () => {
    const { bucket, say } = newCache({ backend: 'json' })
    bucket.set('a', 1)
    await say(['set', 'b', '2'])
    expect(bucket.get('b')).toBe(2)
    expect(ok(await say(['get', 'a']))).toBe('1\n')
    await say(['set', 'c', '3', '--backend', 'cbor'])
    expect(await say(['set', 'd', '4'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Expected --backend, for'),
    })
    expect(ok(await say(['get', 'c']))).toBe('3\n')
  })

  test.each([
    [['set', 'a', '1', '--text', '--json'], 'Expected one of --text, --json and --bytes, got more'],
    [['set', 'a', '{', '--json'], 'Expected VALUE to be JSON, got "{"'],
    [['set', 'a', '1', '--bytes'], 'Expected the bytes on standard input, got "1" as VALUE'],
    [['set', 'a', '1', '2'], 'Expected nothing behind VALUE, got "2"'],
    [['set'], 'Expected KEY, got nothing'],
  ])('%j is refused', async (argv, message) => {
    const { bucket, say } = newCache()
    expect(await say(argv)).toMatchObject({
      status: 2,
      stderr: `bucketcache: ${message} (see: bucketcache set --help)\n`,
    })
    expect(bucket.size).toBe(0)
  })
})

describe('delete', () => {
  test('tells how many keys there were, of whichever backend', async () => {
    const { folder, bucket, say } = newCache()
    bucket.set('a', 1).set(2, 2)
    new Bucket(folder, { backend: 'json' }).set('a', 1)
    expect(ok(await say(['delete', 'a', '2', 'missing']))).toBe('3\n')
    expect(await say(['delete', 'a'])).toMatchObject({ status: 1, stderr: 'bucketcache: There is no key a\n' })
    expect(await say(['delete', 'a', 'b'])).toMatchObject({ status: 1 })
  })
})

describe('info', () => {
  test('tells what the folder holds', async () => {
    const { folder, bucket, say } = newCache({ statistics: true, maxEntries: 50 })
    bucket.set('a', 'x'.repeat(100), { tag: ['t', 1] }).set('b', 1, { tag: 't', expire: { hours: 2 } })
    bucket.set('gone', 1, { expire: 0 })
    bucket.get('a')
    bucket.get('c')
    bucket.close()
    new Bucket(folder, { backend: 'json' }).set('j', 1)
    const facts = JSON.parse(ok(await say(['info', '--json'])))
    expect(facts).toMatchObject({
      folder,
      entries: 3,
      backends: { v8: 2, json: 1 },
      expired: 1,
      sizeLimit: 2 ** 30,
      maxEntries: 50,
      evictionPolicy: 'least-recently-stored',
      statistics: true,
      hits: 1,
      misses: 1,
      tags: [
        { tag: 't', entries: 2 },
        { tag: 1, entries: 1 },
      ],
      ages: [{ label: '< 1m', count: 3 }],
      expiring: [{ label: '< 6h', count: 1 }],
    })
    expect(facts.volume).toBeGreaterThan(facts.valueBytes)
    const plain = ok(await say(['info']))
    expect(plain).toContain('entries\t3\n')
    expect(plain).toContain('tag t\t2\n')
    const shown = (await say(['info'], { tty: true, env: { NO_COLOR: '1' } })).stdout
    expect(shown).toContain('entries  3 (v8 2, json 1)')
    expect(shown).toContain('hits     1 of 2 (50 %)')
    expect(shown).toMatch(/\nAge\n {2}< 1m {2}█+ 3\n/)
    expect(shown).toMatch(/\nExpires in\n {2}< 6h {2}█+ 1\n/)
  })

  test('of an empty folder there is little to tell', async () => {
    const { say } = newCache()
    expect((await say(['info'], { tty: true, env: { NO_COLOR: '1' } })).stdout).toContain('entries  0')
  })
})

test('tags lists what carries them, and 1 and "1" are apart', async () => {
  const { bucket, say } = newCache()
  bucket
    .set('a', 'xx', { tag: ['t', 1] })
    .set('b', 'xx', { tag: 't' })
    .set('c', 'xx', { tag: '1' })
  expect(ok(await say(['tags']))).toBe('t\t2\t12\n1\t1\t6\n"1"\t1\t6\n')
  expect(ok(await say(['tags', '--json'])).split('\n')[0]).toBe('{"tag":"t","entries":2,"bytes":12}')
  expect((await say(['tags'], { tty: true, env: { NO_COLOR: '1' } })).stdout).toMatch(
    /^TAG +ENTRIES +SIZE\nt +2 +12 B\n/,
  )
})

describe('queue', () => {
  test('pushes, peeks, pulls, and lists', async () => {
    const { bucket, say } = newCache()
    expect(ok(await say(['queue', 'push', '-p', 'jobs', '{"n": 1}']))).toBe('jobs-500000000000000\n')
    expect(ok(await say(['queue', 'push', '-p', 'jobs', '-'], { input: 'two' }))).toBe('jobs-500000000000001\n')
    expect(ok(await say(['queue', 'push', '--prefix', 'jobs', '0', '--side', 'front']))).toBe('jobs-499999999999999\n')
    expect(ok(await say(['queue', 'push', 'alone']))).toBe('500000000000000\n')
    bucket.set('jobs-500000000000005', 'no item')
    expect(ok(await say(['queue']))).toBe(
      '\t1\t500000000000000\t500000000000000\njobs\t3\tjobs-499999999999999\tjobs-500000000000001\n',
    )
    expect(ok(await say(['queue', 'ls', '--json', '-p', 'jobs']))).toBe(
      '{"prefix":"jobs","items":3,"first":"jobs-499999999999999","last":"jobs-500000000000001"}\n',
    )
    expect(ok(await say(['queue', 'peek', '-p', 'jobs']))).toBe('0\n')
    const pull = async (...more: string[]) => ok(await say(['queue', 'pull', '-p', 'jobs', ...more]))
    expect([await pull(), await pull('-s', 'back'), await pull('--json')]).toEqual(['0\n', 'two\n', '{"n":1}\n'])
    expect(await say(['queue', 'pull', '-p', 'jobs'])).toMatchObject({
      status: 1,
      stderr: 'bucketcache: The queue is empty\n',
    })
  })

  test.each([
    [['pul'], 'Expected ls, push, pull or peek, got "pul", did you mean "pull"?'],
    [['push'], 'Expected VALUE behind push, got nothing'],
    [['pull', 'x'], 'Expected nothing behind pull, got "x"'],
    [['push', 'x', '--prefix', ''], undefined],
  ])('%j is refused', async (argv, message) => {
    const { say } = newCache()
    const { status, stderr } = await say(['queue', ...argv])
    expect([2, 3]).toContain(status)
    if (message !== undefined) expect(stderr).toContain(message)
  })
})

test('stats switches counting on and off, and shows the counts', async () => {
  const { folder, say } = newCache()
  expect(ok(await say(['stats']))).toBe('statistics\tfalse\nhits\t0\nmisses\t0\n')
  await say(['stats', '--enable'])
  const bucket = new Bucket(folder)
  bucket.set('a', 1)
  for (const key of ['a', 'a', 'b']) bucket.get(key)
  bucket.close()
  expect(ok(await say(['stats', '--json']))).toBe('{"statistics":true,"hits":2,"misses":1}\n')
  expect((await say(['stats', '--reset'], { tty: true })).stdout).toBe('2 hits, 1 misses, 67 % hits\n')
  expect(ok(await say(['stats']))).toBe('statistics\ttrue\nhits\t0\nmisses\t0\n')
  await say(['stats', '--disable'])
  expect(ok(await say(['stats']))).toContain('statistics\tfalse')
  expect(await say(['stats', '--enable', '--disable'])).toMatchObject({ status: 2 })
})

describe('backends that were not named', () => {
  test('compressed values are read', async () => {
    const { bucket, say } = newCache({ backend: compressed('json') })
    bucket.set('a', 'x'.repeat(5000))
    expect(ok(await say(['get', 'a']))).toBe(`${'x'.repeat(5000)}\n`)
    expect(ok(await say(['ls']))).toMatch(/^a\t.*\tjson\+gzip\n$/)
  })

  test('of encrypted ones all but the values can be seen, and they can be removed', async () => {
    const { bucket, say } = newCache({ backend: encrypted('v8', { key: Buffer.alloc(32) }) })
    bucket.set('a', 'secret', { tag: 't' })
    expect(firsts(ok(await say(['ls', '-t', 't'])))).toEqual(['a'])
    expect(await say(['get', 'a'])).toMatchObject({
      status: 3,
      stderr: 'bucketcache: The value of a is of the backend v8+aes-256-gcm, which cannot be read here\n',
    })
    expect(ok(await say(['get', 'a', '--details']))).toContain('backend\tv8+aes-256-gcm\n')
    expect(ok(await say(['delete', 'a']))).toBe('1\n')
  })

  test('--backend looks at one only', async () => {
    const { folder, bucket, say } = newCache()
    bucket.set('a', 1)
    new Bucket(folder, { backend: 'json' }).set('b', 2)
    expect(firsts(ok(await say(['ls', '--backend', 'json'])))).toEqual(['b'])
    expect(firsts(ok(await say(['--backend=v8', 'ls'])))).toEqual(['a'])
    expect(await say(['ls', '--backend', 'xml'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('one of these with +gzip, +brotli or +zstd, got "xml"'),
    })
  })
})
