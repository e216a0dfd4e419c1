// What objects hide. An ordinary instance counts as its own fields; an instance of a class that keeps its state where
// JavaScript cannot look (a URLSearchParams, a Promise, a compiled script) would count as {} and equal all its kind. A cache
// that gives one request's answer to another is worse than an error, so those are refused.

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

/** The name of a field that would be lost: `value` counts by its contents, and may have fields beside them. Slow for what has
 *  many elements, as their indexes are listed too: to be asked only of instances of subclasses. */
export function fieldBeside(value: object): string | undefined {
  // Indexes come first in the order of names, so the last name is enough for an array too.
  const last = Object.keys(value).at(-1)
  return last === undefined || (isIndexed(value) && /^\d+$/.test(last)) ? undefined : last
}

function isIndexed(value: object): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value)
}

/** The names that count of an Error: `name` and `message` wherever they are defined, own `cause` and `errors` though not
 *  enumerable, and enumerable fields; never `stack`, which differs from one place to the next. */
export function errorFields(error: Error): string[] {
  const names = ['name', 'message']
  for (const name of ['cause', 'errors']) if (Object.hasOwn(error, name)) names.push(name)
  for (const name of Object.keys(error)) if (name !== 'stack' && !names.includes(name)) names.push(name)
  return names
}
