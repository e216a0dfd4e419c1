// How the program can end. These numbers are promised to scripts: add, never change.

/** The exit status of every command but `exec`, `run` and what it means. */
export const statuses = {
  done: 0,
  /** The answer is no: no such key, an empty queue, problems that were found and not mended. */
  no: 1,
  /** The arguments were not as expected; nothing was touched. */
  usage: 2,
  /** It could not be done: the disk, a damaged or newer folder, a lock held for too long. */
  failed: 3,
  /** Ctrl-C. What was done stays done. */
  interrupted: 130,
  /** Whoever read the output has gone away, as `head` does. */
  outputClosed: 141,
  /** SIGTERM. */
  terminated: 143,
} as const

/** What `exec` itself has to say; any other status is the command's own. As with `env`, `nohup` and `timeout`. */
export const execStatuses = {
  /** With --only-cached: nothing usable is stored. */
  notCached: 123,
  /** Wrong arguments, or `exec` itself has failed. */
  failed: 125,
  /** The command was found, and cannot be run. */
  cannotRun: 126,
  notFound: 127,
  /** Ended by signal number n: 128 + n. */
  signal: 128,
} as const

const said: readonly (readonly [number | string, string])[] = [
  [statuses.done, 'done'],
  [statuses.no, 'the answer is no: no such key, an empty queue, problems not mended'],
  [statuses.usage, 'wrong arguments; nothing was touched'],
  [statuses.failed, 'it could not be done: the disk, a damaged or newer folder, a lock held too long'],
  [statuses.interrupted, 'interrupted by Ctrl-C; what was done stays done'],
]

/** For the help of commands that have no list of their own. */
export const ordinaryStatuses: typeof said = said
