import { describe, expect, test } from 'vitest'
import { asText, checkPositionals, choice, flag, many, one, parse, typedName } from '../../lib/cli/arguments.ts'
import { UsageError } from '../../lib/cli/errors.ts'
import { readCount } from '../../lib/cli/units.ts'

const options = {
  verbose: flag('', { short: 'v' }),
  quiet: flag('', { short: 'q' }),
  cwd: flag('', { deniable: true, fallback: true }),
  onlyCached: flag(''),
  limit: one('COUNT', readCount, '', { short: 'n' }),
  tag: many('TAG', asText, '', { short: 't' }),
  sort: choice(['key', 'size'], ''),
}

describe('parse()', () => {
  test('gives every option its fallback', () => {
    expect(parse([], options).values).toEqual({
      verbose: false,
      quiet: false,
      cwd: true,
      onlyCached: false,
      limit: undefined,
      tag: [],
      sort: undefined,
    })
  })

  test.each([[['--limit', '3']], [['--limit=3']], [['-n', '3']], [['-n3']], [['-vn3']], [['-vn', '3']]])(
    'reads %j',
    argv => {
      expect(parse(argv, options).values.limit).toBe(3)
    },
  )

  test('gathers what may be given more than once, and counts the last of the rest', () => {
    const { values } = parse(['-t', 'a', '--limit=1', '--tag=b', '-tc', '--limit=2'], options)
    expect(values).toMatchObject({ tag: ['a', 'b', 'c'], limit: 2 })
  })

  test('takes flags together, by long names of several words, and denied', () => {
    const { values } = parse(['-vq', '--only-cached', '--no-cwd'], options)
    expect(values).toMatchObject({ verbose: true, quiet: true, onlyCached: true, cwd: false })
  })

  test('lets positionals stand anywhere, - among them, and everything behind --', () => {
    const { positionals } = parse(['a', '-v', '-', 'b', '--', '--limit', '-x', '--'], options)
    expect(positionals).toEqual(['a', '-', 'b', '--limit', '-x', '--'])
  })

  test('an empty value, and one that begins with a hyphen, is a value', () => {
    expect(parse(['-t', '', '--tag=', '--tag', '-v'], options).values).toMatchObject({
      tag: ['', '', '-v'],
      verbose: false,
    })
  })

  test('stopEarly: what follows the first positional belongs to somebody else', () => {
    const { positionals, values } = parse(['-v', 'ls', '-q', '--', '--limit=x'], options, true)
    expect(positionals).toEqual(['ls', '-q', '--', '--limit=x'])
    expect(values).toMatchObject({ verbose: true, quiet: false })
    expect(parse(['-v', '--', '-q', 'x'], options, true).positionals).toEqual(['-q', 'x'])
  })

  test.each([
    [['--nope'], 'Expected an option, got "--nope"'],
    [['-z'], 'Expected an option, got "-z"'],
    [['--no-verbose'], 'Expected an option, got "--no-verbose"'],
    [['--limit'], 'Expected COUNT behind --limit, got nothing'],
    [['-vn'], 'Expected COUNT behind -n, got nothing'],
    [['--limit', 'many'], 'Expected --limit to be a whole number, got "many"'],
    [['-n-1'], 'Expected -n to be a whole number, got "-1"'],
    [['--verbose=yes'], 'Expected --verbose without a value, got "yes"'],
    [['--no-cwd=1'], 'Expected --no-cwd without a value, got "1"'],
    [['--sort', 'name'], 'Expected --sort to be key or size, got "name"'],
  ])('refuses %j', (argv, message) => {
    expect(() => parse(argv, options)).toThrow(UsageError)
    expect(() => parse(argv, options)).toThrow(message)
  })

  test.each(['__proto__', 'constructor', 'toString'])('knows no option --%s', name => {
    expect(() => parse([`--${name}`], options)).toThrow(UsageError)
  })
})

describe('checkPositionals()', () => {
  test.each<[string[], string[]]>([
    [[], []],
    [['a'], ['KEY']],
    [['a'], ['KEY', '[VALUE]']],
    [
      ['a', 'b'],
      ['KEY', '[VALUE]'],
    ],
    [['a', 'b', 'c'], ['KEY…']],
    [
      ['a', 'b', 'c'],
      ['COMMAND', '[ARGUMENT…]'],
    ],
  ])('%j are %j', (given, wanted) => {
    expect(() => checkPositionals(given, wanted)).not.toThrow()
  })

  test.each<[string[], string[], string]>([
    [[], ['KEY'], 'Expected KEY, got nothing'],
    [['a'], [], 'Expected no arguments, got "a"'],
    [['a', 'b'], ['KEY'], 'Expected nothing behind KEY, got "b"'],
    [['a', 'b', 'c'], ['KEY', '[VALUE]'], 'Expected nothing behind VALUE, got "c"'],
  ])('%j are not %j', (given, wanted, message) => {
    expect(() => checkPositionals(given, wanted)).toThrow(new UsageError(message))
  })
})

test('typedName() makes of a name in code what is typed', () => {
  expect(['folder', 'onlyCached', 'asListed'].map(typedName)).toEqual(['folder', 'only-cached', 'as-listed'])
})
