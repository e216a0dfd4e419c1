import fs from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { StorageIOError, TimeoutError } from '../../lib/errors.ts'
import { readLog } from '../../lib/ops/raw.ts'
import { Patience } from '../../lib/ops/seal.ts'
import type { Store } from '../../lib/store.ts'
import { entryFile, newBucket } from '../support/folders.ts'
import { newStore, sync } from '../support/stores.ts'

/** A store of which nothing is asked but the time, and how long to wait. */
function clockwork(timeoutMs: number) {
  const clock = { now: 0 }
  const store = { environment: { ticks: () => clock.now }, settings: { timeoutMs } } as unknown as Store
  return { clock, store }
}

/** Waits once; each sleep takes what it was asked to take, and `late` more. */
function waitOnce(patience: Patience, { clock, store }: ReturnType<typeof clockwork>, late = 0): number {
  const steps = patience.wait(store, '/a', false)
  let slept = 0
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    if (!('ms' in step.value)) throw new Error('nothing but sleep is asked for')
    slept += step.value.ms
    clock.now += step.value.ms + late
  }
  return slept
}

describe('who waits for others', () => {
  test('gives up when the time is over, and not much later', () => {
    const world = clockwork(1000)
    const patience = new Patience()
    expect(() => {
      for (;;) waitOnce(patience, world)
    }).toThrow(TimeoutError)
    expect(world.clock.now).toBeGreaterThan(1000)
    expect(world.clock.now).toBeLessThan(1001)
  })

  test('looks once more, if the thread stood still between its last look and the end of the time', () => {
    const world = clockwork(1000)
    const patience = new Patience()
    waitOnce(patience, world)
    world.clock.now = 5000
    expect(waitOnce(patience, world)).toBeLessThan(1)
    expect(() => waitOnce(patience, world)).toThrow(TimeoutError)
  })

  test('has looked after the time was over, if the thread slept too long', () => {
    const world = clockwork(1000)
    const patience = new Patience()
    waitOnce(patience, world, 5000)
    expect(() => waitOnce(patience, world)).toThrow(TimeoutError)
  })

  test('looks twice with no time at all', () => {
    const world = clockwork(0)
    const patience = new Patience()
    waitOnce(patience, world)
    expect(() => waitOnce(patience, world)).toThrow(TimeoutError)
  })
})

test('a seal that could not be acted upon is lifted in time, though others have written in vain behind it', async () => {
  const bucket = newBucket<string, number>()
  bucket.set('a', 1)
  const file = entryFile(bucket.path)
  vi.spyOn(fs, 'unlinkSync').mockImplementationOnce(path => {
    // What a writer appends who had opened the log before: its place is where the seal is.
    fs.appendFileSync(file, fs.readFileSync(file).subarray(0, 100))
    throw Object.assign(new Error('i/o error'), { code: 'EIO', syscall: 'unlink', path })
  })
  expect(() => bucket.clear()).toThrow(StorageIOError)
  const last = () => sync(readLog(newStore(bucket.path), file))?.last?.kind
  expect(last()).toBe('seal')
  await expect.poll(last).not.toBe('seal')
  expect(bucket.get('a')).toBe(1)
})
