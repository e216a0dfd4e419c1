// Runs a command as if it had been started without us: its output goes where ours goes, as it comes; signals that we get it
// gets; it has our standard input. What it writes is also told to whoever keeps it.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { isatty } from 'node:tty'
import { drained } from '../drained.ts'
import { execStatuses, statuses } from '../statuses.ts'
import { makePipes } from './pipes.ts'
import type { Channel } from './recording.ts'

export interface Outcome {
  /** As a shell has it: 128 + n after signal number n. */
  readonly status: number
  readonly isStarted: boolean
  /** It ran to an end of its own: no signal ended it or was passed on to it, and all of its output was taken. */
  readonly isWhole: boolean
  /** The signal that ended it, or a reason why it could not be started. */
  readonly trouble: string | undefined
  /** Why output is lost that nobody else tells of. */
  readonly refusal?: string
}

/** What is told of output; a promise: wait for it before bringing more. */
export type Listener = (channel: Channel, bytes: Buffer) => Promise<void> | undefined

const passedOn: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']
/** The terminal gives these to the command itself, which is in our process group: passed on, it would get them twice. */
const fromKeyboard: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']

/** Runs a command to its end. Never rejects for what the command does. */
export async function runCommand(words: readonly string[], listener: Listener): Promise<Outcome> {
  let isWhole = true
  let refusal: NodeJS.ErrnoException | undefined
  const hasTerminal = [0, 1, 2].some(isatty)
  const { child, sources } = startCommand(words)
  const onSignal = (signal: NodeJS.Signals): void => {
    isWhole = false
    if (!(hasTerminal && fromKeyboard.includes(signal))) child.kill(signal)
  }
  for (const signal of passedOn) process.on(signal, onSignal)
  const cut = (error: Error): void => {
    isWhole = false
    refusal ??= error
  }
  const outputs = [
    relay(sources[0], process.stdout, bytes => listener(1, bytes), cut),
    relay(sources[1], process.stderr, bytes => listener(2, bytes), cut),
  ]
  try {
    const ended = await new Promise<End>(resolve => {
      child.once('error', (error: NodeJS.ErrnoException) => resolve(notStarted(words[0]!, error)))
      child.once('exit', (code, signal) => {
        const trouble = signal === null ? undefined : `ended by ${signal}`
        const status = signal === null ? code : execStatuses.signal + constants.signals[signal]
        const end = { isStarted: true, status: status ?? execStatuses.failed, trouble }
        // What it has left running may still write.
        void Promise.all(outputs).then(() => resolve(end))
      })
    })
    return { ...ended, ...refused(ended, refusal), isWhole: isWhole && ended.trouble === undefined }
  } finally {
    for (const source of sources) source.destroy()
    for (const signal of passedOn) process.removeListener(signal, onSignal)
  }
}

function startCommand(words: readonly string[]): { child: ChildProcess; sources: [Readable, Readable] } {
  const pipes = makePipes()
  const [out, err] = pipes ?? []
  try {
    const child = spawn(words[0]!, words.slice(1), { stdio: ['inherit', out?.end ?? 'pipe', err?.end ?? 'pipe'] })
    return { child, sources: [out?.source ?? child.stdout!, err?.source ?? child.stderr!] }
  } finally {
    for (const { end } of pipes ?? []) closeSync(end)
  }
}

type End = Omit<Outcome, 'isWhole'>

function notStarted(command: string, { code, message }: NodeJS.ErrnoException): End {
  const isMissing = code === 'ENOENT'
  const why = isMissing ? 'command not found' : code === 'EACCES' ? 'permission denied' : message
  const status = isMissing ? execStatuses.notFound : execStatuses.cannotRun
  return { isStarted: false, status, trouble: `${command}: ${why}` }
}

/** What is lost of the output is not hidden behind the command's good end, which it may have come to before. */
function refused({ status }: End, refusal: NodeJS.ErrnoException | undefined): Partial<Outcome> {
  if (refusal === undefined) return {}
  const isClosed = refusal.code === 'EPIPE'
  const instead = isClosed ? statuses.outputClosed : execStatuses.failed
  return {
    status: status === 0 ? instead : status,
    ...(isClosed ? {} : { refusal: `the output cannot be written: ${refusal.message}` }),
  }
}

/** Passes on what comes from `source`, no faster than it is taken, to its end. `cut`: not all of it could be. */
function relay(
  source: Readable,
  sink: NodeJS.WriteStream,
  listener: (bytes: Buffer) => Promise<void> | undefined,
  cut: (error: Error) => void,
): Promise<void> {
  sink.on('error', error => {
    cut(error)
    // The command is to notice as it would have without us: by its own write.
    source.destroy()
  })
  source.on('error', cut)
  source.on('data', (bytes: Buffer) => {
    const isFull = !sink.write(bytes)
    const busy = listener(bytes)
    if (!isFull && busy === undefined) return
    source.pause()
    void Promise.all([isFull ? drained(sink) : undefined, busy]).then(() => source.resume())
  })
  return new Promise(resolve => source.once('close', resolve))
}
