import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { isAlive, thisOwner } from '../../lib/io/identity.ts'
import { type OwnerParts, readOwner, writeOwner } from '../../lib/io/owner.ts'
import { builtModule } from '../support/built.ts'

const me = readOwner(thisOwner())!
const other = (change: Partial<OwnerParts>): string => writeOwner({ ...me, ...change })
const minute = 60_000
/** Whether it is known to be alive, or to be dead, whenever it showed itself. */
const known = (owner: string): boolean | undefined => {
  const [now, long] = [isAlive(owner, Date.now(), minute), isAlive(owner, 0, minute)]
  return now === long ? now : undefined
}
const linux = process.platform === 'linux'
const sayWho = `import(${JSON.stringify(await builtModule('lib/io/identity.ts'))}).then(({ thisOwner }) => {
  const say = text => require('node:worker_threads').parentPort?.postMessage(text) ?? process.stdout.write(text + '\\n')
  say(thisOwner())
})
setInterval(() => {}, 1000)`

async function startProcess(): Promise<{ child: ChildProcess; owner: string }> {
  const child = spawn(process.execPath, ['--eval', sayWho], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [said] = (await once(child.stdout!, 'data')) as [Buffer]
  return { child, owner: said.toString().trim() }
}

describe('isAlive()', () => {
  test('this thread is', () => {
    expect(known(thisOwner())).toBe(true)
    expect(me.pid).toBe(process.pid)
  })

  test('a process is while it runs, and not when it has ended', async () => {
    const { child, owner } = await startProcess()
    expect(known(owner)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(known(owner)).toBe(false)
  })

  test('a thread is while it runs, and not when it has ended, though its process lives', async () => {
    const worker = new Worker(sayWho, { eval: true })
    const [owner] = (await once(worker, 'message')) as [string]
    expect(owner).not.toBe(thisOwner())
    expect(known(owner)).toBe(true)
    await worker.terminate()
    if (linux) expect(known(owner)).toBe(false)
  })

  test.runIf(linux)('a process that has ended and waits for its parent to look is not', async () => {
    // The shell starts a process, becomes another program that never looks, and so leaves a zombie behind.
    const shell = spawn('sh', ['-c', '(exec sleep 0.01) & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    onTestFinished(() => void shell.kill('SIGKILL'))
    const [said] = (await once(shell.stdout!, 'data')) as [Buffer]
    const pid = Number(said.toString())
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')).toBe(true)
    const started = Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[19])
    expect(known(other({ pid, thread: pid, started }))).toBe(false)
  })

  test.runIf(linux)('one whose number was given to another is not', () => {
    expect(known(other({ started: me.started + 1 }))).toBe(false)
    expect(known(other({ pid: 1, thread: 1 }))).toBe(false)
    expect(known(other({ pid: 4_000_000, thread: 4_000_000 }))).toBe(false)
  })

  test.runIf(linux)('of one about which /proc says nothing, since it is of another user, nobody knows', () => {
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not yours'), { code: 'EPERM' })
    })
    onTestFinished(() => void vi.restoreAllMocks())
    const hidden = other({ pid: 4_000_000, thread: 4_000_000 })
    expect(isAlive(hidden, Date.now(), minute)).toBe(true)
    expect(isAlive(hidden, Date.now() - minute - 1, minute)).toBe(false)
  })

  test.runIf(linux)('one of an earlier boot is not', () => {
    expect(known(other({ boot: 'another' }))).toBe(false)
  })

  test('of another host, container, or nameless one nobody knows: it is given its time', () => {
    for (const owner of [
      other({ host: 'far-away' }),
      other({ namespace: 'pid:[1]' }),
      other({ boot: '-' }),
      '',
      'nonsense',
    ]) {
      expect([owner, isAlive(owner, Date.now(), minute)]).toEqual([owner, true])
      expect([owner, isAlive(owner, Date.now() - minute - 1, minute)]).toEqual([owner, false])
    }
  })
})
