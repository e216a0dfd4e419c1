// `exec` as a process: what is kept, what is given, and that nobody can tell which it was.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Bucket } from '../../../lib/index.ts'
import { filesIn } from '../../support/folders.ts'
import { bin, newPlace, type Started, type StartOptions, start, until, worker } from '../support.ts'

type More = StartOptions

/** Where there are none, a command writes into what Node makes. */
const hasPipes = spawnSync('mkfifo', ['--help']).error === undefined && process.platform !== 'win32'

/** Runs `exec` with these options on a command of these steps, which counts its runs. */
function place() {
  const there = newPlace()
  const words = (steps: string[]): string[] => worker(`log=${there.log}`, ...steps)
  const exec = (options: string[], steps: string[], more: More = {}): Started =>
    start(['exec', ...options, '--', ...words(steps)], { ...more, env: { ...there.env, ...more.env } })
  return { ...there, words, exec }
}

describe('output', () => {
  test('comes back byte for byte, with the exit status, and the command runs once', async () => {
    const { exec, runs } = place()
    const steps = ['out=one\n', 'bytes=70000', 'err=two\n', 'out=three']
    const first = await exec([], steps)
    const second = await exec([], steps)
    expect(first).toMatchObject({ status: 0, stderr: 'two\n' })
    expect(first.bytes).toHaveLength(4 + 70_000 + 5)
    expect(second).toEqual(first)
    expect(runs()).toBe(1)
  })

  test('streams while the command runs, and comes back in its order', async () => {
    const { root, exec, words, env } = place()
    const steps = ['out=a', `await=${join(root, '1')}`, 'err=b', `await=${join(root, '2')}`, 'out=c']
    const first = exec([], steps)
    await first.shows('a')
    writeFileSync(join(root, '1'), '')
    await first.complains('b')
    writeFileSync(join(root, '2'), '')
    expect(await first).toMatchObject({ stdout: 'ac', stderr: 'b' })
    // Both on one pipe.
    const shell = ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, bin, 'exec', '--', ...words(steps)]
    expect((await start(shell, { env, program: 'sh' })).stdout).toBe('abc')
  })

  test('of many megabytes takes bounded memory, on its way in and out', async () => {
    const { exec, folder, runs } = place()
    const megabytes = 128
    const report = (said: Awaited<Started>): { most: number; digest: string; length: number } => ({
      most: Number(/most (\d+) MB/.exec(said.stderr)?.[1]),
      digest: createHash('sha256').update(said.bytes).digest('hex'),
      length: said.bytes.length,
    })
    const more = { nodeOptions: ['--import', new URL('../../../fixtures/cli/memory.mjs', import.meta.url).href] }
    const first = report(await exec([], [`bytes=${megabytes * 2 ** 20}`], more))
    const second = report(await exec([], [`bytes=${megabytes * 2 ** 20}`], more))
    expect(first.length).toBe(megabytes * 2 ** 20)
    expect([second.digest, second.length]).toEqual([first.digest, first.length])
    expect(runs()).toBe(1)
    // Node itself takes some 60 of them.
    expect(first.most).toBeLessThan(60 + megabytes / 2)
    expect(second.most).toBeLessThan(60 + megabytes / 2)
    expect(new Bucket(folder).size).toBe(2)
  })

  test('nobody reads to its end: the command is told as by a pipe, and nothing is kept', async () => {
    const { exec, folder } = place()
    const running = exec(['--explain'], ['bytes=100000000'])
    running.child.stdout!.once('data', () => running.child.stdout!.destroy())
    const { stderr } = await running
    expect(stderr).toContain('not kept: ')
    expect(new Bucket(folder).size).toBe(0)
    expect(filesIn(join(folder, 'tmp'))).toEqual([])
  })

  test.runIf(hasPipes)('nobody reads to its end: SIGPIPE ends the command, and nothing else is said', async () => {
    const { env } = newPlace()
    const running = start(['exec', '--', 'cat', '/dev/zero'], { env })
    running.child.stdout!.once('data', () => running.child.stdout!.destroy())
    expect(await running).toMatchObject({ status: 141, stderr: '' })
  })

  test('nobody reads it at all: the status says so, the first time and from the cache', async () => {
    const { root, exec } = place()
    const steps = [`await=${join(root, 'go')}`, 'out=x']
    const first = exec([], steps)
    first.child.stdout!.destroy()
    await new Promise(resolve => first.child.stdout!.once('close', resolve))
    writeFileSync(join(root, 'go'), '')
    expect(await first).toMatchObject({ status: 141, stderr: '' })
    expect(await exec([], steps)).toMatchObject({ status: 0, stdout: 'x' })
    const second = exec([], steps)
    second.child.stdout!.destroy()
    expect(await second).toMatchObject({ status: 141, stderr: '' })
  })

  test.runIf(hasPipes)('may be opened by its name, as a pipe of a shell', async () => {
    const { env } = newPlace()
    const command = ['exec', '--', 'sh', '-c', 'echo one > /dev/stdout; echo two > /dev/stderr']
    const first = await start(command, { env })
    expect(first).toMatchObject({ status: 0, stdout: 'one\n', stderr: 'two\n' })
    expect(await start(command, { env })).toEqual(first)
  })

  test('of what the command has left running comes back, too', async () => {
    const { root, env } = newPlace()
    const go = join(root, 'go')
    const code = `(${worker(`await=${go}`, 'out=late').join(' ')}) & echo early`
    const first = start(['exec', '--', 'sh', '-c', code], { env })
    await first.shows('early')
    writeFileSync(go, '')
    expect(await first).toMatchObject({ status: 0, stdout: 'early\nlate' })
    expect(await start(['exec', '--', 'sh', '-c', code], { env })).toMatchObject({ stdout: 'early\nlate' })
  })

  test.runIf(existsSync('/dev/full'))('that cannot be written is told of, and nothing is kept', async () => {
    const { env, folder } = newPlace()
    const exec = (to: string): Started =>
      start(['-c', `exec "$@" ${to}`, 'sh', process.execPath, bin, 'exec', '--', 'echo', 'x'], { env, program: 'sh' })
    const refused = { status: 125, stderr: expect.stringMatching(/^bucketcache: .*ENOSPC.*\n$/) }
    expect(await exec('> /dev/full')).toMatchObject(refused)
    expect(new Bucket(folder).size).toBe(0)
    expect(await exec('')).toMatchObject({ status: 0, stdout: 'x\n' })
    expect(await exec('> /dev/full')).toMatchObject(refused)
  })

  test('standard input reaches the command', async () => {
    const { exec } = place()
    expect(await exec([], ['stdin'], { input: 'from outside' })).toMatchObject({ stdout: 'from outside' })
  })
})

describe('what is kept', () => {
  test('a failure is not, unless --cache-failures says so, and then it is given to who says so', async () => {
    const { exec, runs } = place()
    const steps = ['out=oops', 'exit=3']
    expect(await exec([], steps)).toMatchObject({ status: 3, stdout: 'oops' })
    expect(await exec(['--cache-failures'], steps)).toMatchObject({ status: 3, stdout: 'oops' })
    expect(runs()).toBe(2)
    expect(await exec(['--cache-failures'], steps)).toMatchObject({ status: 3, stdout: 'oops' })
    expect(runs()).toBe(2)
    expect(await exec([], steps)).toMatchObject({ status: 3 })
    expect(runs()).toBe(3)
  })

  test('a run that a signal ended is not, and the status says which', async () => {
    const { exec, runs } = place()
    const status = 128 + constants.signals.SIGKILL
    for (let i = 1; i <= 2; i++) {
      expect(await exec(['--cache-failures'], ['out=x', 'kill=SIGKILL'])).toMatchObject({ status, stdout: 'x' })
      expect(runs()).toBe(i)
    }
  })

  test('--force runs again, and what it gives is kept', async () => {
    const { exec, runs, root } = place()
    const input = join(root, 'input')
    const print = ['exec', '--', process.execPath, '-p', `fs.readFileSync(${JSON.stringify(input)}, 'utf8')`]
    const { env } = place()
    writeFileSync(input, 'old')
    expect(await start(print, { env })).toMatchObject({ stdout: 'old\n' })
    writeFileSync(input, 'new')
    expect(await start(print, { env })).toMatchObject({ stdout: 'old\n' })
    expect(await start(['exec', '--force', ...print.slice(1)], { env })).toMatchObject({ stdout: 'new\n' })
    expect(await start(print, { env })).toMatchObject({ stdout: 'new\n' })
    expect([runs(), await exec(['--force'], []).then(runs)]).toEqual([0, 1])
  })

  test('--only-cached never runs', async () => {
    const { exec, runs, folder } = place()
    expect(await exec(['--only-cached'], ['out=x'])).toMatchObject({ status: 123, stdout: '', stderr: '' })
    expect(runs()).toBe(0)
    expect(existsSync(folder)).toBe(false)
    await exec([], ['out=x'])
    expect(await exec(['--only-cached'], ['out=x'])).toMatchObject({ status: 0, stdout: 'x' })
    expect(runs()).toBe(1)
  })

  test('takes tags, by which it is evicted, its long output too', async () => {
    const { exec, env, folder, runs } = place()
    await exec(['--tag', 'a', '--tag', '7'], ['bytes=300000'])
    const bucket = new Bucket(folder)
    expect([...bucket.list()].map(({ tags }) => tags)).toEqual([
      ['a', 7],
      ['a', 7],
    ])
    expect(await start(['evict', 'a'], { env })).toMatchObject({ stdout: '2\n' })
    expect(await exec([], ['bytes=300000'])).toMatchObject({ status: 0 })
    expect(runs()).toBe(2)
    await exec(['--force'], ['bytes=300000'])
    // The output that was replaced is gone.
    expect(bucket.size).toBe(2)
  })

  test('what is left of a recording whose output was culled is not given', async () => {
    const { exec, folder, runs } = place()
    await exec([], ['bytes=300000'])
    const bucket = new Bucket(folder)
    for (const key of bucket.keys()) if (Array.isArray(key)) bucket.delete(key)
    const said = await exec(['--explain'], ['bytes=300000'])
    expect(said.bytes).toHaveLength(300_000)
    expect(said.stderr).toContain('miss: what is stored has lost its output')
    expect(runs()).toBe(2)
  })
})

describe('the key', () => {
  test('has the working directory in it, unless --no-cwd', async () => {
    const { root, exec, runs } = place()
    const other = join(root, 'other')
    mkdirSync(other)
    await exec([], [], { cwd: root })
    await exec(['--cwd'], [], { cwd: other })
    expect(runs()).toBe(2)
    await exec(['--no-cwd'], [], { cwd: root })
    await exec(['--no-cwd'], [], { cwd: other })
    expect(runs()).toBe(3)
  })

  test('has variables, inputs, a text of one’s own and the scope in it', async () => {
    const { root, exec, runs } = place()
    const input = join(root, 'input.txt')
    writeFileSync(input, 'one')
    const options = ['--env', 'LEVEL', '--input', '*.txt', '--key', 'k', '--scope', 's']
    const at = { cwd: root, env: { LEVEL: '1' } }
    await exec(options, [], at)
    await exec(options, [], at)
    expect(runs()).toBe(1)
    await exec(options, [], { cwd: root, env: { LEVEL: '2' } })
    expect(runs()).toBe(2)
    writeFileSync(input, 'two')
    await exec(options, [], at)
    expect(runs()).toBe(3)
    await exec([...options, '--key', 'l'], [], at)
    await exec([...options, '--scope', 't'], [], at)
    await exec(options, ['out='], at)
    expect(runs()).toBe(6)
  })

  test('of input files that change meanwhile nothing is kept', async () => {
    const { root, exec, runs } = place()
    const input = join(root, 'input.txt')
    writeFileSync(input, 'before')
    const running = exec(['--input', 'input.txt', '-x'], [`await=${join(root, 'go')}`], { cwd: root })
    await until(() => runs() === 1, 'the command runs')
    writeFileSync(input, 'after')
    writeFileSync(join(root, 'go'), '')
    expect((await running).stderr).toContain('not kept: input files changed while it ran')
  })
})

describe('lifetime', () => {
  test('past it the command runs again; --stale gives the old output, and refreshes it in the background', async () => {
    const { exec, runs, folder } = place()
    await exec(['--lifetime', '1ms', '--stale', '1h'], ['out=x'])
    expect(runs()).toBe(1)
    // Old without --stale, so it runs.
    await exec(['--lifetime', '1ms'], ['out=x'])
    expect(runs()).toBe(2)
    await exec(['--lifetime', '1ms', '--stale', '1h', '--force'], ['out=x'])
    expect(runs()).toBe(3)
    const before = [...new Bucket(folder).list()][0]!.version
    const stale = await exec(['--lifetime', '1ms', '--stale', '1h', '-x'], ['out=x'])
    expect(stale).toMatchObject({
      status: 0,
      stdout: 'x',
      stderr: expect.stringContaining('refreshed in the background'),
    })
    await until(() => [...new Bucket(folder).list()][0]?.version !== before, 'it was refreshed')
    expect(runs()).toBe(4)
  })

  test('a shorter one, given later, counts', async () => {
    const { exec, runs } = place()
    await exec([], ['out=x'])
    await exec(['--lifetime', '1h'], ['out=x'])
    expect(runs()).toBe(1)
    await exec(['--lifetime', '1ms'], ['out=x'])
    expect(runs()).toBe(2)
  })
})

describe('identical commands that are started together', () => {
  test('run once', async () => {
    const { root, exec, runs } = place()
    const go = join(root, 'go')
    const steps = [`await=${go}`, 'out=once']
    const all = Array.from({ length: 4 }, () => exec(['--explain'], steps))
    await Promise.all(all.map(each => each.complains('miss: ')))
    writeFileSync(go, '')
    for (const said of await Promise.all(all)) expect(said).toMatchObject({ status: 0, stdout: 'once' })
    expect(runs()).toBe(1)
  })

  test('if the one that runs is killed, another takes over', async () => {
    const { root, exec, runs } = place()
    const go = join(root, 'go')
    const first = exec([], [`await=${go}`, 'out=x'])
    await until(() => runs() === 1, 'the first runs')
    const second = exec(['--explain'], [`await=${go}`, 'out=x'])
    await second.complains('wait: another process is running it\n')
    expect(runs()).toBe(1)
    first.child.kill('SIGKILL')
    await until(() => runs() === 2, 'the second runs')
    writeFileSync(go, '')
    expect(await second).toMatchObject({ status: 0, stdout: 'x' })
  })

  test('if the one that runs fails, the others try themselves', async () => {
    const { root, exec, runs, folder } = place()
    const go = join(root, 'go')
    const both = [1, 2].map(() => exec(['--explain'], [`await=${go}`, 'exit=1']))
    await Promise.all(both.map(each => each.complains('miss: ')))
    writeFileSync(go, '')
    for (const said of await Promise.all(both)) expect(said.status).toBe(1)
    expect(runs()).toBe(2)
    // Nothing is left of the claims.
    expect(filesIn(folder).filter(name => name.endsWith('.v8'))).toEqual([])
  })
})

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)(
    '%s reaches the command, whose word counts',
    async signal => {
      const { root, exec, folder } = place()
      const running = exec(['--explain'], [`on=${signal}`, 'out=ready\n', `await=${join(root, 'never')}`])
      await running.shows('ready')
      running.child.kill(signal)
      const said = await running
      expect(said).toMatchObject({ status: 0, stdout: `ready\n${signal}\n` })
      // A run that was disturbed may not have done all it would have.
      expect(said.stderr).toContain('not kept: a signal came')
      expect(new Bucket(folder).size).toBe(0)
    },
  )

  test('a command that a signal ends gives 128 and its number', async () => {
    const { root, exec, runs } = place()
    const running = exec([], [`await=${join(root, 'never')}`])
    await until(() => runs() === 1, 'the command runs')
    running.child.kill('SIGTERM')
    expect(await running).toMatchObject({ status: 143 })
  })
})

describe('what goes wrong', () => {
  test.each([
    ['a command that is not there', [join('no', 'such', 'command')], 127, 'command not found'],
    ['a file that is no command', ['/dev/null'], 126, 'permission denied'],
  ])('%s', async (_, words, status, message) => {
    const { env } = newPlace()
    const said = await start(['exec', '--', ...words], { env })
    expect(said).toMatchObject({ status, stdout: '' })
    expect(said.stderr).toMatch(new RegExp(`^bucketcache: .*${message}\n$`))
  })

  test('with the cache does not keep the command from running', async () => {
    const { root, exec, runs } = place()
    const file = join(root, 'file')
    writeFileSync(file, '')
    const said = await exec(['--folder', join(file, 'cache')], ['out=x', 'exit=4'])
    expect(said).toMatchObject({ status: 4, stdout: 'x' })
    expect(said.stderr).toMatch(/^bucketcache: the cache cannot be opened, so the command just runs: .+\n$/)
    expect(await exec(['--only-cached', '--folder', join(file, 'cache')], ['out=x'])).toMatchObject({ status: 123 })
    expect(runs()).toBe(1)
  })

  test('a folder of somebody else is left alone', async () => {
    const { folder, exec, runs } = place()
    mkdirSync(folder)
    writeFileSync(join(folder, 'precious'), '')
    expect(await exec([], ['out=x'])).toMatchObject({
      status: 0,
      stdout: 'x',
      stderr: `bucketcache: the cache cannot be opened, so the command just runs: Expected a cache folder, or one that is new or empty, got ${folder}\n`,
    })
    expect(await exec(['--only-cached'], ['out=x'])).toMatchObject({ status: 123 })
    expect(filesIn(folder)).toEqual(['precious'])
    expect(runs()).toBe(1)
  })

  test('a newer format is left alone', async () => {
    const { folder, exec } = place()
    mkdirSync(folder)
    writeFileSync(join(folder, 'bucketcache.json'), '{"format":99}')
    expect(await exec([], ['out=x'])).toMatchObject({
      status: 0,
      stdout: 'x',
      stderr: expect.stringContaining('newer'),
    })
    expect(filesIn(folder)).toEqual(['bucketcache.json'])
  })

  test.each([
    [['exec'], 'Expected COMMAND, got nothing'],
    [['exec', '--lifetime', '60', '--', 'x'], 'got "60", did you mean "60s"?'],
    [['exec', '--stale', '1h', '--', 'x'], 'Expected --lifetime with --stale'],
    [['exec', '--force', '--only-cached', '--', 'x'], 'Expected one of --force and --only-cached, got both'],
    [['exec', '--env', 'A=B', '--', 'x'], 'Expected the name of a variable behind --env, got "A=B"'],
    [['exec', '--lifetme', '1h', '--', 'x'], 'Expected an option, got "--lifetme", did you mean "--lifetime"?'],
  ])('%j is refused with status 125', async (argv, message) => {
    const { env, folder } = newPlace()
    const said = await start(argv, { env })
    expect(said).toMatchObject({ status: 125, stdout: '' })
    expect(said.stderr).toContain(`bucketcache: `)
    expect(said.stderr).toContain(message)
    expect(said.stderr.trimEnd()).not.toContain('\n')
    expect(existsSync(folder)).toBe(false)
  })
})

describe('what it costs', () => {
  test('a hit loads little of the program, and nothing of the bucket', async () => {
    const { exec, root } = place()
    await exec([], ['out=x'])
    const coverage = join(root, 'coverage')
    await exec([], ['out=x'], { env: { NODE_V8_COVERAGE: coverage } })
    const loaded = loadedFrom(coverage)
    expect(loaded).toContain('cli/bin.js')
    expect(loaded.filter(name => /^(ops|io|keymakers|backends|[^/]*\.js$)/.test(name))).toEqual([])
    expect(loaded.length).toBeLessThan(30)
  })
})

/** The modules of the program that a run has loaded. */
function loadedFrom(coverage: string): string[] {
  return readdirSync(coverage).flatMap(name => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as { result: { url: string }[] }
    return result.map(({ url }) => /\/dist\/(.+)$/.exec(url)?.[1]).filter(found => found !== undefined)
  })
}
