// Every schedule, every crash. The search goes depth first, and is stateless: generators cannot be cloned, so each schedule is
// run from the start. Schedules that lead to a state that was met before are not pursued: a state is what is on the disk and
// what each task has been told, so what may follow is the same.

import { Interner } from './intern.ts'
import { choicesOf, Run, type Scenario } from './schedule.ts'
import { drawTrace } from './trace.ts'

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
  const open: string[] = ['']
  let schedules = 0
  let ends = 0
  let givenUp = 0
  let failure: Failure | undefined
  for (let prefix = open.pop(); prefix !== undefined && failure === undefined; prefix = open.pop()) {
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
          open.push(schedule + choice)
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

/** One schedule, with what happened. `fits`: every choice of it could be made, so that it is the same run as once. */
export function replay(
  scenario: Scenario,
  schedule: string,
): { message: string | undefined; trace: string; fits: boolean } {
  const run = new Run({ ...scenario, preemptions: Number.POSITIVE_INFINITY }, new Interner())
  const trace = drawTrace(run.world)
  let fits = true
  let message: string | undefined
  try {
    for (const choice of choicesOf(schedule)) {
      const choices = run.choices()
      if (!choices.includes(choice)) {
        fits = false
        break
      }
      trace.choose(choice)
      run.take(choice)
    }
    trace.choose('')
    message = run.choices().length === 0 ? run.verdict() : undefined
    if (run.choices().length > 0 && message === undefined) fits = false
  } catch (error) {
    message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  return { message, trace: trace.text, fits }
}

/** All that somebody needs who is to find out why. */
export function explain(scenario: Scenario, failure: Failure): string {
  const { message, trace } = replay(scenario, failure.schedule)
  const what = message ?? failure.message
  return `${scenario.name}: ${what}\n\n${trace}\n\nBUCKETCACHE_REPLAY='${scenario.name}#${failure.schedule}'`
}
