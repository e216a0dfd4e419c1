// `bucketcache watch`

import { asText, flag, one } from '../arguments.ts'
import { defineCommand, type Io } from '../command.ts'
import { Interrupted } from '../errors.ts'
import { type Happening, Happenings } from '../happenings.ts'
import { folderOf, folderOptions, openAll } from '../open.ts'
import { remark, say } from '../output.ts'
import { paintFor } from '../paint.ts'
import { statuses } from '../statuses.ts'
import { showTag } from '../typed.ts'
import { readCount, showDuration, showSize } from '../units.ts'
import { EntryWatcher } from '../watcher.ts'

const options = {
  ...folderOptions,
  prefix: one('TEXT', asText, 'Only keys that begin so', { short: 'p' }),
  limit: one('COUNT', readCount, 'End after so many lines', { short: 'n' }),
  json: flag('A JSON object a line', { short: 'j' }),
}

export const command = defineCommand({
  usage: ['watch [options]'],
  about: [
    'A line for each thing that happens in the folder, in whichever process: set, touch, delete; claim, where somebody computes a ' +
      'value that others wait for; gone, where an entry was evicted, has expired, or was culled or cleared. What is read leaves no ' +
      'trace. Of changes of one key within a moment only the last is seen. Ends with Ctrl-C.',
    'Anywhere but on a terminal the columns are parted by tabs: time, what, key, size, when it expires, tags as JSON.',
  ],
  positionals: [],
  options,
  examples: [
    ['watch', 'Look on'],
    ["watch --json | jq -c 'select(.size > 1000000)'", 'Large ones only'],
  ],

  async run(call) {
    const { options, io, signal } = call
    const folder = folderOf(call)
    const happenings = new Happenings(folder, () => openAll(call))
    const changed: string[] = []
    let wake = (): void => {}
    const watcher = new EntryWatcher(folder, paths => {
      changed.push(...paths)
      wake()
    })
    signal.addEventListener('abort', () => wake())
    try {
      await happenings.begin(signal)
      await remark(io, `watching ${folder}`)
      let left = options.limit ?? Number.POSITIVE_INFINITY
      while (left > 0) {
        const path = changed.shift()
        if (path === undefined) {
          await new Promise<void>(resolve => {
            wake = resolve
          })
          signal.throwIfAborted()
          continue
        }
        const happening = happenings.of(path)
        if (happening === undefined || !isWanted(options.prefix, happening)) continue
        await say(io, lineOf(happening, io, options.json))
        left--
      }
      return statuses.done
    } catch (error) {
      // Ctrl-C is how one ends this: nothing to be said about.
      if (error instanceof Interrupted) return error.status
      throw error
    } finally {
      watcher.close()
    }
  },
})

function isWanted(prefix: string | undefined, { key }: Happening): boolean {
  return prefix === undefined || key?.startsWith(prefix) === true
}

function lineOf(happening: Happening, io: Io, json: boolean): string {
  const { at, what, key, size, expires, tags } = happening
  const end = expires === undefined || expires === Number.POSITIVE_INFINITY ? undefined : expires
  if (json) {
    const expiresAt = size === undefined ? undefined : end === undefined ? null : new Date(end)
    return JSON.stringify({ at: new Date(at), what, key, size, expiresAt, tags })
  }
  if (io.stdout.isTTY !== true) {
    const cells = [new Date(at), what, key, size, end === undefined ? undefined : new Date(end)]
    const shown = cells.map(cell => (cell instanceof Date ? cell.toISOString() : (cell ?? '')))
    return [...shown, JSON.stringify(tags)].join('\t')
  }
  const paint = paintFor(io.stdout, io.env)
  const painted = what === 'set' || what === 'touch' ? paint.green : what === 'claim' ? paint.yellow : paint.red
  return [
    paint.dim(new Date(at).toTimeString().slice(0, 8)),
    painted(what.padEnd(6)),
    paint.cyan(key ?? '?'),
    ...(size === undefined ? [] : [showSize(size)]),
    ...(end === undefined ? [] : [paint.dim(`expires in ${showDuration(Math.max(0, end - at))}`)]),
    ...tags.map(tag => paint.yellow(showTag(tag))),
  ].join('  ')
}
