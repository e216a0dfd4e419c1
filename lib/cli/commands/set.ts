// `bucketcache set`

import { flag, many, one } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { NoAnswer, UsageError } from '../errors.ts'
import { keyOptions, readKey } from '../keys.ts'
import { folderOptions, openOne } from '../open.ts'
import { statuses } from '../statuses.ts'
import { asStream, readText } from '../stdin.ts'
import { readTag, readTyped } from '../typed.ts'
import { readLifetime } from '../units.ts'

const options = {
  ...folderOptions,
  ...keyOptions,
  lifetime: one('DURATION', readLifetime, 'How long it lives: 90s, 10m, 1h30m, 2d; default: for ever', { short: 'l' }),
  tag: many('TAG', readTag, 'A label; any number of times', { short: 't' }),
  text: flag('VALUE is text, whatever it looks like'),
  json: flag('VALUE must be JSON', { short: 'j' }),
  bytes: flag('Standard input is stored as it is, as bytes, of any length', { short: 'b' }),
  ifAbsent: flag('Only if there is no such key; status 1 if there is'),
}

export const command = defineCommand({
  usage: ['set [options] KEY VALUE', 'set [options] KEY [-] < FILE', 'set [options] --bytes KEY < FILE'],
  about: [
    'KEY and VALUE are JSON (42, true, {"id": 7}, "42"), or plain text. Without a VALUE, or with -, it is read from standard ' +
      'input. The folder is made if it is not there.',
  ],
  positionals: ['KEY', '[VALUE]'],
  options,
  examples: [
    ['set user:7 \'{"name": "Ada"}\' --tag users', 'A value of JSON'],
    ['set --lifetime 10m token "$TOKEN" --text', 'Text, even if it looks like a number'],
    ['set --bytes logo < logo.png', 'Bytes, of any length'],
  ],

  async run(call) {
    const { options, args, io } = call
    const { asListed, lifetime, tag, text, json, bytes, ifAbsent } = options
    const [typedKey, typedValue = '-'] = args
    if (Number(text) + Number(json) + Number(bytes) > 1)
      throw new UsageError('Expected one of --text, --json and --bytes, got more')
    if (bytes && typedValue !== '-')
      throw new UsageError(`Expected the bytes on standard input, got "${typedValue}" as VALUE`)
    const key = readKey(typedKey!, asListed)
    const terms = { expire: lifetime ?? null, tag }
    const value = bytes ? undefined : readValue(typedValue === '-' ? await readText(io) : typedValue, { text, json })
    const bucket = openOne({ options, io })
    if (ifAbsent && (bytes ? bucket.has(key) : !bucket.add(key, value, terms)))
      throw new NoAnswer(`There is a key ${typedKey} already`)
    if (bytes) await bucket.promises.set(key, asStream(io), { ...terms, signal: call.signal })
    else if (!ifAbsent) bucket.set(key, value, terms)
    return statuses.done
  },
})

function readValue(typed: string, { text, json }: { text: boolean; json: boolean }): unknown {
  if (text) return typed
  if (!json) return readTyped(typed)
  try {
    return JSON.parse(typed)
  } catch {
    throw new UsageError(`Expected VALUE to be JSON, got ${JSON.stringify(typed)}`)
  }
}
