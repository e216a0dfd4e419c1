// The README's examples are run, so that they cannot rot: the `ts` blocks under one heading as one module in a folder of its own,
// and where a line ends in `// → …`, what stands before it is compared with what stands behind.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

interface Block {
  readonly heading: string
  readonly line: number
  readonly code: string
}

/** The fenced blocks of one language, those under one heading in one. */
function blocks(language: string): Block[] {
  const found: Block[] = []
  let heading = ''
  let open: { line: number; lines: string[] } | undefined
  readme.split('\n').forEach((text, index) => {
    if (open !== undefined) {
      if (text === '```') {
        const code = open.lines.join('\n')
        const before = found.at(-1)
        // A later block goes on where the one before it ended.
        if (before?.heading === heading) found[found.length - 1] = { ...before, code: `${before.code}\n${code}` }
        else found.push({ heading, line: open.line, code })
        open = undefined
      } else open.lines.push(text)
    } else if (text === `\`\`\`${language}`) open = { line: index + 2, lines: [] }
    else if (text.startsWith('#')) heading = text.replace(/^#+ /, '')
  })
  return found
}

const expected = /^(?!(?:import|const|let|export|function|class)\b)(?<expression>\S.*?)\s*\/\/ → (?<value>.*)$/

/** The block as a module that fails where a comment does not tell the truth. */
function moduleOf(code: string): string {
  const lines = code.split('\n').map((line, index) => {
    const match = expected.exec(line)
    if (match?.groups === undefined) return line
    const { expression, value } = match.groups as { expression: string; value: string }
    const plain = expression.replace(/^;/, '').replace(/^console\.log\((.*)\)$/, '$1')
    return `;__same(${index + 1}, await (${plain}), ${JSON.stringify(value)})`
  })
  const prelude = `import { inspect as __inspect } from 'node:util'
    function __same(line, value, expected) {
      const shown = __inspect(value, { breakLength: Infinity, depth: 9 })
      const bare = text => text.replace(/\\s+/g, '').replaceAll('"', "'")
      if (bare(shown) !== bare(expected)) throw new Error('line ' + line + ': expected ' + expected + ', got ' + shown)
    }\n`
  const { outputText } = ts.transpileModule(prelude + lines.join('\n'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  return outputText
}

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bucketcache-readme-'))
  // The examples import the package by its name.
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'bucketcache'), 'dir')
  writeFileSync(join(folder, 'package.json'), '{"type":"module","name":"reader"}')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('README.md', () => {
  const examples = blocks('ts')

  test('has examples', () => {
    expect(examples.length).toBeGreaterThan(1)
  })

  test('its examples compile under strict', () => {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
    const names = examples.map(({ line, code }) => {
      const name = join(folder, `line-${line}.ts`)
      writeFileSync(name, code)
      return name
    })
    const program = ts.createProgram(names, {
      ...options,
      noEmit: true,
      // Theirs, not ours.
      noUnusedLocals: false,
      erasableSyntaxOnly: false,
      rootDir: undefined,
      moduleDetection: ts.ModuleDetectionKind.Force,
      typeRoots: [join(root, 'node_modules', '@types')],
    })
    const told = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
      const at = file === undefined ? '' : `${file.fileName}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}`
      return `${at} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
    expect(told).toEqual([])
  }, 60_000)

  for (const { heading, line, code } of examples) {
    test(`its example under "${heading}" (line ${line}) does what it says`, () => {
      const where = mkdtempSync(join(folder, 'example-'))
      writeFileSync(join(where, 'example.mjs'), moduleOf(code))
      // A failing example shows in what the child writes to stderr, which the error of execFileSync quotes.
      execFileSync(process.execPath, ['example.mjs'], {
        cwd: where,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    })
  }
})
