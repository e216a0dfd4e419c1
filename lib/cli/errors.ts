// What the program says when it cannot go on. A person gets one line; `--debug` shows where it came from.

/** The command line was not as expected. Nothing has been touched. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The answer is no: there is no such key, no such cache. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** A signal asked the program to stop, and what was going on has stopped cleanly. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly status: number

  constructor(status: number) {
    super('Interrupted: what was done stays done.')
    this.status = status
  }
}

/** Whoever read the output is gone. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

/** Names of files and keys may hold anything; an error is one line all the same, and does nothing to a terminal. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replace(/\p{Cc}/gu, character => JSON.stringify(character).slice(1, -1))
}
