// Seals and claims that somebody has left behind.

import { appendFileSync, readFileSync } from 'node:fs'
import { thisOwner } from '../../lib/io/identity.ts'
import { readOwner, writeOwner } from '../../lib/io/owner.ts'
import { noRef } from '../../lib/log/record.ts'
import { needsMore, readState } from '../../lib/log/state.ts'
import { bareRecord } from '../../lib/ops/fields.ts'
import { newStore } from './stores.ts'

/** A process of this machine that has this one's number, and started at another time: it is gone. */
export function deadOwner(): string {
  const parts = readOwner(thisOwner())!
  return writeOwner({ ...parts, started: parts.started + 1 })
}

/** A machine that nobody here knows anything about. */
export function distantOwner(): string {
  return writeOwner({ ...readOwner(thisOwner())!, host: 'far-away' })
}

export interface LeftBehind {
  kind?: 'seal' | 'claim'
  owner?: string
  time?: number
  purpose?: string
}

/** Appends a seal to the log at `path`, as its owner would have done. */
export function leaveSeal(folder: string, path: string, { kind = 'seal', ...fields }: LeftBehind = {}): void {
  const store = newStore(folder, { backend: path.endsWith('.json') ? 'json' : 'v8' })
  const bytes = readFileSync(path)
  const log = readState(store.framing, { bytes, start: 0, size: bytes.length })
  const ref = needsMore(log) ? noRef : (log.state?.at ?? noRef)
  const record = bareRecord(store, {
    kind,
    ref,
    owner: deadOwner(),
    purpose: kind === 'seal' ? 'replace' : '',
    ...fields,
  })
  appendFileSync(path, store.framing.encode(record, new Uint8Array(), bytes.length))
}
