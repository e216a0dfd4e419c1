// The one file that a bucket keeps open between operations: whoever takes it has it alone, until it is given back.

import fs from 'node:fs'
import { setTimeout } from 'node:timers'

/** For so long a file may stay open that nobody asks for. */
const keptMs = 1000

export class Keeper {
  #kept: { readonly fd: number; readonly path: string } | undefined
  #willDrop = false

  /** Whether the descriptor is kept; if not, it is still the caller's to close. */
  keep(fd: number, path: string): boolean {
    // An open file cannot be removed on Windows.
    if (this.#kept !== undefined || process.platform === 'win32') return false
    this.#kept = { fd, path }
    if (!this.#willDrop) setTimeout(() => this.#drop(), keptMs).unref()
    this.#willDrop = true
    return true
  }

  /** The descriptor that is kept for this path. */
  take(path: string): number | undefined {
    if (this.#kept?.path !== path) return undefined
    const { fd } = this.#kept
    this.#kept = undefined
    return fd
  }

  #drop(): void {
    this.#willDrop = false
    if (this.#kept === undefined) return
    const { fd } = this.#kept
    this.#kept = undefined
    // Nobody waits for an answer.
    fs.close(fd, () => {})
  }
}
