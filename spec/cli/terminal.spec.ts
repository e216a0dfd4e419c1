// On a pseudo-terminal, which `script` of util-linux makes: progress, prompts, colours, Ctrl-C. Where there is none the same is
// tried with streams that say that they are terminals, in the other specs.

import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { bin, newPlace, until } from './support.ts'

const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '')
if (!hasScript) console.warn('There is no `script` of util-linux here: nothing is tried on a pseudo-terminal.')

/** Runs the built program on a terminal of 80 columns; what is typed goes to it as from a keyboard. */
function onTerminal(argv: string[], env: NodeJS.ProcessEnv) {
  const words = [process.execPath, bin, ...argv].map(word => `'${word.replaceAll("'", "'\\''")}'`)
  // exec: the shell would get Ctrl-C as well, and some, as dash, then end by it whatever the command answers.
  const command = `stty cols 80; exec ${words.join(' ')}`
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...process.env, SHELL: '/bin/sh', TERM: 'xterm', NO_COLOR: '', ...env },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  const ended = new Promise<{ status: number | null; text: string }>(resolve => {
    child.once('close', status => resolve({ status, text }))
  })
  const shows = (part: string) => until(() => text.includes(part), `the terminal shows ${JSON.stringify(part)}`)
  return { ended, shows, type: (keys: string) => child.stdin.write(keys) }
}

describe.runIf(hasScript)('on a terminal', () => {
  test('tables are painted, and fit', async () => {
    const { env, folder } = newPlace()
    const bucket = new Bucket(folder)
    bucket.set('a key that is so long that it does not fit on a line of eighty columns, by far', 'x'.repeat(5000))
    const { status, text } = await onTerminal(['ls'], env).ended
    expect(status).toBe(0)
    expect(text).toContain('\u001b[2mKEY\u001b[22m')
    const plain = stripVTControlCharacters(text).split('\r\n')
    expect(plain[1]).toMatch(/^a key that is .+… +4\.9 KiB +\w+ ago +never$/)
    for (const line of plain) expect(line.length).toBeLessThanOrEqual(80)
    expect((await onTerminal(['ls'], { ...env, NO_COLOR: '1' }).ended).text).not.toContain('\u001b[')
  })

  test('long work shows how far it is, on one line that goes away', async () => {
    const { env, folder } = newPlace()
    new Bucket(folder).set('a', 1)
    const { status, text } = await onTerminal(['check'], { ...env, NO_COLOR: '1' }).ended
    expect(status).toBe(0)
    const drawn = text.split('\u001b[K')
    for (const line of drawn.slice(0, -2)) expect(line).toMatch(/^\rChecking [█░]{24} \d+ %, \d+\.\d s$/)
    expect(drawn.slice(-2)).toEqual(['\r', 'bucketcache: all is in order\r\n'])
  })

  test('clear asks, and does what is answered', async () => {
    const { env, folder } = newPlace()
    const bucket = new Bucket(folder)
    bucket.set('a', 1)
    const first = onTerminal(['clear'], env)
    await first.shows(`Remove all 1 entries of ${folder}? [y/N] `)
    first.type('n\r')
    expect(await first.ended).toMatchObject({ status: 1, text: expect.stringContaining('nothing was removed') })
    expect(bucket.size).toBe(1)
    const second = onTerminal(['clear'], env)
    await second.shows('[y/N] ')
    second.type('y\r')
    expect(await second.ended).toMatchObject({ status: 0, text: expect.stringContaining('1 entry removed') })
    expect(bucket.size).toBe(0)
  })

  test('Ctrl-C at the question is no', async () => {
    const { env, folder } = newPlace()
    const bucket = new Bucket(folder)
    bucket.set('a', 1)
    const asked = onTerminal(['clear'], env)
    await asked.shows('[y/N] ')
    asked.type('\u0003')
    expect(await asked.ended).toMatchObject({ status: 130, text: expect.stringContaining('Interrupted') })
    expect(bucket.size).toBe(1)
  })

  test('Ctrl-D at the question is no', async () => {
    const { env, folder } = newPlace()
    const bucket = new Bucket(folder)
    bucket.set('a', 1)
    const asked = onTerminal(['clear'], env)
    await asked.shows('[y/N] ')
    asked.type('\u0004')
    const { status, text } = await asked.ended
    expect(status).toBe(1)
    expect(text).toMatch(/\[y\/N\] \r\nbucketcache: nothing was removed\r\n$/)
    expect(bucket.size).toBe(1)
  })

  test('Ctrl-C reaches a command once, from the terminal itself', async () => {
    const { env, root } = newPlace()
    const code =
      'let n = 0; process.on("SIGINT", () => { console.log("got", ++n); setTimeout(() => process.exit(7), 300) }); setInterval(() => {}, 1000); console.log("rea" + "dy")'
    const running = onTerminal(['exec', '--', process.execPath, '-e', code], env)
    await running.shows('ready')
    running.type('\u0003')
    const { status, text } = await running.ended
    expect(status).toBe(7)
    expect(text).toContain('got 1')
    expect(text).not.toContain('got 2')
    expect([...new Bucket(join(root, 'cache')).keys()]).toEqual([])
  })

  test('a hit gives what the first run gave', async () => {
    const { env } = newPlace()
    const command = ['exec', '--', process.execPath, '-e', 'console.log("out"); console.error("err")']
    const first = await onTerminal(command, env).ended
    expect(first.text.split('\r\n').sort()).toEqual(['', 'err', 'out'])
    expect(await onTerminal(command, env).ended).toEqual(first)
  })
})
