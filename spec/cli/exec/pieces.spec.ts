// What `exec` is made of.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashOfFiles, identify, textOf } from '../../../lib/cli/exec/identity.ts'
import { readInputs } from '../../../lib/cli/exec/inputs.ts'
import { judge } from '../../../lib/cli/exec/judge.ts'
import { recall } from '../../../lib/cli/exec/recall.ts'
import { Recorder } from '../../../lib/cli/exec/recorder.ts'
import { FrameReader, frameHead, inlineLength, readRecording, writeRecording } from '../../../lib/cli/exec/recording.ts'
import { Shelf } from '../../../lib/cli/exec/shelf.ts'
import { Bucket, DefaultKeyMaker } from '../../../lib/index.ts'
import { newFolder } from '../../support/folders.ts'

const nothing = {
  cwd: undefined,
  variables: [],
  environment: {},
  inputs: undefined,
  key: undefined,
  scope: undefined,
}
const recording = { status: 0, took: 5, lifetime: null, output: Buffer.concat([frameHead(1, 2), Buffer.from('hi')]) }
const terms = { expire: null, tag: [] }

describe('the identity of a command', () => {
  test('has the parts that play a role, and no others', () => {
    expect(identify({ ...nothing, words: ['ls', '-l'] })).toEqual({ exec: ['ls', '-l'] })
    expect(
      identify({
        words: ['ls'],
        cwd: '/x',
        variables: ['B', 'A', 'B'],
        environment: { A: '' },
        inputs: 'i',
        key: 'k',
        scope: 's',
      }),
    ).toEqual({
      cwd: '/x',
      env: [
        ['A', 'e3b0c44298fc1c14'],
        ['B', null],
      ],
      exec: ['ls'],
      inputs: 'i',
      key: 'k',
      scope: 's',
    })
  })

  test('does not show what variables are set to', () => {
    const text = textOf(identify({ ...nothing, words: ['a'], variables: ['TOKEN'], environment: { TOKEN: 'secret' } }))
    expect(text).not.toContain('secret')
  })

  test('its text is what the key maker gives, so that the bucket finds what the fast way finds', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', '10', '9', '\ud800', 'x'.repeat(70_000)),
    )
    const maybe = fc.option(word, { nil: undefined })
    fc.assert(
      fc.property(
        fc.array(word),
        maybe,
        fc.dictionary(word, word),
        fc.array(word),
        maybe,
        maybe,
        maybe,
        (words, cwd, environment, variables, inputs, key, scope) => {
          const identity = identify({ words, cwd, environment, variables, inputs, key, scope })
          expect(textOf(identity)).toBe(new DefaultKeyMaker().keyText(identity))
        },
      ),
    )
  })

  test('files that are cut up in another way are other files', () => {
    expect(hashOfFiles([['a', 'b']])).not.toBe(hashOfFiles([['ab', '']]))
    expect(hashOfFiles([['a', 'b']])).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('readInputs()', () => {
  function newFiles(): string {
    const folder = newFolder()
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'src', 'a.ts'), 'a')
    writeFileSync(join(folder, 'src', 'b.ts'), 'b')
    writeFileSync(join(folder, 'package.json'), '{}')
    return folder
  }

  test('counts contents and paths, and neither times nor the folder’s own place', async () => {
    const [one, other] = [newFiles(), newFiles()]
    const patterns = ['src/*.ts', 'package.json']
    expect(await readInputs(patterns, one)).toEqual(await readInputs(patterns, other))
    writeFileSync(join(other, 'src', 'b.ts'), 'c')
    expect((await readInputs(patterns, one)).hash).not.toBe((await readInputs(patterns, other)).hash)
  })

  test('a plain path is the same as a pattern that it matches', async () => {
    const folder = newFiles()
    const patterns = await readInputs(['src/{a,b}.ts', 'package.jso?'], folder)
    expect(await readInputs(['package.json', 'src/b.ts', 'src/a.ts', 'src/a.ts'], folder)).toEqual(patterns)
    expect(patterns.count).toBe(3)
  })

  test('what is no file is not there', async () => {
    const folder = newFiles()
    expect(await readInputs(['src', 'missing', 'package.json/inside'], folder)).toEqual(
      await readInputs(['*.none'], folder),
    )
  })
})

describe('frames', () => {
  test('come out as they went in, however their bytes come', () => {
    const frames = fc.array(
      fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.uint8Array({ minLength: 1, maxLength: 20 })),
    )
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 9 }), (pairs, step) => {
        const bytes = Buffer.concat(pairs.flatMap(([channel, body]) => [frameHead(channel, body.length), body]))
        let shown = ''
        const reader = new FrameReader((channel, piece) => {
          for (const byte of piece) shown += `${channel}:${byte} `
        })
        for (let at = 0; at < bytes.length; at += step) reader.read(bytes.subarray(at, at + step))
        expect(shown).toBe(pairs.flatMap(([channel, body]) => [...body].map(byte => `${channel}:${byte} `)).join(''))
      }),
    )
  })

  test('what is none is noticed', () => {
    expect(() => new FrameReader(() => {}).read(Buffer.from('no frames at all'))).toThrow(RangeError)
  })

  test('a recording is read back, and what is none is not', () => {
    expect(readRecording(writeRecording(recording))).toEqual(recording)
    for (const value of [
      undefined,
      null,
      1,
      {},
      { ...writeRecording(recording), format: 2 },
      { ...recording, format: 1, output: 7 },
    ])
      expect(readRecording(value)).toBeUndefined()
  })
})

describe('judge()', () => {
  const demands = { lifetime: null, stale: 0, cacheFailures: false }
  const of = (changes: object, asked: object, age: number): string =>
    judge(
      { recording: { ...recording, ...changes }, storedAt: 1000, version: '' },
      { ...demands, ...asked },
      1000 + age,
    ).kind

  test('what has no lifetime is fresh for ever', () => {
    expect(of({}, {}, 1e12)).toBe('fresh')
  })

  test('the shorter of two lifetimes counts: that of then, or that of now', () => {
    expect(of({ lifetime: 10 }, {}, 9)).toBe('fresh')
    expect(of({ lifetime: 10 }, {}, 10)).toBe('useless')
    expect(of({ lifetime: 10 }, { lifetime: 100 }, 10)).toBe('useless')
    expect(of({ lifetime: 100 }, { lifetime: 10 }, 10)).toBe('useless')
    expect(of({}, { lifetime: 10 }, 9)).toBe('fresh')
  })

  test('past it, it is stale for as long as that is asked for', () => {
    expect(of({ lifetime: 10 }, { lifetime: 10, stale: 5 }, 14)).toBe('stale')
    expect(of({ lifetime: 10 }, { lifetime: 10, stale: 5 }, 15)).toBe('useless')
  })

  test('a failure is given to who wants failures only', () => {
    expect(of({ status: 1 }, {}, 0)).toBe('useless')
    expect(of({ status: 1 }, { cacheFailures: true }, 0)).toBe('fresh')
  })

  test('a clock that went back makes nothing old', () => {
    expect(of({ lifetime: 10 }, {}, -1000)).toBe('fresh')
  })
})

describe('recall()', () => {
  const identity = identify({ ...nothing, words: ['a', '日本'] })
  const keyText = textOf(identity)

  async function stored(): Promise<{ folder: string; shelf: Shelf }> {
    const folder = join(newFolder(), 'cache')
    const shelf = new Shelf(folder)
    await shelf.keep(identity, recording, terms)
    return { folder, shelf }
  }

  test('finds what the shelf has kept', async () => {
    const { folder, shelf } = await stored()
    const found = await shelf.find(identity)
    expect(recall(folder, keyText, Date.now())).toEqual(found!.recalled)
    expect(found!.recalled!.recording).toEqual(recording)
  })

  test('finds it when it was stored over another', async () => {
    const { folder, shelf } = await stored()
    await shelf.keep(identity, { ...recording, took: 6 }, terms)
    expect(recall(folder, keyText, Date.now())?.recording.took).toBe(6)
  })

  test('says nothing where there is nothing, or it has expired', async () => {
    const { folder, shelf } = await stored()
    expect(recall(join(folder, 'missing'), keyText, Date.now())).toBeUndefined()
    expect(recall(folder, '{"exec":["b"]}', Date.now())).toBeUndefined()
    await shelf.keep(identity, recording, { ...terms, expire: 1000 })
    expect(recall(folder, keyText, Date.now() + 2000)).toBeUndefined()
  })

  test('leaves to the bucket what is claimed, deleted, damaged or no recording', async () => {
    const { folder, shelf } = await stored()
    const bucket = new Bucket(folder)
    const version = bucket.getEntry(identity)!.version
    const claimed = await shelf.tryClaim(identity, version)
    expect(claimed).toMatch(/./)
    expect(recall(folder, keyText, Date.now())).toBeUndefined()
    await shelf.release(identity, claimed!)
    expect(recall(folder, keyText, Date.now())).toBeUndefined()
    expect((await shelf.find(identity))?.recalled?.recording).toEqual(recording)
    bucket.set(identity, 'no recording')
    expect(recall(folder, keyText, Date.now())).toBeUndefined()
    expect(await shelf.find(identity)).toMatchObject({ recalled: undefined })
    bucket.delete(identity)
    expect(recall(folder, keyText, Date.now())).toBeUndefined()
  })

  test.each([
    ['statistics', { statistics: true }],
    ['a policy that looks at uses', { evictionPolicy: 'least-recently-used' }],
  ] as const)('leaves it to the bucket where look-ups are noted: %s', async (_, settings) => {
    const { folder } = await stored()
    new Bucket(folder, settings).close()
    expect(recall(folder, keyText, Date.now())).toBeUndefined()
  })

  test('leaves a newer format alone', async () => {
    const { folder } = await stored()
    writeFileSync(join(folder, 'bucketcache.json'), '{"format":99}')
    expect(recall(folder, keyText, Date.now())).toBeUndefined()
  })
})

describe('Recorder', () => {
  test('has short output in memory, and frames in the order in which they came', async () => {
    const recorder = new Recorder(() => Promise.reject(new Error('Expected no stream')))
    recorder.add(1, Buffer.from('a'))
    recorder.add(2, Buffer.from('b'))
    recorder.add(1, Buffer.alloc(0))
    expect(await recorder.finish()).toEqual(
      Buffer.concat([frameHead(1, 1), Buffer.from('a'), frameHead(2, 1), Buffer.from('b')]),
    )
    expect(recorder.length).toBe(2)
  })

  test('passes long output on as a stream', async () => {
    const folder = join(newFolder(), 'cache')
    const shelf = new Shelf(folder)
    const recorder = new Recorder((source, signal) => shelf.keepOutput(source, terms, signal))
    const piece = Buffer.alloc(inlineLength / 2, 'x')
    for (let i = 0; i < 5; i++) await recorder.add(i % 2 === 0 ? 1 : 2, piece)
    const id = await recorder.finish()
    expect(id).toEqual(expect.any(String))
    const lengths = { 1: 0, 2: 0 }
    const reader = new FrameReader((channel, bytes) => {
      lengths[channel] += bytes.length
    })
    for await (const bytes of (await shelf.output(id as string))!) reader.read(bytes)
    expect(lengths).toEqual({ 1: 3 * piece.length, 2: 2 * piece.length })
    expect(await shelf.output('0'.repeat(16))).toBeUndefined()
  })

  test('what is discarded is nowhere', async () => {
    const folder = join(newFolder(), 'cache')
    const shelf = new Shelf(folder)
    const recorder = new Recorder((source, signal) => shelf.keepOutput(source, terms, signal))
    for (let i = 0; i < 5; i++) await recorder.add(1, Buffer.alloc(inlineLength / 2))
    await recorder.discard()
    expect(new Bucket(folder).size).toBe(0)
  })

  test('a disk that refuses does not stop the output, and is told in the end', async () => {
    const refused = new Error('full')
    const recorder = new Recorder(async source => {
      source.destroy(refused)
      throw refused
    })
    for (let i = 0; i < 50; i++) await recorder.add(1, Buffer.alloc(inlineLength / 2))
    await expect(recorder.finish()).rejects.toBe(refused)
  })
})
