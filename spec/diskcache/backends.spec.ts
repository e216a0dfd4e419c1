// Several backends in one folder: what is about the folder is one for all of them.

import { describe, expect, test } from 'vitest'
import { Bucket, type BucketOptions } from '../../lib/index.ts'
import { builtModule } from '../support/built.ts'
import { newBucket } from '../support/folders.ts'
import { startActor } from '../support/remote.ts'

const built = builtModule('spec/support/heart.ts')

/** A process that dies when its transaction is decided, and nothing of it is carried out. */
async function dieDecided(path: string, options: BucketOptions): Promise<void> {
  const actor = await startActor(path, options)
  const dead = actor.run(
    async (theirs, heart, { load }) => {
      const { beginTransaction, Bucket, commit, coreOf, permissions, plainTerms, remove, set, syncHost } =
        await load(heart)
      const core = coreOf(new Bucket(theirs.path, { backend: theirs.backend.name }))
      const view = core.sync(beginTransaction(core.store))
      const slot = (key: string) => core.store.keys.slot(key)
      core.sync(set(view, slot('changed'), theirs.backend.encode('new', { key: '' }), plainTerms))
      core.sync(set(view, slot('begun'), theirs.backend.encode('new', { key: '' }), plainTerms))
      core.sync(remove(view, slot('removed')))
      const host = syncHost(permissions(0o600)) as any
      const io = commit(view)
      for (let step = io.next(); !step.done; ) {
        const reply = host[step.value.op](step.value)
        if (step.value.op === 'rename') process.kill(process.pid, 'SIGKILL')
        step = io.next(reply)
      }
    },
    await built,
  )
  await expect(dead).rejects.toThrow('SIGKILL')
}

const decided = [
  ['changed', 'new'],
  ['begun', 'new'],
]

describe.each([
  ['v8', 'json'],
  ['json', 'v8'],
] as const)('a %s bucket beside one of %s', (one, another) => {
  const pair = (): [Bucket<any, any>, Bucket<any, any>] => {
    const bucket = newBucket({ backend: one })
    return [bucket, new Bucket(bucket.path, { backend: another })]
  }

  test('what a dead transaction had decided is seen, and carried out by whoever writes or checks', async () => {
    for (const byCheckOf of ['itself', 'the other', 'a writer']) {
      const [bucket, other] = pair()
      bucket.set('changed', 'old').set('removed', 'old')
      await dieDecided(bucket.path, { backend: one })
      expect([...bucket.entries()].sort()).toEqual([...decided].sort())
      if (byCheckOf === 'a writer') bucket.set('changed', 'newer')
      else {
        const checked = byCheckOf === 'itself' ? bucket : other
        const found = checked.check({ fix: true })
        expect(found.map(({ code }) => code)).toContain('transaction')
        expect(checked.check({ fix: true })).toEqual([])
      }
      expect(new Map(bucket.entries())).toEqual(
        new Map([
          ['changed', byCheckOf === 'a writer' ? 'newer' : 'new'],
          ['begun', 'new'],
        ]),
      )
      bucket.check({ fix: true })
      expect(bucket.check()).toEqual([])
      expect(bucket.size).toBe(2)
    }
  })

  test('transactions of both happen one after another', async () => {
    const [bucket, other] = pair()
    let running = 0
    const body = async (): Promise<void> => {
      expect(++running).toBe(1)
      await new Promise(resolve => setTimeout(resolve, 5))
      running--
    }
    await Promise.all([bucket.promises.transact(body), other.promises.transact(body), bucket.promises.transact(body)])
  })

  test('look-ups of both are counted', () => {
    const [bucket, other] = pair()
    bucket.stats({ enable: true })
    other.reset('statistics')
    for (let i = 0; i < 10; i++) {
      bucket.get('missing')
      other.get('missing')
      bucket.close()
      other.close()
    }
    expect(bucket.stats()).toEqual({ hits: 0, misses: 20 })
    expect(other.stats({ reset: true })).toEqual({ hits: 0, misses: 20 })
    expect(bucket.stats()).toEqual({ hits: 0, misses: 0 })
  })

  test('each has queues, tags and a size of its own', () => {
    const [bucket, other] = pair()
    bucket.push('mine')
    other.push('theirs')
    bucket.set('a', 1, { tag: 't' })
    other.set('b', 1, { tag: 't' })
    expect([bucket.size, other.size]).toEqual([2, 2])
    expect([bucket.evict('t'), bucket.evict('t'), other.evict('t')]).toEqual([1, 0, 1])
    expect([bucket.pull()?.value, bucket.pull(), other.pull()?.value]).toEqual(['mine', undefined, 'theirs'])
    expect([bucket.check(), other.check()]).toEqual([[], []])
  })
})
