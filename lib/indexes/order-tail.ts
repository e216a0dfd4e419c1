// How far this process has read the order log. Losing it costs a read, nothing else.

import { segmentName } from '../log/names.ts'
import type { FramesRead } from '../log/sidecar.ts'
import { decodeOrder, type OrderRecord, RunningTotals, type Totals } from './order.ts'

/** What this process has read of the last segment. */
export class OrderTail {
  readonly #folder: string
  #path = { segment: -1, text: '' }
  /** 0: not looked for yet. */
  segment = 0
  /** Bytes of the segment that are folded into the totals. */
  offset = 0
  /** Which file that was: one of the same name in a folder that was made anew is another. */
  ino: number | undefined
  /** Whether the segment's base (or, in the first, anything) was seen. */
  started = false
  /** Whether the totals were carried over from the end of the segment before. */
  known = false
  totals = new RunningTotals()
  /** Changes of volume that are not written down yet, in bytes. */
  unwritten = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Path of the segment. */
  get path(): string {
    if (this.#path.segment !== this.segment)
      this.#path = { segment: this.segment, text: `${this.#folder}/${segmentName(this.segment)}` }
    return this.#path.text
  }

  /** Takes in what was read of a segment from an offset on: what it has not taken in before, up to the segment's end, behind
   *  which it moves on. Done in one go after the reading, so that operations of one thread may read the same stretch. */
  fold(segment: number, from: number, { frames, settled }: FramesRead): void {
    if (segment !== this.segment || from > this.offset) return
    for (const { frame, at } of frames) {
      if (from + at < this.offset) continue
      const record = decodeOrder(frame)
      // Of several bases the first counts.
      if (record === undefined || (record.kind === 'base' && this.started)) continue
      this.started = true
      this.totals.fold(record, frame.length)
      if (record.kind === 'end') {
        this.moveTo(segment + 1, this.totals, true)
        return
      }
    }
    this.offset = Math.max(this.offset, from + settled)
  }

  /** Takes in what was appended right behind what it has, in these frames. */
  append(records: readonly OrderRecord[], frames: readonly Buffer[]): void {
    for (const [i, frame] of frames.entries()) {
      this.totals.fold(records[i]!, frame.length)
      this.offset += frame.length
    }
    this.started = true
  }

  /** Whoever began the segment has not written its base yet, or died first: only the end of the one before tells the totals,
   *  and it is there as long as this has no base. */
  get isLost(): boolean {
    return this.segment > 1 && !this.started && !this.known
  }

  moveTo(segment: number, totals: Totals, known: boolean): void {
    this.segment = segment
    this.known = known
    this.offset = 0
    this.ino = undefined
    this.started = false
    this.totals = new RunningTotals(totals)
  }
}
