import { expect, test } from 'vitest'
import { Layout } from '../../lib/memo/layout.ts'
import type { AnyFunction } from '../../lib/memo/types.ts'

type Settings = Partial<ConstructorParameters<typeof Layout>[1]>

function layout(fn: AnyFunction, settings: Settings): Layout {
  return new Layout(fn, { ignore: [], nocache: undefined, params: undefined, ...settings })
}

function keyed(fn: AnyFunction, settings: Settings, ...args: unknown[]): readonly unknown[] {
  return layout(fn, settings).keyed(args)
}

test('a parameter is left out by name or by position', () => {
  const fn = (a: unknown, b: unknown, c: unknown) => [a, b, c]
  expect(keyed(fn, { ignore: ['b'] }, 1, 2, 3)).toEqual([1, 3])
  expect(keyed(fn, { ignore: [1] }, 1, 2, 3)).toEqual([1, 3])
  expect(keyed(fn, { ignore: ['a', 2] }, 1, 2, 3)).toEqual([2])
})

test('a parameter with a default value is known by its name', () => {
  const fn = (a: unknown, log = (text: string) => text.split(','), b = 1) => [a, log, b]
  expect(keyed(fn, { ignore: ['log'] }, 1, () => [], 3)).toEqual([1, 3])
})

test('the name of a rest parameter leaves out all that it gathers', () => {
  const fn = (a: unknown, ...rest: unknown[]) => [a, rest]
  expect(keyed(fn, { ignore: ['rest'] }, 1, 2, 3)).toEqual([1])
  expect(keyed(fn, { ignore: ['rest'] }, 1)).toEqual([1])
  expect(keyed(fn, { ignore: [2] }, 1, 2, 3, 4)).toEqual([1, 2, 4])
})

test('a path leaves a part of an argument out, and changes nothing in it', () => {
  const fn = (url: string, options: object) => [url, options]
  const options = { signal: {}, headers: { date: 1, accept: 2 } }
  expect(keyed(fn, { ignore: ['options.signal'] }, 'u', options)).toEqual(['u', { headers: { date: 1, accept: 2 } }])
  expect(keyed(fn, { ignore: ['options.signal', 'options.headers.date'] }, 'u', options)).toEqual([
    'u',
    { headers: { accept: 2 } },
  ])
  expect(keyed(fn, { ignore: ['1.signal'] }, 'u', options)).toEqual(['u', { headers: { date: 1, accept: 2 } }])
  expect(options).toEqual({ signal: {}, headers: { date: 1, accept: 2 } })
})

test('a path that leads nowhere leaves the argument as it is', () => {
  const fn = (options: unknown) => options
  for (const arg of [undefined, null, 5, 'signal', new Map([['signal', 1]]), { other: 1 }]) {
    expect(keyed(fn, { ignore: ['options.signal.reason'] }, arg)).toEqual(arg === undefined ? [] : [arg])
  }
})

test('a path leads into what stands for an object in keys', () => {
  const fn = (request: object) => request
  const request = { url: 'u', toJSON: () => ({ url: 'u', at: 5 }) }
  expect(keyed(fn, { ignore: ['request.at'] }, request)).toEqual([{ url: 'u' }])
})

test('a field of a destructured parameter is left out by its name', () => {
  const fn = (a: unknown, { b, c = 1 }: { b?: unknown; c?: unknown }) => [a, b, c]
  expect(keyed(fn, { ignore: ['b'] }, 1, { b: 2, c: 3 })).toEqual([1, { c: 3 }])
})

test('any name may be a field where a pattern takes further ones', () => {
  const fn = ({ a, ...others }: { a?: unknown; [name: string]: unknown }) => [a, others]
  expect(keyed(fn, { ignore: ['b'] }, { a: 1, b: 2, c: 3 })).toEqual([{ a: 1, c: 3 }])
})

test.each([['x'], ['x.y'], [3], ['aa']])('%j is none of the parameters: a TypeError', wanted => {
  const fn = (alpha: unknown, { beta }: { beta?: unknown }, [gamma]: unknown[]) => [alpha, beta, gamma]
  expect(() => layout(fn, { ignore: [wanted] })).toThrow(TypeError)
  expect(() => layout(fn, { nocache: wanted })).toThrow(/nocache.*alpha, beta/)
})

test('a TypeError for a name suggests the one that was meant', () => {
  const fn = (verbose: unknown) => verbose
  expect(() => layout(fn, { ignore: ['verbos'] })).toThrow(/did you mean "verbose"/)
})

test('without source text only positions are known, or the names in params', () => {
  const fn = ((a: unknown, b: unknown) => [a, b]).bind(null)
  expect(() => layout(fn, { ignore: ['b'] })).toThrow(/params/)
  expect(keyed(fn, { ignore: [1] }, 1, 2)).toEqual([1])
  expect(keyed(fn, { ignore: ['second'], params: ['first', 'second'] }, 1, 2)).toEqual([1])
  expect(keyed(fn, { ignore: ['more'], params: ['first', '...more'] }, 1, 2, 3)).toEqual([1])
  expect(() => layout(fn, { ignore: ['third'], params: ['first', 'second'] })).toThrow(TypeError)
})

test('params stand in place of the names in the source text', () => {
  const minified = (e: unknown, { t: u }: { t?: unknown }, ...r: unknown[]) => [e, u, r]
  const settings = { params: ['url', 'options', 'rest'] }
  expect(layout(minified, settings).named(['u', { t: 1 }, 2, 3])).toEqual({ url: 'u', options: { t: 1 }, rest: [2, 3] })
  expect(keyed(minified, { ...settings, ignore: ['options.t', 'rest'] }, 'u', { t: 1 }, 2)).toEqual(['u', {}])
  expect(() => layout(minified, { params: [''] })).toThrow(TypeError)
})

test('what skips the look-up is not in the key', () => {
  const fn = (a: unknown, fresh: unknown) => [a, fresh]
  const known = layout(fn, { nocache: 'fresh' })
  expect(known.keyed([1, true])).toEqual([1])
  expect([true, 1, 'x', false, 0, undefined].map(fresh => known.skipsLookUp([1, fresh]))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ])
  const rest = layout((a: unknown, ...flags: unknown[]) => [a, flags], { nocache: 'flags' })
  expect([rest.skipsLookUp([1]), rest.skipsLookUp([1, false])]).toEqual([false, true])
})

test('undefined at the end is left away up to a rest parameter, and where the source is known', () => {
  expect(keyed((a: unknown, b: unknown) => [a, b], {}, 1, undefined)).toEqual([1])
  expect(keyed((a: unknown, b: unknown) => [a, b], {}, undefined, undefined)).toEqual([])
  expect(keyed((a: unknown, b: unknown) => [a, b], { ignore: ['b'] }, undefined, 2)).toEqual([])
  expect(keyed((a: unknown, ...b: unknown[]) => [a, b], {}, undefined)).toEqual([])
  expect(keyed((a: unknown, ...b: unknown[]) => [a, b], {}, 1, undefined)).toEqual([1, undefined])
  expect(keyed((() => 1).bind(null), {}, undefined)).toEqual([undefined])
})

test('arguments without a name go by their position', () => {
  const fn = (a: unknown, [b]: unknown[], { c }: { c?: unknown }) => [a, b, c]
  expect(layout(fn, {}).named([1, [2], { c: 3 }, 4])).toEqual({ a: 1, '1': [2], c: 3, '3': 4 })
  expect(layout(fn, {}).named([1, [2], null])).toEqual({ a: 1, '1': [2], '2': null })
  expect(layout(Math.max, {}).named([7, 8])).toEqual({ '0': 7, '1': 8 })
})
