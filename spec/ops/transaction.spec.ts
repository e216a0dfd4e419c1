// What becomes of a transaction's seals where the disk does not let them be as they should.

import { expect, test } from 'vitest'
import { StorageIOError } from '../../lib/errors.ts'
import type { Io, SyncHost } from '../../lib/io/requests.ts'
import { atomically } from '../../lib/ops/atomically.ts'
import { get } from '../../lib/ops/get.ts'
import { set } from '../../lib/ops/set.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import type { Store } from '../../lib/store.ts'
import { Account, failingSync } from '../support/faults.ts'
import { newFolder } from '../support/folders.ts'
import { again, hosts, newStore, sync } from '../support/stores.ts'

const put = (store: Store, key: string, value: unknown): Io<string> =>
  set(store, store.keys.slot(key), store.backend.encode(value), plainTerms)
const read = (store: Store, key: string): unknown => sync(get(store, store.keys.slot(key)))?.value

/** While it is ill, one append is done and told to have failed, and those after it fail. */
class Disk {
  isIll = false
  readonly host: SyncHost

  constructor() {
    const well = hosts.sync()
    const late = failingSync(well, new Account({ at: 0, how: 'late', until: 'once' }))
    const ill = failingSync(well, new Account({ at: 0, how: 'ENOSPC', until: 'for ever' }))
    let first = true
    const append: SyncHost['append'] = request => {
      if (!this.isIll) return well.append(request)
      const which = first ? late : ill
      first = false
      which.append(request)
    }
    this.host = { ...well, append }
  }
}

test.each([0, 1])(
  'a key whose seal stands although the disk refused it is good for the rest of the body (%i before)',
  before => {
    const store = newStore(newFolder(), { timeoutMs: 300 })
    sync(put(store, 'k', 'old'))
    const disk = new Disk()
    sync(
      atomically(store, function* (view) {
        for (let i = 0; i < before; i++) yield* put(view, `before ${i}`, 'new')
        disk.isIll = true
        try {
          yield* put(view, 'k', 'refused')
          expect.unreachable()
        } catch (error) {
          expect(error).toBeInstanceOf(StorageIOError)
        }
        disk.isIll = false
        yield* put(view, 'k', 'new')
      }),
      disk.host,
    )
    expect(read(again(store), 'k')).toBe('new')
    expect(store.environment.holds.size).toBe(0)
    sync(put(again(store), 'k', 'newer'))
  },
)

test('nobody waits for a seal that the disk did not let be lifted, when its transaction has ended', () => {
  const store = newStore(newFolder(), { timeoutMs: 300 })
  sync(put(store, 'k', 'old'))
  const disk = new Disk()
  const refused = () =>
    sync(
      atomically(store, function* (view) {
        disk.isIll = true
        yield* put(view, 'k', 'refused')
      }),
      disk.host,
    )
  expect(refused).toThrow(StorageIOError)
  disk.isIll = false
  expect(read(store, 'k')).toBe('old')
  sync(put(store, 'k', 'new'))
  expect(read(again(store), 'k')).toBe('new')
})
