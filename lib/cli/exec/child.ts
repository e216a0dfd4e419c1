// Runs a command as if it had been started without us: its output goes where ours goes, as it comes; signals that we get it
// gets; it has our standard input. What it writes is also told to whoever keeps it.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { isatty } from 'node:tty'
import { drained } from '../drained.ts'
import { execStatuses } from '../statuses.ts'
import type { Channel } from './recording.ts'

export interface Outcome {
  /** As a shell has it: 128 + n after signal number n. */
  readonly status: number
  readonly isStarted: boolean
  /** It ran to an end of its own: no signal ended it or was passed on to it, and all of its output was taken. */
  readonly isWhole: boolean
  /** The signal that ended it, or a reason why it could not be started. */
  readonly trouble: string | undefined
}

/** What is told of output; a promise: wait for it before bringing more. */
export type Listener = (channel: Channel, bytes: Buffer) => Promise<void> | undefined

const passedOn: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']
/** The terminal gives these to the command itself, which is in our process group: passed on, it would get them twice. */
const fromKeyboard: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']

/** Runs a command to its end. Never rejects for what the command does. */
export async function runCommand(words: readonly string[], listener: Listener): Promise<Outcome> {
  const child = spawn(words[0]!, words.slice(1), { stdio: ['inherit', 'pipe', 'pipe'] })
  let isWhole = true
  const hasTerminal = [0, 1, 2].some(isatty)
  const onSignal = (signal: NodeJS.Signals): void => {
    isWhole = false
    if (!(hasTerminal && fromKeyboard.includes(signal))) child.kill(signal)
  }
  for (const signal of passedOn) process.on(signal, onSignal)
  const closed = (): void => {
    isWhole = false
  }
  const pipes = [
    relay(child.stdout, process.stdout, bytes => listener(1, bytes), closed),
    relay(child.stderr, process.stderr, bytes => listener(2, bytes), closed),
  ]
  try {
    const ended = await new Promise<End>(resolve => {
      child.once('error', (error: NodeJS.ErrnoException) => resolve(notStarted(words[0]!, error)))
      child.once('close', (code, signal) => {
        const trouble = signal === null ? undefined : `ended by ${signal}`
        const status = signal === null ? code : execStatuses.signal + constants.signals[signal]
        resolve({ isStarted: true, status: status ?? execStatuses.failed, trouble })
      })
    })
    return { ...ended, isWhole: isWhole && ended.trouble === undefined }
  } finally {
    for (const stop of pipes) stop()
    for (const signal of passedOn) process.removeListener(signal, onSignal)
  }
}

type End = Omit<Outcome, 'isWhole'>

function notStarted(command: string, { code, message }: NodeJS.ErrnoException): End {
  const isMissing = code === 'ENOENT'
  const why = isMissing ? 'command not found' : code === 'EACCES' ? 'permission denied' : message
  const status = isMissing ? execStatuses.notFound : execStatuses.cannotRun
  return { isStarted: false, status, trouble: `${command}: ${why}` }
}

/** Passes on what comes from `source`, no faster than it is taken. Returns how to let go of the sink. */
function relay(
  source: Readable,
  sink: NodeJS.WriteStream,
  listener: (bytes: Buffer) => Promise<void> | undefined,
  closed: () => void,
): () => void {
  const onError = (): void => {
    closed()
    // The command is to notice as it would have without us: by its own write.
    source.destroy()
  }
  sink.on('error', onError)
  source.on('error', closed)
  source.on('data', (bytes: Buffer) => {
    const isFull = !sink.write(bytes)
    const busy = listener(bytes)
    if (!isFull && busy === undefined) return
    source.pause()
    void Promise.all([isFull ? drained(sink) : undefined, busy]).then(() => source.resume())
  })
  return () => sink.removeListener('error', onError)
}
