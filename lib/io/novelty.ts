// Whether the file to be opened next is expected to be new.
//
// What one has made oneself, as a file that must not be there yet, need not be read: that saves a request for each new key.
// Where such a file is there already it costs an exception, so there must be some reason to expect it: while files turn out
// to be new, the next is opened as one that must be.

import { errnoOf } from './errno.ts'

/** So many files in a row must have been new. */
const newInARow = 8

export class Novelty {
  #inARow = 0
  /** What is open under a descriptor: a file that was made, or one that was to be made if it was not there. What is opened without is
   *  of no interest here: who pulls what another has pushed looks at files that are there all the time. */
  readonly #open: ('made' | 'opened' | undefined)[] = []

  get isExpected(): boolean {
    return this.#inARow >= newInARow
  }

  /** The file was made as one that must be new. */
  made(fd: number): void {
    this.#open[fd] = 'made'
  }

  /** It could not be made so. @throws the error, unless it says that the file was there already, or that its folder is missing. */
  notMade(error: unknown): void {
    const errno = errnoOf(error)
    if (errno === 'EEXIST') this.#inARow = 0
    else if (errno !== 'ENOENT') throw error
  }

  /** The file was opened, and made if need be. */
  opened(fd: number): void {
    this.#open[fd] = 'opened'
  }

  /** Whether this one has made the file, so that there is nothing in it to be read; asked once. */
  isMade(fd: number): boolean {
    if (this.#open[fd] !== 'made') return false
    this.forget(fd)
    return true
  }

  /** So many bytes were in a file that was read. */
  read(fd: number, size: number): void {
    if (this.#open[fd] !== 'opened') return
    this.forget(fd)
    this.#inARow = size === 0 ? this.#inARow + 1 : 0
  }

  /** The file is closed, or its user is another from now on: another file may get its number. */
  forget(fd: number): void {
    this.#open[fd] = undefined
  }
}
