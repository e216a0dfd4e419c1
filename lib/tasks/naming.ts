// Where a task was defined. Its default name is made of that, and a resolver finds it there again.

import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { packageRoot } from './defaults.ts'

/**
 * What a module is called, on every machine: the name of its package and its path in there, `shop/src/flows.js`. In a package
 * without a name it is its absolute path: nothing else would keep two such packages apart.
 *
 * @param module - As `callerOf` tells it: a path, or what else the engine calls it.
 */
export function moduleName(module: string): string {
  if (!isAbsolute(module)) return module
  const root = packageRoot(dirname(module))
  const name = root === undefined ? undefined : packageName(root)
  const path = root === undefined || name === undefined ? module : join(name, relative(root, module))
  return path.split(sep).join('/')
}

function packageName(root: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
    const name = typeof manifest === 'object' && manifest !== null && 'name' in manifest ? manifest.name : undefined
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    return undefined
  }
}

/** The part of a storage key that people recognise: letters, digits, `_` and `-`, not too long. */
export function readableName(name: string): string {
  // The end says more than the beginning: the function, rather than the package.
  return name
    .replace(/[^\w-]+/g, '_')
    .slice(-80)
    .replace(/^_+|_+$/g, '')
}
