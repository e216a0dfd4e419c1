import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { resolveBackend } from '../../lib/backends/resolve.ts'

const { cache } = createRequire(import.meta.url)
const loaded = (name: string): boolean => Object.keys(cache).some(path => path.includes(`/node_modules/${name}/`))

test('a package is loaded when a backend first needs it, not when the backends are imported', () => {
  expect([loaded('cbor-x'), loaded('msgpackr')]).toEqual([false, false])
  resolveBackend('v8').encode(1)
  resolveBackend('json').encode(1)
  expect([loaded('cbor-x'), loaded('msgpackr')]).toEqual([false, false])
  resolveBackend('cbor')
  expect([loaded('cbor-x'), loaded('msgpackr')]).toEqual([true, false])
  resolveBackend('msgpack')
  expect([loaded('cbor-x'), loaded('msgpackr')]).toEqual([true, true])
})
