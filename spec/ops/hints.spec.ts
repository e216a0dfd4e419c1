// Every entry that has a tag or an expiry is found by it, whatever has become of its hints.

import { expect, onTestFinished, test, vi } from 'vitest'
import { type Bucket, DeferredWriteBucket } from '../../lib/index.ts'
import { day, hour, minute, stopClock } from '../diskcache/support.ts'
import { newBucket } from '../support/folders.ts'

const ways: [string, (bucket: Bucket, write: (bucket: Bucket) => void) => void][] = [
  ['set at once', (bucket, write) => write(bucket)],
  ['in a transaction', (bucket, write) => bucket.transact(() => write(bucket))],
  [
    'in a deferred bucket',
    (bucket, write) => {
      const deferred = new DeferredWriteBucket(bucket.path)
      write(deferred)
      deferred.sync()
    },
  ],
]

test.each(ways)(
  'a key that had expired, and whose tag was evicted then, is evicted when it has the tag again: %s',
  (_, store) => {
    const clock = stopClock()
    const bucket = newBucket({ tagIndex: true })
    bucket.set('k', 1, { tag: 't', expire: minute })
    clock.pass(hour)
    expect(bucket.evict('t')).toBe(0)
    store(bucket, each => each.set('k', 2, { tag: 't' }))
    expect([bucket.evict('t'), bucket.get('k')]).toEqual([1, undefined])
    expect(bucket.check()).toEqual([])
  },
)

test.each(ways)(
  'a slot of time that was chosen a moment sooner or later than the record says loses nobody: %s',
  (_, store) => {
    let now = Date.UTC(2030, 0, 1, 10, 5)
    // Each look at the clock, and be it within one call, may be later than the one before.
    let step = 0
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => {
      now += step
      return now
    })
    onTestFinished(() => clock.mockRestore())
    const bucket = newBucket()
    step = 1
    store(bucket, each => {
      each.set('k', 1, { expire: hour })
      now += 5
    })
    step = 0
    now += minute
    bucket.set('k', 2, { expire: hour })
    now += hour - minute / 2
    bucket.expire()
    expect(bucket.get('k')).toBe(2)
    now += day
    expect([bucket.expire(), bucket.size]).toEqual([1, 0])
    expect(bucket.check()).toEqual([])
  },
)
