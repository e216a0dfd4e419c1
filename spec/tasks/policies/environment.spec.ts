import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ENVIRONMENT } from '../../../lib/tasks/policies/environment.ts'
import { setEnvironment, temporaryFolder } from '../support.ts'

/** A project with a package in it, where the working directory is then. */
function setUp(): { root: string; inner: string } {
  const root = temporaryFolder()
  const inner = join(root, 'packages/inner')
  mkdirSync(inner, { recursive: true })
  const spy = vi.spyOn(process, 'cwd').mockReturnValue(inner)
  onTestFinished(() => spy.mockRestore())
  return { root, inner }
}

test('the lock file that counts is the nearest one upwards', async () => {
  const { root, inner } = setUp()
  const key = () => ENVIRONMENT().computeKey({})
  const keys = [await key()]
  writeFileSync(join(root, 'package-lock.json'), '{}')
  keys.push(await key())
  writeFileSync(join(root, 'package-lock.json'), '{ }')
  keys.push(await key())
  writeFileSync(join(inner, 'yarn.lock'), '{ }')
  const nearest = await key()
  keys.push(nearest)
  expect(new Set(keys).size).toBe(4)
  writeFileSync(join(root, 'package-lock.json'), 'changed again')
  expect(await key()).toBe(nearest)
  rmSync(join(inner, 'yarn.lock'))
  writeFileSync(join(inner, 'pnpm-lock.yaml'), '{ }')
  expect(await key()).not.toBe(nearest)
})

test('lockfile: false leaves it out', async () => {
  const { root } = setUp()
  const key = () => ENVIRONMENT({ lockfile: false }).computeKey({})
  const before = await key()
  writeFileSync(join(root, 'package-lock.json'), '{}')
  expect(await key()).toBe(before)
})

test('the version of Node counts, unless node is false', async () => {
  const keys = async () => [await ENVIRONMENT().computeKey({}), await ENVIRONMENT({ node: false }).computeKey({})]
  const [withNode, without] = await keys()
  const version = Object.getOwnPropertyDescriptor(process, 'version')!
  onTestFinished(() => void Object.defineProperty(process, 'version', version))
  Object.defineProperty(process, 'version', { ...version, value: 'v99.0.0' })
  const [other, still] = await keys()
  expect(other).not.toBe(withNode)
  expect(still).toBe(without)
})

test('chosen variables count, and an unset one is not an empty one', async () => {
  const key = () => ENVIRONMENT({ env: ['BUCKETCACHE_SPEC'] }).computeKey({})
  const keys: unknown[] = []
  for (const value of [undefined, '', '1']) {
    setEnvironment('BUCKETCACHE_SPEC', value)
    keys.push(await key())
  }
  expect(new Set(keys).size).toBe(3)
  const before = await ENVIRONMENT().computeKey({})
  setEnvironment('BUCKETCACHE_SPEC', '2')
  expect(await ENVIRONMENT().computeKey({})).toBe(before)
})

test('the order of variables does not count', async () => {
  expect(await ENVIRONMENT({ env: ['A', 'B'] }).computeKey({})).toBe(
    await ENVIRONMENT({ env: ['B', 'A', 'B'] }).computeKey({}),
  )
})

test.each([{ os: true }, { node: 'v20' }, { lockfile: 1 }, { env: 'A' }, { env: [1] }, null])(
  'ENVIRONMENT(%o) is a TypeError',
  spec => {
    expect(() => ENVIRONMENT(spec as never)).toThrow(TypeError)
  },
)
