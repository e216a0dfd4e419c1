import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { newBucket } from '../support/folders.ts'
import { startActors } from '../support/remote.ts'

/** Both faces as one: every result in a promise, iterations as lists. */
const faceOf = (subject: any): any =>
  new Proxy(subject, {
    get(_, name: string) {
      if (name === 'then') return undefined
      return async (...args: unknown[]) => {
        const member = subject[name]
        const result = typeof member === 'function' ? member.apply(subject, args) : member
        if (typeof result?.next !== 'function') return await result
        const list: unknown[] = []
        for await (const item of result) list.push(item)
        return list
      }
    },
  })
const faces = [
  ['blocking', (subject: any) => faceOf(subject)],
  ['promising', (subject: any) => faceOf(subject.promises)],
] as const

describe.each(faces)('Deque, %s', (_, face) => {
  test('is a sequence with the methods of an Array at both ends', async () => {
    const deque = face(newBucket().deque<any>('name'))
    expect(await deque.push('c', 'd')).toBe(2)
    expect(await deque.unshift('a', 'b')).toBe(4)
    expect(await deque.values()).toEqual(['a', 'b', 'c', 'd'])
    expect(await deque.values({ reverse: true })).toEqual(['d', 'c', 'b', 'a'])
    expect([await deque.at(0), await deque.at(3), await deque.at(-1), await deque.at(-4)]).toEqual(['a', 'd', 'd', 'a'])
    expect([await deque.at(4), await deque.at(-5)]).toEqual([undefined, undefined])
    expect([await deque.shift(), await deque.pop(), await deque.length()]).toEqual(['a', 'd', 2])
    expect([await deque.shift(), await deque.shift(), await deque.shift(), await deque.pop()]).toEqual([
      'b',
      'c',
      undefined,
      undefined,
    ])
    expect(await deque.length()).toBe(0)
  })

  test('finds, replaces and removes values that are deeply equal', async () => {
    const deque = face(newBucket().deque<any>('name'))
    await deque.push({ n: 1 }, { n: 2 }, new Map([[1, 2]]), { n: 2 })
    expect(await deque.indexOf({ n: 2 })).toBe(1)
    expect(await deque.indexOf(new Map([[1, 2]]))).toBe(2)
    expect([await deque.includes({ n: 3 }), await deque.indexOf({ n: 3 })]).toEqual([false, -1])
    expect(await deque.set(-1, 'last')).toBe(true)
    expect(await deque.set(9, 'none')).toBe(false)
    expect([await deque.remove({ n: 2 }), await deque.remove({ n: 2 })]).toEqual([true, false])
    expect(await deque.values()).toEqual([{ n: 1 }, new Map([[1, 2]]), 'last'])
    // A gap in the midst is none for an index, nor for the ends.
    expect([await deque.at(1), await deque.at(-2)]).toEqual([new Map([[1, 2]]), new Map([[1, 2]])])
    expect(await deque.shift()).toEqual({ n: 1 })
    expect(await deque.pop()).toBe('last')
    await expect(deque.at(1.5)).rejects.toThrow(TypeError)
  })

  test('rotates, turns round and is cleared', async () => {
    const bucket = newBucket()
    const deque = face(bucket.deque<number>('name'))
    await deque.push(0, 1, 2, 3, 4)
    const rotated = async (steps?: number) => {
      await deque.rotate(steps)
      return await deque.values()
    }
    expect(await rotated()).toEqual([4, 0, 1, 2, 3])
    expect(await rotated(-1)).toEqual([0, 1, 2, 3, 4])
    expect(await rotated(-2)).toEqual([2, 3, 4, 0, 1])
    expect(await rotated(12)).toEqual([0, 1, 2, 3, 4])
    await deque.reverse()
    expect(await deque.values()).toEqual([4, 3, 2, 1, 0])
    await deque.clear()
    expect([await deque.values(), await deque.length()]).toEqual([[], 0])
    await deque.rotate(3)
    await deque.push(9)
    expect(await deque.values()).toEqual([9])
    expect(bucket.deque('name').bucket.check()).toEqual([])
  })

  test('keeps no more than maxLength: what is pushed pushes out at the other end', async () => {
    const bucket = newBucket()
    const deque = face(bucket.deque<number>('name', { maxLength: 3 }))
    expect(await deque.push(1, 2, 3, 4)).toBe(3)
    expect(await deque.values()).toEqual([2, 3, 4])
    expect(await deque.unshift(0, 1)).toBe(3)
    expect(await deque.values()).toEqual([0, 1, 2])
    const none = face(bucket.deque('none', { maxLength: 0 }))
    expect([await none.push(1), await none.values()]).toEqual([0, []])
  })

  test('does as an Array does', async () => {
    const action = fc.oneof(
      fc.record({
        name: fc.constantFrom('push', 'unshift'),
        args: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
      }),
      fc.record({ name: fc.constantFrom('pop', 'shift'), args: fc.constant([]) }),
      fc.record({ name: fc.constantFrom('at', 'rotate'), args: fc.tuple(fc.integer({ min: -6, max: 6 })) }),
      fc.record({
        name: fc.constantFrom('indexOf', 'includes', 'remove'),
        args: fc.tuple(fc.integer({ min: 0, max: 5 })),
      }),
      fc.record({ name: fc.constantFrom('set'), args: fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer()) }),
      fc.record({ name: fc.constantFrom('reverse', 'clear'), args: fc.constant([]) }),
    )
    const model: Record<string, (list: number[], ...args: any[]) => unknown> = {
      push: (list, ...values) => list.push(...values),
      unshift: (list, ...values) => list.unshift(...values),
      pop: list => list.pop(),
      shift: list => list.shift(),
      at: (list, index) => list.at(index),
      indexOf: (list, value) => list.indexOf(value),
      includes: (list, value) => list.includes(value),
      remove: (list, value) => list.includes(value) && list.splice(list.indexOf(value), 1).length > 0,
      set: (list, index, value) => {
        const at = index < 0 ? list.length + index : index
        if (!(at in list)) return false
        list[at] = value
        return true
      },
      rotate: (list, steps) => {
        for (let i = steps; i > 0 && list.length > 0; i--) list.unshift(list.pop()!)
        for (let i = steps; i < 0 && list.length > 0; i++) list.push(list.shift()!)
      },
      reverse: list => void list.reverse(),
      clear: list => void list.splice(0),
    }
    const void_ = new Set(['rotate', 'reverse', 'clear'])
    const bucket = newBucket()
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 12 }), async actions => {
        const deque = face(bucket.deque<number>(`run ${run++}`))
        const list: number[] = []
        for (const { name, args } of actions) {
          const expected = model[name]!(list, ...args)
          const got = await deque[name](...args)
          if (!void_.has(name)) expect(got).toEqual(expected)
          expect(await deque.length()).toBe(list.length)
        }
        expect(await deque.values()).toEqual(list)
        expect(await deque.values({ reverse: true })).toEqual([...list].reverse())
      }),
      { numRuns: 25 },
    )
  })
})

describe('Deque', () => {
  test('is the same under its name, in other buckets of the folder, and none of their entries', () => {
    const bucket = newBucket({ maxEntries: 2, lifetime: 1 })
    const jobs = bucket.deque('jobs')
    for (let i = 0; i < 10; i++) jobs.push(i)
    const other = new Bucket(bucket.path)
    expect([...other.deque('jobs')]).toEqual([...jobs])
    expect([other.deque('Jobs').length, other.size, other.clear()]).toEqual([0, 0, 0])
    other.index('jobs').set(1, 1)
    expect(jobs.length).toBe(10)
    expect(other.check()).toEqual([])
    expect(new Bucket(bucket.path, { readOnly: true }).deque('jobs').at(0)).toBe(0)
  })

  test('a transaction happens as a whole or not at all', async () => {
    const jobs = newBucket().deque<number>('jobs')
    jobs.push(1, 2, 3)
    expect(() =>
      jobs.transact(() => {
        jobs.push(jobs.shift()!, 9)
        expect([...jobs]).toEqual([2, 3, 1, 9])
        throw new Error('no')
      }),
    ).toThrow('no')
    expect([...jobs]).toEqual([1, 2, 3])
    await expect(
      jobs.promises.transact(async inside => {
        await inside.clear()
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    const moved = await jobs.promises.transact(async inside => {
      const first = await inside.shift()
      void inside.push(first!)
      return first
    })
    expect([moved, [...jobs]]).toEqual([1, [2, 3, 1]])
    await expect(jobs.promises.transact(inside => inside.transact(nested => nested.push(4)))).resolves.toBe(4)
  })

  test('calls that nobody awaits one by one take effect in their order', async () => {
    const { promises: jobs } = newBucket().deque<number>('jobs')
    for (let i = 0; i < 10; i++) void jobs.push(i)
    const last = jobs.pop()
    const first = jobs.shift()
    expect([await last, await first, await jobs.length()]).toEqual([9, 0, 8])
  })

  test('each item is taken by exactly one process', async () => {
    const bucket = newBucket()
    const jobs = bucket.deque<number>('jobs')
    for (let i = 0; i < 200; i++) jobs.push(i)
    const actors = await startActors(3, bucket.path)
    const taken = await Promise.all(
      actors.map((actor, id) =>
        actor.run((theirs, fromBack) => {
          const mine: unknown[] = []
          const deque = theirs.deque('jobs')
          for (let job = deque.shift(); job !== undefined; job = fromBack ? deque.pop() : deque.shift()) mine.push(job)
          return mine
        }, id === 0),
      ),
    )
    expect(taken.flat().sort((a: any, b: any) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect(jobs.length).toBe(0)
  })

  test('several processes keep to one maxLength', async () => {
    const bucket = newBucket()
    const actors = await startActors(3, bucket.path)
    await Promise.all(
      actors.map(actor =>
        actor.run(theirs => {
          const log = theirs.deque('log', { maxLength: 10 })
          for (let i = 0; i < 20; i++) if (log.push(i) > 10) throw new Error('too long')
        }),
      ),
    )
    expect(bucket.deque('log').length).toBe(10)
    expect([...bucket.deque('log')]).toHaveLength(10)
  })

  test('refuses names and options that are none', () => {
    const bucket = newBucket()
    for (const name of ['', 1, undefined]) expect(() => bucket.deque(name as any)).toThrow(TypeError)
    for (const maxLength of [-1, 1.5, '3']) expect(() => bucket.deque('a', { maxLength } as any)).toThrow(RangeError)
    expect(() => bucket.deque('a', { maxlen: 3 } as any)).toThrow(TypeError)
  })
})

describe.each(faces)('Index, %s', (_, face) => {
  test('is a Map in insertion order', async () => {
    const index = face(newBucket().index<any, any>('name'))
    for (const key of ['b', 1, { deep: [true] }, 'a']) await index.set(key, key)
    await index.set('b', 'again')
    expect(await index.keys()).toEqual(['b', 1, { deep: [true] }, 'a'])
    expect(await index.values()).toEqual(['again', 1, { deep: [true] }, 'a'])
    expect(await index.entries()).toContainEqual([{ deep: [true] }, { deep: [true] }])
    expect([await index.get('b'), await index.get('c'), await index.get('c', 0)]).toEqual(['again', undefined, 0])
    expect([await index.has('b'), await index.size()]).toEqual([true, 4])
    await expect(index.getOrThrow('c')).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
    expect([await index.delete('b'), await index.delete('b')]).toEqual([true, false])
    expect([await index.pop(1), await index.pop(1), await index.pop(1, 0)]).toEqual([1, undefined, 0])
    await index.setMany([
      ['x', 1],
      ['y', 2],
    ])
    expect(await index.keys()).toEqual([{ deep: [true] }, 'a', 'x', 'y'])
    await index.clear()
    expect(await index.size()).toBe(0)
  })

  test('setDefault, peekItem and popItem are those of DiskCache', async () => {
    const index = face(newBucket().index<any, any>('name'))
    expect([await index.peekItem(), await index.popItem()]).toEqual([undefined, undefined])
    expect([await index.setDefault('a', 1), await index.setDefault('a', 2)]).toEqual([1, 1])
    await index.set('b', undefined)
    expect(await index.setDefault('b', 2)).toBeUndefined()
    await index.set('c', 3)
    expect([await index.peekItem(), await index.peekItem({ last: false })]).toEqual([
      ['c', 3],
      ['a', 1],
    ])
    expect([await index.popItem({ last: false }), await index.popItem(), await index.popItem()]).toEqual([
      ['a', 1],
      ['c', 3],
      ['b', undefined],
    ])
    expect(await index.popItem()).toBeUndefined()
  })
})

describe('Index', () => {
  test('each entry is popped by exactly one process, whichever end it is from', async () => {
    const bucket = newBucket()
    const index = bucket.index<number, number>('name')
    for (let i = 0; i < 60; i++) index.set(i, i)
    const actors = await startActors(3, bucket.path)
    const popped = await Promise.all(
      actors.map((actor, id) =>
        actor.run((theirs, last) => {
          const mine: unknown[] = []
          const theirIndex = theirs.index('name')
          for (let item = theirIndex.popItem({ last }); item; item = theirIndex.popItem({ last })) mine.push(item[0])
          return mine
        }, id !== 0),
      ),
    )
    expect(popped.flat().sort((a: any, b: any) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i))
  })

  test('nothing in it is culled or expires, and a transaction is one', async () => {
    const bucket = newBucket({ lifetime: 1, sizeLimit: 1000 })
    const index = bucket.index<any, any>('name')
    for (let i = 0; i < 30; i++) index.set(i, 'x'.repeat(500))
    expect(index.size).toBe(30)
    expect(() =>
      index.transact(() => {
        index.set('new', 1).delete(0)
        expect([index.size, [...index.keys()].at(-1)]).toEqual([30, 'new'])
        throw new Error('no')
      }),
    ).toThrow('no')
    await index.promises.transact(async inside => {
      await inside.popItem()
      await inside.setDefault('new', 1)
    })
    expect([index.size, index.peekItem(), index.has(29)]).toEqual([30, ['new', 1], false])
    const seen: unknown[] = []
    index.forEach((value, key) => seen.push([key, value]))
    expect(seen).toEqual([...index])
  })
})
