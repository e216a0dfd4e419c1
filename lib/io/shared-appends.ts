// Appends of several operations at once, as one write.
//
// While one write to a file is under way, those who come wait for it to end, and then go together: ten operations at once take
// two or three writes rather than ten. Nobody waits who is alone.

import type { File, RequestOf, SharedAppend } from './requests.ts'

type SharedRequest = RequestOf<'appendShared'>

/** Those who go together. */
interface Group {
  readonly requests: SharedRequest[]
  readonly done: Promise<SharedAppend>
}

export class SharedAppends {
  readonly #append: (request: SharedRequest) => Promise<SharedAppend>
  /** By file: the group that is under way, and the one that waits for it. */
  readonly #running = new Map<File, Promise<unknown>>()
  readonly #waiting = new Map<File, Group>()

  /** `append`: one for all. */
  constructor(append: (request: SharedRequest) => Promise<SharedAppend>) {
    this.#append = append
  }

  append(request: SharedRequest): Promise<SharedAppend> {
    const { file } = request
    const running = this.#running.get(file)
    if (running === undefined) return this.#run(file, request)
    const waiting = this.#waiting.get(file)
    if (waiting !== undefined) {
      waiting.requests.push(request)
      return waiting.done
    }
    const requests = [request]
    const go = (): Promise<SharedAppend> => {
      this.#waiting.delete(file)
      return this.#run(file, together(requests))
    }
    // When those before have seen what came of theirs; whether it has failed is nothing to these.
    const afterThem = (): Promise<void> => new Promise(resolve => process.nextTick(resolve))
    const done = running.then(afterThem, afterThem).then(go)
    this.#waiting.set(file, { requests, done })
    return done
  }

  #run(file: File, request: SharedRequest): Promise<SharedAppend> {
    const run = this.#append(request).finally(() => {
      if (this.#running.get(file) === run) this.#running.delete(file)
    })
    this.#running.set(file, run)
    return run
  }
}

function together(requests: readonly SharedRequest[]): SharedRequest {
  const [first] = requests
  if (requests.length === 1) return first!
  return {
    ...first!,
    bytes: Buffer.concat(requests.map(({ bytes }) => bytes)),
    durable: requests.some(({ durable }) => durable),
  }
}
