// What the key's log may look like before anything begins. Each is made by the real operations, some of them by a process that
// was killed at the worst moment.

import { claim } from '../../lib/ops/claim.ts'
import { compact } from '../../lib/ops/compact.ts'
import { get } from '../../lib/ops/get.ts'
import { catchUp } from '../../lib/ops/order.ts'
import { readLog } from '../../lib/ops/raw.ts'
import { reclaim } from '../../lib/ops/reclaim.ts'
import { remove } from '../../lib/ops/remove.ts'
import { touch } from '../../lib/ops/touch.ts'
import { key, largeValue, type Stored } from './actions.ts'
import type { Disk } from './disk.ts'
import { Beginnings, is, type Preparation, setting } from './prepare.ts'
import { volumeError } from './volume.ts'
import type { WorldOptions } from './world.ts'

/** Before the first step. */
export interface Beginning {
  readonly disk: Disk
  readonly clock: number
  /** What is stored under the key. */
  readonly stored: Stored
  /** Entries that are counted, and are not there: those who were killed had announced them. */
  readonly surplus: number
  /** Bytes that are counted, and are not there. */
  readonly volumeError: number
}

function toEntry(it: Preparation): ReturnType<Preparation['appendsTo']> {
  return it.appendsTo(it.process.slot(key).path)
}

const builders: Readonly<Record<string, (it: Preparation) => void>> = {
  missing: () => {},
  live: it => it.set(key, 1),
  expired(it) {
    it.set(key, 1, 1)
    it.world.clock += 10_000
  },
  tombstoned(it) {
    it.set(key, 1)
    it.run(process => remove(process.store, process.slot(key)))
  },
  'several records'(it) {
    for (const value of [1, 2, 3]) it.set(key, value)
    it.run(process => touch(process.store, process.slot(key), null))
  },
  large(it) {
    it.set(key, largeValue(9))
  },
  /** Created, and nothing written. */
  empty(it) {
    it.killed(process => setting(process, key, 1), toEntry(it))
  },
  'torn tail'(it) {
    it.set(key, 1)
    it.killed(process => setting(process, key, 2), toEntry(it), true)
  },
  'void tail'(it) {
    it.set(key, 1)
    it.losing(
      process => setting(process, key, 2),
      toEntry(it),
      () => it.set(key, 3),
    )
  },
  'sealed by the dead'(it) {
    it.set(key, 1)
    it.set(key, 2)
    it.killed(process => compact(process.store, process.slot(key).path), is('rename'))
  },
  'reclaimed by the dead'(it) {
    it.set(key, 1)
    it.run(process => remove(process.store, process.slot(key)))
    it.killed(process => reclaim(process.store, process.slot(key).path, false), is('unlink'))
  },
  'claimed by the dead'(it) {
    let claimed = false
    it.killed(
      function* (process) {
        yield* claim(process.store, process.slot(key))
        claimed = true
        yield* get(process.store, process.slot(key))
      },
      () => claimed,
    )
  },
}

const beginnings = new Beginnings<Beginning>(builders, (preparation, _, { backend }) => {
  preparation.settle()
  const { world } = preparation
  const found = preparation.run(process => get(process.store, process.slot(key)))
  const { counts } = preparation.run(process => catchUp(process.store))
  const log = preparation.run(process => readLog(process.store, process.slot(key).path))
  const surplus = (counts.get(backend.name) ?? 0) - (log?.value === undefined ? 0 : 1)
  const error = volumeError(world, preparation.process, [key])
  world.disk.syncAll()
  return { disk: world.disk, clock: world.clock, stored: found?.value as Stored, surplus, volumeError: error }
})

/** The names of what there may be at first. */
export const stateNames = beginnings.names

/** What there is at first under this name. Clone its disk. */
export function beginningOf(name: string, options: WorldOptions): Beginning {
  return beginnings.of(name, options, `${name} ${options.backend.name} ${options.durable}`)
}
