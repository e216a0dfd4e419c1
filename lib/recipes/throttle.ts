// Functions that run so many times in so long.

import { type Bucket, coreOf } from '../bucket.ts'
import { type Duration, toMilliseconds } from '../duration.ts'
import type { Io } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import { recipeName } from '../log/names.ts'
import { change } from '../ops/change.ts'
import type { Found } from '../ops/live.ts'
import { checkNames, show } from '../options.ts'
import { forFolder, type Store } from '../store.ts'
import { sleep } from '../waiting/sleep.ts'
import { nameFor, type Wrapped } from './named.ts'

/** How often a function may be called. */
export interface ThrottleOptions {
  /** So many calls … */
  count: number
  /** … in any stretch of time so long. */
  per: Duration
  /** By which other processes know it; default: the calling module and the function's name. */
  name?: string
}

/**
 * The function, of whose calls, in all processes that use the bucket's folder, at most `count` begin in any stretch of `per`.
 * The others wait until it is their turn; none is dropped. A call that was waiting when its process died has used its turn up.
 * DiskCache: throttle.
 * @throws TypeError, RangeError here for wrong options. Each call throws what the function throws.
 * @example
 * const search = throttle(bucket, searchApi, { count: 10, per: { seconds: 1 } })
 */
export function throttle<F extends (this: any, ...args: any[]) => any>(
  bucket: Bucket<any, any>,
  fn: F,
  options: ThrottleOptions,
): Wrapped<F> {
  checkNames(options, ['count', 'per', 'name'], 'throttle')
  const { count, per } = options
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`Expected count to be a positive integer, got ${show(count)}`)
  const perMs = toMilliseconds(per, 'per')
  if (!(perMs > 0 && perMs < Number.POSITIVE_INFINITY))
    throw new RangeError(`Expected per to be more than 0 ms, and not for ever, got ${perMs} ms`)
  const name = nameFor(fn, options.name, throttle, 'throttle')
  const core = coreOf(bucket)
  const store = forFolder(core.store)
  const slot = store.keys.hiddenSlot(recipeName('throttle', name))
  return async function (...args) {
    core.checkWritable('throttle')
    const at = await core.async(reserve(store, slot, count, perMs))
    // A timer may fire a little early.
    for (let ms = at - store.environment.now(); ms > 0; ms = at - store.environment.now()) await sleep(Math.ceil(ms))
    return await fn.apply(this, args)
  }
}

/** Notes when a call will begin, in milliseconds since the epoch: as soon as the `count`th before it is `perMs` ago. */
function* reserve(store: Store, slot: Slot, count: number, perMs: number): Io<number> {
  const { result } = yield* change(store, slot, { creates: true }, found => {
    const now = store.environment.now()
    // Noted later than now: the clock was set back, by so much at least.
    const back = found === undefined ? 0 : Math.max(0, found.put.time - now)
    const begun = timesIn(found)
      .slice(-count)
      .map(time => time - back)
    const at = begun.length < count ? now : Math.max(now, begun[0]! + perMs)
    const value = Buffer.from([...begun, at].slice(-count).join(' '))
    const write = { kind: 'put', value, expires: Number.POSITIVE_INFINITY, pinned: true, tags: [] } as const
    return { write, result: at }
  })
  return result
}

/** When the last calls began, in their order: numbers as text. */
function timesIn(found: Found | undefined): number[] {
  if (found === undefined) return []
  const { bytes, valueStart, valueEnd } = found.put
  return bytes.toString('latin1', valueStart, valueEnd).split(' ').map(Number).filter(Number.isFinite)
}
