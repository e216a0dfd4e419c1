// What follows a command's name, read against what the command declares: options with their types, then positionals.
//
// `--name value`, `--name=value`, `-n value`, `-nvalue`, `-abc` for three flags, `--no-name` for a flag that may be denied, and
// `--` behind which everything is positional. Small and without I/O on purpose: `exec` pays for it on every hit.

import { UsageError } from './errors.ts'

/** One option, and how its text becomes a value. */
export interface Option<T> {
  /** What stands for the value in help: `DURATION`. undefined: the option is a flag. */
  readonly value: string | undefined
  readonly says: string
  readonly short: string | undefined
  /** It may be given more than once, and gathers. */
  readonly many: boolean
  /** `--no-name` exists. */
  readonly deniable: boolean
  /** For completion; 'file' and 'folder' stand for themselves. */
  readonly choices: readonly string[] | 'file' | 'folder' | undefined
  /** For the program's own use: in no help. */
  readonly hidden: boolean
  /** The value of an option that is not given. */
  readonly fallback: T
  /** The value of one text. @throws UsageError, naming the option as `what`. */
  readonly read: (text: string, what: string) => unknown
}

/** Options by their names in code: `onlyCached` is typed `--only-cached`. */
export type Options = Readonly<Record<string, Option<unknown>>>
export type Values<S extends Options> = { readonly [N in keyof S]: S[N] extends Option<infer T> ? T : never }

interface Extra {
  readonly short?: string
  readonly hidden?: boolean
  readonly deniable?: boolean
  readonly choices?: Option<unknown>['choices']
}

function option<T>(
  says: string,
  value: string | undefined,
  many: boolean,
  fallback: T,
  read: Option<T>['read'],
  { short, hidden = false, deniable = false, choices }: Extra,
): Option<T> {
  return { value, says, short, many, deniable, choices, hidden, fallback, read }
}

const never = (): never => {
  throw new UsageError('Expected a flag to have no value')
}

/** `--name`: true or false. */
export function flag(says: string, extra: Extra & { fallback?: boolean } = {}): Option<boolean> {
  return option(says, undefined, false, extra.fallback ?? false, never, extra)
}

/** `--name VALUE`; undefined where it is not given. */
export function one<T>(
  value: string,
  read: (text: string, what: string) => T,
  says: string,
  extra: Extra = {},
): Option<T | undefined> {
  return option<T | undefined>(says, value, false, undefined, read, extra)
}

/** `--name VALUE`, as often as one likes. */
export function many<T>(
  value: string,
  read: (text: string, what: string) => T,
  says: string,
  extra: Extra = {},
): Option<readonly T[]> {
  return option<readonly T[]>(says, value, true, [], read, extra)
}

/** `--name one|of|these`. */
export function choice<const C extends string>(
  choices: readonly C[],
  says: string,
  extra: Extra = {},
): Option<C | undefined> {
  const read = (text: string, what: string): C => {
    if ((choices as readonly string[]).includes(text)) return text as C
    throw new UsageError(`Expected ${what} to be ${choices.join(', ').replace(/, ([^,]*)$/, ' or $1')}, got "${text}"`)
  }
  const value = choices.join('|')
  // What would fill a line by itself stands in the text.
  const isLong = value.length > 36
  const text = isLong ? `${says}: ${choices.join(', ')}` : says
  return option<C | undefined>(text, isLong ? 'NAME' : value, false, undefined, read, { ...extra, choices })
}

/** A text as it is. */
export const asText = (text: string): string => text

/** `onlyCached` → `only-cached`. */
export function typedName(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

export interface Parsed<S extends Options> {
  readonly values: Values<S>
  readonly positionals: readonly string[]
  /** How many of the arguments were read; fewer than there are only with `stopEarly`. */
  readonly end: number
}

/**
 * Reads arguments. `stopEarly`: the first that is no option, or `--`, ends the options, and all from there on is positional,
 * whatever it looks like.
 * @throws UsageError for an unknown option, a value that is missing, not wanted or not as expected.
 */
export function parse<S extends Options>(argv: readonly string[], options: S, stopEarly = false): Parsed<S> {
  const values: Record<string, unknown> = {}
  for (const [name, { fallback }] of Object.entries(options)) values[name] = fallback
  const names = new Map<string, string>()
  for (const [name, { short }] of Object.entries(options)) {
    names.set(`--${typedName(name)}`, name)
    if (short !== undefined) names.set(`-${short}`, name)
  }
  const find = (typed: string): { name: string; option: Option<unknown> } => {
    const name = names.get(typed)
    if (name === undefined)
      throw new UnknownOption(
        typed,
        [...names].filter(known => !options[known[1]]!.hidden),
      )
    return { name, option: options[name]! }
  }
  const put = (name: string, option: Option<unknown>, text: string, what: string): void => {
    const value = option.read(text, what)
    values[name] = option.many ? [...(values[name] as unknown[]), value] : value
  }

  const positionals: string[] = []
  let at = 0
  while (at < argv.length) {
    const word = argv[at]!
    if (word === '--') {
      at++
      positionals.push(...argv.slice(at))
      at = argv.length
    } else if (word.length < 2 || word[0] !== '-') {
      if (stopEarly) return { values: values as Values<S>, positionals: argv.slice(at), end: at }
      positionals.push(word)
      at++
    } else if (word[1] === '-') {
      at++
      const equals = word.indexOf('=')
      const typed = equals < 0 ? word : word.slice(0, equals)
      const denied = typed.startsWith('--no-') ? names.get(`--${typed.slice(5)}`) : undefined
      if (denied !== undefined && options[denied]!.deniable) {
        if (equals >= 0) throw new UsageError(`Expected ${typed} without a value, got "${word.slice(equals + 1)}"`)
        values[denied] = false
        continue
      }
      const { name, option } = find(typed)
      if (option.value === undefined) {
        if (equals >= 0) throw new UsageError(`Expected ${typed} without a value, got "${word.slice(equals + 1)}"`)
        values[name] = true
      } else if (equals >= 0) put(name, option, word.slice(equals + 1), typed)
      else put(name, option, valueAt(argv, at++, typed, option), typed)
    } else {
      at++
      for (let i = 1; i < word.length; i++) {
        const typed = `-${word[i]}`
        const { name, option } = find(typed)
        if (option.value === undefined) values[name] = true
        else {
          const rest = word.slice(i + 1)
          put(name, option, rest === '' ? valueAt(argv, at++, typed, option) : rest, typed)
          break
        }
      }
    }
  }
  return { values: values as Values<S>, positionals, end: at }
}

function valueAt(argv: readonly string[], at: number, typed: string, { value }: Option<unknown>): string {
  const text = argv[at]
  if (text === undefined) throw new UsageError(`Expected ${value} behind ${typed}, got nothing`)
  return text
}

/** Which names there are is told so that somebody who has the time can suggest one. */
export class UnknownOption extends UsageError {
  readonly typed: string
  readonly known: readonly string[]

  constructor(typed: string, known: readonly (readonly [string, string])[]) {
    super(`Expected an option, got "${typed}"`)
    this.typed = typed
    this.known = known.map(([name]) => name).filter(name => name.startsWith('--'))
  }
}

/**
 * Positionals by what they are called in the usage: `KEY`, `[VALUE]` which may be missing, `KEY…` of which there may be more.
 * @throws UsageError when there are too few or too many.
 */
export function checkPositionals(given: readonly string[], wanted: readonly string[]): void {
  const least = wanted.filter(name => !name.startsWith('[')).length
  const isOpen = wanted.at(-1)?.replace(']', '').endsWith('…') === true
  if (given.length < least) throw new UsageError(`Expected ${wanted[given.length]}, got nothing`)
  if (given.length > wanted.length && !isOpen) {
    const [extra] = given.slice(wanted.length)
    const what = wanted.length === 0 ? 'no arguments' : `nothing behind ${wanted.at(-1)!.replace(/[[\]]/g, '')}`
    throw new UsageError(`Expected ${what}, got "${extra}"`)
  }
}
