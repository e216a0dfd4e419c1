// Runs of asynchronous memoized functions that are going on in this process, so that identical calls share one.

/** One run. What it comes to is only stored while it is still the run of its key: not after a `forget` or `refresh`. */
export interface Flight {
  readonly promise: Promise<unknown>
}

export class Flights {
  /** By the path of the key's log, so that all buckets on one folder know of each other's. */
  readonly #running = new Map<string, Flight>()
  /** Keys whose stored result is being computed anew while it is still served. */
  readonly renewing = new Set<string>()

  get(path: string): Flight | undefined {
    return this.#running.get(path)
  }

  /** From now on the run of its key. */
  begin(path: string, flight: Flight): void {
    this.#running.set(path, flight)
  }

  /** To be called by the run itself: a callback on its promise would pass for somebody who sees to its failure. */
  end(path: string, flight: Flight | undefined): void {
    if (this.#running.get(path) === flight) this.#running.delete(path)
  }

  /** Whatever runs for this key is not to be stored. */
  abandon(path: string): void {
    this.#running.delete(path)
  }
}
