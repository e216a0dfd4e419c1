// The pipes that a command writes into.
//
// Node makes sockets where a shell makes pipes, and some commands can tell: `echo … > /dev/stderr` cannot open a socket, and
// who writes into a socket that nobody reads any more is told of a connection, in place of ended by SIGPIPE. So named pipes are
// made where the system has them, and lose their names at once. Where it has none, what Node makes will do.

import { spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

export interface Pipe {
  readonly source: Readable
  /** The end to write into. To be closed once the command has it, or the source never ends. */
  readonly end: number
}

/** Two pipes; undefined: the system has none. */
export function makePipes(): [Pipe, Pipe] | undefined {
  if (process.platform === 'win32') return undefined
  const opened: number[] = []
  const open = (path: string, flags: number): number => {
    const file = openSync(path, flags)
    opened.push(file)
    return file
  }
  let folder: string | undefined
  try {
    folder = mkdtempSync(join(tmpdir(), 'bucketcache-'))
    const names = ['1', '2'].map(name => join(folder!, name))
    if (spawnSync('mkfifo', names, { stdio: 'ignore' }).status !== 0) return undefined
    const [out, err] = names.map(name => {
      // The reader first, without waiting for a writer: so the writer does not wait either, and its own end is a blocking one.
      const reader = open(name, constants.O_RDONLY | constants.O_NONBLOCK)
      return { reader, end: open(name, constants.O_WRONLY) }
    })
    opened.length = 0
    return [pipeOf(out!), pipeOf(err!)]
  } catch {
    return undefined
  } finally {
    for (const file of opened) closeSync(file)
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}

function pipeOf({ reader, end }: { reader: number; end: number }): Pipe {
  return { source: new Socket({ fd: reader, readable: true, writable: false }), end }
}
