// Where the result of one call is kept: its key, its storage, and what can be done with it there.

import { show } from '../options.ts'
import { labScope } from './context.ts'
import { cacheSwitch, defaultDirectory, type Switch, storageAt } from './defaults.ts'
import { digest } from './digest.ts'
import { readableName } from './naming.ts'
import { isSamePlace } from './place.ts'
import type { ResultCache, ResultMeta } from './results/result-cache.ts'
import type { Settings } from './settings.ts'
import type { Storage } from './storage/storage.ts'
import { readWhole, writeWhole } from './storage/whole.ts'
import type { TaskContext } from './types.ts'

/** The file under a key of a policy's key storage: says that there is a result, and where. */
const keyRecordName = 'key.json'

/** The storage that a task's results are in: its own, that of the lab around, the default one. */
export function storageOf({ storage }: Settings): Storage {
  return storageAt(storage ?? labScope.getStore()?.storage ?? defaultDirectory())
}

/** Where its policy keeps the records of keys, if that is elsewhere. */
export function keyStorageOf(settings: Settings): Storage | undefined {
  const { keyStorage } = settings.policy
  return keyStorage === undefined || isSamePlace(keyStorage, storageOf(settings)) ? undefined : storageAt(keyStorage)
}

/** What the storage keys of all results of a task begin with. */
export function storageKeyPrefix({ name, resultCache }: Settings): string {
  const { KEY_PREFIX } = resultCache.constructor as typeof ResultCache
  return `${KEY_PREFIX}${readableName(name)}__`
}

/** Whether a result of a task with this lifetime may still be used. */
export function isFresh({ lifetimeMs }: Settings, { startedAt, duration, expiresAt }: ResultMeta): boolean {
  const now = Date.now()
  return !(expiresAt && expiresAt.getTime() <= now) && startedAt.getTime() + duration + lifetimeMs > now
}

/** The result of one call. */
export class StoredResult {
  readonly key: string
  readonly storage: Storage
  readonly keyStorage: Storage | undefined
  /** What the environment says. */
  readonly mode: Switch
  readonly #settings: Settings

  constructor(settings: Settings, key: string, mode: Switch) {
    this.#settings = settings
    this.key = key
    this.mode = mode
    this.storage = storageOf(settings)
    this.keyStorage = keyStorageOf(settings)
  }

  async load(): Promise<{ value: unknown } | undefined> {
    if (!(await this.#hasKeyRecord())) return undefined
    const found = await this.#settings.resultCache.load(this.storage, this.key)
    return found && this.#isOurs(found.meta) ? found : undefined
  }

  async isThere(): Promise<boolean> {
    if (!(await this.#hasKeyRecord())) return false
    const meta = await this.#settings.resultCache.loadMeta(this.storage, this.key)
    return meta !== undefined && this.#isOurs(meta)
  }

  async save(value: unknown, inputs: Record<string, unknown>, startedAt: Date, duration: number): Promise<void> {
    const { name, resultCache, lifetimeMs } = this.#settings
    const meta: ResultMeta = { task: name, inputs, startedAt, duration }
    const expiresAt = new Date(startedAt.getTime() + duration + lifetimeMs)
    // Beyond what a Date can say it does not expire.
    if (!Number.isNaN(expiresAt.getTime())) meta.expiresAt = expiresAt
    await resultCache.save(this.storage, this.key, value, meta)
    if (this.keyStorage)
      await writeWhole(this.keyStorage, this.key, keyRecordName, JSON.stringify({ format: 1, result: this.key }))
  }

  /** False: there was none. */
  async delete(): Promise<boolean> {
    await this.keyStorage?.delete(this.key)
    const existed = await this.storage.exists(this.key)
    await this.storage.delete(this.key)
    return existed
  }

  #isOurs(meta: ResultMeta): boolean {
    return meta.task === this.#settings.name && isFresh(this.#settings, meta)
  }

  async #hasKeyRecord(): Promise<boolean> {
    if (this.keyStorage === undefined) return true
    if (!(await this.keyStorage.exists(this.key))) return false
    const record = await readWhole(this.keyStorage, this.key, keyRecordName).catch(() => undefined)
    return record !== undefined
  }
}

/** Where the result of a call is kept; undefined when it is not to be cached. */
export async function locate(
  settings: Settings,
  context: TaskContext,
  inputs: Record<string, unknown>,
): Promise<StoredResult | undefined> {
  if (!settings.isCached) return undefined
  const mode = cacheSwitch()
  if (mode === 'off') return undefined
  const counted = Object.fromEntries(Object.entries(inputs).filter(([name]) => !settings.ignored.includes(name)))
  const { flowParameters } = context
  const request =
    flowParameters === undefined ? { context, inputs: counted } : { context, inputs: counted, flowParameters }
  const key: unknown = await settings.policy.computeKey(request)
  if (key === undefined) return undefined
  if (typeof key !== 'string')
    throw new TypeError(`Expected the policy of ${settings.name} to give a text or undefined, got ${show(key)}`)
  const hash = digest(['result', settings.name, settings.cacheVersion, key])
  return new StoredResult(settings, `${storageKeyPrefix(settings)}${hash}`, mode)
}

/** The inputs that may be written beside a result: what does not belong into the key may be secret. */
export function recordedInputs(
  { ignored, policy }: Settings,
  inputs: Record<string, unknown>,
): Record<string, unknown> {
  const unseen = [...ignored, ...policy.unseenInputs]
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !unseen.includes(name)))
}
