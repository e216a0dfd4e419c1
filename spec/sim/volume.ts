// What the buckets have counted, against what stands on the disk.

import type { Io } from '../../lib/io/requests.ts'
import { mergedName, segmentName } from '../../lib/log/names.ts'
import { countedEnd } from '../../lib/ops/fields.ts'
import { catchUp, listSegments, readOrder } from '../../lib/ops/order.ts'
import { readLog } from '../../lib/ops/raw.ts'
import type { Store } from '../../lib/store.ts'
import type { Process, World } from './world.ts'

/** How many bytes more are counted than there are, when nobody is at work. `keys`: of all entries that there may be. */
export function volumeError(world: World, probe: Process, keys: readonly string[]): number {
  const { volume } = world.run(probe, () => catchUp(probe.store))
  const stores = world.processes.flatMap(process => process.stores)
  const gathered = stores.reduce((sum, { order }) => sum + order.unwritten, 0)
  const paths = keys.map(key => probe.slot(key).path)
  return volume + gathered - world.run(probe, () => standing(probe.store, paths))
}

function* standing(store: Store, paths: readonly string[]): Io<number> {
  let bytes = 0
  for (const path of paths) {
    const log = yield* readLog(store, path)
    if (log?.value !== undefined) bytes += countedEnd(log)
  }
  for (const name of [mergedName, ...(yield* listSegments(store)).map(segmentName)]) {
    bytes += (yield* readOrder(store, name)).size
  }
  return bytes
}
