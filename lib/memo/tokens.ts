// Cuts JavaScript source text into tokens: just enough of the language to find a function's parameters.
//
// What it must never do is take a bracket, a comma or an `=` in a string, a template, a comment or a regular expression
// for one of the code. The one thing that the text alone does not tell is whether a `/` divides or begins a regular
// expression; that follows from the token before it (see `slashIsRegex`). Source text comes from Function.prototype.toString,
// so it is known to be valid.

export interface Token {
  readonly type: 'name' | 'string' | 'number' | 'template' | 'regex' | 'punctuator'
  /** The text as it stands in the source. */
  readonly text: string
}

const blank = /(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)+/uy
const name =
  /#?(?:[\p{ID_Start}$_]|\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]+\})(?:[\p{ID_Continue}$\u200c\u200d]|\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]+\})*/uy
const number = /\.?\d[\w.]*/uy
const string = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/uy
// A slash inside a class does not end a regular expression.
const regex = /\/(?:[^\\/[\n\r]|\\.|\[(?:[^\\\]\n\r]|\\.)*\])+\/[\p{ID_Continue}$]*/uy
// Those of more than one character in which a lone '=', '>' or '.' would mislead, and the two that may end an operand.
const punctuator = /\.\.\.|=>|={2,3}|!==?|<=|>=|\+\+|--|[\s\S]/uy

// After these words an expression begins, so a slash begins a regular expression; after any other name it divides.
const wordsBeforeExpression = new Set(
  'await case delete do else extends in instanceof new of return throw typeof void yield'.split(' '),
)
// A brace behind one of these opens a block although an expression could stand there too.
const beforeBlock = new Set(['=>', ';', '{', '}', ')', 'else', 'do'])
// A parenthesis behind one of these is the head of a statement, not the end of an operand.
const wordsBeforeHead = new Set('if while for with'.split(' '))

/**
 * The tokens of `source` from `at` on, without blanks and comments; cut only as far as they are asked for.
 *
 * @param inTemplate - It begins behind a template's `${`, and ends before the brace that closes it.
 * @returns The place behind the last token (and brace); undefined where the text ends within a template.
 */
export function* tokens(source: string, at = 0, inTemplate = false): Generator<Token, number | undefined> {
  // Whether a slash behind the bracket that closes each open one would begin a regular expression.
  const open: boolean[] = []
  let before: Token | undefined
  let slashIsRegex = true
  while (at < source.length) {
    const space = match(blank, source, at)
    if (space !== undefined) {
      at += space.length
      continue
    }
    const token: Token | undefined = source[at] === '`' ? templateAt(source, at) : tokenAt(source, at, slashIsRegex)
    if (token === undefined) return undefined
    at += token.text.length
    const { text }: Token = token
    if (token.type !== 'punctuator') slashIsRegex = token.type === 'name' && wordsBeforeExpression.has(text)
    else if (text === '(') {
      open.push(before?.type === 'name' && wordsBeforeHead.has(before.text))
      slashIsRegex = true
    } else if (text === '[') {
      open.push(false)
      slashIsRegex = true
    } else if (text === '{') {
      // Where an operand stands this is an object; anywhere else a block, and behind a block a statement begins.
      open.push(!slashIsRegex || before === undefined || beforeBlock.has(before.text))
      slashIsRegex = true
    } else if (text === ')' || text === ']' || text === '}') {
      if (inTemplate && open.length === 0) return at
      slashIsRegex = open.pop() ?? false
    } else {
      // `x++ / y` divides, and `++/x/` is an error, so an increment counts as the end of an operand.
      slashIsRegex = text !== '++' && text !== '--'
    }
    before = token
    yield token
  }
  return inTemplate ? undefined : at
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0]
}

function tokenAt(source: string, at: number, slashIsRegex: boolean): Token {
  let text = match(name, source, at)
  if (text !== undefined) return { type: 'name', text }
  text = match(string, source, at)
  if (text !== undefined) return { type: 'string', text }
  text = match(number, source, at)
  if (text !== undefined) return { type: 'number', text }
  text = slashIsRegex ? match(regex, source, at) : undefined
  if (text !== undefined) return { type: 'regex', text }
  return { type: 'punctuator', text: match(punctuator, source, at) ?? source[at]! }
}

/** Undefined where the text ends before the template does. */
function templateAt(source: string, start: number): Token | undefined {
  let at = start + 1
  while (at < source.length) {
    const character = source[at]
    if (character === '`') return { type: 'template', text: source.slice(start, at + 1) }
    if (character === '$' && source[at + 1] === '{') {
      const inner = tokens(source, at + 2, true)
      let step = inner.next()
      while (!step.done) step = inner.next()
      if (step.value === undefined) return undefined
      at = step.value
    } else at += character === '\\' ? 2 : 1
  }
  return undefined
}
