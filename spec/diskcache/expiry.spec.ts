// Issue: Expiry and lifetime. DiskCache: Cache.expire, touch, and `expire` of set, add, push.

import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { entryFiles, filesIn, newBucket } from '../support/folders.ts'
import { startActor } from '../support/remote.ts'
import { day, eventsOf, hour, minute, onBothFaces, type Step, stopClock } from './support.ts'

onBothFaces((faceOf, transact) => {
  test('an expired entry reads as missing, everywhere, before anything removes it', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket())
    await bucket.set('short', 1, { expire: minute, tag: 't' })
    await bucket.set('long', 2)
    clock.pass(minute - 1)
    expect(await bucket.get('short')).toBe(1)
    clock.pass(1)
    expect(await bucket.get('short')).toBeUndefined()
    expect(await bucket.has('short')).toBe(false)
    expect(await bucket.getEntry('short')).toBeUndefined()
    await expect(bucket.getOrThrow('short')).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
    await expect(bucket.read('short')).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
    expect(await bucket.keys()).toEqual(['long'])
    expect(await bucket.sortedKeys()).toEqual(['long'])
    expect(await bucket.list({ tag: 't' })).toEqual([])
    expect((await bucket.peekItem({ last: false }))?.key).toBe('long')
    expect(await bucket.touch('short')).toBe(false)
    expect(await bucket.delete('short')).toBe(false)
    expect(await bucket.pop('short')).toBeUndefined()
    expect((await bucket.list({ expired: true })).map(({ key }) => key)).toEqual(['short', 'long'])
  })

  test("an entry's own expiry stands over the lifetime, be it longer or shorter", async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket({ hours: 1 }))
    await bucket.set('ordinary', 1)
    await bucket.set('longer', 1, { expire: day })
    await bucket.set('shorter', 1, { expire: minute })
    await bucket.set('for ever', 1, { expire: null })
    await bucket.set('not at all', 1, { expire: 0 })
    expect(await bucket.keys()).toEqual(['ordinary', 'longer', 'shorter', 'for ever'])
    clock.pass(minute)
    expect(await bucket.keys()).toEqual(['ordinary', 'longer', 'for ever'])
    clock.pass(hour)
    expect(await bucket.keys()).toEqual(['longer', 'for ever'])
    clock.pass(day)
    expect(await bucket.keys()).toEqual(['for ever'])
  })

  test('expire() removes what has expired, files and all, and says how many', async () => {
    const clock = stopClock()
    const bucket = newBucket()
    const face = faceOf(bucket)
    const events = eventsOf('evict', bucket)
    for (let i = 0; i < 10; i++) await face.set(i, i, { expire: i < 4 ? minute : day })
    await face.set('large', 'x'.repeat(50_000), { expire: minute })
    await face.set('for ever', 1)
    expect(await face.expire()).toBe(0)
    clock.pass(minute)
    expect(await face.expire()).toBe(5)
    expect(await face.expire()).toBe(0)
    expect(await face.size()).toBe(7)
    expect(entryFiles(bucket.path)).toHaveLength(7)
    expect(events).toHaveLength(5)
    expect(new Set(events.map(({ reason }) => reason))).toEqual(new Set(['expired']))
  })

  test('expire(now) removes what will have expired by then, and nothing else', async () => {
    stopClock()
    const bucket = faceOf(newBucket())
    for (const [key, expire] of Object.entries({ minute, hour, day, month: 30 * day, decade: 3650 * day }))
      await bucket.set(key, 1, { expire })
    await bucket.set('for ever', 1)
    expect(await bucket.expire(new Date(Date.now() - day))).toBe(0)
    expect(await bucket.expire(new Date(Date.now() + minute - 1))).toBe(0)
    expect(await bucket.expire(new Date(Date.now() + minute))).toBe(1)
    expect(await bucket.expire(new Date(Date.now() + day))).toBe(2)
    expect(await bucket.expire(new Date(Date.now() + 31 * day))).toBe(1)
    expect(await bucket.keys()).toEqual(['decade', 'for ever'])
    expect(await bucket.expire(new Date(8.64e15))).toBe(1)
    expect(await bucket.keys()).toEqual(['for ever'])
    await expect(bucket.expire(new Date(Number.NaN))).rejects.toThrow(TypeError)
    await expect(bucket.expire(5 as any)).rejects.toThrow(TypeError)
  })

  test('an entry that comes nearer to its end is found when its time comes', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket())
    await bucket.set('key', 1, { expire: 3 * day + 90_000 })
    for (let i = 0; i < 7; i++) {
      clock.pass(12 * hour)
      expect(await bucket.expire()).toBe(i < 6 ? 0 : 1)
      if (i === 5) clock.pass(90_000)
    }
    expect(await bucket.size()).toBe(0)
  })

  test('touch() gives a new expiry: longer, shorter, none, at once, or that of the lifetime', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket({ days: 2 }))
    for (const key of ['longer', 'shorter', 'none', 'at once', 'lifetime'])
      await bucket.set(key, key, { expire: hour, tag: key })
    const { version, storedAt } = (await bucket.getEntry('longer'))!
    clock.pass(minute)
    expect(await bucket.touch('longer', day)).toBe(true)
    expect(await bucket.touch('shorter', minute)).toBe(true)
    expect(await bucket.touch('none', null)).toBe(true)
    expect(await bucket.touch('at once', 0)).toBe(true)
    expect(await bucket.touch('lifetime')).toBe(true)
    expect(await bucket.touch('missing', day)).toBe(false)
    const entry = (await bucket.getEntry('longer'))!
    expect(entry).toMatchObject({ value: 'longer', tags: ['longer'], version, storedAt })
    expect(entry.expiresAt).toEqual(new Date(Date.now() + day))
    expect((await bucket.getEntry('none'))!.expiresAt).toBeUndefined()
    expect((await bucket.getEntry('lifetime'))!.expiresAt).toEqual(new Date(Date.now() + 2 * day))
    expect(await bucket.keys()).toEqual(['longer', 'shorter', 'none', 'lifetime'])
    clock.pass(minute)
    expect(await bucket.expire()).toBe(2)
    clock.pass(hour)
    expect(await bucket.expire()).toBe(0)
    clock.pass(day)
    expect(await bucket.expire()).toBe(1)
    clock.pass(day)
    expect(await bucket.expire()).toBe(1)
    expect(await bucket.keys()).toEqual(['none'])
  })

  test('an entry that was touched or set again lives on at the time of its first expiry', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket())
    await bucket.set('touched', 1, { expire: minute })
    await bucket.set('set', 1, { expire: minute })
    await bucket.set('counted', 1, { expire: minute })
    await bucket.touch('touched', hour)
    await bucket.set('set', 2)
    await bucket.incr('counted')
    clock.pass(minute)
    expect(await bucket.expire()).toBe(1)
    expect(await bucket.keys()).toEqual(['touched', 'set'])
    clock.pass(hour)
    expect(await bucket.expire()).toBe(1)
  })

  test('what expires at the same moment again and again is removed once each time', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket())
    for (let round = 0; round < 5; round++) {
      await bucket.set('key', round, { expire: 1000 })
      clock.pass(1000)
      expect(await bucket.expire()).toBe(1)
    }
    expect(await bucket.check()).toEqual([])
  })

  test('an expired key can be added, counted from the start, and stored again', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket())
    await bucket.set('added', 1, { expire: minute })
    await bucket.set('counted', 5, { expire: minute, tag: 't' })
    clock.pass(minute)
    expect(await bucket.add('added', 2)).toBe(true)
    expect(await bucket.incr('counted')).toBe(1)
    expect((await bucket.getEntry('counted'))?.tags).toEqual([])
    expect(await bucket.expire()).toBe(0)
    expect(await bucket.entries()).toEqual([
      ['added', 2],
      ['counted', 1],
    ])
    expect(await bucket.size()).toBe(2)
  })

  test('items of a queue expire: pull() and peek() pass them over, expire() removes them', async () => {
    const clock = stopClock()
    const bucket = faceOf(newBucket())
    await bucket.push('a', { expire: minute })
    await bucket.push('b', { expire: hour })
    await bucket.push('c', { expire: minute })
    clock.pass(minute)
    expect((await bucket.peek())?.value).toBe('b')
    expect((await bucket.peek({ side: 'back' }))?.value).toBe('b')
    expect(await bucket.expire()).toBe(2)
    expect((await bucket.pull({ side: 'back' }))?.value).toBe('b')
    expect(await bucket.pull()).toBeUndefined()
  })

  test('what expires in the far future costs nothing now', async () => {
    stopClock()
    const bucket = newBucket()
    for (let i = 0; i < 200; i++) bucket.set(i, i, { expire: day + i * hour })
    const before = filesIn(bucket.path)
    const changed = eventsOf('evict', bucket)
    expect(await faceOf(bucket).expire()).toBe(0)
    expect(changed).toEqual([])
    // Nothing was taken into anybody's hands: each file is the one that it was.
    expect(filesIn(bucket.path)).toEqual(before)
    expect(before.filter(name => name.startsWith('expiry')).length).toBeLessThan(12)
  })

  test('what was stored for longer than a Date can name never expires', async () => {
    const bucket = faceOf(newBucket())
    await bucket.set('key', 1, { expire: Number.MAX_SAFE_INTEGER })
    expect((await bucket.getEntry('key'))?.expiresAt).toBeUndefined()
    expect(await bucket.expire(new Date(8.64e15))).toBe(0)
  })

  test('prune() removes what the present lifetime has ended, expire() what its own expiry has', async () => {
    const clock = stopClock()
    const bucket = newBucket()
    const face = faceOf(bucket)
    await face.set('old', 'x'.repeat(1000))
    await face.set('kept', 1, { expire: null })
    clock.pass(hour)
    await face.set('new', 1)
    bucket.lifetime = minute
    expect(await face.keys()).toEqual(['kept', 'new'])
    expect(await face.expire()).toBe(0)
    const { count, size } = await face.prune()
    expect(count).toBe(1)
    expect(size).toBeGreaterThan(1000)
    expect(await face.prune()).toEqual({ count: 0, size: 0 })
    expect(await face.size()).toBe(2)
  })

  test('in a transaction, expire() sees what was stored in it, and happens with it or not at all', async () => {
    const clock = stopClock()
    const bucket = newBucket()
    bucket.set('before', 1, { expire: minute })
    bucket.set('kept', 1, { expire: minute })
    clock.pass(minute)
    const soon = new Date(Date.now() + minute)
    const steps: Step[] = [
      ['set', 'kept', 2],
      ['set', 'inside', 1, { expire: minute }],
      ['expire'],
      ['expire', soon],
      ['expire', soon],
    ]
    await expect(transact(bucket, steps, new Error('no'))).rejects.toThrow('no')
    expect([...bucket.list({ expired: true })].map(({ key }) => key)).toEqual(['before', 'kept'])
    expect((await transact(bucket, steps)).slice(2)).toEqual([1, 1, 0])
    expect([...bucket.list({ expired: true })].map(({ key }) => key)).toEqual(['kept'])
    expect(bucket.size).toBe(1)
    expect(bucket.expire(new Date(Date.now() + day))).toBe(0)
  })

  test('what another process has stored expires here', async () => {
    const bucket = newBucket()
    const other = await startActor(bucket.path)
    await other.run(theirs => {
      for (let i = 0; i < 10; i++) theirs.set(i, i, { expire: i < 5 ? 1 : 1_000_000 })
    })
    while (bucket.has(4)) await delay(1)
    expect(await faceOf(bucket).expire()).toBe(5)
    expect(await other.run(theirs => theirs.size)).toBe(5)
  })

  test('of two processes that expire at once, each entry is removed by one', async () => {
    const bucket = newBucket()
    const other = await startActor(bucket.path)
    for (let i = 0; i < 200; i++) bucket.set(i, i, { expire: 1 })
    while (bucket.has(199)) await delay(1)
    const [mine, theirs] = await Promise.all([faceOf(bucket).expire(), other.run(theirs => theirs.promises.expire())])
    expect(mine + theirs).toBe(200)
    expect(bucket.size).toBe(0)
    expect(new Bucket(bucket.path).check()).toEqual([])
  })
})
