// `@bucket.cached`, compiled as a standard decorator and under `experimentalDecorators`.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import type { members as Members } from '../../fixtures/memo/members.ts'
import type { standardMembers as StandardMembers } from '../../fixtures/memo/standard-members.ts'
import { Bucket, cacheState, MutatedArgumentsError } from '../../lib/index.ts'
import { newBucket, newFolder } from './support.ts'

/** The module, compiled, in a folder of its own. */
async function compiled(name: string, options: ts.CompilerOptions): Promise<Record<string, unknown>> {
  const source = readFileSync(new URL(`../../fixtures/memo/${name}.ts`, import.meta.url), 'utf8')
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, ...options },
  })
  const folder = newFolder()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.mjs`), outputText)
  return await import(/* @vite-ignore */ pathToFileURL(join(folder, `${name}.mjs`)).href)
}

describe.each([
  ['standard decorators', {}],
  ['experimentalDecorators', { experimentalDecorators: true }],
])('%s', (_, options) => {
  async function prepare(bucket: Bucket = newBucket()) {
    const members = (await compiled('members', options))['members'] as typeof Members
    return { bucket, ...members(bucket, cacheState) }
  }

  test('a method is cached by its arguments and the fields of its instance', async () => {
    const { Shape, runs } = await prepare()
    const shape = new Shape(2, 3)
    expect([shape.area(), shape.area(), shape.area(2), new Shape(2, 3).area(), new Shape(4, 3).area()]).toEqual([
      6, 6, 12, 6, 12,
    ])
    expect(runs).toEqual(['area', 'area', 'area'])
    shape.width = 10
    expect(shape.area()).toBe(30)
  })

  test('what an inherited method gives is not shared between classes', async () => {
    const { Shape, Circle, runs } = await prepare()
    expect([new Shape(1, 1).describe(), new Circle(1, 1).describe()]).toEqual(['shape 1x1', 'circle 1x1'])
    expect([new Shape(1, 1).describe(), new Circle(1, 1).describe()]).toEqual(['shape 1x1', 'circle 1x1'])
    expect(runs).toEqual(['describe', 'describe'])
  })

  test('methods of one name and text in two classes do not share, also without the instance in the key', async () => {
    const { Shape, Twin, runs } = await prepare()
    new Shape(1, 1).label('a')
    new Shape(2, 2).label('a')
    new Twin(1, 1).label('a')
    expect(runs).toEqual(['label', 'label'])
  })

  test('an asynchronous method takes options', async () => {
    const { Shape, runs, bucket } = await prepare()
    const shape = new Shape(2, 3)
    const logged: string[] = []
    const log = (text: string) => logged.push(text)
    const load = shape.load as typeof shape.load & { cacheKey(...args: unknown[]): unknown }
    expect(await Promise.all([shape.load('a', log), shape.load('a'), shape.load('a')])).toEqual(['a 2', 'a 2', 'a 2'])
    expect([runs, logged]).toEqual([['load'], ['a']])
    const { expiresAt, storedAt } = bucket.getEntry(load.cacheKey.call(shape, 'a'))!
    expect(expiresAt!.getTime() - storedAt.getTime()).toBe(1000)
  })

  test('a static method is cached, and the static fields are its state', async () => {
    const { Shape, Circle, runs } = await prepare()
    expect([Shape.scaled(2), Shape.scaled(2), Circle.scaled(2)]).toEqual([4, 4, 4])
    expect(runs).toEqual(['scaled', 'scaled'])
    Shape.scale = 3
    expect([Shape.scaled(2), Circle.scaled(2)]).toEqual([6, 6])
  })

  test('a getter is cached', async () => {
    const { Shape, runs } = await prepare()
    const shape = new Shape(2, 3)
    expect([shape.perimeter, shape.perimeter, new Shape(2, 3).perimeter, new Shape(1, 3).perimeter]).toEqual([
      10, 10, 10, 8,
    ])
    expect(runs).toEqual(['perimeter', 'perimeter'])
  })

  test('a getter is asked itself after a write to its property', async () => {
    const { Store, runs } = await prepare()
    const one = new Store(1)
    const two = new Store(1)
    expect([one.value, one.value, two.value]).toEqual([1, 1, 1])
    expect(runs).toEqual(['value'])
    one.value = 5
    expect([one.value, two.value, new Store(1).value]).toEqual([5, 1, 1])
    one.value = 6
    expect(one.value).toBe(6)
    two.value = 7
    expect([two.value, one.value, new Store(1).value]).toEqual([7, 6, 1])
  })

  test('a method that changes its instance is a MutatedArgumentsError', async () => {
    const { Shape, bucket } = await prepare()
    expect(() => new Shape(1, 1).grow()).toThrow(MutatedArgumentsError)
    expect(bucket.size).toBe(0)
  })

  test('a method that gives undefined is cached', async () => {
    const { Shape, runs } = await prepare()
    expect([new Shape(1, 1).nothing(), new Shape(1, 1).nothing()]).toEqual([undefined, undefined])
    expect(runs).toEqual(['nothing'])
  })

  test('[cacheState]() gives what of an instance is in the key', async () => {
    const { Model, runs } = await prepare()
    const model = new Model('m')
    expect([model.ask('?'), model.ask('?'), new Model('m').ask('?')]).toEqual(['m 1 ?', 'm 1 ?', 'm 1 ?'])
    expect(runs).toEqual(['ask'])
    model.upgrade()
    expect([model.ask('?'), new Model('m').ask('?')]).toEqual(['m 2 ?', 'm 1 ?'])
  })

  test('toJSON() may use a cached member of its own', async () => {
    const { Described, runs } = await prepare()
    expect([new Described().total, new Described().total]).toEqual([3, 3])
    // Once for each key, and once for the result.
    expect(runs.length).toBeGreaterThan(1)
    const changed = new Described()
    changed.items.push(4)
    expect(changed.total).toBe(7)
  })

  test('a decorated method has what a memoized function has', async () => {
    const { Shape, bucket } = await prepare()
    const shape = new Shape(2, 3)
    const area = shape.area as unknown as ReturnType<Bucket['wrap']>
    const told: unknown[] = []
    area.onHit(function (this: unknown, { args, returnValue }) {
      told.push(this, args, returnValue)
    })
    shape.area(2)
    shape.area(2)
    expect(told).toEqual([shape, [2], 12])
    expect(told[0]).toBe(shape)
    expect([area.name, area.length, area.original.call(shape, 3)]).toEqual(['area', 0, 18])
    expect(bucket.get(area.cacheKey.call(shape, 2))).toBe(12)
    expect(area.forget.call(shape, 2)).toBe(true)
    expect(bucket.has(area.cacheKey.call(shape, 2))).toBe(false)
    expect(area.refresh.call(shape, 2)).toBe(12)
    expect(bucket.get(area.cacheKey.call(shape, 2))).toBe(12)
  })

  test('results are found again by the same class in another bucket', async () => {
    const folder = newFolder()
    const members = (await compiled('members', options))['members'] as typeof Members
    const first = members(new Bucket(folder), cacheState)
    const second = members(new Bucket(folder), cacheState)
    first.runs.length = 0
    new first.Shape(1, 2).area()
    expect(new second.Shape(1, 2).area()).toBe(2)
    expect(second.runs).toEqual([])
  })
})

describe('standard decorators', () => {
  async function prepare() {
    const members = (await compiled('standard-members', {}))['standardMembers'] as typeof StandardMembers
    return members(newBucket())
  }

  test('private members are cached', async () => {
    const { Secret, runs } = await prepare()
    expect([new Secret(1).sum(2), new Secret(1).sum(2), new Secret(2).sum(2)]).toEqual([3, 3, 4])
    expect([Secret.twice(3), Secret.twice(3)]).toEqual([6, 6])
    expect([new Secret(8).half, new Secret(8).half]).toEqual([4, 4])
    expect(runs).toEqual(['#sum', '#sum', '#twice', '#half'])
  })

  test('an accessor is cached until it is written to', async () => {
    const { Settings } = await prepare()
    const one = new Settings('s')
    const two = new Settings('s')
    expect([one.level, two.level, Settings.mode]).toEqual([1, 1, 'fast'])
    one.level = 5
    Settings.mode = 'slow'
    expect([one.level, two.level, new Settings('s').level, Settings.mode]).toEqual([5, 1, 1, 'slow'])
    one.level = 6
    expect(one.level).toBe(6)
  })
})

describe('called by hand', () => {
  const context = (kind: string) => ({ kind, name: 'member', addInitializer() {} })

  test('cached wraps a function', () => {
    let runs = 0
    const run = newBucket().cached((n: number) => n + ++runs, undefined)
    expect([run(1), run(1)]).toEqual([2, 2])
  })

  test.each(['field', 'setter', 'class'])('a %s cannot be cached: a TypeError', kind => {
    expect(() => newBucket().cached(undefined, context(kind))).toThrow(new RegExp(`got the ${kind} member`))
  })

  test('a field under experimentalDecorators cannot be cached: a TypeError', () => {
    expect(() => newBucket().cached({}, 'member', undefined)).toThrow(/got the field member/)
    expect(() => newBucket().cached({}, 'member', { set() {} })).toThrow(/got the setter member/)
    expect(() => newBucket().cached({}, 5)).toThrow(TypeError)
  })

  test('options are checked when the class is defined', () => {
    const bucket = newBucket()
    expect(() => bucket.cached({ ignore: ['b'] })((a: number) => a, context('method'))).toThrow(TypeError)
    expect(() => bucket.cached({ nam: 'x' } as never)(() => 1, context('method'))).toThrow(/"nam"/)
    expect(() => bucket.cached(5 as never)(() => 1, context('method'))).toThrow(TypeError)
  })

  test('cached is one function for each bucket, and needs no this', () => {
    const bucket = newBucket()
    const { cached } = bucket
    expect(cached).toBe(bucket.cached)
    expect(cached(() => 1, context('method'))()).toBe(1)
  })
})
