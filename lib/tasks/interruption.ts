// SIGTERM, for tasks that may be interrupted: the running ones are aborted, so that they can put things in order, and then
// the process ends as it would have. Whoever started it is to run them again elsewhere (flytekit: interruptible).

import { sleep } from './sleep.ts'

/** How long aborted tasks have for putting things in order, in milliseconds. Containers are usually killed after 10 s. */
const patienceMs = 5000

class Interruption {
  readonly controller = new AbortController()
  /** What their functions are still doing. */
  readonly work = new Set<Promise<unknown>>()
}

const running = new Set<Interruption>()

/** Runs `body` with a signal that SIGTERM aborts. `track` what is to be waited for before the process ends. */
export async function interruptible<T>(
  body: (signal: AbortSignal, track: (work: Promise<unknown>) => void) => Promise<T>,
): Promise<T> {
  const own = new Interruption()
  if (running.size === 0) process.on('SIGTERM', onTerminate)
  running.add(own)
  try {
    return await body(own.controller.signal, work => {
      const ended = work.catch(() => {}).finally(() => own.work.delete(ended))
      own.work.add(ended)
    })
  } finally {
    // One that was aborted stays, until the process ends.
    if (!own.controller.signal.aborted) {
      running.delete(own)
      if (running.size === 0) process.removeListener('SIGTERM', onTerminate)
    }
  }
}

async function onTerminate(): Promise<void> {
  const interrupted = [...running]
  for (const { controller } of interrupted) {
    if (controller.signal.aborted) continue
    controller.abort(new DOMException('The task was interrupted: the process was told to end (SIGTERM)', 'AbortError'))
  }
  await Promise.race([Promise.allSettled(interrupted.flatMap(({ work }) => [...work])), sleep(patienceMs)])
  // Whoever awaits the tasks sees the error first.
  await sleep(0)
  for (const own of interrupted) running.delete(own)
  process.removeListener('SIGTERM', onTerminate)
  // Another listener means that the program ends in its own way.
  if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM')
}
