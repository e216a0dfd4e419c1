// The two loops between an algorithm and its host. They differ by `async` and `await`, and by how branches are run.

import { type AsyncHost, answerAtOnce, type Io, type Request, type SyncHost } from './requests.ts'

/** Runs an algorithm to its end on a host that answers at once. */
export function runSync<T>(io: Io<T>, host: SyncHost): T {
  const outer = answerAtOnce(host)
  try {
    return drive(io, host)
  } finally {
    // The run may be one inside another: of a callback that uses a bucket itself.
    answerAtOnce(outer)
  }
}

function drive<T>(io: Io<T>, host: SyncHost): T {
  let step = io.next()
  while (!step.done) {
    let reply: unknown
    try {
      const request = step.value
      reply = request.op === 'all' ? request.branches.map(branch => runSync(branch, host)) : performSync(host, request)
    } catch (error) {
      // The algorithm's own try/finally sees it, as if it had called the filesystem itself.
      step = io.throw(error)
      continue
    }
    step = io.next(reply)
  }
  return step.value
}

/** Runs an algorithm to its end on a host that answers with promises. */
export async function runAsync<T>(io: Io<T>, host: AsyncHost): Promise<T> {
  let step = begin(io)
  while (!step.done) {
    let reply: unknown
    try {
      const request = step.value
      reply =
        request.op === 'all'
          ? await inParallel(request.branches, host)
          : await (host[request.op] as (request: Request) => Promise<unknown>)(request)
    } catch (error) {
      step = io.throw(error)
      continue
    }
    step = io.next(reply)
  }
  return step.value
}

/** The first step. It may be taken inside a synchronous run (in a callback), whose host is not the one to answer here. */
function begin<T>(io: Io<T>): IteratorResult<Request, T> {
  const outer = answerAtOnce(undefined)
  try {
    return io.next()
  } finally {
    answerAtOnce(outer)
  }
}

function performSync(host: SyncHost, request: Request): unknown {
  return (host[request.op as Exclude<Request['op'], 'all'>] as (request: Request) => unknown)(request)
}

/** Enough to keep the thread pool busy; more would only hold more descriptors open. */
const branchesAtOnce = 16

async function inParallel(branches: Io<unknown>[], host: AsyncHost): Promise<unknown[]> {
  const results: unknown[] = new Array(branches.length)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < branches.length) {
      const mine = next++
      results[mine] = await runAsync(branches[mine]!, host)
    }
  }
  const workers = Array.from({ length: Math.min(branchesAtOnce, branches.length) }, worker)
  // Every branch ends before the failure of one is told: nobody is left running behind the caller's back.
  const ends = await Promise.allSettled(workers)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return results
}
