// Listening to signals that many look at. On a signal of the user's there is one listener of ours, however many look: at the
// eleventh Node 20 would warn of a leak. And none is left behind: such a signal may live as long as the process, and what
// AbortSignal.any() notes on it stays there.

import { setMaxListeners } from 'node:events'

interface Listener {
  readonly callbacks: Set<() => void>
  readonly tell: () => void
}

const listeners = new WeakMap<AbortSignal, Listener>()

/** Calls `callback` when the signal is aborted, until the function that comes back is called. Undefined never is aborted. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {}
  const { callbacks, tell } = listeners.get(signal) ?? listen(signal)
  // One's own, so that the same function may be there twice.
  const own = () => callback()
  callbacks.add(own)
  return () => {
    if (!callbacks.delete(own) || callbacks.size > 0) return
    signal.removeEventListener('abort', tell)
    listeners.delete(signal)
  }
}

function listen(signal: AbortSignal): Listener {
  const callbacks = new Set<() => void>()
  const tell = () => {
    for (const callback of callbacks) callback()
  }
  signal.addEventListener('abort', tell)
  const listener = { callbacks, tell }
  listeners.set(signal, listener)
  return listener
}

/** A controller whose signal any number may listen to. */
export function sharedController(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/** Runs `body` with a signal that is aborted as soon as one of `signals` is, and that any number may listen to. */
export async function withAnyOf<T>(
  signals: readonly (AbortSignal | undefined)[],
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = sharedController()
  const stops = signals.map(signal => {
    if (signal?.aborted) controller.abort(signal.reason)
    return onAbort(signal, () => controller.abort(signal?.reason))
  })
  try {
    return await body(controller.signal)
  } finally {
    for (const stop of stops) stop()
  }
}
