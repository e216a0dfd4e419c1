// Where in a key something is: `key.options[2].callback`. Steps are put together only when an error is to be told.

import { partsPair } from './text.ts'

/** The path to the property `name`, from the object that has it. */
export function fieldStep(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

/** The path to a Map's value: by its key where that can be told in a word, else by its place. */
export function keyStep(key: unknown, index: number): string {
  if (typeof key === 'string') return `.get(${JSON.stringify(key)})`
  const isWord = key === null || ['undefined', 'boolean', 'number'].includes(typeof key)
  return isWord ? `.get(${String(key)})` : `.<value ${index}>`
}

/** The whole path; of a long one the middle is left out. */
export function pathOf(steps: Iterable<string>): string {
  const path = ['key', ...steps].join('')
  return path.length <= 200 ? path : `${path.slice(0, 120)}…${path.slice(-60)}`
}

/** What a value is, for a message: `a function (onDone)`, `an AbortSignal`. Never runs code of the value's. */
export function describe(value: unknown): string {
  if (typeof value === 'function') {
    const name: unknown = Object.getOwnPropertyDescriptor(value, 'name')?.value
    return typeof name === 'string' && name !== '' ? `a function (${name})` : 'a function'
  }
  if (typeof value !== 'object' || value === null)
    return typeof value === 'symbol' ? `the symbol ${String(value)}` : String(value)
  const name = classNameOf(value) ?? 'object'
  return /^[AEIO]/i.test(name) ? `an ${name}` : `a ${name}`
}

function classNameOf(value: object): string | undefined {
  for (let link: object | null = value; link; link = Object.getPrototypeOf(link)) {
    const tag: unknown = Object.getOwnPropertyDescriptor(link, Symbol.toStringTag)?.value
    const maker: unknown = Object.getOwnPropertyDescriptor(link, 'constructor')?.value
    const name: unknown =
      typeof maker === 'function' ? Object.getOwnPropertyDescriptor(maker, 'name')?.value : undefined
    if (typeof name === 'string' && name !== '' && name !== 'Object') return name
    if (typeof tag === 'string' && tag !== '') return tag
  }
  return undefined
}

/** A text, for a message: of a long one the beginning, and how long it is. */
export function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, partsPair(text, 150) ? 149 : 150)}… (${text.length} characters)`
}
