// Faults as they would be if an algorithm did not do what it says: its requests are performed differently.

import type { Io, Request } from '../../lib/io/requests.ts'
import type { Store } from '../../lib/store.ts'
import type { Plant } from './world.ts'

/** How requests of one algorithm are performed: in its place, or else as they are. */
export type Mishandle = (request: Request) => Io<unknown> | undefined

/** Algorithms whose requests are performed by what `handler` gives for each run. */
export function mishandled(handler: (store: Store) => Mishandle): Plant {
  return {
    io: (io, store) => run(io, handler(store)),
  }
}

function* run(io: Io<unknown>, mishandle: Mishandle): Io<unknown> {
  let step = io.next()
  while (!step.done) {
    let reply: unknown
    try {
      const instead = mishandle(step.value)
      reply = instead === undefined ? yield step.value : yield* instead
    } catch (error) {
      step = io.throw(error)
      continue
    }
    step = io.next(reply)
  }
  return step.value
}

/** Performs requests one after the other; the reply is the first one's. */
export function* perform(...requests: readonly Request[]): Io<unknown> {
  let first: unknown
  for (const [i, request] of requests.entries()) {
    const reply = yield request
    if (i === 0) first = reply
  }
  return first
}
