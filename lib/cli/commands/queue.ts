// `bucketcache queue`

import { itemKey } from '../../ops/queue.ts'
import type { QueueOptions } from '../../queue-options.ts'
import { asText, choice, flag, many, one } from '../arguments.ts'
import { type Call, defineCommand } from '../command.ts'
import { NoAnswer, UsageError } from '../errors.ts'
import { folderOptions, openAll, openOne } from '../open.ts'
import { type Column, write, writeRows } from '../output.ts'
import { wantsColors } from '../paint.ts'
import { itemOf } from '../queues.ts'
import { statuses } from '../statuses.ts'
import { readText } from '../stdin.ts'
import { readTag, readTyped, showText } from '../typed.ts'
import { readLifetime } from '../units.ts'
import { jsonValue, plainValue, showValue } from '../values.ts'
import { walk } from '../walk.ts'

const options = {
  ...folderOptions,
  prefix: one('TEXT', asText, 'Which queue; default: the one without a prefix', { short: 'p' }),
  side: choice(['front', 'back'], 'Where; default: push at the back, pull and peek at the front', { short: 's' }),
  lifetime: one('DURATION', readLifetime, 'push: how long the item lives; default: for ever', { short: 'l' }),
  tag: many('TAG', readTag, 'push: a label; any number of times', { short: 't' }),
  json: flag('pull, peek: the value as JSON; ls: a JSON object a line', { short: 'j' }),
}

const actions = ['ls', 'push', 'pull', 'peek'] as const

export const command = defineCommand({
  usage: ['queue [ls] [options]', 'queue push [options] VALUE', 'queue pull [options]', 'queue peek [options]'],
  about: [
    'ls lists the queues: prefix, number of items, key of the first and of the last. push adds an item and prints its key; pull ' +
      'takes one away and prints its value, to exactly one of any number of callers; peek leaves it. Status 1 if the queue is ' +
      'empty.',
    'VALUE is JSON or plain text, or - for standard input.',
  ],
  positionals: ['[ACTION]', '[VALUE]'],
  options,
  examples: [
    ['queue push --prefix jobs \'{"url": "https://example.com"}\'', 'Add work'],
    ['queue pull --prefix jobs', 'Take work'],
    ['queue', 'What waits'],
  ],

  async run(call) {
    const [action = 'ls', value, ...more] = call.args
    if (!(actions as readonly string[]).includes(action)) {
      const { didYouMean } = await import('../../suggest.ts')
      throw new UsageError(`Expected ls, push, pull or peek, got "${action}"${didYouMean(action, actions)}`)
    }
    if (action !== 'push' && value !== undefined)
      throw new UsageError(`Expected nothing behind ${action}, got "${value}"`)
    if (more.length > 0) throw new UsageError(`Expected nothing behind VALUE, got "${more[0]}"`)
    if (action === 'ls') return await list(call)
    return action === 'push' ? await push(call, value) : await take(call, action === 'pull')
  },
})

type QueueCall = Call<typeof options>

async function push({ options, io }: QueueCall, typed: string | undefined): Promise<number> {
  if (typed === undefined) throw new UsageError('Expected VALUE behind push, got nothing')
  const value = readTyped(typed === '-' ? await readText(io) : typed)
  const { lifetime = null, tag } = options
  const key = openOne({ options, io }).push(value, { ...queueOf(options), expire: lifetime, tag })
  await write(io.stdout, `${key}\n`)
  return statuses.done
}

async function take({ options, io }: QueueCall, removes: boolean): Promise<number> {
  for (const bucket of openAll({ options, io }, { writes: removes })) {
    const item = removes ? bucket.pull(queueOf(options)) : bucket.peek(queueOf(options))
    bucket.close()
    if (item === undefined) continue
    if (options.json) await write(io.stdout, `${jsonValue(item.value)}\n`)
    else if (io.stdout.isTTY !== true) await write(io.stdout, plainValue(item.value))
    else {
      const colors = wantsColors(io.stdout, io.env)
      await write(io.stdout, `${showValue(item.value, colors, io.stdout.columns || 80)}\n`)
    }
    return statuses.done
  }
  throw new NoAnswer('The queue is empty')
}

function queueOf({ prefix, side }: QueueCall['options']): QueueOptions {
  return { ...(prefix === undefined ? {} : { prefix }), ...(side === undefined ? {} : { side }) }
}

interface Line {
  readonly prefix: string | undefined
  items: number
  first: number
  last: number
}

const columns: readonly Column<Line>[] = [
  {
    title: 'PREFIX',
    show: ({ prefix }, paint) => (prefix === undefined ? paint.dim('(none)') : paint.cyan(showText(prefix))),
    plain: ({ prefix }) => (prefix === undefined ? '' : showText(prefix)),
  },
  { title: 'ITEMS', right: true, show: ({ items }) => String(items), plain: ({ items }) => String(items) },
  { title: 'FIRST', show: line => String(keysOf(line).first), plain: line => String(keysOf(line).first) },
  { title: 'LAST', show: line => String(keysOf(line).last), plain: line => String(keysOf(line).last) },
]

function keysOf({ prefix, first, last }: Line): { first: number | string; last: number | string } {
  return { first: itemKey(prefix, first), last: itemKey(prefix, last) }
}

async function list({ options, io }: QueueCall): Promise<number> {
  const queues = new Map<string | undefined, Line>()
  for await (const row of walk(openAll({ options, io }))) {
    const item = itemOf(row)
    if (item === undefined || (options.prefix !== undefined && item.prefix !== options.prefix)) continue
    const { prefix, number } = item
    const queue = queues.get(prefix) ?? { prefix, items: 0, first: number, last: number }
    queue.items++
    queue.first = Math.min(queue.first, number)
    queue.last = Math.max(queue.last, number)
    queues.set(prefix, queue)
  }
  const lines = [...queues.values()].sort((a, b) => ((a.prefix ?? '') < (b.prefix ?? '') ? -1 : 1))
  await writeRows(
    io,
    lines,
    columns,
    options.json ? line => ({ ...line, ...keysOf(line), prefix: line.prefix ?? null }) : undefined,
  )
  return statuses.done
}
