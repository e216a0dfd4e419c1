// `bucketcache migrate`

import { UnserializableError } from '../../errors.ts'
import { bytesPurpose } from '../../ops/live.ts'
import { asText, one } from '../arguments.ts'
import { type Call, defineCommand } from '../command.ts'
import { oneLine, UsageError } from '../errors.ts'
import { showKey } from '../keys.ts'
import {
  folderOf,
  folderOptions,
  isClosed,
  namedBackend,
  type OpenBucket,
  openAll,
  openAs,
  presences,
} from '../open.ts'
import { remark, say } from '../output.ts'
import { withProgress } from '../progress.ts'
import { expireOf, put } from '../put.ts'
import { type Item, itemsLast } from '../queues.ts'
import { statuses } from '../statuses.ts'
import { type Row, walk } from '../walk.ts'

const options = {
  folder: folderOptions.folder,
  backend: one('NAME', asText, 'With which they are to be stored: v8, json, cbor, msgpack, v8+gzip, v8+brotli …', {
    choices: ['v8', 'json', 'cbor', 'msgpack', 'v8+gzip', 'v8+brotli', 'json+gzip'],
  }),
  from: one('NAME', asText, 'Only entries of this backend; default: all others'),
}

export const command = defineCommand({
  usage: ['migrate --backend NAME [options]'],
  about: [
    'Entries keep their keys, tags, order and the moment at which they expire. Each is stored anew first, and removed then, so that ' +
      'stopping it half-way loses nothing: run it again. No program should write with the old backend meanwhile. What the new ' +
      'backend cannot hold (a Map as JSON) stays where it is, is told on standard error, and the status is 1.',
  ],
  positionals: [],
  options,
  examples: [
    ['migrate --backend json', 'So that people can read the files'],
    ['migrate --backend v8+gzip', 'Smaller'],
  ],

  async run(call) {
    const { options, io } = call
    const { backend, from } = options
    if (backend === undefined) throw new UsageError('Expected --backend, the one to migrate to')
    const sources = openAll({ options: { folder: options.folder, backend: from }, io }, { writes: true })
    const folder = folderOf({ options, io })
    const target = openAs(folder, namedBackend(backend, presences(folder)), { writes: true })
    if (isClosed(target.backend)) throw new UsageError(`Expected a backend of bucketcache's own, got "${backend}"`)
    const others = sources.filter(({ backend }) => backend.name !== target.backend.name)
    const migrating = new Migrating(call, target)
    try {
      await withProgress(call, 'Migrating', async ({ signal, onProgress }) => {
        const total = others.reduce((sum, { size }) => sum + size, 0)
        let done = 0
        for await (const { row, item } of itemsLast(walk(others, { signal }))) {
          signal.throwIfAborted()
          await migrating.move(row, item)
          onProgress({ done: ++done, total: Math.max(done, total) })
        }
      })
    } finally {
      for (const bucket of [...others, target]) await bucket.promises.close()
      const { moved } = migrating
      await say(io, io.stdout.isTTY === true ? `${moved} now with ${target.backend.name}` : String(moved))
    }
    return migrating.left === 0 ? statuses.done : statuses.no
  },
})

class Migrating {
  moved = 0
  left = 0
  readonly #io: Call<typeof options>['io']
  readonly #target: OpenBucket

  constructor({ io }: Call<typeof options>, target: OpenBucket) {
    this.#io = io
    this.#target = target
  }

  async move(row: Row, item: Item | undefined): Promise<void> {
    const { bucket, key, keyText } = row
    try {
      await this.#store(row, item)
    } catch (error) {
      if (!(error instanceof UnserializableError)) throw error
      this.left++
      await remark(this.#io, `${showKey(key, keyText)} stays: ${oneLine(error.message)}`)
      return
    }
    if (bucket.delete(key)) this.moved++
  }

  async #store(row: Row, item: Item | undefined): Promise<void> {
    const { bucket, key, tags } = row
    const target = this.#target
    if (isClosed(bucket.backend))
      throw new UnserializableError(`values of the backend ${bucket.backend.name} cannot be read here`)
    // One that is there was stored since, or by a run of this that was stopped.
    if (item === undefined && (target.getEntry(key)?.storedAt.getTime() ?? -1) >= row.storedAt) return
    if (row.purpose === bytesPurpose) {
      await target.promises.set(key, bucket.read(key), { expire: expireOf(row.expires), tag: tags })
      return
    }
    const entry = bucket.getEntry(key)
    if (entry === undefined) return
    if (item === undefined) put(target, key, entry.value, row)
    else {
      const queue = item.prefix === undefined ? {} : { prefix: item.prefix }
      target.push(entry.value, { ...queue, expire: expireOf(row.expires), tag: tags })
    }
  }
}
