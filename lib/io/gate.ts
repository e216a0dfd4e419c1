// How many asynchronous operations of a process are under way at once.
//
// Each has a file or two open, so ten thousand at once would be more than a process may have; and more than a few only come
// in each other's way, since the threads that do the work are four. The others wait in the order in which they came.
// Invariant: whoever waits for another operation (see `outside`) is not counted meanwhile. Else all places could be taken by
// those who wait for one that finds none.

export class Gate {
  #free: number
  /** Who waits, from `#next` on. */
  #waiting: (() => void)[] = []
  #next = 0

  constructor(places: number) {
    this.#free = places
  }

  /** Takes a place. undefined: there was one at once. */
  enter(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--
      return undefined
    }
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Gives it up, to the next who waits. */
  leave(): void {
    const next = this.#waiting[this.#next]
    if (next === undefined) {
      this.#free++
      return
    }
    this.#next++
    // Forgotten now and then: to move all others up each time would take long.
    if (this.#next > 1000 && this.#next * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
    next()
  }

  /** Does something that takes a place. */
  async inside<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.enter()
    if (turn !== undefined) await turn
    try {
      return await act()
    } finally {
      this.leave()
    }
  }

  /** Waits, within `inside`, for what others do: without a place. */
  async outside<T>(wait: () => Promise<T>): Promise<T> {
    this.leave()
    try {
      return await wait()
    } finally {
      await this.enter()
    }
  }
}
