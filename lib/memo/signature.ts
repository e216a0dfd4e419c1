// What a function's parameters are called, read from its source text. JavaScript does not tell, yet `ignore: ['verbose']`
// and tasks with inputs by name need it.
//
// Only the parameter list is understood: where it begins and ends, where one parameter ends and the next begins, and which
// names stand in an object pattern. Default values are skipped over. Functions without source text (native or bound ones),
// and classes, have no signature; neither does text in which the list cannot be found, so a caller has one case to deal with.

import { type Token, tokens } from './tokens.ts'

/** One parameter, as it is written. */
export interface Parameter {
  /** Undefined for a pattern: `{ a, b }` or `[first]`. */
  readonly name: string | undefined
  /** `...others`: gathers all further arguments. */
  readonly rest: boolean
  /** The properties that an object pattern takes: of `{ a, b: { c }, d = 1 }` they are a, b and d. Undefined for anything else. */
  readonly fields: readonly string[] | undefined
  /** Whether an object pattern takes properties that are not named: `...others`, or a computed name. */
  readonly moreFields: boolean
}

/**
 * The parameters of `fn`, in order; undefined where they cannot be known: native and bound functions, classes.
 *
 * @example
 * parameters((query, { limit = 10, signal }, ...rest) => {})
 * // names: 'query', undefined, 'rest'; fields of the second: 'limit', 'signal'; the third is a rest parameter
 */
export function parameters(fn: (...args: any[]) => unknown): readonly Parameter[] | undefined {
  const source = Function.prototype.toString.call(fn)
  if (isNative(source)) return undefined
  const list = parameterList(source)
  return list && splitAtCommas(list).map(parameter)
}

/** Whether this source text stands for none: what engines give for native and for bound functions. No function of one's own
 *  can end so, other than in a comment. */
export function isNative(source: string): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(source)
}

/** The tokens between the parentheses; for an arrow function without any, its one parameter. The body is not looked at. */
function parameterList(source: string): Token[] | undefined {
  const head: Token[] = []
  // Parentheses in the brackets of a computed method name do not count.
  let inName = 0
  const all = tokens(source)
  for (let step = all.next(); !step.done; step = all.next()) {
    const token = step.value
    if (token.type === 'punctuator') {
      if (token.text === '[') inName += 1
      else if (token.text === ']') inName -= 1
      else if (inName > 0) continue
      else if (token.text === '=>') return head.slice(-1)
      // Of a class; but a method may be called so.
      else if (token.text === '{' || (head.length > 1 && head[0]?.text === 'class')) return undefined
      else if (token.text === '(') return untilClosed(all)
    }
    head.push(token)
  }
  return undefined
}

/** The tokens up to the bracket that closes one that was just opened. */
function untilClosed(rest: Iterator<Token>): Token[] | undefined {
  const inside: Token[] = []
  let depth = 1
  for (let step = rest.next(); !step.done; step = rest.next()) {
    depth += depthOf(step.value)
    if (depth === 0) return inside
    inside.push(step.value)
  }
  return undefined
}

/** +1 for a bracket that opens, -1 for one that closes. */
function depthOf({ type, text }: Token): number {
  if (type !== 'punctuator') return 0
  return text === '(' || text === '[' || text === '{' ? 1 : text === ')' || text === ']' || text === '}' ? -1 : 0
}

function splitAtCommas(list: Token[]): Token[][] {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of list) {
    depth += depthOf(token)
    if (depth === 0 && token.type === 'punctuator' && token.text === ',') parts.push([])
    else parts.at(-1)!.push(token)
  }
  // A comma may follow the last one, and there may be none at all.
  if (parts.at(-1)!.length === 0) parts.pop()
  return parts
}

function parameter(part: Token[]): Parameter {
  const rest = part[0]?.text === '...' && part[0].type === 'punctuator'
  const target = rest ? part[1] : part[0]
  const nothing = { name: undefined, rest, fields: undefined, moreFields: false }
  if (target?.type === 'name') return { ...nothing, name: decodeName(target.text) }
  if (target?.text !== '{' || rest) return nothing
  const fields: string[] = []
  let moreFields = false
  for (const field of splitAtCommas(untilClosed(part.slice(1).values()) ?? [])) {
    const property = propertyName(field[0])
    if (property === undefined) moreFields = true
    else fields.push(property)
  }
  return { ...nothing, fields, moreFields }
}

/** Undefined for `...` and for `[`. */
function propertyName(token: Token | undefined): string | undefined {
  switch (token?.type) {
    case 'name':
      return decodeName(token.text)
    case 'string':
      return decodeString(token.text)
    case 'number':
      // As the language does it: `0x10` names the property 16.
      return String(Number(token.text.replace(/_/g, '').replace(/n$/, '')))
    default:
      return undefined
  }
}

function decodeName(text: string): string {
  return text.replace(/\\u(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{4}))/g, (_, long?: string, short?: string) =>
    String.fromCodePoint(Number.parseInt(long ?? short ?? '', 16)),
  )
}

const singleEscapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' }

function decodeString(text: string): string {
  const escaped = /\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))/gu
  return text.slice(1, -1).replace(escaped, (_, long?: string, short?: string, byte?: string, single = '') => {
    const code = long ?? short ?? byte
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16))
    if (/[\r\n\u2028\u2029]/.test(single)) return '' // a continued line
    return singleEscapes[single] ?? single
  })
}
