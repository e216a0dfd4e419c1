// The default name of a memoized function: `../lib/parse.js:parseConfig:91c2f0a3b4d5e6f7`, of its module, its own name and a
// hash of its source text.
//
// The module is told by its path from the cache's folder. Two modules then never have one name, whatever packages they are
// of, and a project that is moved or copied together with its cache keeps it. Where the two move apart (a cache in a volume
// of its own), or where the module is a bundle whose name changes, `name` is for.

import { hash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'
import { show } from '../options.ts'
import { isNative } from './signature.ts'
import type { AnyFunction } from './types.ts'

/**
 * @param folder - The bucket's.
 * @param module - Where the function was wrapped: see `callerOf`.
 * @throws TypeError for a function without source text.
 */
export function defaultName(fn: AnyFunction, folder: string, module: string | undefined): string {
  const source = Function.prototype.toString.call(fn)
  if (isNative(source)) {
    throw new TypeError(
      `Expected a name in the options for ${show(fn.name)}: it is bound or native, so no source text tells it from others`,
    )
  }
  return `${moduleName(folder, module ?? '')}:${fn.name}:${hash('sha256', source).slice(0, 16)}`
}

function moduleName(folder: string, module: string): string {
  if (isAbsolute(module)) return relative(realPath(folder), module).split(sep).join('/')
  // A `data:` URL is as long as the module.
  return module.length <= 100 ? module : hash('sha256', module).slice(0, 16)
}

/** Modules are known by their real paths, folders by any. */
function realPath(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    // It is not there: the bucket is read-only, or the disk refuses.
    return folder
  }
}
