// How dist/ is made of lib/: types by tsc, a file a module; code as an entry each for what package.json names, and files for
// what several of them share. To load a file a module would take `import 'bucketcache'` three times as long.

import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { rolldown } from 'rolldown'

const entries = ['index', 'recipes/index', 'tasks/index', 'cli/bin']
const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

rmSync('dist', { recursive: true, force: true })
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.json', '--emitDeclarationOnly'], { stdio: 'inherit' })

const bundle = await rolldown({
  input: Object.fromEntries(entries.map(name => [name, `lib/${name}.ts`])),
  platform: 'node',
  external: [...Object.keys(dependencies), ...Object.keys(peerDependencies), /^node:/],
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  sourcemap: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'shared/[name].js',
  // A class is known by its name: in messages, and in keys.
  keepNames: true,
})
await bundle.close()
