// `bucketcache import`

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, Readable } from 'node:stream'
import { UnserializableError } from '../../errors.ts'
import type { LongWork } from '../../long-work.ts'
import { flag } from '../arguments.ts'
import { type Call, defineCommand } from '../command.ts'
import { type Dumped, undump, undumpMore } from '../dump.ts'
import { oneLine } from '../errors.ts'
import { linesOf } from '../lines.ts'
import { folderOptions, type OpenBucket, openOne } from '../open.ts'
import { remark, say } from '../output.ts'
import { withProgress } from '../progress.ts'
import { expireOf, put } from '../put.ts'
import { statuses } from '../statuses.ts'
import { asStream } from '../stdin.ts'

const options = { ...folderOptions, ifAbsent: flag('Keys that are stored stay as they are') }

export const command = defineCommand({
  usage: ['import [options] [FILE]'],
  about: [
    'Reads what export writes, from FILE or standard input: the least that a line needs is {"key": …, "value": …}. Entries keep ' +
      'their tags, the moment at which they expire, and their order; what has expired by now is left out. Prints how many were ' +
      'stored. What the backend cannot hold is told on standard error, and the status is 1; at a line that is not as expected it stops.',
    'The folder is made if it is not there.',
  ],
  positionals: ['[FILE]'],
  options,
  examples: [
    ['import backup.jsonl', 'From a file'],
    ['import --backend json --folder readable backup.jsonl', 'Into files that people can read'],
    ['import <<< \'{"key": "a", "value": 1, "tags": ["t"]}\'', 'Made by hand'],
  ],

  async run(call) {
    const { options, io, args } = call
    const [file = '-'] = args
    const size = file === '-' ? undefined : (await stat(file)).size
    const source = file === '-' ? asStream(io) : createReadStream(file)
    const bucket = openOne({ options, io })
    const importing = new Importing(call, bucket)
    try {
      await withProgress(call, 'Importing', long => importing.read(source, size, long))
    } finally {
      await bucket.promises.close()
      if (importing.stored > 0)
        await say(io, io.stdout.isTTY === true ? `${importing.stored} stored` : String(importing.stored))
    }
    return importing.refused === 0 ? statuses.done : statuses.no
  },
})

class Importing {
  stored = 0
  refused = 0
  readonly #call: Call<typeof options>
  readonly #bucket: OpenBucket
  #line = 0

  constructor(call: Call<typeof options>, bucket: OpenBucket) {
    this.#call = call
    this.#bucket = bucket
  }

  async read(source: Readable, size: number | undefined, { signal, onProgress }: Required<LongWork>): Promise<void> {
    let read = 0
    const count = (length: number): void => {
      read += length
    }
    // It may be long before the next line comes, if any does.
    const lines = linesOf(counted(addAbortSignal(signal, source), count))
    try {
      for await (const line of lines) {
        signal.throwIfAborted()
        this.#line++
        const dumped = line.trim() === '' ? undefined : this.#parsed(() => undump(line))
        if (dumped !== undefined) await this.#entry(dumped, lines, signal)
        onProgress(size === undefined ? { done: this.#line, total: undefined } : { done: read, total: size })
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    }
  }

  async #entry(dumped: Dumped, lines: AsyncGenerator<string>, signal: AbortSignal): Promise<void> {
    const bucket = this.#bucket
    const { key, value, isBytes, tags, expires, purpose, queue } = dumped
    const isLeftOut = expires <= Date.now() || (this.#call.options.ifAbsent && bucket.has(key))
    try {
      if (isBytes) {
        const bytes = Readable.from(this.#bytes(dumped, lines), { objectMode: false })
        if (isLeftOut) for await (const _ of bytes);
        else await bucket.promises.set(key, bytes, { expire: expireOf(expires), tag: tags, signal })
      } else if (isLeftOut) return
      else if (queue !== undefined)
        bucket.push(value, { ...(queue as { prefix: string }), expire: expireOf(expires), tag: tags })
      else put(bucket, key, value, { expires, tags, purpose })
    } catch (error) {
      if (!(error instanceof UnserializableError)) throw error
      this.refused++
      await remark(this.#call.io, `line ${this.#line}: ${oneLine(error.message)}`)
      return
    }
    if (!isLeftOut) this.stored++
  }

  /** The bytes of an entry, over as many lines as they take. */
  async *#bytes({ value, continues }: Dumped, lines: AsyncGenerator<string>): AsyncGenerator<Uint8Array> {
    yield value as Buffer
    while (continues) {
      const { value: line, done } = await lines.next()
      this.#line++
      const more = this.#parsed(() => undumpMore(done === true ? '{}' : line))
      yield more.bytes
      continues = more.continues
    }
  }

  #parsed<T>(parse: () => T): T {
    try {
      return parse()
    } catch (error) {
      throw new Error(
        `Line ${this.#line} is not as expected: ${(error as Error).message}; ${this.stored} stored so far`,
        {
          cause: error,
        },
      )
    }
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array | string>,
  count: (length: number) => void,
): AsyncGenerator<Uint8Array | string> {
  for await (const chunk of source) {
    count(chunk.length)
    yield chunk
  }
}
