// What is told on the diagnostics channels while a test runs.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type { Events } from '../../lib/index.ts'

/** The events of one kind, as they come. */
export function listen<N extends keyof Events>(name: N): Events[N][] {
  const events: Events[N][] = []
  const take = (event: unknown): void => void events.push(event as Events[N])
  subscribe(`bucketcache:${name}`, take)
  onTestFinished(() => void unsubscribe(`bucketcache:${name}`, take))
  return events
}

/** The events of several kinds as they come, each with its kind. */
export function listenToAll(names: readonly (keyof Events)[]): [string, unknown][] {
  const events: [string, unknown][] = []
  for (const name of names) {
    const take = (event: unknown): void => void events.push([name, event])
    subscribe(`bucketcache:${name}`, take)
    onTestFinished(() => void unsubscribe(`bucketcache:${name}`, take))
  }
  return events
}
