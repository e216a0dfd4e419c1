// This package, as a peer among others: both of its interfaces.

import { loadPackage } from '../stage.ts'
import type { Peer } from './peer.ts'

export const bucketcache: Peer = {
  name: 'bucketcache',
  says: 'JSON backend, synchronous',
  async open(folder) {
    const { Bucket } = await loadPackage()
    return new Bucket<string, unknown>(folder, { backend: 'json' })
  },
}

export const bucketcachePromises: Peer = {
  name: 'bucketcache.promises',
  says: 'JSON backend, promises',
  async open(folder) {
    const { Bucket } = await loadPackage()
    return new Bucket<string, unknown>(folder, { backend: 'json' }).promises
  },
}
