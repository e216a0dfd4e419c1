// Running a function once with a time limit, and as often as its retries allow.

import { TimeoutError } from '../errors.ts'
import { onAbort } from '../waiting/abort.ts'
import { sleep, timerMaxMs } from '../waiting/sleep.ts'
import type { Settings } from './settings.ts'

/** How much longer than asked for a retry may wait, as a part of the wait: so that many that failed together do not come
 *  back together. */
const jitter = 0.25

/**
 * The result of the first attempt that succeeds, else the error of the last.
 *
 * @param signal - Aborted, the call ends with its reason, and there are no more attempts.
 * @param body - Runs one attempt. Its own signal is aborted by the time limit too.
 */
export async function runAttempts(
  settings: Settings,
  signal: AbortSignal | undefined,
  body: (attempt: number, signal: AbortSignal) => unknown,
): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      return await runOnce(settings, signal, own => body(attempt, own))
    } catch (error) {
      if (signal?.aborted || attempt > settings.retries || !settings.retryIf(error, attempt)) throw error
    }
    const delays = settings.retryDelaysMs
    const delayMs = (delays[attempt - 1] ?? delays.at(-1) ?? 0) * (1 + Math.random() * jitter)
    await sleep(delayMs, signal)
  }
}

function runOnce(
  { name, timeoutMs }: Settings,
  outer: AbortSignal | undefined,
  body: (signal: AbortSignal) => unknown,
): Promise<unknown> {
  const controller = new AbortController()
  return new Promise((resolve, reject) => {
    // After the first of these, whatever the body still does is of no consequence.
    const stop = () => {
      clearTimeout(timer)
      stopListening()
    }
    const giveUp = (reason: unknown) => {
      stop()
      controller.abort(reason)
      reject(reason)
    }
    const onTimeout = () => giveUp(new TimeoutError(`The task ${name} took longer than its timeout of ${timeoutMs} ms`))
    const timer = timeoutMs <= timerMaxMs ? setTimeout(onTimeout, timeoutMs) : undefined
    const stopListening = onAbort(outer, () => giveUp(outer?.reason))
    const startedAt = performance.now()
    new Promise(settle => settle(body(controller.signal))).then(
      value => {
        stop()
        // Code that never paused kept the timer from firing.
        if (performance.now() - startedAt > timeoutMs) onTimeout()
        else resolve(value)
      },
      error => {
        stop()
        reject(error)
      },
    )
  })
}
