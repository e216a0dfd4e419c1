import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { onAbort, withAnyOf } from '../../lib/waiting/abort.ts'
import { sleep } from '../../lib/waiting/sleep.ts'

const listenersOf = ({ signal }: AbortController) => getEventListeners(signal, 'abort').length

describe('onAbort()', () => {
  test('has one listener on a signal for all, and none when nobody listens any more', () => {
    const controller = new AbortController()
    const stops = Array.from({ length: 20 }, () => onAbort(controller.signal, () => {}))
    expect(listenersOf(controller)).toBe(1)
    for (const stop of stops.slice(1)) stop()
    expect(listenersOf(controller)).toBe(1)
    stops[0]!()
    expect(listenersOf(controller)).toBe(0)
    stops[0]!()
    onAbort(controller.signal, () => {})()
    expect(listenersOf(controller)).toBe(0)
  })

  test('tells all that have not stopped listening, in their order, once', () => {
    const controller = new AbortController()
    const told: string[] = []
    const tell = (name: string) => onAbort(controller.signal, () => told.push(name))
    tell('a')
    const stop = tell('b')
    tell('c')
    stop()
    controller.abort()
    controller.abort()
    expect(told).toEqual(['a', 'c'])
  })

  test('takes the same function twice', () => {
    const controller = new AbortController()
    const told = vi.fn()
    const stop = onAbort(controller.signal, told)
    onAbort(controller.signal, told)
    stop()
    controller.abort()
    expect(told).toHaveBeenCalledTimes(1)
  })
})

describe('withAnyOf()', () => {
  test.each([0, 1])('aborts with the reason of signal %i', async index => {
    const controllers = [new AbortController(), new AbortController()]
    const reason = await withAnyOf([...controllers.map(({ signal }) => signal), undefined], async signal => {
      expect(signal.aborted).toBe(false)
      controllers[index]!.abort('enough')
      controllers[1 - index]!.abort('too late')
      return signal.reason
    })
    expect(reason).toBe('enough')
  })

  test('begins aborted where one of them is', async () => {
    const reason = await withAnyOf([undefined, AbortSignal.abort('before')], async signal => signal.reason)
    expect(reason).toBe('before')
  })

  test('leaves nothing on the signals', async () => {
    const controller = new AbortController()
    const failed = withAnyOf([controller.signal], async () => {
      expect(listenersOf(controller)).toBe(1)
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(listenersOf(controller)).toBe(0)
  })
})

test('sleep() is one of many on a signal, and leaves it alone afterwards', async () => {
  const controller = new AbortController()
  const naps = Array.from({ length: 20 }, () => sleep(60_000, controller.signal))
  const nap = sleep(0, controller.signal)
  expect(listenersOf(controller)).toBe(1)
  await nap
  controller.abort(new Error('enough'))
  const ends = await Promise.allSettled(naps)
  expect(ends.every(end => end.status === 'rejected' && end.reason.message === 'enough')).toBe(true)
  expect(listenersOf(controller)).toBe(0)
})
