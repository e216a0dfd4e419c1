// A task, found again in another process (flytekit: TaskResolverMixin). What is handed over is where it stands: its module,
// and the name under which that exports it.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { show } from '../options.ts'
import { internalsOf } from './task.ts'
import type { AnyFunction, Task } from './types.ts'

/** Finds a task again in another process. One's own may stand in place of {@link DefaultTaskResolver} in the command `run`. */
export interface TaskResolver {
  /** What another process needs to know. */
  loaderArgs(task: Task<any>): Promise<string[]>
  /** The task that it tells of. */
  loadTask(loaderArgs: string[]): Promise<Task<any>>
}

/**
 * Tells a task by its module and the name of its export (flytekit: DefaultTaskResolver).
 *
 * @example
 * const resolver = new DefaultTaskResolver()
 * await resolver.loaderArgs(train)   // ['task-module', './flows.js', 'task-name', 'train']
 */
export class DefaultTaskResolver implements TaskResolver {
  /**
   * The export that is this task, of the module in which it was defined, whose path is given from the working directory.
   * @throws Error when that module has no such export, or the task was defined in none. TypeError for what is no task.
   */
  async loaderArgs(task: Task<any>): Promise<string[]> {
    const internals = internalsOf(task)
    if (internals === undefined) throw new TypeError(`Expected a task, got ${show(task)}`)
    const { module } = internals
    if (module === undefined || !isAbsolute(module) || !existsSync(module))
      throw new Error(`Cannot tell where the task ${task.name} is: it was not defined in a module`)
    const specifier = specifierOf(module)
    const exported = [...(await exportsOf(pathToFileURL(module).href, specifier))]
    const same = exported.filter(([, value]) => value === task)
    // A module may be loaded more than once (by a test runner, or with a query behind its name): then it is the one of that name.
    const alike = exported.filter(([, value]) => internalsOf(value)?.settings.name === task.name)
    const [name] = same[0] ?? (alike.length === 1 ? alike[0]! : [])
    if (name !== undefined) return ['task-module', specifier, 'task-name', name]
    throw new Error(
      `Cannot tell where the task ${task.name} is: the module ${specifier} does not export it. Add an export.`,
    )
  }

  /**
   * @param loaderArgs - As `loaderArgs()` gives them. The module: a path from the working directory that begins with `./`
   *   or `../`, an absolute path or URL, or the name of a package.
   * @throws Error that says what is missing: an argument, the module, its export; or that the export is no task.
   */
  async loadTask(loaderArgs: string[]): Promise<Task<any>> {
    const [moduleWord, specifier, nameWord, name, ...rest] = loaderArgs
    if (moduleWord !== 'task-module' || nameWord !== 'task-name' || !specifier || !name || rest.length > 0) {
      const got = loaderArgs.length === 0 ? 'nothing' : loaderArgs.join(' ')
      throw new Error(`Expected the arguments task-module MODULE task-name NAME, got ${got}`)
    }
    const found = await loadModule(specifier)
    if (!found.has(name)) {
      const names = [...found.keys()].join(', ') || 'nothing'
      throw new Error(`Cannot find the task ${name}: the module ${specifier} exports ${names}`)
    }
    const value = found.get(name)
    if (internalsOf(value) === undefined) {
      throw new Error(
        `Cannot run ${name} of ${specifier}: it is ${show(value)}, and no task. Wrap the function in task().`,
      )
    }
    return value as Task<AnyFunction>
  }
}

/** As it is written in an import: with slashes, and a dot in front. */
function specifierOf(file: string): string {
  const path = relative(process.cwd(), file)
  // On another drive.
  if (isAbsolute(path)) return file
  const posix = path.split(sep).join('/')
  return posix.startsWith('../') ? posix : `./${posix}`
}

function urlOf(specifier: string): string {
  if (/^\.\.?[\\/]/.test(specifier) || isAbsolute(specifier)) return pathToFileURL(resolve(specifier)).href
  if (/^(file|data|node):/.test(specifier)) return specifier
  try {
    // A package of the working directory, rather than of where this one is installed.
    return pathToFileURL(createRequire(join(process.cwd(), 'module.js')).resolve(specifier)).href
  } catch {
    // One that can only be imported, perhaps. If it is not there at all, the import says so.
    return specifier
  }
}

/** The exports of a module, by name; `specifier` as for `loadTask`. @throws Error that says why it cannot be loaded. */
export function loadModule(specifier: string): Promise<Map<string, unknown>> {
  return exportsOf(urlOf(specifier), specifier)
}

/** By name. What a CommonJS module exports stands in its default export. */
async function exportsOf(url: string, specifier: string): Promise<Map<string, unknown>> {
  let namespace: object
  try {
    namespace = await import(url)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const hint = /^[\w-]+\.\w+$/.test(specifier) ? ` Did you mean ./${specifier}?` : ''
    throw new Error(`Cannot load the module ${specifier}: ${reason}.${hint}`, { cause: error })
  }
  const found = new Map<string, unknown>(Object.entries(namespace))
  const main: unknown = found.get('default')
  if (typeof main === 'object' && main !== null) {
    for (const [name, value] of Object.entries(main)) if (!found.has(name)) found.set(name, value)
  }
  return found
}
