// Settings that change while a bucket is open.

import type { Core } from './core.ts'
import { type DurationPart, toParts } from './duration.ts'
import type { Io } from './io/requests.ts'
import { openFolder } from './ops/open.ts'
import { switchTagIndex } from './ops/tags.ts'
import { type BucketOptions, checkSetting, resolveOptions } from './options.ts'
import { type FolderSettings, isFolderSetting } from './settings.ts'

/** A setting as it is now: one of the folder's is read from there. */
export function* readSetting<N extends keyof BucketOptions>(core: Core, name: N): Io<BucketOptions[N]> {
  if (isFolderSetting(name)) {
    core.setLimits(yield* openFolder(core.store, {}, false))
    return core.store.limits[name] as BucketOptions[N]
  }
  return instanceSetting(core, name)
}

/** A setting as this instance knows it; TypeError for an unknown name. */
export function settingNow<N extends keyof BucketOptions>(core: Core, name: N): BucketOptions[N] {
  return isFolderSetting(name) ? (core.store.limits[name] as BucketOptions[N]) : instanceSetting(core, name)
}

/** Changes a setting, and gives it back. */
export function* resetSetting<N extends keyof BucketOptions>(
  core: Core,
  name: N,
  value: BucketOptions[N],
): Io<BucketOptions[N]> {
  if (isFolderSetting(name)) {
    core.checkWritable('reset')
    const given = { [name]: checkSetting(name, value) } as Partial<FolderSettings>
    if (given.tagIndex !== undefined) yield* switchTagIndex(core.store, given.tagIndex)
    // What was looked up before counting was switched on does not count.
    if (given.statistics === true && !core.store.limits.statistics)
      Object.assign(core.store.lookups, { hits: 0, misses: 0 })
    core.setLimits(yield* openFolder(core.store, given, true))
    return core.store.limits[name] as BucketOptions[N]
  }
  const { settings } = core
  const wanted = resolveOptions({ [name]: value })
  switch (name) {
    case 'timeout':
      settings.timeoutMs = wanted.timeoutMs
      break
    case 'durability':
      settings.durable = wanted.durable
      break
    case 'readOnly':
      // As if it was opened now: who only reads makes no folder.
      if (settings.readOnly && !wanted.readOnly) {
        core.setLimits(yield* openFolder(core.store, settings.folder, true))
        const { tagIndex } = settings.folder
        if (tagIndex !== undefined) yield* switchTagIndex(core.store, tagIndex)
      }
      settings.readOnly = wanted.readOnly
      break
    case 'onError':
      settings.degrade = wanted.degrade
      break
    case 'backend':
    case 'filesystem':
    case 'keyMaker':
    case 'memory':
    case 'mode':
      throw new TypeError(
        `Expected a setting that can change while the bucket is open, got "${name}": open another bucket for that`,
      )
    default:
      // The lifetime, or one of its parts.
      settings.lifetimeMs = wanted.lifetimeMs
  }
  return instanceSetting(core, name)
}

function instanceSetting<N extends keyof BucketOptions>(core: Core, name: N): BucketOptions[N] {
  const { settings } = core
  const lifetime = settings.lifetimeMs === Number.POSITIVE_INFINITY ? null : settings.lifetimeMs
  const values: BucketOptions = {
    backend: settings.backend,
    keyMaker: settings.keyMaker,
    lifetime,
    memory: settings.memory === undefined ? false : memoryOptions(settings.memory),
    durability: settings.durable ? 'power' : 'process',
    timeout: settings.timeoutMs,
    mode: settings.mode,
    readOnly: settings.readOnly,
    onError: settings.degrade ? 'degrade' : 'throw',
    filesystem: settings.network ? 'network' : 'local',
  }
  if (Object.hasOwn(values, name)) return values[name]
  resolveOptions({ [name]: 1 }) // tells an unknown name
  // A part of the lifetime: all of it, in that unit.
  if (lifetime === null) return undefined
  return toParts(lifetime, name as DurationPart) as BucketOptions[N]
}

function memoryOptions(memory: NonNullable<Core['settings']['memory']>): BucketOptions['memory'] {
  const { maxEntries, maxBytes, revalidateMs } = memory
  const revalidate = revalidateMs === 0 ? 'always' : revalidateMs === Number.POSITIVE_INFINITY ? 'never' : revalidateMs
  return { maxEntries, maxBytes, revalidate }
}
