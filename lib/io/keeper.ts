// The few files that a bucket keeps open between operations, for all who ask for them.
//
// Invariant: a descriptor is closed once, by the last who has it: each who has taken it gives it back, and whoever is told by
// that to close it does.

import fs from 'node:fs'
import { setTimeout } from 'node:timers'
import type { Kept } from './requests.ts'

/** A file is opened anew after so long, for all cases: what has its path by now might be another (its folder was moved away). */
const keptMs = 1000

/** So many files stay open: the end of the order log, and what is changed again and again. */
const keptAtMost = 8
/** And so many of all buckets of this thread: a process may have a thousand. */
const keptByAll = 64
let keptNow = 0

interface Held extends Kept {
  readonly path: string
  readonly since: number
  users: number
}

export class Keeper {
  /** What is kept, and what was and is still in use, by descriptor. */
  readonly #held = new Map<number, Held>()
  /** What is kept, by path; the oldest first. */
  readonly #kept = new Map<string, Held>()
  #willDrop = false
  /** Files that are being closed, while nobody waits. */
  #closing = 0
  #whenClosed: (() => void)[] = []

  /** Takes a descriptor over that its user has no more use for. The one that is to be closed in its place, be it itself. */
  keep(fd: number, path: string): number | undefined {
    if (this.#held.has(fd)) return this.#giveBack(fd) ? fd : undefined
    // An open file cannot be removed on Windows. And one that two have opened need not be kept twice.
    if (process.platform === 'win32' || this.#kept.has(path)) return fd
    const isFull = this.#kept.size === keptAtMost || keptNow >= keptByAll
    const [oldest] = isFull ? this.#kept.values() : []
    if (isFull && oldest === undefined) return fd
    const held = { file: fd, path, since: Date.now(), users: 0 }
    this.#held.set(fd, held)
    this.#kept.set(path, held)
    keptNow++
    if (!this.#willDrop) this.#dropLater()
    return oldest !== undefined && this.#forget(oldest) ? oldest.file : undefined
  }

  /** The file that is kept for this path; others may have it too. To be given back. */
  take(path: string): Kept | undefined {
    const held = this.#kept.get(path)
    if (held === undefined) return undefined
    // The timer is not heard while this thread is busy. (The clock may have been set back.)
    if (Math.abs(Date.now() - held.since) > keptMs) {
      if (this.#forget(held)) this.close(held.file)
      return undefined
    }
    held.users++
    return held
  }

  /** One has no more use for it, and nobody is to be given it any more. Whether it is to be closed. */
  release(fd: number): boolean {
    const held = this.#held.get(fd)
    if (held === undefined) return true
    if (this.#kept.get(held.path) === held) this.#forget(held)
    return this.#giveBack(fd)
  }

  /** Whether it is to be closed. */
  #giveBack(fd: number): boolean {
    const held = this.#held.get(fd)
    if (held === undefined) return true
    held.users--
    if (held.users > 0 || this.#kept.get(held.path) === held) return false
    this.#held.delete(fd)
    return true
  }

  #dropLater(): void {
    this.#willDrop = true
    setTimeout(() => {
      this.#willDrop = false
      for (const held of this.#kept.values()) if (held.users === 0 && this.#forget(held)) this.close(held.file)
      if (this.#kept.size > 0) this.#dropLater()
    }, keptMs).unref()
  }

  /** Keeps nothing any more; what nobody uses is closed at once. */
  letGo(): void {
    for (const held of this.#kept.values()) if (this.#forget(held)) fs.closeSync(held.file)
  }

  /** Keeps a file no longer. Whether it is to be closed: else the last who uses it does. */
  #forget(held: Held): boolean {
    this.#kept.delete(held.path)
    keptNow--
    return held.users === 0 && this.#held.delete(held.file)
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
