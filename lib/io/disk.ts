// What both hosts must know about files: flags, permission bits, how often and how long to try.

import { constants } from 'node:fs'

/** Permission bits of what is created. */
export interface Permissions {
  readonly file: number
  readonly folder: number
}

/** Folders get the bit to enter wherever there is a bit to read. */
export function permissions(mode: number): Permissions {
  return { file: mode, folder: mode | ((mode & 0o444) >> 2) }
}

// A symbolic link in place of a file is never followed (where the system can say so: Windows has no such flag).
const noFollow = constants.O_NOFOLLOW ?? 0

/** So often is a file made in a folder that others remove at the same time because it is empty. */
export const triesInFolder = 100

/** Those who wait for each other must not wake at the same moment each time. */
export function about(ms: number): number {
  return ms * (0.5 + Math.random())
}

/** Bytes that are read at once when a file is gone through. */
export const checksumChunk = 1024 * 1024

export const flags = {
  read: constants.O_RDONLY | noFollow,
  change: constants.O_RDWR | constants.O_APPEND | noFollow,
  changeOrCreate: constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | noFollow,
  changeNew: constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL | noFollow,
  patch: constants.O_RDWR | noFollow,
  createNew: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow,
} as const
