// Where a task was defined. Its default name is made of that, and a resolver finds it there again.

import { readFileSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageRoot } from './defaults.ts'

/** Frames of one's own in front of the caller's. */
const framesLookedAt = 12

/**
 * The file of the code that called `below`, a function of this package; undefined where there is none (the REPL, `node -e`).
 */
export function callerFile(below: (...args: any[]) => unknown): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = framesLookedAt
    // The frames themselves: their text may be changed by tools that map sources.
    Error.prepareStackTrace = (_error, sites) => sites
    const holder: { stack?: unknown } = {}
    Error.captureStackTrace(holder, below)
    const sites = holder.stack
    if (!Array.isArray(sites)) return undefined
    for (const site of sites as NodeJS.CallSite[]) {
      const file = site.getFileName()
      if (file?.startsWith('file:')) return fileURLToPath(file)
      if (file && /^([a-zA-Z]:)?[\\/]/.test(file)) return file
      if (file && !file.startsWith('node:')) return undefined
    }
    return undefined
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
}

/**
 * What a module is called, on every machine: the name of its package and its path in there, `shop/src/flows.js`. In a package
 * without a name it is its absolute path: nothing else would keep two such packages apart.
 */
export function moduleName(file: string): string {
  const root = packageRoot(dirname(file))
  const name = root === undefined ? undefined : packageName(root)
  if (root === undefined || name === undefined) return file.split(sep).join('/')
  return `${name}/${relative(root, file).split(sep).join('/')}`
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
