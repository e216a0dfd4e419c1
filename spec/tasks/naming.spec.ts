import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { moduleName, readableName } from '../../lib/tasks/naming.ts'
import { temporaryFolder } from './support.ts'

test('moduleName() is the package and the path in it, wherever that is', () => {
  const names = [1, 2].map(() => {
    const root = temporaryFolder()
    mkdirSync(join(root, 'src'))
    writeFileSync(join(root, 'package.json'), '{"name": "@shop/flows"}')
    return moduleName(join(root, 'src/flows.js'))
  })
  expect(names).toEqual(['@shop/flows/src/flows.js', '@shop/flows/src/flows.js'])
})

test.each(['{}', '{"name": 5}', 'no json', '[]'])(
  'moduleName() in a package without a name (%s) is the whole path',
  manifest => {
    const root = temporaryFolder()
    writeFileSync(join(root, 'package.json'), manifest)
    expect(moduleName(join(root, 'flows.js'))).toBe(join(root, 'flows.js'))
  },
)

test('moduleName() of what is no path is what the engine calls it', () => {
  expect(moduleName('[eval]')).toBe('[eval]')
  expect(moduleName('')).toBe('')
})

test.each([
  ['train', 'train'],
  ['@shop/flows/src/flows.js:train', 'shop_flows_src_flows_js_train'],
  ['ä/../b', 'b'],
  ['a'.repeat(200), 'a'.repeat(80)],
  ['...', ''],
])('readableName(%j) is %j', (name, expected) => {
  expect(readableName(name)).toBe(expected)
})
