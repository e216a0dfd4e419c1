import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { DefaultTaskResolver } from '../../lib/tasks/resolver.ts'
import { ended, repository, startNode, temporaryFolder } from './support.ts'

const resolver = new DefaultTaskResolver()
const flows = join(repository, 'fixtures/tasks/flows.mjs')

function workIn(folder: string): void {
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder)
  onTestFinished(() => cwd.mockRestore())
}

describe('loaderArgs()', () => {
  // In a process of its own, where a module is what it says.
  const loaderArgsOf = async (name: string, cwd: string) => {
    const program = `
      import { DefaultTaskResolver } from ${JSON.stringify(pathToFileURL(join(repository, 'dist/tasks/index.js')).href)}
      import * as flows from ${JSON.stringify(pathToFileURL(flows).href)}
      const resolver = new DefaultTaskResolver()
      const value = flows.${name}
      const args = await resolver.loaderArgs(value).catch(error => [error.message])
      console.log(JSON.stringify([args, args.length === 4 && await resolver.loadTask(args) === value]))`
    const { stdout, stderr } = await ended(startNode(['--input-type=module', '-e', program], { cwd }))
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  }

  test('are the module, from the working directory, and the export', async () => {
    const here = join(repository, 'fixtures/tasks')
    expect(await loaderArgsOf('t1', here)).toEqual([['task-module', './flows.mjs', 'task-name', 't1'], true])
    expect(await loaderArgsOf('default', repository)).toEqual([
      ['task-module', './fixtures/tasks/flows.mjs', 'task-name', 'default'],
      true,
    ])
    const elsewhere = join(repository, 'spec/tasks')
    expect(await loaderArgsOf('t1', elsewhere)).toEqual([
      ['task-module', '../../fixtures/tasks/flows.mjs', 'task-name', 't1'],
      true,
    ])
  })

  test('are found where a test runner has a module of its own', async () => {
    workIn(repository)
    const { t1 } = await import(flows)
    expect(await resolver.loaderArgs(t1)).toEqual(['task-module', './fixtures/tasks/flows.mjs', 'task-name', 't1'])
  })

  test('of a task that its module does not export are an error', async () => {
    const [[message]] = await loaderArgsOf('reveal()', repository)
    expect(message).toMatch(/hidden.*flows.mjs does not export it/)
  })

  test('of a task that was not defined in a module are an error', async () => {
    const program = `
      import { DefaultTaskResolver, task } from ${JSON.stringify(pathToFileURL(join(repository, 'dist/tasks/index.js')).href)}
      await new DefaultTaskResolver().loaderArgs(task(function lost() {})).catch(error => console.log(error.message))`
    const { stdout } = await ended(startNode(['--input-type=module', '-e', program]))
    expect(stdout).toMatch(/lost.*not defined in a module/)
  })

  test('of what is no task are a TypeError', async () => {
    await expect(resolver.loaderArgs((async () => 1) as never)).rejects.toThrow(TypeError)
  })
})

describe('loadTask()', () => {
  test('finds a task in a module of the working directory', async () => {
    workIn(join(repository, 'fixtures'))
    const t1 = await resolver.loadTask(['task-module', './tasks/flows.mjs', 'task-name', 't1'])
    expect(await t1(1)).toEqual({ sum: 2 })
    const other = await resolver.loadTask(['task-module', '../fixtures/tasks/flows.mjs', 'task-name', 't1'])
    expect(other).toBe(t1)
    expect(await resolver.loadTask(['task-module', flows, 'task-name', 't1'])).toBe(t1)
    expect(await resolver.loadTask(['task-module', pathToFileURL(flows).href, 'task-name', 't1'])).toBe(t1)
  })

  test('finds a task in a package, from the working directory', async () => {
    const folder = temporaryFolder()
    for (const [name, manifest] of [
      ['with-main', { main: 'main.mjs' }],
      ['with-exports', { type: 'module', exports: { './tasks': './main.mjs' } }],
    ] as const) {
      mkdirSync(join(folder, 'node_modules', name), { recursive: true })
      writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, ...manifest }))
      symlinkSync(flows, join(folder, 'node_modules', name, 'main.mjs'))
    }
    workIn(folder)
    for (const specifier of ['with-main', 'with-exports/tasks']) {
      const t1 = await resolver.loadTask(['task-module', specifier, 'task-name', 't1'])
      expect(await t1(1)).toEqual({ sum: 2 })
    }
  })

  test('finds what a CommonJS module exports', async () => {
    workIn(join(repository, 'fixtures/tasks'))
    const { load } = (await import(join(repository, 'fixtures/tasks/commonjs.cjs'))).default
    await load
    const late = await resolver.loadTask(['task-module', './commonjs.cjs', 'task-name', 'late'])
    expect(await late(2)).toBe(4)
  })

  test.each([
    [
      ['task-module', './fixtures/tasks/none.mjs', 'task-name', 't1'],
      /Cannot load the module \.\/fixtures\/tasks\/none\.mjs/,
    ],
    [['task-module', 'no-such-package', 'task-name', 't1'], /no-such-package/],
    [['task-module', 'flows.mjs', 'task-name', 't1'], /Did you mean \.\/flows\.mjs\?/],
    [['task-module', './fixtures/tasks/flows.mjs', 'task-name', 't2'], /Cannot find the task t2.* exports .*t1/],
    [['task-module', './fixtures/tasks/flows.mjs', 'task-name', 'adder'], /a function, and no task/],
    [['task-module', './fixtures/tasks/flows.mjs'], /Expected the arguments task-module MODULE task-name NAME/],
    [['module', './fixtures/tasks/flows.mjs', 'task-name', 't1'], /Expected the arguments/],
    [[], /got nothing/],
  ])('of %j says what is missing', async (args, expected) => {
    workIn(repository)
    await expect(resolver.loadTask(args)).rejects.toThrow(expected)
    await expect(resolver.loadTask(args)).rejects.not.toThrow(TypeError)
  })
})
