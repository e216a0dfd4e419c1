// A store over a real folder without a bucket around it, for running operations one by one.

import { resolveBackend } from '../../lib/backends/resolve.ts'
import { permissions } from '../../lib/io/disk.ts'
import { asyncHost } from '../../lib/io/host-async.ts'
import { syncHost } from '../../lib/io/host-sync.ts'
import { thisOwner } from '../../lib/io/identity.ts'
import type { Keeper } from '../../lib/io/keeper.ts'
import type { AsyncHost, Io, SyncHost } from '../../lib/io/requests.ts'
import { runAsync, runSync } from '../../lib/io/run.ts'
import { DefaultKeyMaker } from '../../lib/keymakers/default.ts'
import { keyCodec } from '../../lib/keys.ts'
import { type Bounds, createStore, type Store } from '../../lib/store.ts'

let ids = 0

/** Sixteen digits, counted. */
export function nextId(): string {
  return (0x7e57_0000_0000 + ++ids).toString(16).padStart(16, '0')
}

export interface StoreOptions {
  backend?: 'v8' | 'json'
  bounds?: Bounds
  now?: () => number
  network?: boolean
  durable?: boolean
  timeoutMs?: number
}

export function newStore(folder: string, options: StoreOptions = {}): Store {
  const backend = resolveBackend(options.backend)
  return createStore({
    folder,
    backend,
    keys: keyCodec(new DefaultKeyMaker(), folder, backend),
    environment: {
      now: options.now ?? (() => Date.now()),
      ticks: options.now ?? (() => performance.now()),
      newId: nextId,
      owner: thisOwner(),
      holds: new Map(),
    },
    settings: {
      lifetimeMs: Number.POSITIVE_INFINITY,
      timeoutMs: options.timeoutMs ?? 60_000,
      durable: options.durable ?? false,
      network: options.network ?? false,
    },
    ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
  })
}

/** Another view of the folder, as another process would have it. */
export function again(store: Store, options: StoreOptions = {}): Store {
  const { network, durable, timeoutMs } = store.settings
  return newStore(store.folder, {
    backend: store.backend.name as 'v8' | 'json',
    bounds: store.bounds,
    network,
    durable,
    timeoutMs,
    ...options,
  })
}

const bits = permissions(0o600)

export function sync<T>(io: Io<T>, host: SyncHost = syncHost(bits)): T {
  return runSync(io, host)
}

export function later<T>(io: Io<T>, host: AsyncHost = asyncHost(bits)): Promise<T> {
  return runAsync(io, host)
}

/** With what a bucket keeps open between operations. */
export const hosts = {
  sync: (keeper?: Keeper) => syncHost(bits, keeper),
  async: (keeper?: Keeper) => asyncHost(bits, keeper),
}
