// One at a time: the lock around look-up and run, for policies with isolation SERIALIZABLE and tasks with cacheSerialize.

import { join } from 'node:path'
import { timerMaxMs } from '../waiting/sleep.ts'
import { heldLocks } from './context.ts'
import { deadlock } from './locks/chain.ts'
import { FileSystemLockManager } from './locks/filesystem.ts'
import type { LockManager } from './locks/lock-manager.ts'
import { MemoryLockManager } from './locks/memory.ts'
import type { Settings } from './settings.ts'
import { LocalStorage } from './storage/local.ts'
import type { Storage } from './storage/storage.ts'
import type { StoredResult } from './stored.ts'

/** A run may take long, and to wait for it is what was asked for. This is as long as a timer can be, 24 days, for lock
 *  managers that use one. */
const patienceMs = timerMaxMs

const inProcess = new WeakMap<Storage, MemoryLockManager>()
const besideFolder = new Map<string, FileSystemLockManager>()

function besideStorage(storage: Storage): LockManager {
  if (storage instanceof LocalStorage) {
    const folder = join(storage.directory, '.locks')
    const manager = besideFolder.get(folder) ?? new FileSystemLockManager(folder)
    besideFolder.set(folder, manager)
    return manager
  }
  const manager = inProcess.get(storage) ?? new MemoryLockManager()
  inProcess.set(storage, manager)
  return manager
}

/** Whose locks the runs of a call take; undefined: none. */
export function lockManagerFor(
  { policy, isSerialized }: Settings,
  { storage, keyStorage }: StoredResult,
): LockManager | undefined {
  if (policy.isolationLevel !== 'SERIALIZABLE' && !isSerialized) return undefined
  return policy.lockManager ?? besideStorage(keyStorage instanceof LocalStorage ? keyStorage : storage)
}

/** @throws DeadlockError, at once, when a call around this one holds the lock: it would wait for itself. */
export async function withLock<T>(
  manager: LockManager,
  key: string,
  signal: AbortSignal | undefined,
  body: () => Promise<T>,
): Promise<T> {
  const held = heldLocks.getStore() ?? []
  if (held.some(lock => lock.isHeld && lock.manager === manager && lock.key === key)) throw deadlock(key)
  const release = await manager.acquire(key, signal ? { timeout: patienceMs, signal } : { timeout: patienceMs })
  const own = { manager, key, isHeld: true }
  try {
    return await heldLocks.run([...held, own], body)
  } finally {
    own.isHeld = false
    await release()
  }
}
