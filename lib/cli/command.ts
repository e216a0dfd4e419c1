// What a command of the program declares, and what it is called with. One file of `commands/` each.

import { flag, type Options, type Values } from './arguments.ts'

/** What every command understands beside its own options. */
export const commonOptions = {
  help: flag('Show this help', { short: 'h' }),
  debug: flag('Show where an error came from'),
}

/** What the program reads from and writes to; `process` is one. Streams are asked for when they are needed: Node makes them
 *  then, and `exec` answers a hit without any. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A stream, and what is asked of it if it is a terminal. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean
  /** 0 where the terminal does not know. */
  readonly columns?: number
  /** Why nothing more can be written. */
  readonly errored?: Error | null
}

export interface Call<S extends Options> {
  readonly options: Values<S>
  /** The positionals. */
  readonly args: readonly string[]
  /** All that stands behind the command's name, as it was typed. */
  readonly argv: readonly string[]
  readonly io: Io
  /** Aborted by Ctrl-C, with an `Interrupted`. Asking for it takes SIGINT and SIGTERM over: only who looks at it should. */
  readonly signal: AbortSignal
}

export interface Command<S extends Options = Options> {
  /** Behind the program's name: `get [options] KEY`. */
  readonly usage: readonly string[]
  /** Paragraphs. */
  readonly about: readonly string[]
  /** See `checkPositionals`. */
  readonly positionals: readonly string[]
  readonly options: S
  /** What one would type behind the program's name, and what for. */
  readonly examples: readonly (readonly [typed: string, says: string])[]
  /** Where they are not the ordinary ones. */
  readonly statuses?: readonly (readonly [status: number | string, says: string])[]
  /** The exit status for wrong arguments and failures, where it is not the ordinary one. */
  readonly failed?: number
  /** The first positional ends the options: what follows belongs to somebody else. */
  readonly stopEarly?: boolean
  /** Its arguments are read elsewhere. */
  readonly raw?: boolean
  /** The exit status. */
  run(call: Call<S>): Promise<number>
}

/** The identity: so that a command's options have their types where it runs. */
export function defineCommand<S extends Options>(declared: Command<S>): Command<S> {
  return declared
}
