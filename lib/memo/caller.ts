// Which module called: JavaScript does not tell where a function was defined, but the module that wraps it is nearly always
// that one.

import { fileURLToPath } from 'node:url'
import { framesBelow } from '../frames.ts'
import type { AnyFunction } from './types.ts'

/** Frames of transpilers' helpers may stand in front of the caller's. */
const framesLookedAt = 24

// Decorators are applied by helpers, and those may be in a package.
const helper =
  /[\\/]node_modules[\\/](?:tslib|reflect-metadata|core-js|@babel[\\/]runtime|@swc[\\/]helpers|@oxc-project[\\/]runtime)[^\\/]*[\\/]/

/**
 * The module that called `below`, a function of this package: the path of its file, or what else it is called by the engine
 * (a `data:` URL, `[eval]`); undefined where the stack does not tell.
 */
export function callerOf(below: AnyFunction): string | undefined {
  let files = filesAbove(below)
  // What stands in the stack is not `below` itself, then, but a spy or a proxy in its place.
  if (files.length === 0) files = filesAbove(callerOf).filter(file => !file.startsWith(ownFolder))
  const file = files.find(name => !name.startsWith('node:') && !helper.test(name))
  return file?.startsWith('file:') ? fileURLToPath(file) : file
}

const ownFolder = new URL('..', import.meta.url).href

function filesAbove(below: AnyFunction): string[] {
  const files = framesBelow(below, framesLookedAt).map(frame => frame.getFileName() ?? '')
  return files.filter(name => name !== '')
}
