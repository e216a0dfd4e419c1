import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isNative, parameters } from '../../lib/memo/signature.ts'

type Fn = (...args: any[]) => unknown

/** The function that `source` stands for, as it stands there: the transpiler of the specs must not touch it. */
const from = (source: string): Fn => new Function(`return (${source})`)()
const method = (source: string): Fn => Object.values(new Function(`return { ${source} }`)())[0] as Fn

/** One word a parameter: `name`, `...name`, `{a b}` for fields (`+` for more of them), `?` for what has no name. */
const shape = (fn: Fn) =>
  parameters(fn)?.map(({ name, rest, fields, moreFields }) => {
    const what = name ?? (fields ? `{${[...fields, ...(moreFields ? ['+'] : [])].join(' ')}}` : '?')
    return rest ? `...${what}` : what
  })

describe('parameters()', () => {
  test.each([
    ['function () {}', []],
    ['function f(a) {}', ['a']],
    ['function f(a, b,) {}', ['a', 'b']],
    ['async function f(a) {}', ['a']],
    ['function* f(a) {}', ['a']],
    ['async function* (a) {}', ['a']],
    ['() => 1', []],
    ['a => a', ['a']],
    ['async a => a', ['a']],
    ['async => async', ['async']],
    ['async (a, b) => a', ['a', 'b']],
    ['async (async) => async', ['async']],
    ['(a, ...rest) => a', ['a', '...rest']],
    ['(...[a, b]) => a', ['...?']],
    ['(...{ length }) => length', ['...?']],
    ['($, _, ñ, \\u0061b, c\\u{64}) => 1', ['$', '_', 'ñ', 'ab', 'cd']],
    ['(t,{n:e,r:o=2,...i},[a])=>t', ['t', '{n r +}', '?']],
    ['function f/* ( */(/* x, */ a /* = 1 */, // )\n b) {}', ['a', 'b']],
  ])('reads %s', (source, expected) => {
    expect(shape(from(source))).toEqual(expected)
  })

  test.each([
    ['add(a, b) { return a + b }', ['a', 'b']],
    ['async add(a) {}', ['a']],
    ['*add(a) {}', ['a']],
    ['async *add(a) {}', ['a']],
    ['async(a) {}', ['a']],
    ['get(a) {}', ['a']],
    ['function(a) {}', ['a']],
    ['class(a) {}', ['a']],
    ['"a b(c)"(d) {}', ['d']],
    ['1.5(a) {}', ['a']],
    ['[(() => "x(y)")()](a, b) {}', ['a', 'b']],
    ['[{ x(){ return [1] } }.x()[0]](a) {}', ['a']],
  ])('reads the method %s', (source, expected) => {
    expect(shape(method(source))).toEqual(expected)
  })

  test('reads accessors, static and private methods', () => {
    const Subject = new Function(`return class {
      set size(pixels) {}
      static make(kind, { colour }) {}
      #hidden(depth) {}
      get hidden() { return this.#hidden }
    }`)()
    expect(shape(Object.getOwnPropertyDescriptor(Subject.prototype, 'size')!.set!)).toEqual(['pixels'])
    expect(shape(Subject.make)).toEqual(['kind', '{colour}'])
    expect(shape(new Subject().hidden)).toEqual(['depth'])
  })

  test.each([
    ['a string', `(a = "),(,'", b = '\\'),') => 1`],
    ['a string over two lines', '(a = "x\\\n),", b) => 1'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    ['a template', '(a = `),${"`)"}${`,${[`}`, ")"]}`}\\`\\${`, b) => 1'],
    ['an object', '(a = { x: 1, y: [2, 3], f(c, d) {} }, b) => 1'],
    ['an arrow function', '(a = (c, d = 1) => ({ c, d }), b) => 1'],
    ['a function with a body', '(a = function (c, d) { if (c) /[)]{/.test(d); return c / d / 2 }, b) => 1'],
    ['a regular expression', '(a = /[/)]\\/[(],/gi, b = 4 / 2 / 1) => 1'],
    ['a regular expression behind a word', '(a = () => { return /\\),/ }, b = typeof /,/) => 1'],
    ['a regular expression behind a block', '(a = () => { if (1) {} /\\),/.test("") }, b) => 1'],
    ['a division behind an object', '(a = { c: 1 } / 2, b = [1] / 2, c = (3) / 4) => 1'],
    ['a division behind an increment', '(a = 1, b = a++ / 2, c = a-- / (3)) => 1'],
    ['a division by a regular expression', '(a = 1 / /[,)]/, b) => 1'],
    ['a comparison', '(a = 1 == 2, b = 1 >= 2, c = 1 !== 2) => 1'],
    ['a call of import', '(a = () => import("x,)"), b) => 1'],
    ['a class', '(a = class { static x = [1, 2]; #y = 1; m(c, d) {} }, b) => 1'],
    ['comments', '(a = 1 /* , ) ` */ + 2 // , ) "\n, b) => 1'],
    ['numbers', '(a = 1_000.5e-3, b = .5, c = 0x1f) => 1'],
    ['new.target', 'function f(a = new.target, b) {}'],
  ])('skips a default value with %s', (_, source) => {
    const fn = from(source)
    expect(shape(fn)).toEqual(source.includes('c =') && !source.includes('(c, d') ? ['a', 'b', 'c'] : ['a', 'b'])
  })

  test.each([
    ['({ a, b }) => 1', ['{a b}']],
    ['({ a, b: { c, d }, e: [f] = [1, 2], g = { h: 1 } } = {}) => 1', ['{a b e g}']],
    ['({ "a b": c, \'d\\\'e\': f, "\\x67\\u0068\\u{69}\\n": g }) => 1', ["{a b d'e ghi\n}"]],
    ['({ 0x10: a, 1_0: b }) => 1', ['{16 10}']],
    ['({ [x()]: a, b }) => 1', ['{b +}']],
    ['({ a, ...others }) => 1', ['{a +}']],
    ['({}) => 1', ['{}']],
    ['([a, b], c) => 1', ['?', 'c']],
    ['({ a, }, b) => 1', ['{a}', 'b']],
    ['({ async, get, of: b }) => 1', ['{async get of}']],
  ])('reads the fields of %s', (source, expected) => {
    expect(shape(from(source))).toEqual(expected)
  })

  test.each<[string, Fn]>([
    ['a native function', Math.max],
    ['a bound function', ((a: number) => a).bind(null, 1)],
    ['a proxy', new Proxy((a: number) => a, {})],
    ['a class', class A {} as unknown as Fn],
    ['a class with a constructor', from('class A { constructor(a) {} }')],
    ['a class that extends an expression', from('class extends (function (a) {}) {}')],
  ])('does not know those of %s', (_, fn) => {
    expect(parameters(fn)).toBeUndefined()
  })

  test('reads only the list: what stands in the body does not matter, however large it is', () => {
    const fn = from(`(a, b) => "${'x'.repeat(1 << 20)}"`)
    expect(shape(fn)).toEqual(['a', 'b'])
  })

  const identifier = fc.stringMatching(/^[a-z_$][a-zA-Z0-9_$]{0,5}$/).filter(name => {
    try {
      new Function(`"use strict"; var ${name}`)
      return true
    } catch {
      return false
    }
  })
  const defaultValue = fc.oneof(
    fc.string().map(text => JSON.stringify(text)),
    fc.string().map(text => `\`${text.replace(/[\\`$]/g, '\\$&')}\``),
    fc.string().map(text => `/${text.replace(/[^a-z),(]/g, '').replace(/[(),]/g, '[$&]') || 'x'}/`),
    fc.string().map(text => `/* ${text.replaceAll('*', '')} */ 1`),
    fc.json(),
    fc.constantFrom('(x, y) => { return x / y }', 'function (x, y = ")") {}', '1 / 2', '[1, [2]]', '({ x: [1, 2] })'),
  )
  const optional = fc.option(defaultValue, { nil: undefined, freq: 1 })
  const written = (text: string, value: string | undefined) => (value === undefined ? text : `${text} = ${value}`)

  test('finds names and fields whatever the default values are', () => {
    const one = fc.oneof(
      fc
        .record({ name: identifier, value: optional })
        .map(({ name, value }) => ({ shape: name, source: written(name, value), names: [name] })),
      fc
        .record({
          fields: fc.uniqueArray(fc.tuple(identifier, optional), { selector: ([name]) => name, maxLength: 3 }),
          value: optional,
        })
        .map(({ fields, value }) => ({
          shape: `{${fields.map(([name]) => name).join(' ')}}`,
          source: written(`{ ${fields.map(([name, inner]) => written(name, inner)).join(', ')} }`, value),
          names: fields.map(([name]) => name),
        })),
    )
    const distinct = (list: { names: string[] }[]) => {
      const names = list.flatMap(item => item.names)
      return new Set(names).size === names.length
    }
    fc.assert(
      fc.property(fc.array(one, { maxLength: 4 }).filter(distinct), fc.boolean(), (list, arrow) => {
        const sources = list.map(item => item.source).join(', ')
        const fn = from(arrow ? `(${sources}) => 1` : `function (${sources}) {}`)
        expect(shape(fn)).toEqual(list.map(item => item.shape))
      }),
      { numRuns: 300 },
    )
  })
})

test('isNative() tells functions without source text', () => {
  expect(isNative(String(Math.max))).toBe(true)
  expect(isNative(String((() => 1).bind(null)))).toBe(true)
  expect(isNative('() => `{ [native code] }`')).toBe(false)
})
