// Whether what is stored of a command may be given in place of a run.

import { showDuration } from '../units.ts'
import type { Recalled } from './recall.ts'

export interface Demands {
  /** The oldest that is fresh, in milliseconds; null: any age. */
  readonly lifetime: number | null
  /** So long past that it may be given while it is refreshed. */
  readonly stale: number
  readonly cacheFailures: boolean
}

export interface Verdict {
  readonly kind: 'fresh' | 'stale' | 'useless'
  readonly why: string
}

export function judge({ recording, storedAt }: Recalled, demands: Demands, now: number): Verdict {
  const { status, lifetime } = recording
  const age = Math.max(0, now - storedAt)
  const stored = `stored ${showDuration(age)} ago`
  if (status !== 0 && !demands.cacheFailures) {
    return { kind: 'useless', why: `${stored} is a failure, exit status ${status}, and --cache-failures is not given` }
  }
  // The shorter one counts: what it was stored for, or what is asked for now.
  const limit = Math.min(lifetime ?? Number.POSITIVE_INFINITY, demands.lifetime ?? Number.POSITIVE_INFINITY)
  if (limit === Number.POSITIVE_INFINITY) return { kind: 'fresh', why: `${stored}, fresh for ever` }
  if (age < limit) return { kind: 'fresh', why: `${stored}, fresh for another ${showDuration(limit - age)}` }
  const over = `${stored}, its lifetime of ${showDuration(limit)} is over`
  return { kind: age < limit + demands.stale ? 'stale' : 'useless', why: over }
}
