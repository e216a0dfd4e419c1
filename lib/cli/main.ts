// From the command line to a command, and from what becomes of it to an exit status. Commands are loaded when they run.

import { readFileSync } from 'node:fs'
import { asText, checkPositionals, flag, one, parse, UnknownOption } from './arguments.ts'
import { type Call, type Command, commonOptions, type Io, type Output } from './command.ts'
import { Interrupted, NoAnswer, OutputClosed, oneLine, UsageError } from './errors.ts'
import { type CommandName, commands, isCommand, otherNames } from './registry.ts'
import { statuses } from './statuses.ts'

const globalOptions = {
  ...commonOptions,
  version: flag('Show the version', { short: 'V' }),
  folder: one('FOLDER', asText, 'The cache folder', { short: 'f' }),
  backend: one('NAME', asText, 'Only entries of this backend'),
}

/** Runs what the command line says. Never rejects: the promise is of the exit status. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  // Looked for by hand, for the error may be one of reading the arguments.
  const ours = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length)
  const run: Running = { name: undefined, command: undefined, debug: ours.includes('--debug') }
  try {
    return await dispatch(argv, io, run)
  } catch (error) {
    return await complain(error, io, run)
  }
}

/** How far a run has come, for who must report that it failed. */
interface Running {
  name: CommandName | undefined
  command: Command | undefined
  debug: boolean
}

async function dispatch(argv: readonly string[], io: Io, run: Running): Promise<number> {
  const { values, positionals } = parse(argv, globalOptions, true)
  if (values.version) {
    await writeTo(io.stdout, `${version()}\n`)
    return statuses.done
  }
  let [name, ...rest] = positionals
  let wantsHelp = values.help
  if (name === 'help') {
    wantsHelp = true
    name = rest[0]
    rest = rest.slice(1)
  }
  if (name === undefined) {
    const { generalHelp } = await import('./help.ts')
    await writeTo(wantsHelp ? io.stdout : io.stderr, generalHelp())
    return wantsHelp ? statuses.done : statuses.usage
  }
  if (!isCommand(name)) throw await unknownCommand(name)
  run.name = name
  const { command } = await commands[name].load()
  run.command = command
  if (wantsHelp) rest = ['--help']
  // What was said before the command's name counts as if it stood behind it.
  for (const [option, value] of [
    ['folder', values.folder],
    ['backend', values.backend],
  ] as const) {
    if (value === undefined || wantsHelp) continue
    if (!(option in command.options)) throw new UsageError(`Expected no --${option} with ${name}`)
    rest = [`--${option}=${value}`, ...rest]
  }
  return await perform(name, command, rest, io)
}

async function perform(name: CommandName, command: Command, argv: readonly string[], io: Io): Promise<number> {
  if (command.raw === true) return await command.run(new Calling({}, argv, argv, io))
  const { values, positionals } = parse(argv, { ...command.options, ...commonOptions }, command.stopEarly)
  if (values.help) {
    const { commandHelp } = await import('./help.ts')
    await writeTo(io.stdout, commandHelp(name, command))
    return statuses.done
  }
  checkPositionals(positionals, command.positionals)
  const call = new Calling(values, positionals, argv, io)
  try {
    return await command.run(call)
  } finally {
    call.release()
  }
}

class Calling implements Call<Command['options']> {
  readonly options: Call<Command['options']>['options']
  readonly args: readonly string[]
  readonly argv: readonly string[]
  readonly io: Io
  #controller: AbortController | undefined

  constructor(options: Calling['options'], args: readonly string[], argv: readonly string[], io: Io) {
    this.options = options
    this.args = args
    this.argv = argv
    this.io = io
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, this.#stop)
    }
    return this.#controller.signal
  }

  /** Who asks twice is not made to wait. */
  readonly #stop = (signal: NodeJS.Signals): void => {
    const status = signal === 'SIGINT' ? statuses.interrupted : statuses.terminated
    if (this.signal.aborted) process.exit(status)
    this.#controller?.abort(new Interrupted(status))
  }

  release(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, this.#stop)
  }
}

async function unknownCommand(name: string): Promise<UsageError> {
  const other = Object.hasOwn(otherNames, name) ? otherNames[name] : undefined
  const { didYouMean } = await import('../suggest.ts')
  const hint = other === undefined ? didYouMean(name, Object.keys(commands)) : `, did you mean "${other}"?`
  return new UsageError(`Expected a command, got "${name}"${hint}`)
}

/** One line for a person, with `--debug` the stack. */
async function complain(error: unknown, io: Io, { name, command, debug }: Running): Promise<number> {
  if (error instanceof OutputClosed) return statuses.outputClosed
  const message = error instanceof Error ? error.message : String(error)
  let text = oneLine(message)
  let status: number = command?.failed ?? statuses.failed
  if (error instanceof Interrupted) status = error.status
  else if (error instanceof NoAnswer) status = statuses.no
  else if (error instanceof UsageError) {
    if (error instanceof UnknownOption) {
      const { didYouMean } = await import('../suggest.ts')
      text += didYouMean(error.typed, error.known)
    }
    text += ` (see: bucketcache ${name === undefined ? '' : `${name} `}--help)`
    status = command?.failed ?? statuses.usage
  }
  const stack = debug && error instanceof Error ? `${stackOf(error)}\n` : ''
  // Where nobody can be told, the status has to do.
  await writeTo(io.stderr, `bucketcache: ${text}\n${stack}`).catch(() => {})
  return status
}

/** Loaded when there is something to be said, for a hit of `exec` has nothing to say. */
async function writeTo(out: Output, text: string): Promise<void> {
  const { write } = await import('./output.ts')
  await write(out, text)
}

function stackOf(error: Error): string {
  const { stack, cause } = error
  return `${stack}${cause instanceof Error ? `\ncaused by ${stackOf(cause)}` : ''}`
}

/** The package's. */
export function version(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return String((parsed as { version?: unknown }).version)
}
