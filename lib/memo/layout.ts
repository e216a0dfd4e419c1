// A function's parameters, as its memoized calls see them: what of the arguments is in the key, which of them skips the
// look-up, and what they are called.

import { cacheState } from '../keymakers/state.ts'
import { didYouMean } from '../suggest.ts'
import type { MemoSettings } from './options.ts'
import { type Parameter, parameters } from './signature.ts'
import type { AnyFunction } from './types.ts'

/** Something in the arguments: `at` is the position; the rest of the way, if any, leads through properties. */
interface Place {
  readonly at: number
  readonly path: readonly string[]
  /** All arguments from there on. */
  readonly rest: boolean
}

/** What is known of the parameters; none of it when there is no source text and no names were given. */
interface Known {
  readonly list: readonly Parameter[]
  /** Position of the rest parameter; Infinity: there is none. */
  readonly restAt: number
}

export class Layout {
  readonly #known: Known | undefined
  readonly #ignored: readonly Place[]
  readonly #nocache: Place | undefined
  /** Arguments up to this one may be left away in place of passing undefined, and the function cannot tell. */
  readonly #optionalUpTo: number

  /** @throws TypeError for a name or position that is none of the function's. */
  constructor(fn: AnyFunction, settings: Pick<MemoSettings, 'ignore' | 'nocache' | 'params'>) {
    this.#known = knownOf(fn, settings.params)
    const place = (option: string, wanted: string | number): Place => placeOf(wanted, option, fn, this.#known)
    const { ignore, nocache } = settings
    this.#nocache = nocache === undefined ? undefined : place('nocache', nocache)
    const ignored = ignore.map(one => place('ignore', one))
    this.#ignored = this.#nocache === undefined ? ignored : [...ignored, this.#nocache]
    const looksAtAll = this.#known === undefined || /\barguments\b/.test(Function.prototype.toString.call(fn))
    this.#optionalUpTo = looksAtAll ? -1 : this.#known!.restAt
  }

  /** What of the arguments is in the key. */
  keyed(args: readonly unknown[]): readonly unknown[] {
    const kept = this.#ignored.length === 0 ? args : this.#withoutIgnored(args)
    if (args.length > this.#optionalUpTo || kept.length === 0 || kept[kept.length - 1] !== undefined) return kept
    let end = kept.length
    while (end > 0 && kept[end - 1] === undefined) end--
    return kept.slice(0, end)
  }

  /** Whether the call is to skip the look-up. */
  skipsLookUp(args: readonly unknown[]): boolean {
    if (this.#nocache === undefined) return false
    const { at, path, rest } = this.#nocache
    if (rest) return args.length > at
    let value: unknown = args[at]
    for (const name of path) value = isObject(value) ? value[name] : undefined
    return Boolean(value)
  }

  /** The arguments by name; by position where there is none. */
  named(args: readonly unknown[]): Record<string, unknown> {
    const { list = [], restAt = Number.POSITIVE_INFINITY } = this.#known ?? {}
    const named: Record<string, unknown> = {}
    list.forEach((parameter, at) => {
      const value = parameter.rest ? args.slice(at) : args[at]
      if (parameter.name !== undefined) named[parameter.name] = value
      else if (parameter.fields !== undefined && isObject(value)) {
        const names = parameter.moreFields ? new Set([...parameter.fields, ...Object.keys(value)]) : parameter.fields
        for (const name of names) named[name] = value[name]
      } else named[String(at)] = value
    })
    for (let at = list.length; at < Math.min(args.length, restAt); at++) named[String(at)] = args[at]
    return named
  }

  #withoutIgnored(args: readonly unknown[]): unknown[] {
    const kept: unknown[] = []
    args.forEach((arg, at) => {
      let value = arg
      for (const place of this.#ignored) {
        if (place.rest ? at < place.at : at !== place.at) continue
        if (place.path.length === 0) return
        value = without(value, place.path)
      }
      kept.push(value)
    })
    return kept
  }
}

function knownOf(fn: AnyFunction, params: readonly string[] | undefined): Known | undefined {
  const found = parameters(fn)
  const list = params === undefined ? found : params.map((given, at) => renamed(found?.[at], given, fn))
  if (list === undefined) return undefined
  const all = params === undefined || found === undefined ? list : [...list, ...found.slice(list.length)]
  const restAt = all.findIndex(({ rest }) => rest)
  return { list: all, restAt: restAt < 0 ? Number.POSITIVE_INFINITY : restAt }
}

function renamed(found: Parameter | undefined, given: string, fn: AnyFunction): Parameter {
  const rest = given.startsWith('...')
  const name = rest ? given.slice(3) : given
  if (name === '') throw new TypeError(`Expected params to name the parameters of ${titleOf(fn)}, got an empty name`)
  const { fields, moreFields = false } = found ?? {}
  return { name, rest: rest || found?.rest === true, fields, moreFields }
}

function placeOf(wanted: string | number, option: string, fn: AnyFunction, known: Known | undefined): Place {
  const [head = '', ...path] = typeof wanted === 'number' ? [String(wanted)] : wanted.split('.')
  if (/^\d+$/.test(head)) {
    const at = Number(head)
    if (known !== undefined && at >= known.list.length && at < known.restAt) {
      throw unknownParameter(wanted, option, fn, known)
    }
    return { at, path, rest: false }
  }
  if (known === undefined) {
    throw new TypeError(
      `Expected ${option} to give a position, or params to name the parameters of ${titleOf(fn)}, whose source text does not, ` +
        `got ${JSON.stringify(wanted)}`,
    )
  }
  const at = known.list.findIndex(parameter => parameter.name === head)
  const named = known.list[at]
  if (named?.rest === true && path.length > 0) {
    throw new TypeError(
      `Expected ${option} to take the rest parameter ${head} as a whole, got ${JSON.stringify(wanted)}`,
    )
  }
  if (named !== undefined) return { at, path, rest: named.rest }
  const holds = (parameter: Parameter): boolean => parameter.fields?.includes(head) === true
  const holder = known.list.findIndex(holds)
  // A pattern that takes whatever else there is may well have it.
  const taker = holder >= 0 ? holder : known.list.findIndex(parameter => parameter.moreFields)
  if (taker < 0) throw unknownParameter(wanted, option, fn, known)
  return { at: taker, path: [head, ...path], rest: false }
}

function unknownParameter(wanted: string | number, option: string, fn: AnyFunction, { list }: Known): TypeError {
  const names = list.flatMap(({ name, fields }) => (name === undefined ? (fields ?? []) : [name]))
  const hint = typeof wanted === 'string' ? didYouMean(wanted, names) : ''
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
  return new TypeError(
    `Expected ${option} to be a parameter of ${titleOf(fn)} (${known}), got ${JSON.stringify(wanted)}${hint}`,
  )
}

/** What a function is called in a message. */
export function titleOf(fn: AnyFunction): string {
  return fn.name === '' ? 'the function' : fn.name
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** `value` less what the path leads to: copies along the way, for the caller's objects are not ours to change. */
function without(given: unknown, [name, ...rest]: readonly string[]): unknown {
  const value = standIn(given)
  if (!isObject(value) || name === undefined || !(name in value)) return given
  const copy: Record<string, unknown> = Array.isArray(value) ? (value.slice() as never) : {}
  for (const other of Object.keys(value)) if (other !== name) copy[other] = value[other]
  if (rest.length > 0) copy[name] = without(value[name], rest)
  else if (Array.isArray(value)) delete copy[name]
  return copy
}

/** What counts of an object in a key: only of fields can one be left out. */
function standIn(value: unknown): unknown {
  if (!isObject(value)) return value
  const state = (value as { [cacheState]?: unknown })[cacheState] ?? value['toJSON']
  if (typeof state === 'function') return state.call(value)
  const kind = Object.prototype.toString.call(value)
  return kind === '[object Object]' || kind === '[object Array]' ? value : undefined
}
