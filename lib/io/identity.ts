// Who this thread is, and whether another still lives. On Linux /proc tells both, exactly; elsewhere a process number is
// all there is, and a number that was given to another process looks alive until the timeout.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import { type OwnerParts, readOwner, writeOwner } from './owner.ts'
import type { Owner } from './requests.ts'

const unknown = '-'

function attempt(read: () => string): string | undefined {
  try {
    return read().trim().replace(/\s/g, '_')
  } catch {
    return undefined
  }
}

/** Field 22 of `stat`: the moment the thread started, in clock ticks since the boot. The name in field 2 may hold anything,
 *  blanks and parentheses too, so counting begins behind its last parenthesis. */
function startOf(pid: number, thread: number): number | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')
  } catch {
    return undefined
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie has ended: it only waits for its parent to look. But what others of its threads have begun, a rename on a disk
  // perhaps, is done to its end before they go.
  if ((fields[0] === 'Z' || fields[0] === 'X') && !hasOtherThreads(pid, thread)) return undefined
  const started = Number(fields[19])
  return Number.isFinite(started) ? started : undefined
}

function hasOtherThreads(pid: number, thread: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some(one => Number(one) !== thread)
  } catch {
    return false
  }
}

let self: { owner: Owner; parts: OwnerParts } | undefined

function me(): { owner: Owner; parts: OwnerParts } {
  // Asked for once a thread: a process number does not change, and Node cannot fork.
  if (self === undefined) {
    const task = attempt(() => readlinkSync('/proc/thread-self'))
    const thread = task === undefined ? threadId : Number(task.slice(task.lastIndexOf('/') + 1))
    const parts: OwnerParts = {
      host: hostname().replace(/\s/g, '_') || unknown,
      boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')) ?? unknown,
      namespace: attempt(() => readlinkSync('/proc/self/ns/pid')) ?? unknown,
      pid: process.pid,
      thread,
      started: startOf(process.pid, thread) ?? 0,
    }
    self = { owner: writeOwner(parts), parts }
  }
  return self
}

/** This thread, as seals and claims name it. */
export function thisOwner(): Owner {
  return me().owner
}

/**
 * Whether `owner` may still act. On this host and boot that is known; of another host, container or an unreadable name
 * only that it showed itself at `since`: it counts as alive for `patienceMs` more.
 */
export function isAlive(owner: Owner, since: number, patienceMs: number): boolean {
  const its = readOwner(owner)
  const { parts: ours } = me()
  if (its === undefined || its.host !== ours.host) return Date.now() - since < patienceMs
  // Same name, other boot: it went down with the machine. (Two machines of one name and no boot ids: patience again.)
  if (its.boot !== ours.boot)
    return its.boot !== unknown && ours.boot !== unknown ? false : Date.now() - since < patienceMs
  if (its.namespace !== ours.namespace) return Date.now() - since < patienceMs
  if (ours.boot !== unknown) {
    const started = startOf(its.pid, its.thread)
    if (started !== undefined) return started === its.started
    // /proc may be closed to us about processes of other users (its mount option hidepid): then only time tells.
    return signalOf(its.pid) === 'EPERM' && Date.now() - since < patienceMs
  }
  // EPERM: it is there, and another user's.
  const answer = signalOf(its.pid)
  return answer === undefined || answer === 'EPERM'
}

/** How the system answers to a signal that does nothing; undefined: it would be delivered. */
function signalOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}
