// Keys are the same in another process, and streaming them takes no more memory than it says. The sources are compiled into
// a temporary folder, so that plain Node can run them.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examples } from './examples.ts'

const root = new URL('../..', import.meta.url).pathname
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bucketcache-keymakers-'))
  const makers = readdirSync(join(root, 'lib/keymakers')).map(name => `lib/keymakers/${name}`)
  for (const path of [...makers, 'lib/errors.ts', 'spec/keymakers/examples.ts']) {
    const { outputText } = ts.transpileModule(readFileSync(join(root, path), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
      },
    })
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path.replace(/\.ts$/, '.js')), outputText)
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a process prints that has the key makers and the examples. */
function run(script: string, options: { flags?: string[]; env?: Record<string, string> } = {}): unknown {
  writeFileSync(
    join(folder, 'script.js'),
    `import { DefaultKeyMaker } from './lib/keymakers/default.js'
     import { StreamingKeyMaker } from './lib/keymakers/streaming.js'
     import { examples } from './spec/keymakers/examples.js'
     ${script}`,
  )
  const printed = execFileSync(process.execPath, [...(options.flags ?? []), 'script.js'], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    encoding: 'utf8',
  })
  return JSON.parse(printed)
}

test('keys are the same in another process, of another locale and time zone', () => {
  const texts = run('console.log(JSON.stringify(examples.map(([, value]) => new DefaultKeyMaker().keyText(value))))', {
    env: { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Asia/Kathmandu' },
  })
  expect(texts).toEqual(examples.map(([, , text]) => text))
})

test('StreamingKeyMaker makes a key of 100 MB and a key of ten million elements in a heap of 24 MB', () => {
  const lengths = run(
    `const lengths = []
     // Made with its length at once, an array would take the memory for its elements.
     const sparse = []
     sparse[9_999_999] = undefined
     for (const key of [Buffer.alloc(100_000_000), sparse]) {
       let length = 0
       for (const chunk of new StreamingKeyMaker().makeKey(key)) length += chunk.length
       lengths.push(length)
     }
     console.log(JSON.stringify(lengths))`,
    { flags: ['--max-old-space-size=24'] },
  )
  expect(lengths).toEqual(['Uint8Array("")'.length + 133_333_336, '[]'.length + 10_000_000 * 'undefined,'.length - 1])
})
