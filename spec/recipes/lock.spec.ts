import { getEventListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { barrier, lock, rlock, semaphore } from '../../lib/recipes/index.ts'
import { graceMs } from '../../lib/waiting/line.ts'
import { entryFiles, filesIn, newBucket } from '../support/folders.ts'
import { repository, startActor, startActors } from '../support/remote.ts'

/** Has an actor take a lock or permit, and keep it. */
async function holder(path: string, kind: string, permits?: number) {
  const actor = await startActor(path)
  const ended = actor.run(
    async (theirs, what, many, { recipes, say }) => {
      const made = (await recipes())[what](theirs, 'name', many)
      await made.run(async () => {
        say('held')
        await new Promise<void>(resolve => {
          ;(globalThis as any).release = resolve
        })
      })
    },
    kind,
    permits,
  )
  ended.catch(() => {})
  await actor.heard()
  const release = async (): Promise<void> => {
    await actor.run(() => (globalThis as any).release())
    await ended
  }
  return { actor, release }
}

describe('lock()', () => {
  test('lets one in at a time, in the order of the calls', async () => {
    const bucket = newBucket()
    const order: number[] = []
    let inside = 0
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        lock(bucket, 'name').run(async () => {
          expect(++inside).toBe(1)
          await delay(1)
          order.push(i)
          inside--
        }),
      ),
    )
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  test('gives what the body gives, and is released when the body throws', async () => {
    const mine = lock(newBucket(), 'name')
    expect(await mine.run(() => 1)).toBe(1)
    expect(await mine.run(async () => await mine.isLocked())).toBe(true)
    await expect(
      mine.run(() => {
        throw new Error('of mine')
      }),
    ).rejects.toThrow('of mine')
    expect(await mine.isLocked()).toBe(false)
    expect(await mine.run(() => 2)).toBe(2)
  })

  test('acquire() gives what releases it: once, and as a disposable', async () => {
    const bucket = newBucket()
    const mine = lock(bucket, 'name')
    const release = await mine.acquire()
    expect(await lock(new Bucket(bucket.path, { backend: 'json' }), 'name').isLocked()).toBe(true)
    await Promise.all([release(), release()])
    const again = await mine.acquire()
    await release()
    expect(await mine.isLocked()).toBe(true)
    await again[Symbol.asyncDispose]()
    expect(await mine.isLocked()).toBe(false)
  })

  test('locks of other names, other kinds and other folders are free', async () => {
    const bucket = newBucket()
    await lock(bucket, 'name').run(async () => {
      await lock(bucket, 'other').run(() => {})
      await rlock(bucket, 'name').run(() => {})
      await semaphore(bucket, 'name', 1).run(() => {})
      await lock(newBucket(), 'name').run(() => {})
    })
  })

  test('is no entry: neither counted nor iterated nor cleared', async () => {
    const bucket = newBucket()
    await lock(bucket, 'name').run(() => {
      expect([bucket.size, [...bucket.keys()], bucket.clear(), bucket.has('name')]).toEqual([0, [], 0, false])
    })
    expect(entryFiles(bucket.path)).toEqual([])
    expect(bucket.check()).toEqual([])
    // Without a limit to the time that it may take.
    await bucket.promises.close()
    expect(filesIn(bucket.path).filter(name => name.startsWith('recipes'))).toEqual([])
    expect(bucket.size).toBe(0)
  })

  test('a wait ends with timeout, and with the signal', async () => {
    const bucket = newBucket({ timeout: 30 })
    const { release } = await holder(bucket.path, 'lock')
    const mine = lock(bucket, 'name')
    const timedOut = { name: 'TimeoutError', code: 'ERR_TIMEOUT' }
    await expect(mine.acquire()).rejects.toMatchObject(timedOut)
    await expect(mine.run(() => {}, { timeout: 0 })).rejects.toMatchObject(timedOut)
    const reason = new Error('enough')
    await expect(mine.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = mine.acquire({ timeout: { minutes: 1 }, signal: controller.signal })
    setTimeout(() => controller.abort(reason), 5)
    await expect(waiting).rejects.toBe(reason)
    await release()
    await mine.run(() => {})
  })

  test('a call in the body that would wait for itself fails soon', async () => {
    const bucket = newBucket()
    const deadlock = { code: 'ERR_DEADLOCK' }
    const mine = lock(bucket, 'name')
    const other = lock(bucket, 'other')
    const only = semaphore(bucket, 'name', 1)
    const self: () => Promise<unknown> = barrier(bucket, () => self(), { name: 'self' })
    await Promise.all([
      expect(mine.run(() => mine.run(() => {}))).rejects.toMatchObject(deadlock),
      expect(other.run(() => only.run(() => delay(1).then(() => other.acquire())))).rejects.toMatchObject(deadlock),
      expect(semaphore(bucket, 'single', 1).run(() => semaphore(bucket, 'single', 1).acquire())).rejects.toThrow(
        /single/,
      ),
      expect(self()).rejects.toMatchObject(deadlock),
    ])
    expect(await mine.isLocked()).toBe(false)
  })

  test('a call in the body that was not awaited comes in when the body is over', async () => {
    const mine = lock(newBucket(), 'name')
    const order: string[] = []
    let late: Promise<unknown> | undefined
    const first = mine.run(async () => {
      order.push('first')
      late = mine.run(() => order.push('late'))
    })
    // Who is ahead of it stays longer than a deadlock takes to be told.
    const ahead = mine.run(async () => {
      order.push('ahead')
      await delay(graceMs + 50)
    })
    await Promise.all([first, ahead])
    await late
    expect(order).toEqual(['first', 'ahead', 'late'])
  })

  test('who takes it twice with acquire() waits for the timeout', async () => {
    const mine = lock(newBucket(), 'name')
    const release = await mine.acquire()
    const timeout = graceMs + 30
    await expect(mine.acquire({ timeout })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      message: expect.stringMatching(/^Waited 330 ms for the lock name in .*, or raise timeout\.$/),
    })
    await release()
  })

  test('many wait with one signal, on which there is one listener', async () => {
    const bucket = newBucket()
    const { signal } = new AbortController()
    const release = await lock(bucket, 'name').acquire()
    const waiting = Promise.all(Array.from({ length: 30 }, () => lock(bucket, 'name').run(() => {}, { signal })))
    await delay(1)
    expect(getEventListeners(signal, 'abort').length).toBe(1)
    await release()
    await waiting
    expect(getEventListeners(signal, 'abort').length).toBe(0)
  })

  test('refuses names that are none, unknown options and a bucket that is read-only', async () => {
    const bucket = newBucket()
    for (const name of ['', 1, undefined]) expect(() => lock(bucket, name as any)).toThrow(TypeError)
    await expect(lock(bucket, 'name').acquire({ wait: 1 } as any)).rejects.toThrow(TypeError)
    await expect(lock(bucket, 'name').acquire({ signal: 1 } as any)).rejects.toThrow(TypeError)
    const reader = new Bucket(bucket.path, { readOnly: true })
    await expect(lock(reader, 'name').acquire()).rejects.toMatchObject({ code: 'ERR_READ_ONLY' })
    expect(await lock(reader, 'name').isLocked()).toBe(false)
  })

  test('a holder that is killed has released it', async () => {
    const bucket = newBucket()
    const { actor } = await holder(bucket.path, 'lock')
    const waiting = lock(bucket, 'name').run(() => 'mine')
    await delay(20)
    expect(await lock(bucket, 'name').isLocked()).toBe(true)
    await actor.kill()
    expect(await waiting).toBe('mine')
  })

  test('a holder whose worker thread is terminated has released it', async () => {
    const bucket = newBucket()
    const worker = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads')
       Promise.all([import(workerData.dist + 'index.js'), import(workerData.dist + 'recipes/index.js')])
         .then(async ([{ Bucket }, { lock }]) => {
           await lock(new Bucket(workerData.path), 'name').acquire()
           parentPort.postMessage('held')
           setTimeout(() => {}, 1e6)
         })`,
      { eval: true, workerData: { dist: `${repository}dist/`, path: bucket.path } },
    )
    onTestFinished(() => void worker.terminate())
    await new Promise(resolve => worker.once('message', resolve))
    expect(await lock(bucket, 'name').isLocked()).toBe(true)
    await worker.terminate()
    expect(await lock(bucket, 'name').run(() => 'mine')).toBe('mine')
  })

  test.each(['v8', 'json'] as const)(
    'processes that die in it leave nobody outside, nor two inside (%s)',
    async backend => {
      const bucket = newBucket({ backend })
      bucket.set('inside', 0).set('passed', 0)
      for (let round = 0; round < 3; round++) {
        const actors = await startActors(3, bucket.path, { backend })
        const runs = actors.map((actor, id) =>
          actor.run(async (theirs, mortal, { recipes }) => {
            const { lock } = await recipes()
            for (let i = 0; i < 15; i++) {
              await lock(theirs, 'name').run(async () => {
                theirs.set('owner', process.pid)
                await new Promise(resolve => setTimeout(resolve, 1))
                if (theirs.get('owner') !== process.pid) theirs.set('violated', true)
                theirs.incr('passed')
                if (mortal && i === 5) process.kill(process.pid, 'SIGKILL')
              })
            }
          }, id === 0),
        )
        const ends = await Promise.allSettled(runs)
        expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
      }
      expect(bucket.get('violated')).toBeUndefined()
      expect(bucket.get('passed')).toBe(3 * (6 + 15 + 15))
      expect(await lock(bucket, 'name').isLocked()).toBe(false)
    },
  )
})

test('calls that are begun one after the other, and not awaited, wait for each other as long as it takes', async () => {
  const bucket = newBucket()
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  const work = () => opened
  const guarded = barrier(bucket, work, { name: 'guarded' })
  const kinds = [
    () => lock(bucket, 'name').run(work),
    async () => await (await lock(bucket, 'bare').acquire())(),
    () => rlock(bucket, 'name').run(work),
    () => semaphore(bucket, 'name', 2).run(work),
    guarded,
  ]
  // Begun where the first of each kind has left its mark, if it leaves one.
  const calls: Promise<void>[] = []
  for (let i = 0; i < 4; i++) {
    for (const begin of kinds) calls.push(begin())
    await delay(5)
  }
  const all = Promise.all(calls)
  await Promise.race([all, delay(graceMs + 50)])
  open()
  await all
})

describe('rlock()', () => {
  test('whoever is in may come in again, however deep', async () => {
    const bucket = newBucket()
    const down = async (depth: number): Promise<number> =>
      await rlock(bucket, 'name').run(async () => {
        await delay(1)
        return depth === 0 ? 0 : 1 + (await down(depth - 1))
      })
    expect(await down(5)).toBe(5)
    expect(await rlock(bucket, 'name').isLocked()).toBe(false)
  })

  test('others of the process wait until the outermost is out', async () => {
    const mine = rlock(newBucket(), 'name')
    const order: string[] = []
    const both = [1, 2].map(id =>
      mine.run(async () => {
        order.push(`in ${id}`)
        await mine.run(() => delay(2))
        await delay(2)
        order.push(`out ${id}`)
      }),
    )
    await Promise.all(both)
    expect(order).toEqual(['in 1', 'out 1', 'in 2', 'out 2'])
  })

  test('is given back when the last is out that came in, though the outer has failed before', async () => {
    const bucket = newBucket()
    const mine = rlock(bucket, 'name')
    const order: string[] = []
    let open = (): void => {}
    const opened = new Promise<void>(resolve => {
      open = resolve
    })
    const first = mine.run(() =>
      Promise.all([
        mine.run(async () => {
          await delay(1)
          throw new Error('of mine')
        }),
        mine.run(async () => {
          await mine.run(() => opened)
          order.push('inner out')
        }),
      ]),
    )
    const second = rlock(bucket, 'name').run(() => order.push('second in'))
    await expect(first).rejects.toThrow('of mine')
    await expect(rlock(bucket, 'name').run(() => {}, { timeout: 20 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    open()
    await second
    expect(order).toEqual(['inner out', 'second in'])
    expect(await mine.isLocked()).toBe(false)
  })

  test('what was begun in it and not awaited comes in as any other, once it is over', async () => {
    const mine = rlock(newBucket(), 'name')
    let late: Promise<boolean> | undefined
    let open = (): void => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    await mine.run(() => {
      late = gate.then(() => mine.run(() => mine.isLocked()))
    })
    const release = mine.run(async () => {
      open()
      await delay(5)
    })
    expect(await late).toBe(true)
    await release
  })

  test('a holder that is killed has released it', async () => {
    const bucket = newBucket()
    const { actor } = await holder(bucket.path, 'rlock')
    expect(await rlock(bucket, 'name').isLocked()).toBe(true)
    await actor.kill()
    expect(await rlock(bucket, 'name').run(() => 'mine')).toBe('mine')
  })
})

describe('semaphore()', () => {
  test('with a timeout of 0 all come in for whom there is a permit, and no more', async () => {
    const bucket = newBucket()
    let open = (): void => {}
    const opened = new Promise<void>(resolve => {
      open = resolve
    })
    const four = semaphore(bucket, 'name', 4)
    const calls = Array.from({ length: 6 }, (_, i) => four.run(() => opened.then(() => i), { timeout: 0 }))
    const late = { code: 'ERR_TIMEOUT', message: expect.stringMatching(/the semaphore name in/) }
    await expect(calls[4]).rejects.toMatchObject(late)
    await expect(calls[5]).rejects.toMatchObject(late)
    // Behind one that has looked, and waits.
    const patient = four.run(() => 'patient', { timeout: { minutes: 1 } })
    await expect(four.run(() => {}, { timeout: 0 })).rejects.toMatchObject(late)
    open()
    expect(await Promise.all(calls.slice(0, 4))).toEqual([0, 1, 2, 3])
    expect(await patient).toBe('patient')
  })

  test('whose permits its holder has all taken is waited for until the timeout', async () => {
    const two = semaphore(newBucket(), 'name', 2)
    let ahead: Promise<unknown> | undefined
    await two.run(async () => {
      await two.run(async () => {
        ahead = two.run(() => {}, { timeout: { minutes: 1 } })
        const behind = two.run(() => {}, { timeout: graceMs + 30 })
        await expect(behind).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
      })
    })
    await ahead
    expect(await two.available()).toBe(2)
  })

  test('lets so many in at a time', async () => {
    const downloads = semaphore(newBucket(), 'name', 3)
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 20 }, () =>
        downloads.run(async () => {
          most = Math.max(most, ++inside)
          await delay(2)
          inside--
        }),
      ),
    )
    expect(most).toBe(3)
    expect(await downloads.available()).toBe(3)
  })

  test('counts the permits of all processes, and gets those of the dead back', async () => {
    const bucket = newBucket()
    const mine = semaphore(bucket, 'name', 3)
    const [a, b] = [await holder(bucket.path, 'semaphore', 3), await holder(bucket.path, 'semaphore', 3)]
    expect(await mine.available()).toBe(1)
    const release = await mine.acquire()
    expect(await mine.available()).toBe(0)
    await expect(mine.acquire({ timeout: 20 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    await a.actor.kill()
    expect(await mine.available()).toBe(1)
    const another = await mine.acquire({ timeout: { seconds: 20 } })
    await b.release()
    expect(await mine.available()).toBe(1)
    await Promise.all([release(), another()])
    expect(await mine.available()).toBe(3)
  })

  test('refuses permits that are no positive integer', () => {
    for (const permits of [0, -1, 1.5, Number.NaN, '3', undefined])
      expect(() => semaphore(newBucket(), 'name', permits as any)).toThrow(RangeError)
  })
})
