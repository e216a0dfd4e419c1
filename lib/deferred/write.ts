// Deferring the writes of a block of code.

import { Bucket, coreOf } from '../bucket.ts'
import { type BucketOptions, show } from '../options.ts'
import { isThenable } from '../thenable.ts'
import { DeferredWriteBucket, deferralOf } from './bucket.ts'

/** Those of the instance; the folder has the others. */
const instanceOptions = [
  'backend',
  'keyMaker',
  'lifetime',
  'memory',
  'durability',
  'timeout',
  'mode',
  'readOnly',
  'onError',
  'filesystem',
] as const

/**
 * Runs the block with a deferred bucket on the same folder: its writes reach the files, as one unit, when the block returns, and
 * are dropped when it throws. Of a block that returns a promise: when that resolves, or rejects, and the call returns a
 * promise. From then on the deferred bucket is for reading: to write to it is a TypeError. BucketCache: deferred_write.
 *
 * @example
 * deferredWrite(bucket, deferred => {
 *   for (const [key, value] of results) deferred.set(key, value)
 * })
 */
export function deferredWrite<K, V, T>(bucket: Bucket<K, V>, block: (deferred: DeferredWriteBucket<K, V>) => T): T
/**
 * A deferred bucket on the same folder, synced at the end of the scope, however that is left.
 *
 * @example
 * using deferred = deferredWrite(bucket)
 * deferred.set('a', 1)
 */
export function deferredWrite<K, V>(bucket: Bucket<K, V>): DeferredWriteBucket<K, V> & Disposable
export function deferredWrite<K, V>(
  bucket: Bucket<K, V>,
  block?: (deferred: DeferredWriteBucket<K, V>) => unknown,
): unknown {
  if (block !== undefined && typeof block !== 'function')
    throw new TypeError(`Expected the block of deferredWrite() to be a function, got ${show(block)}`)
  const deferred = deferredFor(bucket)
  if (block === undefined) return deferred
  const deferral = deferralOf(deferred)
  let result: unknown
  try {
    result = block(deferred)
  } catch (error) {
    deferral.close()
    deferred.discard()
    throw error
  }
  if (isThenable(result)) return syncedAfter(result, deferred)
  deferral.close()
  deferred.sync()
  return result
}

function deferredFor<K, V>(bucket: Bucket<K, V>): DeferredWriteBucket<K, V> {
  if (!(bucket instanceof Bucket)) throw new TypeError(`Expected a Bucket, got ${show(bucket)}`)
  if (bucket instanceof DeferredWriteBucket) {
    throw new TypeError('Expected a bucket that writes at once, got one whose writes are deferred already')
  }
  const options: Record<string, unknown> = {}
  for (const name of instanceOptions) options[name] = bucket.reset(name)
  const deferred = new DeferredWriteBucket<K, V>(bucket.path, options as BucketOptions)
  deferralOf(deferred).behind = coreOf(bucket)
  return deferred
}

async function syncedAfter(block: PromiseLike<unknown>, deferred: DeferredWriteBucket): Promise<unknown> {
  const deferral = deferralOf(deferred)
  let result: unknown
  try {
    result = await block
  } catch (error) {
    deferral.close()
    deferred.discard()
    throw error
  }
  // With what was called in the block, and not waited for there.
  await deferred.promises.sync()
  deferral.close()
  // What came in meanwhile was accepted.
  await deferred.promises.sync()
  return result
}
