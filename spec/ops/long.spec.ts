// Values that are longer than a log can tell of.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { get } from '../../lib/ops/get.ts'
import { roomForHead, set } from '../../lib/ops/set.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { newFolder } from '../support/folders.ts'
import { newStore, sync } from '../support/stores.ts'

test.each([
  ['json', 10 ** 10],
  ['v8', 2 ** 48],
] as const)('a streamed value that is too long is refused, and what was there stays (%s)', (backend, length) => {
  const store = newStore(join(newFolder(), 'cache'), { backend })
  const slot = store.keys.slot('k')
  sync(set(store, slot, store.backend.encode('old'), plainTerms))
  const path = join(store.folder, 'streamed')
  writeFileSync(path, '')
  const room = roomForHead(store, slot, plainTerms)
  const setting = () => sync(set(store, slot, { path, room, length: length - 10 }, plainTerms))
  expect(setting).toThrow(RangeError)
  expect(setting).toThrow(/Expected the value of "k" to take less than/)
  expect(existsSync(path)).toBe(true)
  expect(sync(get(store, slot))).toEqual({ value: 'old' })
})
