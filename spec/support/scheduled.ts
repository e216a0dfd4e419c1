// An asynchronous host whose replies come in an order that fast-check chooses, and shrinks.

import type fc from 'fast-check'
import type { AsyncHost, Request } from '../../lib/io/requests.ts'

/** What the thread pool does even while the thread is busy: a synchronous operation may wait for it. */
const atOnce = new Set(['rename', 'unlink', 'discard'])

/** Each request is performed when the scheduler says so, and its reply is told when it says so again. */
export function scheduledHost(host: AsyncHost, scheduler: fc.Scheduler): AsyncHost {
  const perform = async (name: keyof AsyncHost, request: Request): Promise<unknown> => {
    if (!atOnce.has(name)) await scheduler.schedule(Promise.resolve(), `${name}?`)
    const reply = await (host[name] as (request: Request) => Promise<unknown>)(request)
    await scheduler.schedule(Promise.resolve(), `${name}!`)
    return reply
  }
  return new Proxy(host, {
    get: (_, name) => (request: Request) => perform(name as keyof AsyncHost, request),
  })
}
