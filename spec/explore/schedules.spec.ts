// Schedules worth keeping: what once went wrong, and what shows how the algorithms get by. Each is a file: what it is about, the
// scenario and the schedule (see sim/scenarios.ts and sim/replay.ts), and what is to be seen in its trace, in this order.
//
// BUCKETCACHE_REPLAY='<scenario> | <schedule>' prints the trace of one, as the explorer gives it with a failure.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { replay } from '../sim/replay.ts'
import { scenarioOf } from '../sim/scenarios.ts'

const folder = new URL('../../fixtures/schedules/', import.meta.url)

function read(name: string): { about: string; scenario: string; schedule: string; shows: string[] } {
  const text = readFileSync(new URL(name, folder), 'utf8')
  const field = (label: string): string => {
    const found = new RegExp(`^${label}: (.+)$`, 'm').exec(text)?.[1]
    if (found === undefined) throw new Error(`Expected a line "${label}: …" in ${name}`)
    return found
  }
  return {
    about: field('about'),
    scenario: field('scenario'),
    schedule: field('schedule'),
    shows: field('shows').split('; '),
  }
}

const { BUCKETCACHE_REPLAY: asked } = process.env

describe.runIf(asked === undefined)('a schedule that is kept', () => {
  const names = readdirSync(folder).filter(name => name.endsWith('.txt'))

  test.each(names.map(name => [name, read(name)] as const))('ends well: %s', (_, { scenario, schedule, shows }) => {
    const { message, trace, fits } = replay(scenarioOf(scenario), schedule)
    expect(message, trace).toBeUndefined()
    expect(fits, `Expected a schedule that fits:\n${trace}`).toBe(true)
    let from = 0
    for (const phrase of shows) {
      const at = trace.indexOf(phrase, from)
      expect(at, `Expected "${phrase}" behind the ones before it:\n${trace}`).toBeGreaterThanOrEqual(0)
      from = at + phrase.length
    }
  })
})

test.runIf(asked !== undefined)('a schedule that was asked for', () => {
  const [scenario = '', schedule = ''] = asked!.split(' | ')
  const { message, trace, fits } = replay(scenarioOf(scenario), schedule)
  console.log(`${scenario}\n\n${trace}\n\n${fits ? (message ?? 'Nothing is wrong.') : 'It does not fit.'}`)
  expect(message).toBeUndefined()
})
