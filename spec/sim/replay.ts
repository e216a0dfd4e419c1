// One schedule again, with what happened. Schedules as the explorer finds them are rows of choices (see schedule.ts), which no longer
// fit when an algorithm asks one thing more. Written by hand they say when to stop:
//
//   a>append    a goes on until it is about to append
//   a>          a goes on until it has ended, or waits
//   aab A A0    choices as they are

import { Interner } from './intern.ts'
import { choicesOf, Run, type Scenario } from './schedule.ts'
import { drawTrace } from './trace.ts'

export interface Replayed {
  /** What is wrong; undefined: nothing. */
  readonly message: string | undefined
  readonly trace: string
  /** All of it could be done, and everybody has ended. */
  readonly fits: boolean
}

export function replay(scenario: Scenario, schedule: string): Replayed {
  const run = new Run({ ...scenario, preemptions: Number.POSITIVE_INFINITY }, new Interner())
  const trace = drawTrace(run.world)
  let fits = true
  let message: string | undefined
  try {
    for (const choice of choicesIn(run, schedule)) {
      if (!run.choices().includes(choice)) {
        fits = false
        break
      }
      trace.choose(choice)
      run.take(choice)
    }
    trace.choose('')
    fits &&= run.choices().length === 0
    if (fits) message = run.verdict()
  } catch (error) {
    message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  return { message, trace: trace.text, fits }
}

function* choicesIn(run: Run, schedule: string): Generator<string> {
  for (const word of schedule.trim().split(/\s+/)) {
    const [, letter, op] = /^([a-z])>([A-Za-z]*)$/.exec(word) ?? []
    if (letter === undefined) yield* choicesOf(word)
    else if (op === '') yield* untilItStops(run, letter)
    else yield* untilItAsks(run, letter, op!)
  }
}

function* untilItStops(run: Run, letter: string): Generator<string> {
  const task = run.taskOf(letter)
  do yield letter
  while (!task.over && task.phase !== 'asleep' && task.phase !== 'branching')
}

/** Who ends before does not fit: there is no such choice any more. */
function* untilItAsks(run: Run, letter: string, op: string): Generator<string> {
  const task = run.taskOf(letter)
  while (task.phase !== 'asking' || task.request!.op !== op) yield letter
}

/** All that somebody needs who is to find out why. */
export function explain(scenario: Scenario, failure: { message: string; schedule: string }): string {
  const { message, trace } = replay(scenario, failure.schedule)
  return `${scenario.name}: ${message ?? failure.message}\n\n${trace}\n\nBUCKETCACHE_REPLAY='${scenario.name} | ${failure.schedule}'`
}
