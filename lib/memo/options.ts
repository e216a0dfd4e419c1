// The options of `wrap` and `cached`, checked when the function is wrapped rather than when it is called.

import { toMilliseconds } from '../duration.ts'
import type { Tag } from '../log/record.ts'
import { checkNames, resolveExpire, resolveTerms, show } from '../options.ts'
import type { MemoizeOptions } from './types.ts'

/** Options, checked and with their defaults. */
export interface MemoSettings {
  readonly name: string | undefined
  readonly typed: boolean
  /** undefined: the bucket's lifetime; null: never expires. */
  readonly expireMs: number | null | undefined
  readonly tags: readonly Tag[]
  readonly ignore: readonly (string | number)[]
  readonly nocache: string | number | undefined
  readonly params: readonly string[] | undefined
  readonly method: boolean
  readonly singleFlight: boolean | undefined
  /** 0: results end with their lifetime. */
  readonly staleMs: number
  /** 0: results are not computed before they expire. */
  readonly beta: number
}

const names: readonly (keyof MemoizeOptions)[] = [
  'name',
  'typed',
  'expire',
  'tag',
  'ignore',
  'nocache',
  'params',
  'method',
  'singleFlight',
  'staleWhileRevalidate',
  'beta',
]

/** @throws TypeError or RangeError for an unknown or impossible option. */
export function resolveMemoize(options: MemoizeOptions, isMethod: boolean): MemoSettings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`Expected options to be an object, got ${show(options)}`)
  }
  checkNames(options, names, 'wrap')
  const { name, ignore = [], params, nocache, beta, staleWhileRevalidate, tag } = options
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new TypeError(`Expected name to be a string that is not empty, got ${show(name)}`)
  }
  if (!Array.isArray(ignore)) throw new TypeError(`Expected ignore to be an array, got ${show(ignore)}`)
  if (params !== undefined && !(Array.isArray(params) && params.every(param => typeof param === 'string'))) {
    throw new TypeError(`Expected params to be an array of names, got ${show(params)}`)
  }
  if (beta !== undefined && typeof beta !== 'number')
    throw new TypeError(`Expected beta to be a number, got ${show(beta)}`)
  if (beta !== undefined && !(beta > 0 && beta < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`Expected beta to be a finite number above 0, got ${beta}`)
  }
  return {
    name,
    typed: flag('typed', options.typed) ?? false,
    expireMs: resolveExpire(options.expire),
    tags: tag === undefined ? [] : resolveTerms({ tag }).tags,
    ignore: ignore.map(one => selector('ignore', one)),
    nocache: nocache === undefined ? undefined : selector('nocache', nocache),
    params,
    method: flag('method', options.method) ?? isMethod,
    singleFlight: flag('singleFlight', options.singleFlight),
    staleMs: staleWhileRevalidate === undefined ? 0 : toMilliseconds(staleWhileRevalidate, 'staleWhileRevalidate'),
    beta: beta ?? 0,
  }
}

function flag(name: string, value: unknown): boolean | undefined {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new TypeError(`Expected ${name} to be true or false, got ${show(value)}`)
  }
  return value
}

function selector(option: string, value: unknown): string | number {
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw new TypeError(`Expected ${option} to be the name or the position of a parameter, got ${show(value)}`)
}
