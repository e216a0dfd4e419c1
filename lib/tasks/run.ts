// Runs one task in a process of its own (flytekit: pyflyte-execute): found by a resolver, with inputs from a file, and its
// result into another. What a job runner needs to know is in the exit status and in the error report.

import { readFile, rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import writeFileAtomic from 'write-file-atomic'
import type { Backend } from '../backends/backend.ts'
import { JSONBackend } from '../backends/json.ts'
import { V8Backend } from '../backends/v8.ts'
import { DefaultTaskResolver, loadModule, type TaskResolver } from './resolver.ts'
import { internalsOf } from './task.ts'
import type { Task } from './types.ts'

/** What the command reads from and writes to: `process` will do. */
export interface RunIo {
  /** What the task is given. */
  readonly stdin: AsyncIterable<Uint8Array | string>
  /** Where its result goes. */
  readonly stdout: { write(chunk: Uint8Array | string): unknown }
  /** Where is told what went wrong. */
  readonly stderr: { write(chunk: string): unknown }
}

/** How `runTask` can end. 143 is what a shell says of a process that SIGTERM has ended. */
export const exitStatus = { done: 0, taskFailed: 1, usage: 2, notFound: 3, inputOutput: 4, interrupted: 143 } as const

type Status = (typeof exitStatus)[keyof typeof exitStatus]

export const runUsage = `Usage: bucketcache run [--resolver MODULE] [--inputs FILE] [--output FILE] [--error FILE] -- LOADER-ARGS

Runs one task: the one that the resolver finds by LOADER-ARGS, by default
  task-module ./flows.js task-name train

  --resolver MODULE  whose default export has loadTask(args); "default" (the default): module and export name
  --inputs FILE      inputs by name: {"rate": 0.1}, or a list of arguments; JSON, or V8's format in a file *.v8;
                     - is stdin; default: no inputs
  --output FILE      where the result goes, in the format of its name as above; - is stdout; default -
  --error FILE       where the report of a failure goes, as JSON; default: OUTPUT.error.json beside an output file

Exit status: 0 done; 1 the task failed; 2 wrong arguments; 3 the task was not found; 4 inputs or output could not be
read or written; 143 interrupted by SIGTERM. The report has "retryable": true where another run may succeed.
`

/** A failure and what the exit status says of it. */
class RunError extends Error {
  readonly status: Status

  constructor(status: Status, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.status = status
  }
}

/**
 * The command `run`: for the command line, and for job runners of one's own. Never rejects; the promise is of the exit status.
 *
 * @param argv - As in `run --inputs in.json --output out.json -- task-module ./flows.js task-name train`, without the `run`.
 */
export async function runTask(argv: string[], io: RunIo): Promise<number> {
  let reportTo: string | undefined
  try {
    const { help, resolver, inputs, output, error, loaderArgs } = await at(exitStatus.usage, async () =>
      readArguments(argv),
    )
    if (help) {
      io.stdout.write(runUsage)
      return exitStatus.done
    }
    reportTo = error ?? (output === '-' ? undefined : `${output}.error.json`)
    const found = await at(exitStatus.notFound, async () => (await loadResolver(resolver)).loadTask(loaderArgs))
    const args = await at(exitStatus.inputOutput, () => readInputs(found, inputs, io))
    const result = await run(found, args)
    await at(exitStatus.inputOutput, () => writeResult(result, output, io))
    // A report of an earlier run would be taken for one of this.
    if (reportTo !== undefined) await rm(reportTo, { force: true })
    return exitStatus.done
  } catch (error) {
    const failure = error instanceof RunError ? error : new RunError(exitStatus.inputOutput, error)
    await report(failure, reportTo, io)
    return failure.status
  }
}

async function at<T>(status: Status, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw new RunError(status, error)
  }
}

function readArguments(argv: string[]) {
  const options = {
    help: { type: 'boolean', short: 'h', default: false },
    resolver: { type: 'string', default: 'default' },
    inputs: { type: 'string' },
    output: { type: 'string', default: '-' },
    error: { type: 'string' },
  } as const
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  if (!values.help && positionals.length === 0)
    throw new TypeError('Expected the arguments of the resolver behind --, got none')
  return { ...values, loaderArgs: positionals }
}

async function loadResolver(specifier: string): Promise<Pick<TaskResolver, 'loadTask'>> {
  if (specifier === 'default') return new DefaultTaskResolver()
  const resolver = (await loadModule(specifier)).get('default')
  if (!isResolver(resolver)) throw new TypeError(`Expected the default export of ${specifier} to have loadTask(args)`)
  return resolver
}

function isResolver(value: unknown): value is Pick<TaskResolver, 'loadTask'> {
  return typeof value === 'object' && value !== null && 'loadTask' in value && typeof value.loadTask === 'function'
}

function formatOf(file: string): Backend {
  return file.endsWith('.v8') ? new V8Backend() : new JSONBackend({ space: 2 })
}

async function readInputs(task: Task<any>, file: string | undefined, io: RunIo): Promise<unknown[]> {
  if (file === undefined) return []
  const inputs = formatOf(file).decode(file === '-' ? await readAll(io.stdin) : await readFile(file))
  if (Array.isArray(inputs)) return inputs
  if (typeof inputs !== 'object' || inputs === null)
    throw new TypeError(`Expected ${file} to hold inputs by name, or a list of arguments`)
  return internalsOf(task)?.settings.naming.args(inputs as Record<string, unknown>) ?? []
}

async function readAll(source: AsyncIterable<Uint8Array | string>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

async function writeResult(result: unknown, file: string, io: RunIo): Promise<void> {
  const format = formatOf(file)
  // JSON has no undefined, and what reads the file expects JSON.
  const encoded = format.encode(result === undefined && format instanceof JSONBackend ? null : result)
  if (file === '-') io.stdout.write(Buffer.concat([encoded, Buffer.from('\n')]))
  else await writeFileAtomic(file, Buffer.from(encoded))
}

/** SIGTERM ends the process at once, but for a task that may be interrupted: then there is a report to be written. */
async function run(task: Task<any>, args: unknown[]): Promise<unknown> {
  let wasTold = false
  const onTerminate = () => {
    wasTold = true
  }
  const own = internalsOf(task)
  if (own?.settings.isInterruptible) process.on('SIGTERM', onTerminate)
  try {
    return await task(...args)
  } catch (error) {
    throw new RunError(wasTold ? exitStatus.interrupted : exitStatus.taskFailed, error)
  } finally {
    // The process ends with the report, and so would what the task still does.
    await own?.untilInOrder()
    process.removeListener('SIGTERM', onTerminate)
  }
}

async function report({ status, cause }: RunError, file: string | undefined, io: RunIo): Promise<void> {
  const kind = Object.entries(exitStatus).find(([, value]) => value === status)?.[0]
  const retryable = status === exitStatus.interrupted || codeOf(cause) === 'ERR_TIMEOUT'
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  const usage = status === exitStatus.usage ? `\n${runUsage}` : ''
  io.stderr.write(`${status === exitStatus.taskFailed ? text : firstLine(text, cause)}\n${usage}`)
  if (file === undefined) return
  try {
    await writeFileAtomic(
      file,
      `${JSON.stringify({ status, kind, retryable, error: describeError(cause) }, null, 2)}\n`,
    )
  } catch (error) {
    io.stderr.write(`The report could not be written to ${file}: ${String(error)}\n`)
  }
}

function firstLine(text: string, cause: unknown): string {
  return cause instanceof Error ? cause.message : text
}

/** Errors of another copy of this package, which the task may have imported, are of other classes, but have the same codes.
 *  A DOMException has a number, which says nothing that its name does not. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) }
  const code = codeOf(error)
  const errors = error instanceof AggregateError ? error.errors.map(describeError) : undefined
  const cause = error.cause === undefined ? undefined : describeError(error.cause)
  return { name: error.name, message: error.message, code, stack: error.stack, errors, cause }
}
