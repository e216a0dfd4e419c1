// The words in which a seal or a claim names its owner. Host, boot and process namespace tell whether a process number
// means anything here; the start time tells a process from a later one with the same number; the thread is named because
// a worker may end while its process lives on. How these are found out: `identity.ts`.

/** One thread of one process of one boot of one host. */
export interface OwnerParts {
  readonly host: string
  readonly boot: string
  /** Process namespace: containers on one host number their processes apart. */
  readonly namespace: string
  readonly pid: number
  /** The system's number of the thread; where there is none to be had, Node's. */
  readonly thread: number
  /** When the thread started, in the system's own units; 0: not known. */
  readonly started: number
}

export function writeOwner(parts: OwnerParts): string {
  const { host, boot, namespace, pid, thread, started } = parts
  return [host, boot, namespace, pid, thread, started].join(' ')
}

export function readOwner(text: string): OwnerParts | undefined {
  const words = text.split(' ')
  const [host, boot, namespace] = words
  const [pid, thread, started] = words.slice(3).map(Number)
  if (host === undefined || boot === undefined || namespace === undefined || words.length !== 6) return undefined
  if (!(Number.isSafeInteger(pid) && Number.isSafeInteger(thread) && Number.isFinite(started))) return undefined
  return { host, boot, namespace, pid: pid!, thread: thread!, started: started! }
}
