// What is told on the diagnostics channels while a test runs.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type { Events } from '../../lib/index.ts'

function hear(name: keyof Events, take: (event: unknown) => void): void {
  subscribe(`bucketcache:${name}`, take)
  onTestFinished(() => void unsubscribe(`bucketcache:${name}`, take))
}

/** The events of one kind, as they come. */
export function listen<N extends keyof Events>(name: N): Events[N][] {
  const events: Events[N][] = []
  hear(name, event => void events.push(event as Events[N]))
  return events
}

/** The events of several kinds as they come, each with its kind. */
export function listenToAll(names: readonly (keyof Events)[]): [string, unknown][] {
  const events: [string, unknown][] = []
  for (const name of names) hear(name, event => void events.push([name, event]))
  return events
}
