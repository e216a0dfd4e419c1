// Refreshing in the background: the same command line once more, in a process that nobody waits for.

import { spawn } from 'node:child_process'

/** `argv`: what stood behind `exec`. */
export function startRefresh(version: string, argv: readonly string[]): void {
  const args = [...process.execArgv, process.argv[1]!, 'exec', `--refresh=${version}`, ...argv]
  const child = spawn(process.execPath, args, { detached: true, stdio: 'ignore', windowsHide: true })
  // Not being able to is no reason to fail: the next who is given old output tries again.
  child.on('error', () => {})
  child.unref()
}
