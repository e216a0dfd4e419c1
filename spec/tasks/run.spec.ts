import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { describe, expect, test } from 'vitest'
import { runTask } from '../../lib/tasks/run.ts'
import { ended, repository, startNode, temporaryFolder } from './support.ts'

const flows = join(repository, 'fixtures/tasks/flows.mjs')
const loader = (name: string) => ['--', 'task-module', flows, 'task-name', name]

/** The command, without a process of its own. */
async function run(argv: string[], stdin = '') {
  let stdout = ''
  let stderr = ''
  const status = await runTask(argv, {
    stdin: (async function* () {
      yield stdin
    })(),
    stdout: { write: (chunk: Uint8Array | string) => (stdout += Buffer.from(chunk).toString()) },
    stderr: { write: (chunk: string) => (stderr += chunk) },
  })
  return { status, stdout, stderr }
}

const setUp = () => {
  const folder = temporaryFolder()
  const inputs = (content: unknown, name = 'in.json') => {
    const path = join(folder, name)
    writeFileSync(path, name.endsWith('.v8') ? serialize(content) : JSON.stringify(content))
    return path
  }
  const output = join(folder, 'out.json')
  return {
    folder,
    inputs,
    output,
    result: () => JSON.parse(readFileSync(output, 'utf8')),
    report: () => JSON.parse(readFileSync(`${output}.error.json`, 'utf8')),
  }
}

describe('runTask()', () => {
  test('runs a task with inputs by name, and writes its result', async () => {
    const { inputs, output, result } = setUp()
    const argv = [
      '--resolver',
      'default',
      '--inputs',
      inputs({ n: 1, options: { b: true } }),
      '--output',
      output,
      ...loader('t1'),
    ]
    expect(await run(argv)).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(result()).toEqual({ sum: 2, b: true })
    expect(existsSync(`${output}.error.json`)).toBe(false)
  })

  test('takes a list of arguments too', async () => {
    const { inputs, output, result } = setUp()
    await run(['--inputs', inputs([5]), '--output', output, ...loader('t1')])
    expect(result()).toEqual({ sum: 6 })
  })

  test('reads stdin and writes to stdout', async () => {
    const { status, stdout } = await run(['--inputs', '-', ...loader('t1')], '{"n": 2}')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ sum: 3 })
    expect((await run(loader('nothing'))).stdout).toBe('null\n')
  })

  test('keeps Maps and Dates in files of V8’s format', async () => {
    const { folder, inputs } = setUp()
    const output = join(folder, 'out.v8')
    await run(['--inputs', inputs({ map: new Map([[1, 2n]]) }, 'in.v8'), '--output', output, ...loader('structured')])
    expect(deserialize(readFileSync(output))).toEqual(
      new Map<unknown, unknown>([
        [1, 2n],
        ['seen', new Date(0)],
      ]),
    )
  })

  test('tells of a task that failed: status 1, on stderr, and in a report', async () => {
    const { inputs, output, report } = setUp()
    const { status, stderr } = await run([
      '--inputs',
      inputs({ n: 1, options: { fail: true } }),
      '--output',
      output,
      ...loader('t1'),
    ])
    expect(status).toBe(1)
    expect(stderr).toMatch(/cannot add to 1.*flows\.mjs/s)
    expect(report()).toEqual({
      status: 1,
      kind: 'taskFailed',
      retryable: false,
      error: {
        name: 'Error',
        message: 'cannot add to 1',
        code: 'E_ADD',
        stack: expect.stringContaining('flows.mjs'),
        cause: { name: 'Error', message: 'as told', stack: expect.any(String) },
      },
    })
    expect(existsSync(output)).toBe(false)
  })

  test('removes the report of an earlier run when all goes well', async () => {
    const { inputs, output, report } = setUp()
    await run(['--inputs', inputs({ n: 1, options: { fail: true } }), '--output', output, ...loader('t1')])
    expect(report().status).toBe(1)
    await run(['--inputs', inputs({ n: 1 }), '--output', output, ...loader('t1')])
    expect(existsSync(`${output}.error.json`)).toBe(false)
  })

  test('says of a timeout that another run may succeed', async () => {
    const { output, report } = setUp()
    expect((await run(['--output', output, ...loader('slow')])).status).toBe(1)
    expect(report()).toMatchObject({ retryable: true, error: { code: 'ERR_TIMEOUT' } })
  })

  test('writes the report where it is told to', async () => {
    const { folder } = setUp()
    const error = join(folder, 'report.json')
    await run(['--error', error, ...loader('slow')])
    expect(JSON.parse(readFileSync(error, 'utf8')).kind).toBe('taskFailed')
  })

  test.each([
    ['no arguments', [], 2, /Usage/],
    ['an unknown option', ['--input', 'x', ...loader('t1')], 2, /--input/],
    ['an option without its value', ['--output'], 2, /Usage/],
    ['a task that is not there', loader('t2'), 3, /t2/],
    ['what is no task', loader('adder'), 3, /no task/],
    ['a resolver that is not there', ['--resolver', './none.mjs', ...loader('t1')], 3, /none\.mjs/],
    ['a resolver that is none', ['--resolver', 'node:path', ...loader('t1')], 3, /loadTask/],
    ['inputs that are not there', ['--inputs', '/none/in.json', ...loader('t1')], 4, /ENOENT/],
    ['inputs that are no JSON', ['--inputs', '-', ...loader('t1')], 4, /JSON/],
    ['an output that cannot be written', ['--output', '/none/out.json', ...loader('nothing')], 4, /ENOENT/],
    ['a result that JSON cannot hold', ['--inputs', flows, ...loader('structured')], 4, /./],
  ])('tells of %s', async (_, argv, status, expected) => {
    const result = await run(argv, 'no JSON')
    expect(result.status).toBe(status)
    expect(result.stderr).toMatch(expected)
    expect(result.stdout).toBe('')
  })

  test('refuses inputs that the task does not have', async () => {
    const { inputs } = setUp()
    const { status, stderr } = await run(['--inputs', inputs({ m: 1 }), ...loader('t1')])
    expect(status).toBe(4)
    expect(stderr).toMatch(/\(n, options\), got "m"/)
    expect((await run(['--inputs', inputs(5), ...loader('t1')])).status).toBe(4)
  })

  test('uses a resolver of one’s own', async () => {
    const resolver = join(repository, 'fixtures/tasks/resolver.mjs')
    expect((await run(['--resolver', resolver, '--', '1'])).stdout).toBe('null\n')
    const { status, stderr } = await run(['--resolver', resolver, '--', '2'])
    expect(status).toBe(3)
    expect(stderr).toMatch(/there is no task 2/)
  })

  test('explains itself', async () => {
    const { status, stdout } = await run(['--help'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/Usage.*--inputs FILE.*Exit status/s)
  })
})

describe('as a process', () => {
  const command = [join(repository, 'dist/cli/bin.js'), 'run']

  test('ends with the status, though the task has left something open', async () => {
    const { inputs } = setUp()
    const { status, stdout } = await ended(startNode([...command, '--inputs', inputs({ n: 1 }), ...loader('t1')]))
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ sum: 2 })
    expect((await ended(startNode([...command, ...loader('none')]))).status).toBe(3)
  })

  test.runIf(process.platform !== 'win32')(
    'interrupted by SIGTERM it puts things in order, reports, and says that it may be run again',
    async () => {
      const { output, report } = setUp()
      const child = startNode([...command, '--output', output, ...loader('patient')])
      const end = ended(child)
      await once(child.stderr!, 'data')
      child.kill('SIGTERM')
      const { status, stderr } = await end
      expect(status).toBe(143)
      expect(stderr).toMatch(/putting things in order\nin order\nThe task was interrupted/)
      expect(report()).toMatchObject({
        status: 143,
        kind: 'interrupted',
        retryable: true,
        error: { name: 'AbortError' },
      })
      expect(report().error).not.toHaveProperty('code')
    },
  )

  test.runIf(process.platform !== 'win32')(
    'interrupted by SIGTERM it does not wait for a lock any longer',
    async () => {
      const { output, report } = setUp()
      const child = startNode([...command, '--output', output, ...loader('locked')])
      const end = ended(child)
      await once(child.stderr!, 'data')
      child.kill('SIGTERM')
      expect((await end).status).toBe(143)
      expect(report()).toMatchObject({ kind: 'interrupted', retryable: true })
    },
  )
})
