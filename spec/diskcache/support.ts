// Both faces of a bucket with all that DiskCache's row brings, so that each behaviour is said once and held by both.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, onTestFinished, vi } from 'vitest'
import type { Bucket, Entry, Events, LongWork, Problem, QueueOptions, SetOptions, Tag } from '../../lib/index.ts'
import { faces, type Twin } from '../support/twins.ts'

export interface Face extends Twin {
  push(value: unknown, options?: QueueOptions & SetOptions): Promise<number | string>
  pull(options?: QueueOptions): Promise<Entry<any, any> | undefined>
  peek(options?: QueueOptions): Promise<Entry<any, any> | undefined>
  peekItem(options?: { last?: boolean }): Promise<Entry<any, any> | undefined>
  evict(tag: Tag, options?: LongWork): Promise<number>
  expire(now?: Date, options?: LongWork): Promise<number>
  cull(options?: LongWork): Promise<number>
  createTagIndex(): Promise<void>
  dropTagIndex(): Promise<void>
  stats(options?: { enable?: boolean; reset?: boolean }): Promise<{ hits: number; misses: number }>
  check(options?: { fix?: boolean } & LongWork): Promise<Problem[]>
  read(key: unknown): Promise<import('node:stream').Readable>
}

type FaceOf = (bucket: Bucket<any, any>) => Face

/** A method and its arguments. */
export type Step = readonly [method: string, ...args: unknown[]]

/** Does the steps one after another in one transaction, which fails at its end with `failure`, if there is one. The results:
 *  iterations as lists, entries as their values. */
export type Transact = (bucket: Bucket<any, any>, steps: readonly Step[], failure?: Error) => Promise<unknown[]>

const transactBlocking: Transact = async (bucket, steps, failure) =>
  bucket.transact(() => {
    const results = steps.map(([method, ...args]) => {
      const member = (bucket as any)[method]
      return plain(typeof member === 'function' ? member.apply(bucket, args) : member)
    })
    if (failure !== undefined) throw failure
    return results
  })

const transactPromising: Transact = (bucket, steps, failure) =>
  bucket.promises.transact(async inside => {
    const results: unknown[] = []
    for (const [method, ...args] of steps) {
      const result = (inside as any)[method](...args)
      results.push(plain(Symbol.asyncIterator in result ? await collect(result) : await result))
    }
    if (failure !== undefined) throw failure
    return results
  })

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = []
  for await (const item of items) list.push(item)
  return list
}

function plain(result: any): unknown {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result
  if (typeof result.next === 'function') return [...result]
  return 'version' in result ? result.value : result
}

/** Runs the tests for the synchronous bucket and for its promise twin. */
export function onBothFaces(tests: (faceOf: FaceOf, transact: Transact) => void): void {
  for (const [name, faceOf] of faces) {
    describe(name, () => tests(faceOf as FaceOf, name === 'Bucket' ? transactBlocking : transactPromising))
  }
}

/** The clock stands still, and is moved by hand. */
export function stopClock(): { pass: (ms: number) => void } {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  return { pass: ms => void vi.setSystemTime(Date.now() + ms) }
}

/** What is told on a diagnostics channel during the test, of one folder. */
export function eventsOf<N extends keyof Events>(name: N, bucket: Bucket<any, any>): Events[N][] {
  const events: Events[N][] = []
  const listen = (message: unknown): void => {
    const event = message as Events[N]
    if (event.folder === bucket.path) events.push(event)
  }
  subscribe(`bucketcache:${name}`, listen)
  onTestFinished(() => void unsubscribe(`bucketcache:${name}`, listen))
  return events
}

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour
