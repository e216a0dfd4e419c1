// One line on a terminal that says how far long work is, and is gone when the work ends. Anywhere else it says nothing.

import type { LongWork } from '../long-work.ts'
import type { Call, Output } from './command.ts'
import { truncate } from './width.ts'

const barWidth = 24
/** Redrawing more often than this, in milliseconds, costs more than anybody sees. */
const redrawAfterMs = 50

/** Where such a line stands now. */
const drawn = new WeakSet<Output>()

/** Takes the line away, so that something else may be written there. */
export function wipe(out: Output): void {
  if (drawn.delete(out)) out.write('\r\u001b[K')
}

export class Progress {
  readonly #title: string
  readonly #out: Output | undefined
  readonly #begun = performance.now()
  #drawnAt = Number.NEGATIVE_INFINITY

  constructor(title: string, out: Output) {
    this.#title = title
    this.#out = out.isTTY === true ? out : undefined
  }

  /** So much is done; `total` undefined: of who knows how much. */
  update({ done, total }: { done: number; total: number | undefined }): void {
    const now = performance.now()
    if (this.#out === undefined || (now - this.#drawnAt < redrawAfterMs && done !== total)) return
    this.#drawnAt = now
    const seconds = ((now - this.#begun) / 1000).toFixed(1)
    const line = `${this.#title} ${bar(done, total)}, ${seconds} s`
    this.#out.write(`\r${truncate(line, (this.#out.columns || 80) - 1)}\u001b[K`)
    drawn.add(this.#out)
  }

  /** Takes the line away. */
  end(): void {
    if (this.#out !== undefined) wipe(this.#out)
  }
}

function bar(done: number, total: number | undefined): string {
  if (total === undefined) return String(done)
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.floor(barWidth * share)
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${Math.floor(100 * share)} %`
}

/** Does long work that Ctrl-C stops and that shows how far it is, unless it writes to a terminal itself: to `out`. */
export async function withProgress<T>(
  call: Pick<Call<Record<never, never>>, 'io' | 'signal'>,
  title: string,
  work: (long: Required<LongWork>) => Promise<T>,
  out?: Output,
): Promise<T> {
  const progress = out?.isTTY === true ? undefined : new Progress(title, call.io.stderr)
  const { signal } = call
  try {
    // Between two looks at the signal the event loop has its turn, or nobody would hear of Ctrl-C.
    return await work({ signal, onProgress: state => progress?.update(state) })
  } finally {
    progress?.end()
  }
}
