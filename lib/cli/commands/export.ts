// `bucketcache export`

import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { KeyNotFoundError } from '../../errors.ts'
import type { LongWork } from '../../long-work.ts'
import { bytesPurpose } from '../../ops/live.ts'
import { type Call, defineCommand, type Output } from '../command.ts'
import { dump } from '../dump.ts'
import { folderOptions, isClosed, openAll } from '../open.ts'
import { remark, write } from '../output.ts'
import { withProgress } from '../progress.ts'
import { itemsLast } from '../queues.ts'
import { statuses } from '../statuses.ts'
import { walk } from '../walk.ts'

const options = folderOptions

export const command = defineCommand({
  usage: ['export [options] [FILE]'],
  about: [
    'A line an entry: key, value, tags and expiry; to standard output, or to FILE, which appears when it is whole. A value that JSON ' +
      'would change (a Map, a Date, a cycle …) stands as what v8.serialize makes of it, in base64, so that import gives it back ' +
      'exactly. What has expired is left out. Values of encrypted backends cannot be read; they are counted on standard error, ' +
      'and the status is 1.',
  ],
  positionals: ['[FILE]'],
  options,
  examples: [
    ['export backup.jsonl', 'To a file'],
    ['export --folder a | bucketcache import --folder b', 'From one folder into another'],
    ['export | jq -c \'select(.tags | index("users"))\'', 'Only some'],
  ],

  async run(call) {
    const [file = '-'] = call.args
    if (file === '-') return await exportTo(call, call.io.stdout)
    const partial = `${file}.${randomBytes(4).toString('hex')}.tmp`
    const out = (await open(partial, 'wx')).createWriteStream()
    try {
      const status = await exportTo(call, out)
      out.end()
      await finished(out)
      await rename(partial, file)
      return status
    } catch (error) {
      out.destroy()
      await rm(partial, { force: true })
      throw error
    }
  },
})

async function exportTo(call: Call<typeof options>, out: Output): Promise<number> {
  let closed = 0
  const work = async ({ signal, onProgress }: Required<LongWork>): Promise<void> => {
    const buckets = openAll(call)
    const total = buckets.reduce((sum, { size }) => sum + size, 0)
    let done = 0
    for await (const { row, item } of itemsLast(walk(buckets, { signal }))) {
      signal.throwIfAborted()
      onProgress({ done: ++done, total: Math.max(done, total) })
      const { bucket, key } = row
      if (isClosed(bucket.backend)) {
        closed++
        continue
      }
      const isStream = row.purpose === bytesPurpose
      const entry = isStream ? undefined : bucket.getEntry(key)
      // Gone since it was listed; of bytes that is told when they are read.
      if (!isStream && entry === undefined) continue
      try {
        for await (const line of dump(row, item, entry?.value, () => bucket.read(key))) await write(out, `${line}\n`)
      } catch (error) {
        if (!(error instanceof KeyNotFoundError)) throw error
      }
    }
  }
  await withProgress(call, 'Exporting', work, out)
  if (closed > 0) await remark(call.io, `${closed} left out: values of their backend cannot be read here`)
  return closed === 0 ? statuses.done : statuses.no
}
