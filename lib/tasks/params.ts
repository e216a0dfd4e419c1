// Arguments and their names: what a call's inputs are called, and back from named inputs to arguments.

import { type Parameter, parameters } from '../memo/signature.ts'
import { HashedValue } from './hashed.ts'
import type { AnyFunction } from './types.ts'

/** How the arguments of one function are named. */
export interface Naming {
  /** The names that are known; undefined: none are. */
  readonly known: readonly string[] | undefined
  /** Whether inputs may have further names (a rest of fields). */
  readonly more: boolean
  /** The arguments under their names. Missing ones are left out, as are undefined ones, which are the same to a function. */
  inputs(args: readonly unknown[]): Record<string, unknown>
  /** The arguments for named inputs. @throws TypeError for a name that the function does not have. */
  args(inputs: Readonly<Record<string, unknown>>): unknown[]
}

/**
 * Names the arguments of `fn`: by the names of its parameters, or by the fields of its one destructured object. Arguments that
 * have no name (a pattern among others, beyond the parameters, no source text) are named by their position: `'0'`, `'1'` …
 *
 * @param names - In place of those in the source text.
 */
export function namingOf(fn: AnyFunction, names: readonly string[] | undefined): Naming {
  const found = parameters(fn)
  const only = found?.length === 1 ? found[0] : undefined
  // Names that are all fields of the pattern can only mean those.
  if (only?.fields && (names === undefined || names.every(name => only.fields?.includes(name)))) {
    return byField(names ?? only.fields, only.moreFields && names === undefined)
  }
  return byPosition(names ?? found?.map(nameOf), found?.at(-1)?.rest === true)
}

function nameOf({ name }: Parameter, index: number): string {
  return name ?? String(index)
}

function byField(fields: readonly string[], more: boolean): Naming {
  return {
    known: fields,
    more,
    inputs(args) {
      const [object, ...rest] = args
      // What is no object, and what comes after it, has no fields: the function may still look at it.
      const others = named(rest, index => String(index + 1))
      if (object === undefined) return Object.fromEntries(others)
      if (typeof object !== 'object' || object === null || object instanceof HashedValue)
        return Object.fromEntries([['0', object], ...others])
      const names = more ? new Set([...fields, ...Object.keys(object)]) : fields
      const own: [string, unknown][] = []
      for (const name of names) own.push([name, (object as Record<string, unknown>)[name]])
      return Object.fromEntries([...own.filter(isGiven), ...others])
    },
    args(inputs) {
      if (!more) checkNames(inputs, fields)
      return [{ ...inputs }]
    },
  }
}

function byPosition(names: readonly string[] | undefined, rest: boolean): Naming {
  const nameAt = (index: number) => names?.[index] ?? String(index)
  const restAt = rest && names ? names.length - 1 : Infinity
  return {
    known: names,
    more: false,
    inputs(args) {
      const single = named(args.slice(0, restAt), nameAt)
      const gathered = args.slice(restAt)
      // A rest parameter is a list, in which an undefined item is one.
      return Object.fromEntries(gathered.length > 0 ? [...single, [nameAt(restAt), gathered]] : single)
    },
    args(inputs) {
      const list = names ?? Object.keys(inputs).sort((a, b) => Number(a) - Number(b))
      checkNames(inputs, list)
      const args = list.slice(0, restAt).map(name => inputs[name])
      const gathered = restAt < list.length ? inputs[list[restAt]!] : undefined
      return gathered === undefined ? args : args.concat(Array.isArray(gathered) ? gathered : [gathered])
    },
  }
}

function named(args: readonly unknown[], nameAt: (index: number) => string): [string, unknown][] {
  return args.map((value, index): [string, unknown] => [nameAt(index), value]).filter(isGiven)
}

function isGiven([, value]: [string, unknown]): boolean {
  return value !== undefined
}

function checkNames(inputs: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const unknown = Object.keys(inputs).find(name => !names.includes(name))
  if (unknown === undefined) return
  const known = names.length === 0 ? 'none' : names.join(', ')
  throw new TypeError(
    `Expected inputs with the names of the task's parameters (${known}), got ${JSON.stringify(unknown)}`,
  )
}
