import { onAbort } from './abort.ts'

/** The longest that a timer can wait, in milliseconds; beyond, it would fire at once. */
export const timerMaxMs = 2 ** 31 - 1

/**
 * Waits, at most 24 days. The timer is the global one, so that a program's tests can put a clock of theirs in its place.
 * @throws The signal's reason, as soon as it is aborted.
 */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      stop()
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(end, Math.min(ms, timerMaxMs))
    const stop = onAbort(signal, end)
  })
}
