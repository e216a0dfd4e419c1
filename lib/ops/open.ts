// Opening a folder: its settings are read, and a new folder is made what it is to be.
//
// Goal: two processes that open a new folder at once find the same; a folder of a newer format is left alone.
// Crash: a folder without its settings is completed by whoever opens it next.

import { FormatError } from '../errors.ts'
import { ask, type Io } from '../io/requests.ts'
import { cacheTagName, folderFormat, ignoreName, isOurs, settingsName } from '../log/names.ts'
import { defaultSettings, type FolderSettings, parseFolderSettings, writeFolderSettings } from '../settings.ts'
import type { Store } from '../store.ts'
import { hasTagIndex } from './tags.ts'

const cacheTag = `Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache, made by bucketcache: backup programs may pass it over, and it may be deleted.
# What the signature is for: https://bford.info/cachedir/
`
const ignore = '# A cache: nothing in here belongs into a repository.\n*\n'

/** Reads the folder's settings, changes what `given` names, and returns them as they are then. `create`: makes the folder
 *  if it is missing; without it nothing is written. */
export function* openFolder(store: Store, given: Partial<FolderSettings>, create: boolean): Io<FolderSettings> {
  const path = `${store.folder}/${settingsName}`
  const window = yield* ask<'load'>({ op: 'load', path, reach: Number.MAX_SAFE_INTEGER })
  const stored = window === undefined ? undefined : parseFolderSettings(window.bytes.toString())
  if (stored !== undefined && stored.format > folderFormat) {
    throw new FormatError(
      `${store.folder} was written by a newer bucketcache (format ${stored.format}, this version knows ${folderFormat}). ` +
        'Nothing was touched: update the package, or choose another folder.',
      { path },
    )
  }
  const settings: FolderSettings = { ...defaultSettings, ...stored?.settings, ...given }
  // What can be seen is not stored: the index of tags is there or it is not.
  settings.tagIndex = given.tagIndex ?? (yield* hasTagIndex(store))
  if (!create) return settings
  const { durable } = store.settings
  if (stored === undefined) {
    const there = (yield* ask<'list'>({ op: 'list', path: store.folder })) ?? []
    // A folder with anything else in it is somebody's: git and backup programs are to go on looking at it.
    const tags = [
      [cacheTagName, cacheTag],
      [ignoreName, ignore],
    ] as const
    // The settings come last: where they are, the folder is complete.
    for (const [name, text] of there.every(isOurs) ? tags : []) {
      if (there.includes(name)) continue
      yield* ask<'publish'>({ op: 'publish', path: `${store.folder}/${name}`, bytes: Buffer.from(text), durable })
    }
  }
  const { tagIndex: _, ...kept } = given
  const changed = Object.entries(kept).some(([name, value]) => stored?.settings[name as keyof FolderSettings] !== value)
  if (stored === undefined || changed) {
    yield* ask<'publish'>({
      op: 'publish',
      path,
      bytes: writeFolderSettings({ ...stored?.settings, ...kept }),
      durable,
    })
  }
  return settings
}

/** Whether the folder is there. */
export function* isThere(store: Store): Io<boolean> {
  return (yield* ask<'stat'>({ op: 'stat', path: `${store.folder}/${settingsName}` })) !== undefined
}
