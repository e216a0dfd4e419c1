// What the specs of the model checker share.

import { vi } from 'vitest'
import { explore, simplest } from '../sim/explore.ts'
import { explain } from '../sim/replay.ts'
import type { Scenario } from '../sim/schedule.ts'

/** BUCKETCACHE_EXPLORE widens all bounds by this factor: 1 is for every day. */
export const scale = Number(process.env['BUCKETCACHE_EXPLORE'] ?? 1)

vi.setConfig({ testTimeout: 60_000 * Math.max(1, scale) })

/** Explores scenarios one after another, fails with the first fault, and says how many schedules there were. `atMost`: of each. */
export function exploreAll(what: string, scenarios: readonly Scenario[], atMost: number): void {
  let schedules = 0
  let ends = 0
  let givenUp = 0
  let incomplete = 0
  for (const scenario of scenarios) {
    const report = explore(scenario, { atMost: atMost * scale })
    if (report.failure !== undefined) {
      const least = simplest(scenario, report.failure)
      throw new Error(explain(least.scenario, least.failure))
    }
    // Two writers can cross each other's way again and again (see Scenario.longest): such runs end nowhere, and nobody waits in them.
    givenUp += report.givenUp
    schedules += report.schedules
    ends += report.ends
    if (!report.complete) incomplete++
  }
  console.log(
    `${what}: ${scenarios.length} scenarios, ${schedules} schedules, ${ends} ends, ${incomplete} cut short, ${givenUp} runs given up`,
  )
}

/** Every two of these, each also with itself. */
export function pairsOf(actions: readonly string[]): string[][] {
  return actions.flatMap((a, i) => actions.slice(i).map(b => [a, b]))
}
