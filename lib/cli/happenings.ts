// From a file that has changed to what happened to its entry.

import { readFileSync } from 'node:fs'
import { entryExtension } from '../log/names.ts'
import type { Framing, LogRecord } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import { readLog } from '../ops/raw.ts'
import { Recency } from '../recency.ts'
import { showKey } from './keys.ts'
import type { OpenBucket } from './open.ts'
import { walk } from './walk.ts'

export interface Happening {
  readonly at: number
  /** claim: somebody is computing the value. gone: its file was removed: evicted, expired, culled or cleared. */
  readonly what: 'set' | 'touch' | 'delete' | 'claim' | 'gone'
  /** As `ls` shows it; undefined: it was never seen. */
  readonly key: string | undefined
  readonly size: number | undefined
  readonly expires: number | undefined
  readonly tags: readonly (string | number)[]
}

/** So many files are remembered: what was in one cannot be read any more when it is gone. */
const remembered = 10_000

interface Known {
  readonly key: string | undefined
  /** Id of the last record that was told of. */
  readonly record: string
  /** The entry was there. */
  readonly stands: boolean
}

/** A log with something in it, and a bucket that can read it. */
interface Seen {
  readonly bucket: OpenBucket
  readonly log: LogState
  readonly last: LogRecord
}

export class Happenings {
  readonly #folder: string
  readonly #open: () => readonly OpenBucket[]
  #buckets: readonly OpenBucket[]
  readonly #known = new Recency<string, Known>()

  /** `open`: buckets for the backends that have entries; asked again when there may be another. */
  constructor(folder: string, open: () => readonly OpenBucket[]) {
    this.#folder = folder
    this.#open = open
    this.#buckets = open()
  }

  /** Looks at what is there already, so that it is known when it goes. */
  async begin(signal: AbortSignal): Promise<void> {
    for await (const { bucket, key, keyText, version } of walk(this.#buckets, { signal })) {
      const { path } = bucket.heart.store.keys.slot(key)
      if (this.#known.size >= remembered) return
      this.#remember(path.slice(this.#folder.length + 1), {
        key: showKey(key, keyText),
        record: version,
        stands: true,
      })
    }
  }

  /** What the change of a file means; undefined: nothing that was not told already. */
  of(path: string): Happening | undefined {
    let seen = this.#look(path)
    if (seen === 'strange') {
      this.#buckets = this.#open()
      seen = this.#look(path)
    }
    const known = this.#known.peek(path)
    if (seen === undefined) {
      this.#known.delete(path)
      // After a deletion that is only tidying up.
      return known?.stands === true ? happening('gone', known.key, undefined) : undefined
    }
    if (seen === 'strange') return undefined
    const { log, last } = seen
    const what = whatIs(last.kind)
    if (what === undefined || last.id === known?.record) return undefined
    const key = this.#keyIn(seen, path) ?? known?.key
    this.#remember(path, { key, record: last.id, stands: log.value !== undefined })
    return happening(what, key, log)
  }

  /** undefined: the file is gone. 'strange': it is of no backend that is known, or nothing stands in it yet. */
  #look(path: string): Seen | 'strange' | undefined {
    let isThere = true
    for (const bucket of this.#buckets) {
      const { heart, backend } = bucket
      if (backend.fileExtension !== entryExtension(path.slice(3))) continue
      const log = heart.sync(readLog(heart.store, `${this.#folder}/${path}`))
      if (log?.last !== undefined) return { bucket, log, last: log.last }
      isThere = log !== undefined
    }
    return isThere ? 'strange' : undefined
  }

  /** The key of the entry, or, when that is gone, of the first that stood in the file. */
  #keyIn({ bucket, log, last }: Seen, path: string): string | undefined {
    const { store } = bucket.heart
    const put = log.value ?? (last.at === 0 ? undefined : firstRecord(store.framing, `${this.#folder}/${path}`))
    if (put === undefined || put.key === '') return undefined
    try {
      return showKey(store.keys.read(put.key), put.key)
    } catch {
      return showKey(undefined, put.key)
    }
  }

  #remember(path: string, known: Known): void {
    this.#known.set(path, known)
    if (this.#known.size > remembered) this.#known.delete(this.#known.oldest!)
  }
}

function happening(what: Happening['what'], key: string | undefined, log: LogState | undefined): Happening {
  const put = what === 'set' || what === 'touch' ? log?.value : undefined
  return {
    at: Date.now(),
    what,
    key,
    size: put && put.valueEnd - put.valueStart,
    expires: put && log?.state?.expires,
    tags: put?.tags ?? [],
  }
}

function whatIs(kind: string): Happening['what'] | undefined {
  if (kind === 'put') return 'set'
  if (kind === 'touch' || kind === 'claim') return kind
  return kind === 'tombstone' ? 'delete' : undefined
}

function firstRecord(framing: Framing, path: string): LogRecord | undefined {
  try {
    return framing.decode(readFileSync(path), 0)
  } catch {
    return undefined
  }
}
