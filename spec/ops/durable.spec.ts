// Names that are brought to the medium, under `durability: 'power'`.

import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import type { Request, SyncHost } from '../../lib/io/requests.ts'
import { mergeOrder } from '../../lib/ops/merge.ts'
import { remove } from '../../lib/ops/remove.ts'
import { set } from '../../lib/ops/set.ts'
import { createTagIndex } from '../../lib/ops/tags.ts'
import { newFolder } from '../support/folders.ts'
import { hosts, newStore, sync } from '../support/stores.ts'

/** What was done to names, in order: `sync` of a folder, `create` and `unlink` of a file. */
function recording(names: string[]): SyncHost {
  const host = hosts.sync()
  return new Proxy(host, {
    get: (_, op) => (request: Request) => {
      if (request.op === 'syncFolder') names.push(`sync ${request.path}`)
      if (request.op === 'open' && request.create) names.push(`create ${request.path}`)
      if (request.op === 'rename') names.push(`create ${request.to}`)
      if (request.op === 'unlink') names.push(`unlink ${request.path}`)
      return (host[op as keyof SyncHost] as (request: Request) => unknown)(request)
    },
  })
}

test('a set is not acknowledged before the names of all that it has written are there', () => {
  const store = newStore(newFolder(), { durable: true })
  sync(createTagIndex(store))
  const names: string[] = []
  const terms = { expireMs: 1e9, tags: ['red'], ifVersion: undefined }
  sync(set(store, store.keys.slot('k'), store.backend.encode(1), terms), recording(names))
  const created = names.filter(name => name.startsWith('create ')).map(name => name.slice('create '.length))
  // The entry, its place, its tag and its time.
  expect(created.length).toBeGreaterThanOrEqual(4)
  for (const path of created) {
    const after = names.slice(names.indexOf(`create ${path}`))
    expect(after, path).toContain(`sync ${dirname(path)}`)
  }
})

test('segments are not unlinked before the merged file has its name', () => {
  const store = newStore(newFolder(), { durable: true })
  for (let i = 0; i < 3; i++) {
    sync(
      set(store, store.keys.slot(i), store.backend.encode(1), { expireMs: undefined, tags: [], ifVersion: undefined }),
    )
    sync(remove(store, store.keys.slot(i)))
  }
  const names: string[] = []
  sync(mergeOrder(store), recording(names))
  const merged = names.findIndex(name => name.endsWith('/order/merged.log'))
  const unlinked = names.findIndex(name => name.startsWith('unlink ') && name.includes('/order/'))
  expect(merged).toBeGreaterThanOrEqual(0)
  expect(unlinked).toBeGreaterThan(merged)
  expect(names.slice(merged, unlinked)).toContain(`sync ${store.folder}/order`)
})
