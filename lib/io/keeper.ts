// The one file that a bucket keeps open between operations, for all who ask for it.
//
// Invariant: a descriptor is closed once, by the last who has it: each who has taken it gives it back, and whoever is told by
// that to close it does.

import fs from 'node:fs'
import { setTimeout } from 'node:timers'

/** For so long a file may stay open that nobody asks for. */
const keptMs = 1000

interface Held {
  readonly path: string
  users: number
}

export class Keeper {
  /** What is kept, and what was and is still in use, by descriptor. */
  readonly #held = new Map<number, Held>()
  #kept: number | undefined
  #willDrop = false
  /** Files that are being closed, while nobody waits. */
  #closing = 0
  #whenClosed: (() => void)[] = []

  /** Takes a descriptor over that its user has no more use for, in place of what was kept. False: it is to be closed. */
  keep(fd: number, path: string): boolean {
    if (this.#held.has(fd)) return !this.#giveBack(fd)
    // An open file cannot be removed on Windows. And one that two have opened need not be kept twice.
    if (process.platform === 'win32' || this.#pathOf(this.#kept) === path) return false
    this.#drop()
    this.#held.set(fd, { path, users: 0 })
    this.#kept = fd
    if (!this.#willDrop) this.#dropLater()
    return true
  }

  /** The descriptor that is kept for this path; others may have it too. To be given back. */
  take(path: string): number | undefined {
    const fd = this.#kept
    if (fd === undefined || this.#pathOf(fd) !== path) return undefined
    this.#held.get(fd)!.users++
    return fd
  }

  /** One has no more use for it, and nobody is to be given it any more. Whether it is to be closed. */
  release(fd: number): boolean {
    if (fd === this.#kept) this.#kept = undefined
    return this.#giveBack(fd)
  }

  /** Whether it is to be closed. */
  #giveBack(fd: number): boolean {
    const held = this.#held.get(fd)
    if (held === undefined) return true
    held.users--
    if (held.users > 0 || fd === this.#kept) return false
    this.#held.delete(fd)
    return true
  }

  #pathOf(fd: number | undefined): string | undefined {
    return fd === undefined ? undefined : this.#held.get(fd)?.path
  }

  #dropLater(): void {
    this.#willDrop = true
    setTimeout(() => {
      this.#willDrop = false
      if (this.#kept !== undefined && this.#held.get(this.#kept)!.users > 0) this.#dropLater()
      else this.#drop()
    }, keptMs).unref()
  }

  #drop(): void {
    const fd = this.#kept
    this.#kept = undefined
    if (fd === undefined || this.#held.get(fd)!.users > 0) return
    this.#held.delete(fd)
    this.close(fd)
  }

  /** Closes a file by and by. */
  close(fd: number): void {
    this.#closing++
    fs.close(fd, () => {
      if (--this.#closing === 0) for (const resolve of this.#whenClosed.splice(0)) resolve()
    })
  }

  /** When all these are closed. */
  async closed(): Promise<void> {
    if (this.#closing > 0) await new Promise<void>(resolve => this.#whenClosed.push(resolve))
  }
}
