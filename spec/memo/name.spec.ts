// What memoized functions are called in keys, unless they are told.

import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test, vi } from 'vitest'
import { Bucket, type Memoized } from '../../lib/index.ts'
import { newBucket, newFolder } from './support.ts'

type Wrap = (bucket: Bucket) => Memoized<() => string>

/** A module that memoizes a function which is the same text in all of them, but gives `answer`. */
async function moduleAt(path: string, answer: string, head = ''): Promise<Wrap> {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(
    path,
    `${head}
    const answer = ${JSON.stringify(answer)}
    export const wrap = bucket => bucket.wrap(function give() { return answer })`,
  )
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)).wrap
}

function nameOf(memoized: { cacheKey(): unknown }): string {
  return (memoized.cacheKey() as [string])[0]
}

test('functions of one name and text in two modules do not share results', async () => {
  const folder = newFolder()
  const one = await moduleAt(join(folder, 'one.mjs'), 'one')
  const two = await moduleAt(join(folder, 'two.mjs'), 'two')
  const bucket = newBucket()
  expect([one(bucket)(), two(bucket)(), one(bucket)(), two(bucket)()]).toEqual(['one', 'two', 'one', 'two'])
})

test('the module is told by its path from the folder, so a project that moves with its cache keeps it', async () => {
  const folder = newFolder()
  const before = await moduleAt(join(folder, 'a', 'src', 'mod.mjs'), 'before')
  expect(before(new Bucket(join(folder, 'a', '.cache')))()).toBe('before')
  cpSync(join(folder, 'a'), join(folder, 'b'), { recursive: true })
  const after = await moduleAt(join(folder, 'b', 'src', 'mod.mjs'), 'after')
  const moved = after(new Bucket(join(folder, 'b', '.cache')))
  expect(nameOf(moved)).toMatch(/^\.\.\/src\/mod\.mjs:give:[0-9a-f]{16}$/)
  expect(moved()).toBe('before')
})

test('two ways to one folder are one folder', async () => {
  const folder = newFolder()
  const wrap = await moduleAt(join(folder, 'mod.mjs'), 'x')
  const real = new Bucket(join(folder, 'deep', 'cache'))
  symlinkSync(real.path, join(folder, 'link'))
  expect(nameOf(wrap(new Bucket(join(folder, 'link'))))).toBe(nameOf(wrap(real)))
})

test('a function whose text was changed begins anew', () => {
  const bucket = newBucket()
  const before = bucket.wrap(function f() {
    return 1
  })
  const after = bucket.wrap(function f() {
    return 2
  })
  expect([before(), after()]).toEqual([1, 2])
})

test('a name that is given stands alone', () => {
  const bucket = newBucket()
  expect(bucket.wrap(() => 1, { name: 'f' })()).toBe(1)
  expect(bucket.wrap(() => 2, { name: 'f' })()).toBe(1)
  expect(bucket.wrap(() => 2, { name: 'f' }).cacheKey()).toEqual(['f', []])
})

test('a function without source text needs a name', () => {
  const bucket = newBucket()
  expect(() => bucket.wrap(Math.max)).toThrow(/name.*"max".*native/)
  expect(() => bucket.wrap((() => 1).bind(null))).toThrow(TypeError)
  expect(bucket.wrap(Math.max, { name: 'max' })(1, 2)).toBe(2)
})

test('the module is that of the caller, where helpers of a transpiler stand between', async () => {
  const folder = newFolder()
  const helper = join(folder, 'node_modules', 'tslib', 'tslib.mjs')
  mkdirSync(join(helper, '..'), { recursive: true })
  writeFileSync(helper, 'export const decorate = (bucket, fn) => bucket.wrap(fn)')
  const user = (name: string) => {
    const path = join(folder, `${name}.mjs`)
    writeFileSync(
      path,
      `import { decorate } from './node_modules/tslib/tslib.mjs'
       export const wrap = bucket => decorate(bucket, function give() { return '' })`,
    )
    return import(/* @vite-ignore */ pathToFileURL(path).href)
  }
  const bucket = new Bucket(join(folder, 'cache'))
  expect(nameOf((await user('a')).wrap(bucket))).toMatch(/^\.\.\/a\.mjs:/)
  expect(nameOf((await user('b')).wrap(bucket))).toMatch(/^\.\.\/b\.mjs:/)
})

test('the module is that of the caller, where wrap is spied upon', () => {
  const bucket = newBucket()
  const plain = bucket.wrap(() => 1)
  const spy = vi.spyOn(Bucket.prototype, 'wrap')
  const spied = bucket.wrap(() => 1)
  spy.mockRestore()
  expect(nameOf(plain)).toMatch(/name\.spec\.ts:/)
  expect(nameOf(spied).split(':')[0]).not.toBe('')
})

test('what others do to stacks does not count, and stays as it was', () => {
  const bucket = newBucket()
  const { prepareStackTrace, stackTraceLimit } = Error
  const prepare = () => 'mine'
  Error.prepareStackTrace = prepare
  Error.stackTraceLimit = 0
  try {
    expect(nameOf(bucket.wrap(() => 1))).toMatch(/name\.spec\.ts:/)
    expect(Error.prepareStackTrace).toBe(prepare)
    expect(Error.stackTraceLimit).toBe(0)
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
})

test('code without a file goes by what the engine calls it', () => {
  const bucket = newBucket()
  const make = new Function('bucket', 'return bucket.wrap(function f() { return 1 })')
  expect(nameOf(make(bucket))).toMatch(/name\.spec\.ts:f:/)
})
