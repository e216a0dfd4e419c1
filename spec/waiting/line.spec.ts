import { describe, expect, test } from 'vitest'
import { graceMs, Line, type Patience } from '../../lib/waiting/line.ts'

const patience = (given: Partial<Patience> = {}): Patience => ({
  timeoutMs: Number.POSITIVE_INFINITY,
  late: () => new Error('late'),
  signal: undefined,
  suspicion: undefined,
  ...given,
})

/** Waits for what the given timeouts end to have ended: timers that are due at once fire in their order. */
const timersPassed = () => new Promise(resolve => setTimeout(resolve, 5))

describe('Line', () => {
  test('passes the turn on in the order of the calls, and is empty afterwards', async () => {
    const line = new Line()
    const order: number[] = []
    const calls = [1, 2, 3].map(async n => {
      const turn = await line.acquire('k', patience())
      order.push(n)
      turn.pass()
      turn.pass()
    })
    expect(line.isLocked('k')).toBe(true)
    expect(line.isLocked('other')).toBe(false)
    await Promise.all(calls)
    expect(order).toEqual([1, 2, 3])
    expect(line.isLocked('k')).toBe(false)
  })

  test('a timeout ends no wait before it is known that the turn will last', async () => {
    const line = new Line()
    const first = await line.acquire('k', patience())
    const states: string[] = []
    const wait = (name: string, timeoutMs: number) =>
      line.acquire('k', patience({ timeoutMs })).then(
        turn => {
          states.push(`${name} in`)
          return turn
        },
        error => {
          states.push(`${name} ${error.message}`)
        },
      )
    const [b, c, d, e] = [wait('b', 0), wait('c', 0), wait('d', 1e9), wait('e', 0)]
    await timersPassed()
    expect(states).toEqual([])
    first.pass()
    const second = (await b)!
    expect(states).toEqual(['b in'])
    second.keep()
    await Promise.all([c, e])
    expect(states).toEqual(['b in', 'c late', 'e late'])
    await wait('f', 0)
    expect(states).toEqual(['b in', 'c late', 'e late', 'f late'])
    second.pass()
    ;(await d)!.pass()
    expect(line.isLocked('k')).toBe(false)
  })

  test('who has given up is not in the way', async () => {
    const line = new Line()
    const first = await line.acquire('k', patience())
    const controller = new AbortController()
    const given = line.acquire('k', patience({ signal: controller.signal }))
    const next = line.acquire('k', patience())
    controller.abort('enough')
    await expect(given).rejects.toBe('enough')
    first.pass()
    ;(await next).pass()
    expect(line.isLocked('k')).toBe(false)
  })

  test('a suspicion ends the wait after a while if it is still there, and else not', async () => {
    const line = new Line()
    const first = await line.acquire('k', patience())
    first.keep()
    const start = performance.now()
    const wrong = line.acquire('k', patience({ suspicion: () => undefined }))
    const right = line.acquire('k', patience({ suspicion: () => new Error('itself') }))
    const short = line.acquire('k', patience({ suspicion: () => undefined, timeoutMs: graceMs + 20 }))
    short.catch(() => {})
    await expect(right).rejects.toThrow('itself')
    // A timer may fire a little early.
    expect(performance.now() - start).toBeGreaterThan(graceMs - 5)
    await expect(short).rejects.toThrow('late')
    first.pass()
    ;(await wrong).pass()
  })
})
