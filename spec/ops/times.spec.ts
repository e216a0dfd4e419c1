// When something was stored, and when it expires, are told by one look at the clock.

import { expect, test } from 'vitest'
import { getEntry } from '../../lib/ops/get.ts'
import { set } from '../../lib/ops/set.ts'
import { plainTerms } from '../../lib/ops/terms.ts'
import { touch } from '../../lib/ops/touch.ts'
import { newFolder } from '../support/folders.ts'
import { newStore, sync } from '../support/stores.ts'

test.each(['v8', 'json'] as const)('an entry expires as long after it was stored as was said: %s', backend => {
  // A clock that goes on with each look.
  let now = 1_700_000_000_000
  const store = newStore(newFolder(), { backend, now: () => ++now })
  const slot = store.keys.slot('a')
  sync(set(store, slot, store.backend.encode(1, { key: 'a' }), { ...plainTerms, expireMs: 5000 }))
  const entry = sync(getEntry(store, slot))!
  expect(entry.expires - entry.storedAt).toBe(5000)
  sync(touch(store, slot, 9000))
  const touched = sync(getEntry(store, slot))!
  expect(touched.expires).toBeGreaterThan(entry.expires)
})
