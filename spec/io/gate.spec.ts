import { expect, test } from 'vitest'
import { Gate } from '../../lib/io/gate.ts'

/** Something that ends when it is told to. */
function pending(): { promise: Promise<void>; end: () => void } {
  let end = (): void => {}
  const promise = new Promise<void>(resolve => {
    end = resolve
  })
  return { promise, end }
}

const settle = async (): Promise<void> => await new Promise(setImmediate)

test('so many are inside at once, and the others come in as they came', async () => {
  const gate = new Gate(2)
  const acts = Array.from({ length: 5000 }, pending)
  const inside: number[] = []
  const all = acts.map((act, i) =>
    gate.inside(() => {
      inside.push(i)
      return act.promise
    }),
  )
  expect(inside).toEqual([0, 1])
  for (let i = 0; i < acts.length; i++) {
    acts[i]!.end()
    await settle()
    expect(inside.length).toBe(Math.min(acts.length, i + 3))
  }
  await Promise.all(all)
  expect(inside).toEqual(acts.map((_, i) => i))
})

test('who fails gives the place up', async () => {
  const gate = new Gate(1)
  await expect(gate.inside(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect(await gate.inside(async () => 'in')).toBe('in')
})

test('who waits for another lets that one in, and comes in again behind it', async () => {
  const gate = new Gate(1)
  const other = pending()
  const order: string[] = []
  const first = gate.inside(async () => {
    order.push('first')
    await gate.outside(() => other.promise)
    order.push('first again')
  })
  const second = gate.inside(async () => {
    order.push('second')
    other.end()
    await settle()
    order.push('second ends')
  })
  await Promise.all([first, second])
  expect(order).toEqual(['first', 'second', 'second ends', 'first again'])
  await expect(gate.inside(() => gate.outside(() => Promise.reject(new Error('timed out'))))).rejects.toThrow(
    'timed out',
  )
  expect(await gate.inside(async () => 'in')).toBe('in')
})
