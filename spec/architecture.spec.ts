// The shape of the code, held to what DESIGN.md says of it.

import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const lib = join(root, 'lib')

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => name.split(sep).join('/'))

function text(name: string): string {
  return readFileSync(join(lib, name), 'utf8')
}

/** What the code names: identifiers, `new X`, and `await`. Comments and strings do not count. */
function wordsOf(name: string): Set<string> {
  const words = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isAwaitExpression(node)) words.add('await')
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) words.add(`new ${node.expression.text}`)
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      words.add(`${node.expression.text}.${node.name.text}`)
    }
    if (ts.isIdentifier(node)) words.add(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(name, text(name), ts.ScriptTarget.Latest))
  return words
}

function importsOf(name: string): string[] {
  const file = ts.createSourceFile(name, text(name), ts.ScriptTarget.Latest)
  return file.statements.filter(ts.isImportDeclaration).map(found => (found.moduleSpecifier as ts.StringLiteral).text)
}

describe('the heart (ops/, log/, indexes/, policies/)', () => {
  const heart = files.filter(name => /^(ops|log|indexes|policies)\//.test(name))

  test.each(heart)('%s asks the world for everything that may differ between two runs', name => {
    const words = wordsOf(name)
    for (const word of ['await', 'process', 'Math.random', 'Date.now', 'new Date', 'setTimeout', 'performance']) {
      expect(words.has(word), `${name} uses ${word}`).toBe(false)
    }
  })

  test.each(heart)('%s imports nothing that does I/O', name => {
    for (const imported of importsOf(name)) {
      if (imported.startsWith('node:')) expect(['node:zlib', 'node:crypto', 'node:stream']).toContain(imported)
      else expect(imported, `${name} imports a package`).toMatch(/^\./)
      expect(imported).not.toMatch(/io\/(host|run|identity|streams|packages|locks)/)
    }
  })
})

test('a request is made where its reply is awaited, and nowhere earlier', () => {
  for (const name of files.filter(name => name !== 'io/requests.ts')) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'ask') {
        const { parent } = node
        expect(ts.isYieldExpression(parent) && parent.asteriskToken !== undefined, `${name}: ${node.getText()}`).toBe(
          true,
        )
      }
      ts.forEachChild(node, visit)
    }
    visit(ts.createSourceFile(name, text(name), ts.ScriptTarget.Latest, true))
  }
})

test('node:fs is opened in io/ only, or where no bucket is concerned', () => {
  const importing = files.filter(name => importsOf(name).some(imported => /^node:fs/.test(imported)))
  // The tasks' storages and lock files, and the command line, are beside the store, not in it.
  expect(importing.filter(name => !/^(io|tasks|cli|memo)\//.test(name))).toEqual([])
})

describe('every operation', () => {
  const operations = files.filter(name => name.startsWith('ops/'))

  test.each(operations)('%s begins by saying what it is for', name => {
    const header = /^(?:\/\/.*\n)+/.exec(text(name))?.[0] ?? ''
    expect(header.length, `${name} has no header`).toBeGreaterThan(20)
    // What only helps others to be written need not say what a crash leaves.
    const helpers = ['check-hints.ts', 'mend.ts', 'fields.ts', 'live.ts', 'raw.ts', 'terms.ts']
    if (!helpers.includes(basename(name))) expect(header).toMatch(/Crash|Goal/)
  })
})

describe('the syntax tree', () => {
  let program: ts.Program
  beforeAll(() => {
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
    program = ts.createProgram(
      files.map(name => join(lib, name)),
      { ...options, noEmit: true },
    )
  })

  test('no operation is begun and forgotten: no statement is a generator that nobody runs', () => {
    const checker = program.getTypeChecker()
    const forgotten: string[] = []
    const visit = (node: ts.Node): void => {
      if (ts.isExpressionStatement(node)) {
        const type = checker.typeToString(checker.getTypeAtLocation(node.expression))
        if (/^(Io|Generator|AsyncGenerator)</.test(type)) {
          const file = node.getSourceFile()
          const { line } = file.getLineAndCharacterOfPosition(node.getStart())
          forgotten.push(`${relative(root, file.fileName)}:${line + 1}`)
        }
      }
      ts.forEachChild(node, visit)
    }
    for (const name of files) {
      const source = program.getSourceFile(join(lib, name))
      if (source !== undefined) visit(source)
    }
    expect(forgotten).toEqual([])
  })

  test('a forgotten one would be noticed', () => {
    const name = join(lib, 'planted.ts')
    const source =
      "import type { Io } from './io/requests.ts'\ndeclare function op(): Io<void>\nexport function* f(): Io<void> { op() }\n"
    const host = ts.createCompilerHost(program.getCompilerOptions())
    const { getSourceFile, fileExists } = host
    host.getSourceFile = (path, ...rest) =>
      path === name
        ? ts.createSourceFile(name, source, ts.ScriptTarget.Latest)
        : getSourceFile.call(host, path, ...rest)
    host.fileExists = path => path === name || fileExists.call(host, path)
    const planted = ts.createProgram([name], program.getCompilerOptions(), host)
    const checker = planted.getTypeChecker()
    const types: string[] = []
    const visit = (node: ts.Node): void => {
      if (ts.isExpressionStatement(node)) types.push(checker.typeToString(checker.getTypeAtLocation(node.expression)))
      ts.forEachChild(node, visit)
    }
    visit(planted.getSourceFile(name)!)
    expect(types).toEqual(['Io<void>'])
  })
})

test('the public names are these', async () => {
  const names = Object.keys(await import('../lib/index.ts')).sort()
  expect(names).toEqual([
    'BackendLoadError',
    'Bucket',
    'BucketCacheError',
    'CBORBackend',
    'ConflictError',
    'DeadlockError',
    'DefaultKeyMaker',
    'DeferredWriteBucket',
    'FormatError',
    'JSONBackend',
    'KeyNotFoundError',
    'MessagePackBackend',
    'MutatedArgumentsError',
    'ReadOnlyError',
    'StorageIOError',
    'StreamingKeyMaker',
    'TimeoutError',
    'UnserializableError',
    'V8Backend',
    'cacheState',
    'compressed',
    'deferredWrite',
    'encrypted',
  ])
})
