// How far this process has read the order log. Losing it costs a read, nothing else.

import { RunningTotals, type Totals } from './order.ts'

/** What this process has read of the last segment. */
export class OrderTail {
  /** 0: not looked for yet. */
  segment = 0
  /** Bytes of the segment that are folded into the totals. */
  offset = 0
  /** Whether the segment's base (or, in the first, anything) was seen. */
  started = false
  totals = new RunningTotals()
  /** Changes of volume that are not written down yet, in bytes. */
  unwritten = 0

  moveTo(segment: number, totals: Totals): void {
    this.segment = segment
    this.offset = 0
    this.started = false
    this.totals = new RunningTotals(totals)
  }
}
