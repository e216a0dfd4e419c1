import { expect, test } from 'vitest'
import type { Slot } from '../lib/keys.ts'
import { Turns } from '../lib/turns.ts'

const slot = { path: '/a' } as Slot
const other = { path: '/b' } as Slot

/** Calls that end when they are told to; `begun` has the names of those that have begun. */
function calls() {
  const begun: string[] = []
  const ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  const call = (name: string) => () => {
    begun.push(name)
    return new Promise<void>((resolve, reject) => ends.set(name, { resolve, reject }))
  }
  return {
    begun,
    call,
    end: (name: string) => ends.get(name)!.resolve(),
    fail: (name: string) => ends.get(name)!.reject(new Error(name)),
  }
}

const soon = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('writes of one key run one after another, others do not wait', async () => {
  const { begun, call, end } = calls()
  const turns = new Turns()
  void turns.take(slot, call('first'))
  void turns.take(slot, call('second'))
  void turns.take(other, call('elsewhere'))
  await soon()
  expect(begun).toEqual(['first', 'elsewhere'])
  end('first')
  await soon()
  expect(begun).toEqual(['first', 'elsewhere', 'second'])
})

test('reads run side by side behind a write, and the next write waits for all of them', async () => {
  const { begun, call, end } = calls()
  const turns = new Turns()
  void turns.take(slot, call('write'))
  void turns.after(slot, call('read'))
  void turns.after(slot, call('read too'))
  void turns.take(slot, call('next'))
  void turns.after(slot, call('last'))
  await soon()
  expect(begun).toEqual(['write'])
  end('write')
  await soon()
  expect(begun).toEqual(['write', 'read', 'read too'])
  end('read too')
  await soon()
  expect(begun).toHaveLength(3)
  end('read')
  await soon()
  expect(begun).toEqual(['write', 'read', 'read too', 'next'])
  end('next')
  await soon()
  expect(begun.at(-1)).toBe('last')
})

test('a write waits for a read that nobody has written before', async () => {
  const { begun, call, end } = calls()
  const turns = new Turns()
  void turns.after(slot, call('read'))
  void turns.take(slot, call('write'))
  await soon()
  expect(begun).toEqual(['read'])
  end('read')
  await soon()
  expect(begun).toEqual(['read', 'write'])
})

test('calls that fail hold nobody up', async () => {
  const { begun, call, fail } = calls()
  const turns = new Turns()
  const write = turns.take(slot, call('write'))
  const read = turns.after(slot, call('read'))
  void turns.take(slot, call('next'))
  await soon()
  fail('write')
  await expect(write).rejects.toThrow('write')
  await soon()
  fail('read')
  await expect(read).rejects.toThrow('read')
  await soon()
  expect(begun).toEqual(['write', 'read', 'next'])
})

test('what has settled is what was called before, reads too', async () => {
  const { call, end } = calls()
  const turns = new Turns()
  void turns.after(slot, call('read'))
  let isSettled = false
  const waiting = turns.settled().then(() => {
    isSettled = true
  })
  void turns.after(slot, call('later'))
  await soon()
  expect(isSettled).toBe(false)
  end('read')
  await waiting
  end('later')
  await turns.settled()
})
