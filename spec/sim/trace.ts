// What happened under a schedule, one column a task.

import { decodeOrder } from '../../lib/indexes/order.ts'
import type { Request } from '../../lib/io/requests.ts'
import { binaryFraming } from '../../lib/log/binary.ts'
import { readFrames } from '../../lib/log/sidecar.ts'
import { textFraming } from '../../lib/log/text.ts'
import { describe, type Task } from './task.ts'
import { folder, type World } from './world.ts'

export interface Trace {
  /** The next choice. */
  choose(choice: string): void
  readonly text: string
}

const width = 46

/** Writes down all that happens in a world from now on. */
export function drawTrace(world: World): Trace {
  const rows: { column: number; text: string }[] = []
  const begun = new Set<Task>()
  const note = (task: Task | undefined, text: string): void => {
    rows.push({ column: task === undefined ? 0 : world.tasks.indexOf(task), text })
  }
  const noteEnds = (): void => {
    for (const task of world.tasks) {
      if (task.phase !== 'ended' || begun.has(task)) continue
      begun.add(task)
      note(task, `= ${describe(task.outcome!)}`.slice(0, width - 1))
    }
  }
  world.onStep = (task, request, answer) => {
    const reply = 'error' in answer ? describe({ kind: 'threw', error: answer.error }) : sayReply(answer.reply)
    note(task, `${sayRequest(request)}${reply === '' ? '' : ` → ${reply}`}`.slice(0, width - 1))
  }
  return {
    choose(choice) {
      noteEnds()
      if (choice === '.') return
      if (choice[0] === '~') note(undefined, '⚡ power cut')
      else if (/[A-Z]/.test(choice)) {
        const task = world.tasks.find(one => one.letter === choice[0]!.toLowerCase())
        note(task, choice.length > 1 ? `† killed in ${sayRequest(task!.request!)}` : '† killed')
      }
    },
    get text() {
      // Who came afterwards to see what is left is not shown.
      const shown = world.tasks.filter(task => task.name !== 'alone')
      const lines = [shown.map(task => `${task.letter} ${task.name}`.padEnd(width)).join('')]
      for (const { column, text } of rows) if (column < shown.length) lines.push(' '.repeat(width * column) + text)
      return lines.map(line => line.trimEnd()).join('\n')
    },
  }
}

function sayRequest(request: Request): string {
  switch (request.op) {
    case 'append':
    case 'appendShared':
      return `append ${sayBytes(Buffer.from(request.bytes))}`
    case 'rename':
    case 'moveAway':
      return `${request.op} ${short(request.from)} over ${short(request.to)}`
    case 'write':
    case 'publish':
      return `${request.op} ${short(request.path)}: ${sayBytes(Buffer.from(request.bytes))}`
    case 'read':
      return `read at ${request.position}`
    case 'unlock':
      return `unlock ${short(request.lock.path)}`
    case 'all':
      return `all (${request.branches.length})`
    default:
      return 'path' in request ? `${request.op} ${short(request.path)}` : request.op
  }
}

function sayReply(reply: unknown): string {
  if (Buffer.isBuffer(reply)) return sayBytes(reply)
  // Of a shared append, which bytes they were is told with the request.
  if (typeof reply === 'object' && reply !== null && 'expected' in reply) return ''
  if (typeof reply === 'object' && reply !== null && 'bytes' in reply) {
    const { bytes, size } = reply as { bytes: Buffer; size: number }
    return `${size}: ${sayBytes(bytes)}`
  }
  if (typeof reply === 'object' && reply !== null && 'release' in reply) return ''
  if (reply === undefined) return ''
  return JSON.stringify(reply) ?? ''
}

/** Records, or frames, or how many bytes. */
function sayBytes(bytes: Buffer): string {
  const words: string[] = []
  for (const framing of [binaryFraming, textFraming]) {
    for (let at = framing.findStart(bytes, 0); at >= 0; ) {
      const record = framing.decode(bytes, at)
      if (record === undefined) {
        at = framing.findStart(bytes, at + 1)
        continue
      }
      const { kind, valueStart, valueEnd } = record
      const value = kind === 'put' ? ` ${bytes.toString('latin1', valueStart, Math.min(valueEnd, valueStart + 8))}` : ''
      words.push(`${kind}@${record.at}${record.ref >= 0 ? `→${record.ref}` : ''}${value.replace(/[^\x20-\x7e]/g, '')}`)
      at += record.length
    }
  }
  for (const { frame } of readFrames(bytes).frames) {
    const record = decodeOrder(frame)
    const place = record?.kind === 'remove' ? record.place : frame.id
    words.push(`${record?.kind ?? 'frame'} ${place.replace(/^(....)0+/, '$1…')}`)
  }
  if (words.length === 0) return bytes.length === 0 ? 'nothing' : `${bytes.length} bytes`
  return words.slice(-3).join(', ')
}

function short(path: string): string {
  const name = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path
  return name.replace(/[0-9a-f]{58,}/, digits => digits.slice(0, 4))
}
