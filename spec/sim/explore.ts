// Every schedule, every crash. The search is stateless: generators cannot be cloned, so each schedule is run from the start.
// Those with the fewest interruptions and crashes come first: if there are too many to try them all, the simple ones were tried.
// Schedules that lead to a state that was met before are not pursued: a state is what is on the disk and what each task has been
// told, so what may follow is the same.

import { Interner } from './intern.ts'
import { choicesOf, Run, type Scenario } from './schedule.ts'

/** What came of an exploration. */
export interface Report {
  readonly scenario: string
  /** Runs, each under a schedule of its own, be it to the end or to a state that was known. */
  readonly schedules: number
  /** Different ends that were judged. */
  readonly ends: number
  /** Runs that were given up, see `Scenario.longest`. */
  readonly givenUp: number
  /** Every schedule was tried, within the bound on interruptions. */
  readonly complete: boolean
  readonly failure: Failure | undefined
}

export interface Failure {
  readonly message: string
  /** The schedule under which it happened: give it to `replay`. */
  readonly schedule: string
}

export interface ExploreOptions {
  /** Give up after so many. */
  readonly atMost?: number
}

/** Tries all schedules of a scenario, until one fails. */
export function explore(scenario: Scenario, options: ExploreOptions = {}): Report {
  const { atMost = 1_000_000 } = options
  const interner = new Interner()
  const known = new Set<string>()
  const planned = new Set<string>()
  // Beginnings of schedules, by how often they depart from going on as it goes.
  const open: string[][] = [['']]
  let schedules = 0
  let ends = 0
  let givenUp = 0
  let failure: Failure | undefined
  for (let departures = 0; departures < open.length && failure === undefined; ) {
    const prefix = open[departures]!.pop()
    if (prefix === undefined) {
      departures++
      continue
    }
    if (schedules === atMost) return { scenario: scenario.name, schedules, ends, givenUp, complete: false, failure }
    schedules++
    const run = new Run(scenario, interner)
    let schedule = prefix
    try {
      for (const choice of choicesOf(prefix)) run.take(choice)
      for (;;) {
        const choices = run.choices()
        if (choices.length !== 1) {
          const state = run.state()
          if (known.has(state)) break
          known.add(state)
        }
        if (choices.length === 0) {
          if (run.givenUp) givenUp++
          else ends++
          const message = run.verdict()
          if (message !== undefined) failure = { message, schedule }
          break
        }
        for (let i = choices.length - 1; i > 0; i--) {
          const choice = choices[i]!
          if (/^[A-Z]$/.test(choice)) {
            // Told without running it: between two reads it makes no difference when a process dies.
            const state = run.state(choice)
            if (planned.has(state)) continue
            planned.add(state)
          }
          open[departures + 1] ??= []
          open[departures + 1]!.push(schedule + choice)
        }
        run.take(choices[0]!)
        schedule += choices[0]!
      }
    } catch (error) {
      // Not an outcome of an operation: the algorithm, or the simulation, is broken.
      failure = { message: error instanceof Error ? (error.stack ?? error.message) : String(error), schedule }
    }
  }
  return { scenario: scenario.name, schedules, ends, givenUp, complete: true, failure }
}

/** The same failure with as few interruptions as it takes. */
export function simplest(scenario: Scenario, failure: Failure): { scenario: Scenario; failure: Failure } {
  for (let preemptions = 0; preemptions < Math.min(scenario.preemptions, 6); preemptions++) {
    const bounded = { ...scenario, preemptions }
    const found = explore(bounded, { atMost: 100_000 }).failure
    if (found !== undefined) return { scenario: bounded, failure: found }
  }
  return { scenario, failure }
}
