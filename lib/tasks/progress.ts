// One line on a terminal that says how far a lab is. Anywhere else it says nothing.

/** What is used of a terminal. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const barWidth = 24
/** Redrawing more often than this, in milliseconds, costs more than anybody sees. */
const redrawAfterMs = 50

export class ProgressBar {
  readonly #total: number
  readonly #terminal: Terminal | undefined
  readonly #start = performance.now()
  #done = 0
  #failed = 0
  #drawnAt = Number.NEGATIVE_INFINITY

  constructor(total: number, terminal: Terminal) {
    this.#total = total
    this.#terminal = terminal.isTTY ? terminal : undefined
    this.#draw()
  }

  /** One more is done. */
  tick(isFailure: boolean): void {
    this.#done += 1
    if (isFailure) this.#failed += 1
    if (performance.now() - this.#drawnAt >= redrawAfterMs) this.#draw()
  }

  /** Leaves the line as it is now. */
  end(): void {
    this.#draw()
    this.#terminal?.write('\n')
  }

  #draw(): void {
    if (this.#terminal === undefined) return
    this.#drawnAt = performance.now()
    const filled = this.#total === 0 ? barWidth : Math.floor((barWidth * this.#done) / this.#total)
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : ''
    const seconds = ((this.#drawnAt - this.#start) / 1000).toFixed(1)
    const line = `${bar} ${this.#done}/${this.#total}${failed}, ${seconds} s`
    // Not wider than the terminal, where it could not be overwritten.
    this.#terminal.write(`\r${line.slice(0, (this.#terminal.columns ?? 80) - 1)}\u001b[K`)
  }
}
