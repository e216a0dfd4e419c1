// The program as a whole: help, errors, exit statuses, speed, signals.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Option, parse, typedName } from '../../lib/cli/arguments.ts'
import { commonOptions } from '../../lib/cli/command.ts'
import { type CommandName, commands, isCommand } from '../../lib/cli/registry.ts'
import { Bucket } from '../../lib/index.ts'
import { newFolder } from '../support/folders.ts'
import { bin, newPlace, say, start, until } from './support.ts'

const names = Object.keys(commands) as CommandName[]

describe('help', () => {
  test('of the whole names every command', async () => {
    const { status, stdout } = await say(['--help'])
    expect(status).toBe(0)
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
    for (const part of ['Options:', 'Examples:', 'Exit status:', 'NO_COLOR']) expect(stdout).toContain(part)
    expect(await say(['help'])).toMatchObject({ status: 0, stdout })
    // Without anything to do it is an error.
    expect(await say([])).toMatchObject({ status: 2, stdout: '', stderr: stdout })
  })

  const own = names.filter(name => name !== 'run')
  test.each(own)('of %s tells usage, every option, examples and exit statuses', async name => {
    const { command } = await commands[name].load()
    const { status, stdout } = await say([name, '--help'])
    expect(status).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Usage: bucketcache ${name}`))
    for (const [option, { hidden }] of Object.entries<Option<unknown>>(command.options)) {
      const typed = new RegExp(`--(\\[no-\\])?${typedName(option)}\\b`)
      if (hidden) expect(stdout).not.toMatch(typed)
      else expect(stdout).toMatch(typed)
    }
    expect(stdout).toMatch(/\nExamples:\n {2}# .+\n {2}bucketcache /)
    expect(stdout).toMatch(/\nExit status:\n {2}\d/)
    for (const line of stdout.split('\n'))
      if (!/^ {2}(bucketcache|#) /.test(line)) expect(line.length).toBeLessThanOrEqual(80)
    expect((await say([name, '-h'])).stdout).toBe(stdout)
    expect((await say(['help', name])).stdout).toBe(stdout)
    expect((await say(['--help', name])).stdout).toBe(stdout)
  })

  test.each(own)('the examples of %s are command lines', async name => {
    const { command } = await commands[name].load()
    for (const [typed] of command.examples) {
      for (const line of typed.split(/ \| | > | < /)) {
        const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
          ([, one, two, plain]) => one ?? two ?? plain!,
        )
        const at = words[0] === 'bucketcache' ? 1 : 0
        if (!isCommand(words[at]!)) continue
        const { command: its } = await commands[words[at]].load()
        expect(
          () => parse(words.slice(at + 1), { ...its.options, ...commonOptions }, its.stopEarly),
          line,
        ).not.toThrow()
      }
    }
  })
})

describe('errors', () => {
  test.each([
    [['lst'], 'Expected a command, got "lst", did you mean "ls"? (see: bucketcache --help)'],
    [['rm', 'x'], 'Expected a command, got "rm", did you mean "delete"? (see: bucketcache --help)'],
    [['constructor'], 'Expected a command, got "constructor" (see: bucketcache --help)'],
    [['ls', '--jsno'], 'Expected an option, got "--jsno", did you mean "--json"? (see: bucketcache ls --help)'],
    [['--jsno', 'ls'], 'Expected an option, got "--jsno" (see: bucketcache --help)'],
    [
      ['ls', '--sort', 'age'],
      'Expected --sort to be key, size, stored, expires or none, got "age" (see: bucketcache ls --help)',
    ],
    [['ls', 'x'], 'Expected no arguments, got "x" (see: bucketcache ls --help)'],
    [
      ['expire', '--at', 'noon'],
      'Expected --at to be a date such as 2030-01-31 or 2030-01-31T12:00Z, got "noon" (see: bucketcache expire --help)',
    ],
    [
      ['completion', 'ffish'],
      'Expected bash, zsh or fish, got "ffish", did you mean "fish"? (see: bucketcache completion --help)',
    ],
    [['--backend', 'json', 'stats'], 'Expected no --backend with stats (see: bucketcache stats --help)'],
  ])('%j is refused in one line with status 2', async (argv, line) => {
    const folder = join(newFolder(), 'cache')
    expect(await say(argv, { env: { BUCKETCACHE_FOLDER: folder } })).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `bucketcache: ${line}\n`,
    })
    expect(existsSync(folder)).toBe(false)
  })

  test('are one line whatever is in them, and with --debug tell where they come from', async () => {
    const { stderr } = await say(['two\nlines\u001b[2J'])
    expect(stderr).toBe('bucketcache: Expected a command, got "two lines\\u001b[2J" (see: bucketcache --help)\n')
    expect((await say(['lst', '--debug'])).stderr).toMatch(/\n {4}at .+main\.ts/)
  })

  test('of a folder of a newer format are status 3, and it is left alone', async () => {
    const { folder } = newPlace()
    new Bucket(folder).set('a', 1)
    writeFileSync(join(folder, 'bucketcache.json'), '{"format":99}')
    for (const argv of [['ls'], ['set', 'a', '2'], ['clear', '--yes']]) {
      const said = await say(argv, { env: { BUCKETCACHE_FOLDER: folder } })
      expect(said).toMatchObject({ status: 3, stderr: expect.stringMatching(/^bucketcache: .*newer bucketcache.*\n$/) })
    }
  })
})

describe('the process', () => {
  test('tells its version, in less than 100 ms', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    const timed = (...argv: string[]): number => {
      const begun = performance.now()
      execFileSync(process.execPath, argv)
      return performance.now() - begun
    }
    expect(execFileSync(process.execPath, [bin, '--version'], { encoding: 'utf8' })).toBe(`${version}\n`)
    // On a machine that is busy with other things, Node by itself may take longer than that.
    let [ours, bare] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    const end = Date.now() + 20_000
    do {
      bare = Math.min(bare, timed('-e', '0'))
      ours = Math.min(ours, timed(bin, '--version'))
    } while (ours > Math.max(100, 2 * bare) && Date.now() < end)
    expect(ours).toBeLessThan(Math.max(100, 2 * bare))
  })

  test('gives its exit status, and writes errors to standard error', async () => {
    const { env } = newPlace()
    expect(await start(['get', 'x'], { env })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^bucketcache: There is no/),
    })
    expect(await start(['set', 'x', '1'], { env })).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(await start(['get', 'x'], { env })).toMatchObject({ status: 0, stdout: '1\n' })
    expect(await start(['nope'], { env })).toMatchObject({ status: 2 })
  })

  test('stops quietly when nobody reads its output any more', async () => {
    const { env, folder } = newPlace()
    const bucket = new Bucket(folder)
    bucket.transact(() => {
      for (let i = 0; i < 3000; i++) bucket.set(`${'long key '.repeat(10)}${i}`, i)
    })
    const listing = start(['ls', '--sort', 'none'], { env })
    listing.child.stdout!.once('data', () => listing.child.stdout!.destroy())
    expect(await listing).toMatchObject({ status: 141, stderr: '' })
  })

  test.runIf(existsSync('/dev/full')).each([['--version'], ['--help'], ['ls'], ['info'], ['get', 'a']])(
    '%s tells in one line that its output cannot be written',
    async (...argv) => {
      const { env, folder } = newPlace()
      new Bucket(folder).set('a', 1)
      const words = ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, bin, ...argv]
      const said = await start(words, { env, program: 'sh' })
      expect(said).toMatchObject({ status: 3, stderr: expect.stringMatching(/^bucketcache: .*ENOSPC.*\n$/) })
    },
  )

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops long work at %s with status %d, and what was done stays done', async (signal, status) => {
    const { env, folder } = newPlace()
    const importing = start(['import'], { env, keepsInput: true })
    importing.child.stdin!.write('{"key":1,"value":1}\n')
    const bucket = new Bucket(folder)
    await until(() => bucket.has(1), 'it is stored')
    importing.child.kill(signal)
    const said = await importing
    expect(said).toMatchObject({
      status,
      stdout: '1\n',
      stderr: 'bucketcache: Interrupted: what was done stays done.\n',
    })
    expect([...bucket.keys()]).toEqual([1])
  })

  test('runs tasks, and shows their own help', async () => {
    expect(await start(['run', '--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Usage: bucketcache run /),
    })
    expect(await start(['run'])).toMatchObject({ status: 2 })
  })
})

test('the package says where the program is', () => {
  const { bin: bins } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(fileURLToPath(new URL(`../../${bins.bucketcache}`, import.meta.url))).toBe(bin)
  expect(readFileSync(bin, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
})
