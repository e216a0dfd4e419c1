// `bucketcache get`

import { readCurrent } from '../../ops/find.ts'
import { detailsOf } from '../../ops/get.ts'
import { bytesPurpose, liveEntry } from '../../ops/live.ts'
import { flag } from '../arguments.ts'
import { defineCommand, type Io } from '../command.ts'
import { NoAnswer } from '../errors.ts'
import { keyOptions, readKey } from '../keys.ts'
import { folderOptions, isClosed, type OpenBucket, openAll } from '../open.ts'
import { write } from '../output.ts'
import { paintFor, wantsColors } from '../paint.ts'
import { entryColumns, entryJson } from '../rows.ts'
import { statuses } from '../statuses.ts'
import { jsonValue, plainValue, showValue } from '../values.ts'
import type { Row } from '../walk.ts'

const options = {
  ...folderOptions,
  ...keyOptions,
  json: flag('The value as JSON, or an error if JSON cannot hold it', { short: 'j' }),
  details: flag('When it was stored and expires, its size, tags and version, in place of the value', { short: 'd' }),
}

export const command = defineCommand({
  usage: ['get [options] KEY'],
  about: [
    'KEY is JSON (42, true, {"id": 7}, "42"), or plain text. On a terminal the value is shown as in Node. Anywhere else text ' +
      'and bytes come as they are, other values as JSON, or as on a terminal where JSON does not have them.',
  ],
  positionals: ['KEY'],
  options,
  examples: [
    ['get greeting', 'The key is text'],
    ['get 42', 'The key is the number 42'],
    ['get \'"42"\'', 'The key is the text 42'],
    ['get report --json | jq .total', 'For programs'],
    ['get logo > logo.png', 'Bytes as they are'],
  ],

  async run({ options, args, io }) {
    const { asListed, json, details } = options
    const key = readKey(args[0]!, asListed)
    const isTerminal = io.stdout.isTTY === true
    for (const bucket of openAll({ options, io })) {
      const row = lookUp(bucket, key)
      if (row === undefined) continue
      if (details) await write(io.stdout, describe(row, json, io))
      else if (isClosed(bucket.backend))
        throw new Error(`The value of ${args[0]} is of the backend ${bucket.backend.name}, which cannot be read here`)
      else if (row.purpose === bytesPurpose && !json && !isTerminal)
        for await (const bytes of bucket.read(key)) await write(io.stdout, bytes)
      else await write(io.stdout, shown(bucket.getOrThrow(key), json, io))
      return statuses.done
    }
    throw new NoAnswer(`There is no key ${args[0]}`)
  },
})

/** All but the value, which may be of a backend that nobody here can read. */
function lookUp(bucket: OpenBucket, key: unknown): Row | undefined {
  const { heart } = bucket
  const slot = heart.store.keys.slot(key)
  const log = heart.sync(readCurrent(heart.store, slot.path, undefined, true))
  const found = log && liveEntry(heart.store, log, slot)
  return found && { bucket, key, keyText: slot.text, value: undefined, ...detailsOf(found) }
}

function shown(value: unknown, json: boolean, io: Io): string | Uint8Array {
  if (json) return `${jsonValue(value)}\n`
  if (io.stdout.isTTY !== true) return plainValue(value)
  return `${showValue(value, wantsColors(io.stdout, io.env), io.stdout.columns || 80)}\n`
}

function describe(row: Row, json: boolean, io: Io): string {
  if (json) return `${JSON.stringify(entryJson(row))}\n`
  const paint = paintFor(io.stdout, io.env)
  const version = { title: 'VERSION', show: () => row.version, plain: () => row.version }
  const lines = [...entryColumns(false, 1), version].map(({ title, show, plain }) =>
    io.stdout.isTTY === true
      ? `${paint.dim(title.toLowerCase().padEnd(9))}${show(row, paint)}`
      : `${title.toLowerCase()}\t${plain(row)}`,
  )
  return `${lines.join('\n')}\n`
}
