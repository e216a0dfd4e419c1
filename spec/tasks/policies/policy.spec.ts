import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashed } from '../../../lib/tasks/hashed.ts'
import { MemoryLockManager } from '../../../lib/tasks/locks/memory.ts'
import { INPUTS, Inputs } from '../../../lib/tasks/policies/inputs.ts'
import {
  CacheKeyFnPolicy,
  CachePolicy,
  CompoundCachePolicy,
  NO_CACHE,
  NONE,
} from '../../../lib/tasks/policies/policy.ts'
import { FLOW_PARAMETERS, RUN_ID, TASK_SOURCE } from '../../../lib/tasks/policies/run.ts'
import { LocalStorage } from '../../../lib/tasks/storage/local.ts'
import { NullStorage } from '../../../lib/tasks/storage/null.ts'
import type { KeyRequest } from '../../../lib/tasks/types.ts'
import { temporaryFolder } from '../support.ts'

const fixed = (key: string | undefined) => CachePolicy.fromCacheKeyFn(() => key)
const request: KeyRequest = { inputs: { a: 1, b: 2 } }

/** A policy of a user's, with what no copy can have. */
class Secretive extends CachePolicy {
  readonly #salt: string
  readonly visible: string
  constructor(salt: string) {
    super()
    this.#salt = salt
    this.visible = salt
  }
  async computeKey({ inputs }: KeyRequest): Promise<string> {
    return `${this.#salt}:${Object.keys(inputs ?? {})}`
  }
}

describe('plus()', () => {
  test('makes a sum that depends on both', async () => {
    const sum = INPUTS.plus(fixed('x'))
    expect(sum).toBeInstanceOf(CompoundCachePolicy)
    expect(sum.computeKey(request)).not.toBe(INPUTS.plus(fixed('y')).computeKey(request))
    expect(sum.computeKey(request)).not.toBe(sum.computeKey({ inputs: { a: 2 } }))
    expect(sum.computeKey(request)).toBe(sum.computeKey(request))
  })

  test('does not depend on order or grouping', () => {
    const policies = [INPUTS, TASK_SOURCE, FLOW_PARAMETERS, RUN_ID, fixed('x'), fixed('y')]
    const full: KeyRequest = { ...request, flowParameters: { day: 1 } }
    const expected = new CompoundCachePolicy(policies).computeKey(full)
    fc.assert(
      fc.property(fc.shuffledSubarray(policies, { minLength: 6 }), fc.nat(4), (order, cut) => {
        const [first, ...rest] = order.slice(0, cut + 1)
        const head = rest.reduce((sum: CachePolicy, policy) => sum.plus(policy), first!)
        const sum = head.plus(new CompoundCachePolicy(order.slice(cut + 1)))
        expect(sum.computeKey(full)).toBe(expected)
        expect((sum as CompoundCachePolicy).policies).toHaveLength(6)
      }),
    )
  })

  test('with NO_CACHE changes nothing', () => {
    expect(INPUTS.plus(NO_CACHE)).toBe(INPUTS)
    expect(NO_CACHE.plus(INPUTS)).toBe(INPUTS)
    expect(NO_CACHE.plus(NONE)).toBe(NO_CACHE)
    expect(new CompoundCachePolicy([NO_CACHE, INPUTS]).policies).toEqual([INPUTS])
  })

  test('merges Inputs, keeping out what any of them leaves out', () => {
    const sum = INPUTS.minus('a').plus(TASK_SOURCE).plus(INPUTS.minus('b')) as CompoundCachePolicy
    expect(sum.policies).toHaveLength(2)
    const inputs = sum.policies.find(policy => policy instanceof Inputs)
    expect(inputs?.exclude).toEqual(['a', 'b'])
  })

  test.each([undefined, null, 'INPUTS', {}])('of %o is a TypeError', other => {
    expect(() => INPUTS.plus(other as never)).toThrow(TypeError)
    expect(() => NO_CACHE.plus(other as never)).toThrow(TypeError)
    expect(() => new CompoundCachePolicy([other as never])).toThrow(TypeError)
  })
})

describe('computeKey() of a sum', () => {
  test('skips parts without a key', () => {
    const sum = new CompoundCachePolicy([fixed('x'), fixed(undefined)])
    expect(sum.computeKey({})).toBe(new CompoundCachePolicy([fixed('x')]).computeKey({}))
  })

  test('is undefined when no part has one', () => {
    expect(new CompoundCachePolicy([fixed(undefined), FLOW_PARAMETERS]).computeKey({})).toBeUndefined()
    expect(NO_CACHE.computeKey(request)).toBeUndefined()
  })

  test('tells sums apart that share words', () => {
    const key = (...keys: string[]) => new CompoundCachePolicy(keys.map(fixed)).computeKey({})
    expect(key('a', 'a', 'b')).not.toBe(key('a', 'b', 'b'))
    expect(key('ab')).not.toBe(key('a', 'b'))
    expect(key('a,b')).not.toBe(key('a', 'b'))
  })

  test('waits for parts that need to', async () => {
    const sum = fixed('x').plus(new Secretive('s'))
    const key = sum.computeKey(request)
    expect(key).toBeInstanceOf(Promise)
    expect(await key).toBe(await new Secretive('s').plus(fixed('x')).computeKey(request))
  })

  test('fails when a part fails, whether at once or later', async () => {
    const failing = CachePolicy.fromCacheKeyFn(() => {
      throw new Error('no key')
    })
    class Rejecting extends CachePolicy {
      async computeKey(): Promise<string> {
        throw new Error('no key, later')
      }
    }
    expect(() => fixed('x').plus(failing).computeKey({})).toThrow('no key')
    await expect(fixed('x').plus(new Rejecting()).computeKey({})).rejects.toThrow('no key, later')
    // The rejection of the first part must not go unhandled when the second throws.
    expect(() => new Rejecting().plus(failing).computeKey({})).toThrow('no key')
    await new Promise(resolve => setImmediate(resolve))
  })
})

describe('minus()', () => {
  test('leaves an input out of a sum', () => {
    const sum = INPUTS.plus(TASK_SOURCE).minus('b')
    expect(sum.computeKey({ inputs: { a: 1, b: 2 } })).toBe(sum.computeKey({ inputs: { a: 1, b: 3 } }))
    expect(sum.computeKey({ inputs: { a: 1 } })).toBe(sum.computeKey({ inputs: { a: 1, b: 3 } }))
    expect(sum.computeKey({ inputs: { a: 2 } })).not.toBe(sum.computeKey({ inputs: { a: 1 } }))
  })

  test('hides the input from a policy of any kind', async () => {
    expect(await new Secretive('s').minus('a').computeKey(request)).toBe('s:b')
    const fn = CachePolicy.fromCacheKeyFn((_, inputs) => Object.keys(inputs).join())
    expect(fn.minus('a').minus('b').computeKey(request)).toBe('')
    expect(fn.computeKey(request)).toBe('a,b')
  })

  test('keeps the settings', () => {
    const lockManager = new MemoryLockManager()
    const settings = { keyStorage: '/keys', lockManager, isolationLevel: 'SERIALIZABLE' } as const
    for (const policy of [INPUTS, TASK_SOURCE, INPUTS.plus(RUN_ID), new Secretive('s'), NO_CACHE]) {
      expect(policy.configure(settings).minus('a')).toMatchObject(settings)
    }
  })

  test('keeps the settings of a sum that differ from those of its parts', () => {
    const sum = INPUTS.configure({ isolationLevel: 'SERIALIZABLE' })
      .plus(RUN_ID)
      .configure({ isolationLevel: 'READ_COMMITTED' })
    const bigger = sum
      .plus(TASK_SOURCE.configure({ isolationLevel: 'READ_COMMITTED' }))
      .minus('a')
      .minus('b')
    expect(bigger.isolationLevel).toBe('READ_COMMITTED')
    expect(bigger.unseenInputs).toContain('b')
  })

  test.each([1, '', null, ['a']])('of %o is a TypeError', input => {
    for (const policy of [INPUTS, TASK_SOURCE, INPUTS.plus(RUN_ID)]) {
      expect(() => policy.minus(input as never)).toThrow(TypeError)
    }
  })
})

describe('configure()', () => {
  test('gives a copy, and leaves what is absent as it was', () => {
    const storage = new NullStorage()
    const first = INPUTS.configure({ isolationLevel: 'SERIALIZABLE' })
    const second = first.configure({ keyStorage: storage })
    expect(INPUTS).toMatchObject({ isolationLevel: undefined, keyStorage: undefined, lockManager: undefined })
    expect(first).toMatchObject({ isolationLevel: 'SERIALIZABLE', keyStorage: undefined })
    expect(second).toMatchObject({ isolationLevel: 'SERIALIZABLE', keyStorage: storage })
    expect(second).toBeInstanceOf(Inputs)
    expect(second.configure({})).not.toBe(second)
  })

  test('does not change the key', async () => {
    for (const policy of [INPUTS, INPUTS.plus(fixed('x')), fixed('x')]) {
      expect(policy.configure({ isolationLevel: 'SERIALIZABLE' }).computeKey(request)).toBe(policy.computeKey(request))
    }
  })

  test('copies a policy with private fields', async () => {
    const copy = new Secretive('s').configure({ keyStorage: '/keys' }).configure({ isolationLevel: 'SERIALIZABLE' })
    expect(await copy.computeKey(request)).toBe('s:a,b')
    expect(copy).toBeInstanceOf(Secretive)
    expect(copy).toMatchObject({ visible: 's', keyStorage: '/keys', isolationLevel: 'SERIALIZABLE' })
  })

  test('is what a sum has of its parts', () => {
    const lockManager = new MemoryLockManager()
    const sum = INPUTS.configure({ lockManager })
      .plus(TASK_SOURCE.configure({ isolationLevel: 'SERIALIZABLE' }))
      .plus(RUN_ID)
    expect(sum).toMatchObject({ lockManager, isolationLevel: 'SERIALIZABLE', keyStorage: undefined })
  })

  test('with different settings in a sum is a TypeError that names the setting', () => {
    const pairs = [
      [{ keyStorage: '/a' }, { keyStorage: '/b' }],
      [{ keyStorage: new NullStorage() }, { keyStorage: new NullStorage() }],
      [{ lockManager: new MemoryLockManager() }, { lockManager: new MemoryLockManager() }],
      [{ isolationLevel: 'SERIALIZABLE' }, { isolationLevel: 'READ_COMMITTED' }],
    ] as const
    for (const [one, other] of pairs) {
      const [a, b] = [INPUTS.configure(one), TASK_SOURCE.configure(other)]
      const name = new RegExp(Object.keys(one)[0]!)
      expect(() => a.plus(b)).toThrow(TypeError)
      expect(() => b.plus(a)).toThrow(name)
      expect(() => RUN_ID.plus(a).plus(RUN_ID.plus(b))).toThrow(name)
      expect(() => new CompoundCachePolicy([a, RUN_ID, b])).toThrow(name)
    }
  })

  test('with one place named in two ways is no conflict', () => {
    const folder = temporaryFolder()
    const sum = INPUTS.configure({ keyStorage: folder }).plus(
      RUN_ID.configure({ keyStorage: new LocalStorage(`${folder}/.`) }),
    )
    expect(sum.keyStorage).toBe(folder)
  })

  test.each([
    { isolationLevel: 'SNAPSHOT' },
    { keyStorage: 5 },
    { keyStorage: '' },
    { lockManager: {} },
    { lockManager: null },
    { isolation: 'SERIALIZABLE' },
    null,
  ])('of %o is a TypeError', options => {
    expect(() => INPUTS.configure(options as never)).toThrow(TypeError)
  })
})

describe('fromCacheKeyFn()', () => {
  test('gives the key of the function', () => {
    const policy = CachePolicy.fromCacheKeyFn((context, inputs) => `${context === undefined} ${inputs['a']}`)
    expect(policy).toBeInstanceOf(CacheKeyFnPolicy)
    expect(policy.computeKey(request)).toBe('true 1')
    expect(policy.computeKey({})).toBe('true undefined')
  })

  test('shows the function plain values', () => {
    const policy = CachePolicy.fromCacheKeyFn((_, inputs) => `${inputs['a']}`)
    expect(policy.computeKey({ inputs: { a: hashed('plain', 'h') } })).toBe('plain')
  })

  test('takes undefined and null for no key', () => {
    expect(fixed(undefined).computeKey({})).toBeUndefined()
    expect(fixed(null as never).computeKey({})).toBeUndefined()
  })

  test.each([1, Promise.resolve('x'), {}])('refuses the key %o', key => {
    expect(() => fixed(key as never).computeKey({})).toThrow(TypeError)
  })

  test('of no function is a TypeError', () => {
    expect(() => CachePolicy.fromCacheKeyFn('x' as never)).toThrow(TypeError)
  })
})
