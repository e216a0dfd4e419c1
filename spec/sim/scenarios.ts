// Every scenario has a name that says all about it, so that a replay is one line of text:
//
//   delete + set from live, 1 crash
//   delete + set + compact from torn tail, 3 preemptions, one thread, json

import { type EntryOptions, entryScenario, type Layout } from './entries.ts'
import type { Scenario } from './schedule.ts'
import type { Plant } from './world.ts'

const layouts: readonly Layout[] = ['processes', 'one thread', 'one thread, a blocking', 'one thread, two buckets']

/** The scenario's name. */
export function entryName(options: EntryOptions): string {
  const { crashes, preemptions, layout, backend } = options
  const parts = [`${options.actions.join(' + ')} from ${options.state}`]
  if (crashes > 0) parts.push(`${crashes} crashes`)
  if (preemptions !== Number.POSITIVE_INFINITY) parts.push(`${preemptions} preemptions`)
  if (layout !== 'processes') parts.push(layout)
  if (backend !== 'v8') parts.push(backend)
  return parts.join('; ')
}

export function entries(options: Partial<EntryOptions> & Pick<EntryOptions, 'actions' | 'state'>): Scenario {
  const full: EntryOptions = {
    layout: 'processes',
    crashes: 0,
    preemptions: Number.POSITIVE_INFINITY,
    backend: 'v8',
    ...options,
  }
  return entryScenario(entryName(full), full)
}

/** The scenario of this name. */
export function scenarioOf(name: string, plant?: Plant): Scenario {
  const [what = '', ...rest] = name.split('; ')
  const [acting = '', state = ''] = what.split(' from ')
  let options: EntryOptions = {
    actions: acting.split(' + '),
    state,
    layout: 'processes',
    crashes: 0,
    preemptions: Number.POSITIVE_INFINITY,
    backend: 'v8',
    plant,
  }
  for (const part of rest) {
    const count = Number.parseInt(part, 10)
    const layout = layouts.find(one => one === part)
    if (part.endsWith(' crashes')) options = { ...options, crashes: count }
    else if (part.endsWith(' preemptions')) options = { ...options, preemptions: count }
    else if (part === 'json') options = { ...options, backend: 'json' }
    else if (layout !== undefined) options = { ...options, layout }
    else throw new RangeError(`Expected a scenario, got ${name}`)
  }
  return entryScenario(name, options)
}
