// What objects hide. An ordinary instance counts as its own fields; an instance of a class that keeps its state where
// JavaScript cannot look (a URLSearchParams, a Promise, a compiled script) would count as {} and equal all its kind. A cache
// that gives one request's answer to another is worse than an error, so those are refused; and so are fields that do not count.

import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import { cacheState } from './state.ts'

// The whole body: a class may well mention the words.
const nativeCode = /\{\s*\[native code\]\s*\}$/
const sourceOf = Function.prototype.toString

type Hides = 'never' | 'always' | 'when-empty'

// By prototype: the verdict costs a walk up the chain and the source of every constructor in it.
const verdicts = new WeakMap<object, Hides>()

/** Whether an object of the prototype `proto`, which is none of the types that keys know, holds more than its `names`. */
export function hidesState(value: object, proto: object, names: readonly string[]): boolean {
  let verdict = verdicts.get(proto)
  if (verdict === undefined) {
    verdict = judge(proto)
    verdicts.set(proto, verdict)
  }
  if (verdict === 'never' && names.length > 0) return false
  // State under symbols only, which do not count (some of Node's classes keep a handle there).
  return (
    verdict === 'always' ||
    (names.length === 0 && (verdict === 'when-empty' || Object.getOwnPropertySymbols(value).length > 0))
  )
}

function judge(proto: object): Hides {
  let verdict: Hides = 'never'
  // The last of a chain is an Object.prototype, of this realm or another: it holds nothing.
  for (let link: object | null = proto; link && Object.getPrototypeOf(link); link = Object.getPrototypeOf(link)) {
    // Made by the engine, or by Node in C++: what matters is out of sight, also beside fields (a vm.Script has one).
    if (isOfEngine(link)) return 'always'
    const isTagged = Object.hasOwn(link, Symbol.toStringTag)
    if (isGlobal(link)) {
      // A class of the platform (URLSearchParams, Event), or one that extends it. An EventTarget has listeners only, which
      // are no state; classes do extend it.
      if (isTagged && link !== EventTarget.prototype) return 'always'
      verdict = 'when-empty'
    }
    // Generators, and platform classes that are no globals.
    if (isTagged) verdict = 'when-empty'
  }
  return verdict
}

function makerOf(proto: object): ((...args: never) => unknown) | undefined {
  const maker: unknown = Object.getOwnPropertyDescriptor(proto, 'constructor')?.value
  return typeof maker === 'function' ? (maker as () => unknown) : undefined
}

function isGlobal(proto: object): boolean {
  const maker = makerOf(proto)
  return maker !== undefined && Object.getOwnPropertyDescriptor(globalThis, maker.name)?.value === maker
}

/** Whether instances of exactly this prototype are the engine's own: an Array, of this realm or another, but no subclass. */
export function isOfEngine(proto: object): boolean {
  const maker = makerOf(proto)
  return maker !== undefined && nativeCode.test(sourceOf.call(maker))
}

/** A field that would be lost: `value` counts by its contents, and may have fields beside them. For typed arrays it takes as long as
 *  their bytes are many, as their indexes are listed too: to be asked only of instances of subclasses. */
export function fieldBeside(value: object): string | undefined {
  if (Array.isArray(value) && value.length > FEW && isBare(value)) return symbolField(value)
  // Indexes come first in the order of names, so the last name is enough.
  const names = Object.keys(value)
  const last = names[names.length - 1]
  return last === undefined || isIndex(last, value) ? symbolField(value) : last
}

/** A field under a symbol, which would be lost: keys tell fields by their names. */
export function symbolField(value: object): string | undefined {
  const symbols = Object.getOwnPropertySymbols(value)
  // Nearly always.
  if (symbols.length === 0) return undefined
  const isLost = (symbol: symbol) => !noState.has(symbol) && Object.prototype.propertyIsEnumerable.call(value, symbol)
  return symbols.find(isLost)?.toString()
}

/** The method that tells the state, and where Node keeps the listeners of an emitter, which are no state. */
const noState: ReadonlySet<symbol> = new Set([
  cacheState,
  ...Object.getOwnPropertySymbols(new EventTarget()),
  ...Object.getOwnPropertySymbols(new EventEmitter()),
])

/** Beyond so many elements listing their indexes costs more than `isBare`. */
const FEW = 64

/** Whether an array has surely no fields beside its elements, told in a time that does not grow with them: only what prints values
 *  can list the one without the other. False: look. */
function isBare(array: readonly unknown[]): boolean {
  const text = inspect(array, { maxArrayLength: 0, depth: 0, customInspect: false })
  return text === `[ ... ${array.length} more items ]`
}

function isIndex(name: string, value: object): boolean {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return false
  const index = Number(name)
  return index >= 0 && index < (value as ArrayLike<unknown>).length && String(index) === name
}

/** The names that count of an Error: `name` and `message` wherever they are defined, own `cause` and `errors` though not
 *  enumerable, and enumerable fields; never `stack`, which differs from one place to the next. */
export function errorFields(error: Error): string[] {
  const names = ['name', 'message']
  for (const name of ['cause', 'errors']) if (Object.hasOwn(error, name)) names.push(name)
  for (const name of Object.keys(error)) if (name !== 'stack' && !names.includes(name)) names.push(name)
  return names
}
