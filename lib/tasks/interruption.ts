// SIGTERM, for tasks that may be interrupted: those under way are aborted, so that they can put things in order, none begins
// any more, and then the process ends as it would have. Whoever started it is to run them again elsewhere (flytekit: interruptible).

import { sharedController } from '../waiting/abort.ts'
import { sleep } from '../waiting/sleep.ts'

/** How long aborted tasks have for putting things in order, in milliseconds. Containers are usually killed after 10 s. */
const patienceMs = 5000

/** Aborted by SIGTERM, and stays so: what begins later would have to be given up at once. */
const told = sharedController()

/** What the functions of each call under way are still doing. */
const underWay = new Set<Set<Promise<unknown>>>()

let ending: Promise<void> | undefined

/** Runs `body` with a signal that SIGTERM aborts. `track` what is to be waited for before the process ends. */
export async function interruptible<T>(
  body: (signal: AbortSignal, track: (work: Promise<unknown>) => void) => Promise<T>,
): Promise<T> {
  const own = new Set<Promise<unknown>>()
  if (underWay.size === 0 && ending === undefined) process.prependListener('SIGTERM', onTerminate)
  underWay.add(own)
  try {
    return await body(told.signal, work => {
      const ended = work.catch(() => {}).finally(() => own.delete(ended))
      own.add(ended)
    })
  } finally {
    underWay.delete(own)
    // Once told, the process ends only when what the function still does has ended too.
    if (underWay.size === 0 && ending === undefined) process.removeListener('SIGTERM', onTerminate)
  }
}

/** When SIGTERM has come: waits until what it has interrupted is in order, or patience is over. */
export async function untilInOrder(): Promise<void> {
  await ending
}

function onTerminate(): void {
  ending ??= end()
}

async function end(): Promise<void> {
  // Before it is called: afterwards one that listens once is not to be seen any more.
  const listensOnce = process.rawListeners('SIGTERM').some(listener => 'listener' in listener)
  const reason = 'The task was interrupted: the process was told to end (SIGTERM)'
  told.abort(new DOMException(reason, 'AbortError'))
  const inOrder = new AbortController()
  const work = Promise.allSettled([...underWay].flatMap(own => [...own])).then(() => inOrder.abort())
  await Promise.race([work, sleep(patienceMs, inOrder.signal).catch(() => {})])
  // Whoever awaits the tasks sees the error first.
  await sleep(0)
  process.removeListener('SIGTERM', onTerminate)
  // Another listener means that the program ends in its own way.
  if (!listensOnce && process.listenerCount('SIGTERM') === tidiers()) process.kill(process.pid, 'SIGTERM')
}

/** How many listeners to signals there are that want to tidy up and leave the end to others: those of signal-exit, which many
 *  packages use, among them proper-lockfile. Alone, they end the process when it is told again. */
function tidiers(): number {
  const versions: unknown[] = [
    Reflect.get(process, '__signal_exit_emitter__'),
    Reflect.get(globalThis, Symbol.for('signal-exit emitter')),
  ]
  const counts = versions.map(emitter => (emitter instanceof Object && 'count' in emitter ? Number(emitter.count) : 0))
  return counts.reduce((sum, count) => sum + count, 0)
}
